"""What a bundle consists of, and the disclosure of single events (``docs/wire-format.md`` §13).

A bundle is one file: a manifest, trust documents, heads, checkpoints, disclosures, and records.
Its frames and limits are ``blo_audit.bundle``'s.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from itertools import pairwise
from typing import Annotated, Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes8, Bytes32, Bytes64, Count, UnixMs
from blo_schemas.files import MAX_FILE_SIZE
from blo_schemas.ids import CorridorId, LinkId, OfficeId, is_corridor_id, is_link_id, is_subject_id

MANIFEST_VERSION: Final = 2
DISCLOSURE_VERSION: Final = 1

MAX_MANIFEST_SIZE: Final = 1024
MAX_CHUNK_SIZE: Final = 2 * 1024 * 1024
"""Largest frame of records in bytes: at least one record of any size that a log takes fits."""

MAX_CHUNK_RECORDS: Final = 4096
MAX_PATH: Final = 53
"""Most nodes in an inclusion proof: a tree of 2^53 records has so many levels."""

MAX_DISCLOSED: Final = 10_000
MAX_DISCLOSURE_SIZE: Final = 2 * 1024 * 1024


class Scope(IntEnum):
    """What a bundle claims to contain."""

    LINK = 1
    CASE = 2
    LOG_TIME = 3
    BUSINESS_DATE = 4
    LINK_END = 5

    @property
    def is_selection(self) -> bool:
        """Whether each record needs a proof, because the others are not there."""
        return self not in (Scope.LINK, Scope.LINK_END)


class Counts(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How many of each thing follow the manifest, in this order.

    Attributes:
        documents: Signed trust documents.
        heads: Signed heads.
        checkpoints: Checkpoints.
        disclosures: Signed disclosures.
        records: Records.
        files: Files that disclosed events enclose.
    """

    documents: Count
    heads: Count
    checkpoints: Count
    disclosures: Count
    records: Count
    files: Count = 0


class Manifest(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A bundle's first frame. It is signed by nobody: all of it is checked against the rest.

    Attributes:
        v: Version of the bundle's format, 2.
        scope: What the bundle claims to contain.
        link: The link.
        corridor: Its corridor.
        size: Of the whole link and of its end, the number of records in the log; of a selection,
            the size of the tree that the proofs are for.
        case: The case, if that is the scope.
        start: First log time of the period, Unix milliseconds, if that is the scope.
        end: The log time after the last one.
        first_day: First business date, if that is the scope.
        last_day: Last business date.
        counts: What follows.
    """

    v: int
    scope: Scope
    link: LinkId
    corridor: CorridorId
    size: Count
    case: Bytes32 | None
    start: UnixMs | None
    end: UnixMs | None
    first_day: date | None
    last_day: date | None
    counts: Counts

    @property
    def first(self) -> int:
        """Position of the first record of a link's end; 0 for a whole link."""
        return self.size - self.counts.records

    def __post_init__(self) -> None:
        if not is_link_id(self.link) or not is_corridor_id(self.corridor):
            raise ValueError("the link or the corridor is no id")
        by_time = self.start is not None and self.end is not None
        by_day = self.first_day is not None and self.last_day is not None
        given = (
            self.case is not None,
            by_time,
            by_day,
        )
        halves = (self.start is None) is (self.end is None) and (self.first_day is None) is (
            self.last_day is None
        )
        wanted = tuple(
            self.scope is scope for scope in (Scope.CASE, Scope.LOG_TIME, Scope.BUSINESS_DATE)
        )
        if given != wanted or not halves:
            raise ValueError("the scope and its bounds do not fit together")
        if self.scope is Scope.LINK and self.counts.records != self.size:
            raise ValueError("a whole link has as many records as its size says")
        if self.scope is Scope.LINK_END and self.counts.records == self.size:
            raise ValueError("the end of a link has fewer records than the link")
        if self.counts.records > self.size:
            raise ValueError("there are more records than the tree has")


class RecordChunk(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Consecutive records of a whole link, or of its end.

    Two columns, because a reader makes records of them without a loop in Python.

    Attributes:
        times: Their log times, Unix milliseconds.
        values: Their values; a record without one has an empty one.
    """

    times: tuple[UnixMs, ...]
    values: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.times) == len(self.values) <= MAX_CHUNK_RECORDS:
            raise ValueError(f"a chunk has 1 to {MAX_CHUNK_RECORDS} records, each with its time")


class ProvenRecord(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One record of a selection.

    Attributes:
        position: Its offset in the link's partition.
        log_time: Its timestamp, Unix milliseconds. The proof does not cover it.
        value: Its value.
        path: The inclusion proof (RFC 6962 §2.1.1) in the tree of the manifest's size.
    """

    position: Count
    log_time: UnixMs
    value: bytes
    path: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_PATH)]


class BundledFile(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What stands before the bytes of a file.

    Attributes:
        size: Its bytes, 1 to 52,428,800.
    """

    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_FILE_SIZE)]


class DisclosedEvent(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What opens one event and nothing else.

    Attributes:
        position: Its offset in the link's partition.
        event: Its id.
        summary_key: The derived key of its summary.
        content_key: The derived key of its content.
    """

    position: Count
    event: Bytes32
    summary_key: Bytes32
    content_key: Bytes32


class Disclosure(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """An office's statement of the derived keys of chosen events.

    Attributes:
        v: Version of this layout, 1.
        link: The link.
        office: Who discloses.
        kid: Tag of the certificate whose key signs.
        at: The office's clock, Unix milliseconds.
        events: The events, by ascending position.
    """

    v: int
    link: LinkId
    office: OfficeId
    kid: Bytes8
    at: UnixMs
    events: Annotated[
        tuple[DisclosedEvent, ...], msgspec.Meta(min_length=1, max_length=MAX_DISCLOSED)
    ]

    def __post_init__(self) -> None:
        if not is_link_id(self.link) or not is_subject_id(self.office):
            raise ValueError("the link or the office is no id")
        places = [event.position for event in self.events]
        if any(before >= after for before, after in pairwise(places)):
            raise ValueError("the events do not ascend")


class SignedDisclosure(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A disclosure and its signature.

    Attributes:
        disclosure: Canonical encoding of a ``Disclosure``: the bytes that were signed.
        signature: Ed25519, 64 bytes.
    """

    disclosure: bytes
    signature: Bytes64


class DisclosureNote(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the disclosing office's journal keeps, beside who did it and when.

    Attributes:
        reason: Why, in words.
        recipient: For whom, in words.
        digest: SHA-256 of the signed disclosure as it was given out.
        events: The ids of the events, in the disclosure's order.
    """

    reason: str
    recipient: str
    digest: Bytes32
    events: tuple[Bytes32, ...]


MANIFEST: Final = Codec(Manifest, versions=(MANIFEST_VERSION,), limit=MAX_MANIFEST_SIZE)
RECORD_CHUNK: Final = Codec(RecordChunk, limit=MAX_CHUNK_SIZE)
PROVEN_RECORD: Final = Codec(ProvenRecord, limit=MAX_CHUNK_SIZE)
BUNDLED_FILE: Final = Codec(BundledFile, limit=16)
DISCLOSURE: Final = Codec(Disclosure, versions=(DISCLOSURE_VERSION,), limit=MAX_DISCLOSURE_SIZE)
SIGNED_DISCLOSURE: Final = Codec(SignedDisclosure, limit=MAX_DISCLOSURE_SIZE)
