"""A sealed event: the record that an agent appends to its link's log (docs/wire-format.md §3)."""

from __future__ import annotations

import msgspec

from blo_schemas import hashes
from blo_schemas.codec import MAX_RECORD_SIZE, encode
from blo_schemas.content import Content
from blo_schemas.event import HEADER, HEADER_VERSION, Envelope, Header
from blo_schemas.ids import (
    SALT_SIZE,
    ZERO_HASH,
    CaseId,
    CertificateTag,
    Digest,
    EventId,
    LinkId,
)
from blo_schemas.summary import SUMMARY, Summary
from blo_sealing.errors import TooLargeToSeal
from blo_sealing.event_parts import (
    PAYLOAD_FIELD_SIZE,
    EventPart,
    derive_part_key,
    seal_part,
)
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.padding import pad_content, pad_summary
from blo_sealing.signatures import RandomBytes, SigningKey


class Author(msgspec.Struct, frozen=True):
    """Who writes on which link.

    Attributes:
        link: The link.
        kid: Tag of the certificate that names ``signing``'s public key.
        signing: The office's private key.
    """

    link: LinkId
    kid: CertificateTag
    signing: SigningKey


class ChainPlace(msgspec.Struct, frozen=True):
    """Where the next event stands in its office's chain, and what its office has read.

    Attributes:
        oseq: Number of events of this office on the link before this one.
        oprev: Id of the last of them; zeros for the first.
        seen_size: How many records of the link the office has read.
        seen_hash: The link's running hash at ``seen_size``.
    """

    oseq: int
    oprev: EventId
    seen_size: int
    seen_hash: Digest

    def after(self, written: EventId) -> ChainPlace:
        """The place of the event after the one that was written here, if nothing more is read."""
        return ChainPlace(self.oseq + 1, written, self.seen_size, self.seen_hash)


class SealedEvent(msgspec.Struct, frozen=True):
    """An event ready to be appended; its bytes never change again.

    Attributes:
        id: The event's id.
        header: Its header.
        value: The record's value.
    """

    id: EventId
    header: Header
    value: bytes


def seal_event(
    author: Author,
    place: ChainPlace,
    *,
    at: int,
    content_key: ContentKey,
    summary_key: SummaryKey,
    summary: Summary,
    content: Content,
    random: RandomBytes,
) -> SealedEvent:
    """Seals, binds and signs one event.

    Args:
        author: Who writes where.
        place: Where in the chains.
        at: The writer's clock, Unix milliseconds.
        content_key: The case's key; its id is the case's id.
        summary_key: The office's summary key of the month.
        summary: What the event does.
        content: What it says.
        random: Source of the 16-byte salt.

    Raises:
        TooLargeToSeal: The envelope would be larger than a record may be.
    """
    draft = _draft(author, place, at, content_key.id, summary_key, random)
    return _sealed(author, draft, summary_key, summary, (content_key, content))


def seal_event_without_content(
    author: Author,
    place: ChainPlace,
    *,
    at: int,
    case: CaseId,
    summary_key: SummaryKey,
    summary: Summary,
    random: RandomBytes,
) -> SealedEvent:
    """As ``seal_event``, but without content, so that no content key is needed.

    The second part is empty and not even sealed; the payload hash and the signature bind that.
    For steps of ``blo_schemas.content.WITHOUT_CONTENT``, and for the place in the chain of an event
    whose content is gone with its case's key (ADR 7).

    Args:
        author: Who writes where.
        place: Where in the chains.
        at: The writer's clock, Unix milliseconds.
        case: The case.
        summary_key: The office's summary key of the month.
        summary: What the event does.
        random: Source of the 16-byte salt.
    """
    draft = _draft(author, place, at, case, summary_key, random)
    return _sealed(author, draft, summary_key, summary, None)


def _draft(
    author: Author,
    place: ChainPlace,
    at: int,
    case: CaseId,
    summary_key: SummaryKey,
    random: RandomBytes,
) -> Header:
    return Header(
        v=HEADER_VERSION,
        kid=author.kid,
        oseq=place.oseq,
        oprev=place.oprev,
        seen_size=place.seen_size,
        seen_hash=place.seen_hash,
        case=case,
        at=at,
        summary_key=summary_key.id,
        salt=random(SALT_SIZE),
        payload_hash=ZERO_HASH,
    )


def _sealed(
    author: Author,
    draft: Header,
    summary_key: SummaryKey,
    summary: Summary,
    keyed_content: tuple[ContentKey, Content] | None,
) -> SealedEvent:
    link = author.link
    # The payload hash comes last and has a fixed size, so all before it is already final.
    unbound = HEADER.encode(draft)
    context = hashes.event_context(link)
    bound = context + unbound[:-PAYLOAD_FIELD_SIZE]
    summary_ct = seal_part(
        derive_part_key(EventPart.SUMMARY, link, draft, summary_key.secret),
        pad_summary(SUMMARY.encode(summary)),
        bound,
    )
    body_ct = b""
    if keyed_content is not None:
        content_key, content = keyed_content
        body_ct = seal_part(
            derive_part_key(EventPart.CONTENT, link, draft, content_key.secret),
            pad_content(encode(content)),
            bound,
        )
    payload = hashes.payload_hash(summary_ct, body_ct)
    header = unbound[: -len(payload)] + payload
    signature = author.signing.sign(context + header)
    value = encode(Envelope(header, signature, summary_ct, body_ct))
    if len(value) > MAX_RECORD_SIZE:
        raise TooLargeToSeal(f"{len(value)} bytes, at most {MAX_RECORD_SIZE} fit in a record")
    return SealedEvent(
        hashes.event_id(link, header), msgspec.structs.replace(draft, payload_hash=payload), value
    )
