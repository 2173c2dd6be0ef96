"""Trust documents: who is who, and who has agreed what with whom (docs/architecture.md, "Keys and trust").

A ``SignedDocument`` carries the exact bytes of one document and signatures over them. The rules
that decide whether a document counts are in ``blo_domain.trust``; how bytes are signed is in
``blo_sealing.statements``.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Bytes64, Count, MapStruct, Positive, UnixMs, Word
from blo_schemas.ids import CorridorId, CountryId, LinkId, OfficeId
from blo_schemas.policy import DeadlinePolicy

KEM_KEY_SIZE: Final = 1184 + 32
"""ML-KEM-768 encapsulation key followed by the X25519 public key."""

KemKey = Annotated[bytes, msgspec.Meta(min_length=KEM_KEY_SIZE, max_length=KEM_KEY_SIZE)]


class Role(StrEnum):
    """What a certificate's holder may be."""

    OFFICE = "office"
    PROCESSOR = "processor"
    OBSERVER = "observer"
    WITNESS = "witness"
    AUDITOR = "auditor"


class DatedText(MapStruct, frozen=True, kw_only=True):
    """A text that is valid for some time (docs/domain.md §1: names change, ids don't).

    Attributes:
        text: The name, host or contact.
        language: BCP 47 tag; empty where it makes no sense.
        since: First day of validity; ``None``: from the beginning.
        until: First day on which it is no longer valid; ``None``: still valid.
    """

    text: Word
    language: str = ""
    since: date | None = None
    until: date | None = None


class Root(MapStruct, frozen=True, kw_only=True, tag="root"):
    """A country's root: ``threshold`` of ``keys`` sign for the country.

    Version 1 is pinned by its fingerprint. Each later version is signed by the threshold of the
    version before and by its own (as TUF roots are, TUF specification §5.3).
    """

    country: CountryId
    version: Positive
    keys: tuple[Bytes32, ...]
    threshold: Positive
    not_before: UnixMs
    not_after: UnixMs


class Certificate(MapStruct, frozen=True, kw_only=True, tag="certificate"):
    """Binds an id and a role to keys; signed by the threshold of the country's root.

    Attributes:
        country: Whose root signs.
        subject: Who is certified.
        role: What the subject may do.
        names: Dated names in the subject's languages.
        signing_key: Ed25519 public key.
        kem_key: Hybrid KEM public key; ``None`` for a subject that receives no grants.
        not_before: First instant of validity, Unix milliseconds.
        not_after: First instant after it.
    """

    country: CountryId
    subject: OfficeId
    role: Role
    names: tuple[DatedText, ...]
    signing_key: Bytes32
    kem_key: KemKey | None = None
    not_before: UnixMs
    not_after: UnixMs


class OfficeEntry(MapStruct, frozen=True, kw_only=True, tag="office"):
    """A directory entry: what is known of an office or a partner, signed by its country's root.

    It is apart from the certificate, because names, hosts and contacts change more often than
    keys, and because the directory also names partners that have no node (docs/domain.md §1).

    Attributes:
        country: Whose root signs.
        office: The opaque id.
        version: Counts up; the newest admitted version is the entry.
        region: ISO 3166-2 code, e.g. ``VN-22``.
        level: ``province``, ``branch``, ``district``, ...
        names: Dated names.
        hosts: Dated names of the agency that houses the office.
        contacts: Dated contacts.
        successor: The office that took over, if one did.
        has_node: Whether an agent runs there.
    """

    country: CountryId
    office: OfficeId
    version: Positive
    region: str
    level: str
    names: tuple[DatedText, ...]
    hosts: tuple[DatedText, ...] = ()
    contacts: tuple[DatedText, ...] = ()
    successor: OfficeId | None = None
    has_node: bool = True


class Superior(MapStruct, frozen=True, kw_only=True):
    """``superior`` may read the link as the superior of ``office``, which is one of its offices."""

    superior: OfficeId
    office: OfficeId


class Agreement(MapStruct, frozen=True, kw_only=True, tag="agreement"):
    """The coordination regulation (quy chế phối hợp) of a link, signed by all its offices.

    Attributes:
        link: The link.
        corridor: Its corridor.
        partition: Its partition in the corridor's topics; never changes.
        version: Counts up; a newer one counts from its own ``effective_from``.
        offices: The parties, two or more, sorted.
        superiors: Who reads as whose superior.
        observers: Who reads summaries only.
        processors: Which processors get the summary keys.
        policy: Deadlines and escalation.
        working_marking: The marking that the channel carries (docs/domain.md §6).
        refused_markings: Markings whose content the channel refuses, beyond the default list.
        effective_from: First instant, Unix milliseconds.
        effective_until: First instant after it; ``None``: until superseded.
    """

    link: LinkId
    corridor: CorridorId
    partition: Annotated[int, msgspec.Meta(ge=0, le=9999)]
    version: Positive
    offices: tuple[OfficeId, ...]
    superiors: tuple[Superior, ...] = ()
    observers: tuple[OfficeId, ...] = ()
    processors: tuple[OfficeId, ...] = ()
    policy: DeadlinePolicy
    working_marking: str = ""
    refused_markings: tuple[str, ...] = ()
    effective_from: UnixMs
    effective_until: UnixMs | None = None


class RevokedFrom(MapStruct, frozen=True, kw_only=True):
    """From this log size on, the key no longer counts on this link."""

    link: LinkId
    size: Count


class Revocation(MapStruct, frozen=True, kw_only=True, tag="revocation"):
    """Ends a certificate; signed by the threshold of the country's root.

    Attributes:
        country: Whose root signs.
        certificate: Document id of the certificate.
        at: On links that are not named, the key no longer counts from this log time.
        links: Links with the log size from which the key no longer counts; what lies below
            stays valid.
        reason: In words.
    """

    country: CountryId
    certificate: Bytes32
    at: UnixMs
    links: tuple[RevokedFrom, ...] = ()
    reason: Word


Document = Root | Certificate | OfficeEntry | Agreement | Revocation


class DocumentSignature(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One signature under a document: the Ed25519 public key and what it signed."""

    key: Bytes32
    signature: Bytes64


class SignedDocument(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A document with its signatures: a file, or a value on ``blo.directory``.

    Attributes:
        payload: Canonical encoding of a ``Document``: the bytes that are signed.
        signatures: Sorted by key, no key twice.
    """

    payload: bytes
    signatures: tuple[DocumentSignature, ...]


DOCUMENT: Final[Codec[Document]] = Codec(Document, limit=64 * 1024)  # type: ignore[arg-type]
SIGNED_DOCUMENT: Final = Codec(SignedDocument, limit=128 * 1024)
