"""The two sealed parts of an event: deriving their keys, sealing and opening them.

Each part is sealed with AES-256-GCM under a key of its own, derived with HKDF (RFC 5869) from the
case's content key or the office's summary key, the header's random salt, and the event's place.
A derived key seals one message, so the nonce is zero. The associated data is the event's context
and the header up to its last field.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from blo_schemas.content import CONTENT, Content
from blo_schemas.errors import UnknownVersion, WireError
from blo_schemas.event import Envelope, Header
from blo_schemas.hashes import event_context
from blo_schemas.ids import LinkId
from blo_schemas.summary import SUMMARY, Summary
from blo_schemas.verdicts import Reason, Verdict, rejected
from blo_sealing.errors import SealingError, Unopenable, WrongKeyCommitment
from blo_sealing.hkdf import derive_key
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.padding import unpad_content, unpad_summary

PART_KEY_SIZE: Final = 32
PAYLOAD_FIELD_SIZE: Final = 34
"""The header's last field as encoded: two bytes of MessagePack head and the 32-byte hash."""

_NONCE: Final = bytes(12)


class EventPart(Enum):
    """Which of an event's sealed parts; the value is the label of its derived key."""

    SUMMARY = b"blo/summary/v1"
    CONTENT = b"blo/body/v1"

    @property
    def word(self) -> str:
        """``summary`` or ``content``."""
        return self.name.lower()


_SUMMARY_LABEL: Final = EventPart.SUMMARY.value + b"\0"
_CONTENT_LABEL: Final = EventPart.CONTENT.value + b"\0"


def derive_part_key(part: EventPart, link: LinkId, header: Header, secret: bytes) -> bytes:
    """The 32-byte key that opens one part of one event and nothing else.

    It can be shown to an auditor. Unlike the key it comes from, it is committed to by nothing:
    a writer who prepared for it could show another derived key that opens the same bytes to
    other ones. Where that matters, show the content key.

    Args:
        part: Which part.
        link: The event's link.
        header: The event's header.
        secret: The case's content key or the summary key, 32 bytes.
    """
    return _derive(part.value + b"\0", link, header, secret)


def associated_data(link: LinkId, header: bytes) -> bytes:
    """What both sealed parts are bound to: the context and the header without its last field."""
    return event_context(link) + header[:-PAYLOAD_FIELD_SIZE]


def seal_part(part_key: bytes, padded: bytes, bound: bytes) -> bytes:
    """Seals a padded plaintext; adds a tag of 16 bytes."""
    return AESGCM(part_key).encrypt(_NONCE, padded, bound)


def open_with_part_key(part: EventPart, link: LinkId, envelope: Envelope, part_key: bytes) -> bytes:
    """Opens one part with its derived key.

    Returns:
        The plaintext without padding, the encoding of a ``Summary`` or a ``Content``.

    Raises:
        Unopenable: The part does not open.
        NotCanonical: It opens, but its padding has not the right length.
    """
    bound = associated_data(link, envelope.header)
    if part is EventPart.SUMMARY:
        return unpad_summary(_open(part, part_key, envelope.summary_ct, bound))
    return unpad_content(_open(part, part_key, envelope.body_ct, bound))


def open_summary(link: LinkId, header: Header, envelope: Envelope, key: SummaryKey) -> Summary:
    """Reads what an event does.

    Args:
        link: The link in whose partition the event lies.
        header: Its decoded header.
        envelope: Its envelope.
        key: The summary key that the header names.

    Raises:
        WrongKeyCommitment: The key is not the one that the header names.
        Unopenable: The part was altered or sealed for another place.
        WireError: It opens, but holds no canonical summary; the subclass names the defect.
    """
    if key.id != header.summary_key:
        raise WrongKeyCommitment("summary")
    part_key = _derive(_SUMMARY_LABEL, link, header, key.secret)
    bound = associated_data(link, envelope.header)
    return _read_summary(_open(EventPart.SUMMARY, part_key, envelope.summary_ct, bound))


def open_content(link: LinkId, header: Header, envelope: Envelope, key: ContentKey) -> Content:
    """Reads what an event says; the body within still has to be decoded by its kind and step.

    Args:
        link: The link in whose partition the event lies.
        header: Its decoded header.
        envelope: Its envelope.
        key: The case's content key.

    Raises:
        WrongKeyCommitment: The key is not the case's.
        Unopenable: The part was altered or sealed for another place.
        WireError: It opens, but holds no canonical content; the subclass names the defect.
    """
    if key.id != header.case:
        raise WrongKeyCommitment("content")
    part_key = _derive(_CONTENT_LABEL, link, header, key.secret)
    bound = associated_data(link, envelope.header)
    return CONTENT.decode(
        unpad_content(_open(EventPart.CONTENT, part_key, envelope.body_ct, bound))
    )


def summary_verdict(error: SealingError | WireError) -> Verdict:
    """The verdict on an event whose summary ``open_summary`` could not read with the right key."""
    if isinstance(error, UnknownVersion):
        return rejected(Reason.SUMMARY_UNKNOWN_VERSION)
    if isinstance(error, WireError):
        return rejected(Reason.SUMMARY_MALFORMED)
    return rejected(Reason.SUMMARY_UNOPENABLE)


def _derive(label: bytes, link: LinkId, header: Header, secret: bytes) -> bytes:
    info = _label_of(label, link) + header.kid + header.oseq.to_bytes(8, "big")
    return derive_key(secret, header.salt, info)


@lru_cache(maxsize=1024)
def _label_of(label: bytes, link: LinkId) -> bytes:
    return label + link.encode() + b"\0"


@lru_cache(maxsize=4096)
def _read_summary(padded: bytes) -> Summary:
    """Summaries are small integers, and most of them have been read before."""
    return SUMMARY.decode(unpad_summary(padded))


def _open(part: EventPart, part_key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(part_key).decrypt(_NONCE, sealed, bound)
    except (InvalidTag, ValueError):
        raise Unopenable(part.word) from None
