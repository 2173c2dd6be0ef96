"""What the stream processors write: views, alerts, trail, checkpoints and dead letters (docs/wire-format.md §8).

Each output is a pure function of the link's log up to a position, which it carries. Two workers
that write the same output write the same bytes; a reader keeps the highest position of a case, and
one entry per position of the trail.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from blo_schemas.clocks import ClockView
from blo_schemas.codec import MAX_RECORD_SIZE, Codec
from blo_schemas.fields import Bytes8, Bytes16, Bytes32, Bytes64, Count, UnixMs, WordEnum
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.verdicts import Verdict
from blo_schemas.views import CaseView, check_view

OUTPUT_VERSION: Final = 1
MAX_ERROR_TEXT: Final = 500

MAX_CASE_RECORD_SIZE: Final = 220 * 1024
"""Largest encoded case record in bytes: padded, sealed and signed it still is one record.

The steps of a case are bounded (``blo_domain.lifecycle.MAX_CASE_STEPS``), so no record comes near.
"""


class OutputKind(WordEnum):
    """What an output is; it decides the topic, and what ``body`` holds."""

    CASE = 1
    ALERT = 2
    TRAIL = 3
    CHECKPOINT = 4


class Output(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a processor signs.

    Attributes:
        v: Version of this layout, 1.
        kind: What it is.
        link: The link.
        processor: Who states it.
        kid: Tag of the certificate whose key signs.
        position: Log position that it stands at: of the last step of a case, of the record that a
            trail entry is about, the size of a checkpoint.
        at: Log time of that position, Unix milliseconds; of an alert, when it became due.
        key: Id of the processor's summary key that sealed ``body``; ``None``: it is in the clear.
        salt: With ``key``: what the sealing key is derived with.
        body: The encoded case record, alert, trail entry or checkpoint.
    """

    v: int
    kind: OutputKind
    link: LinkId
    processor: OfficeId
    kid: Bytes8
    position: Count
    at: UnixMs
    key: Bytes32 | None
    salt: Bytes16 | None
    body: bytes


class SignedOutput(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """An output and its signature, the value on the processors' topics.

    Attributes:
        output: Canonical encoding of an ``Output``: the bytes that were signed.
        signature: Ed25519, 64 bytes.
    """

    output: bytes
    signature: Bytes64


class CaseRecord(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The current state of a case, on ``blo.cases.{corridor}``.

    Attributes:
        view: Where it stands.
        clocks: What its deadlines need.
    """

    view: CaseView
    clocks: ClockView


class TrailState(StrEnum):
    """Whether a trail entry has the last word on its record."""

    FINAL = "final"
    PENDING = "pending"
    """The summary key has not been granted yet; an entry of the same position follows."""
    DEAD = "dead"
    """It could not be processed; it lies on ``blo.dead.{corridor}``."""


class TrailEntry(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a processor concludes of one record.

    Attributes:
        position: The record's position.
        log_time: Its log time, Unix milliseconds.
        finality: Whether ``verdict`` is there, and for good.
        verdict: The verdict; ``None`` unless the entry is final.
        office: Who wrote the record, if that could be told.
        event: The event's id, if the writer could be told.
        log_hash: The link's running hash after it.
        tree_size: Records in the link's Merkle tree after it.
    """

    position: Count
    log_time: UnixMs
    finality: TrailState
    verdict: Verdict | None
    office: OfficeId | None
    event: Bytes32 | None
    log_hash: Bytes32
    tree_size: Count


class TrailCheckpoint(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A processor's statement on the first ``size`` records of a link.

    Attributes:
        size: How many records.
        log_hash: The running hash over them.
        tree_root: The RFC 6962 tree's root over their values.
        admissions: Running hash over what the record layer concluded of each
            (``blo_schemas.hashes.admissions_hash``), which needs no key.
    """

    size: Count
    log_hash: Bytes32
    tree_root: Bytes32
    admissions: Bytes32


class DeadLetter(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A record that a processor could not process, on ``blo.dead.{corridor}``.

    Attributes:
        v: Version of this layout, 1.
        link: The link.
        processor: Who could not.
        topic: Where the record lies.
        partition: In which partition.
        offset: At which offset.
        log_time: Its log time, Unix milliseconds.
        value: Its first ``MAX_RECORD_SIZE`` bytes; the record itself stays where it lies.
        error: What happened, without any of the content.
        attempts: How often it was tried.
    """

    v: int
    link: LinkId
    processor: OfficeId
    topic: str
    partition: Count
    offset: Count
    log_time: UnixMs
    value: bytes
    error: Annotated[str, msgspec.Meta(max_length=MAX_ERROR_TEXT)]
    attempts: Count


OUTPUT: Final = Codec(Output, versions=(OUTPUT_VERSION,))
SIGNED_OUTPUT: Final = Codec(SignedOutput)
CASE_RECORD: Final = Codec(
    CaseRecord, limit=MAX_CASE_RECORD_SIZE, check=lambda record: check_view(record.view)
)
TRAIL_ENTRY: Final = Codec(TrailEntry, limit=1024)
TRAIL_CHECKPOINT: Final = Codec(TrailCheckpoint, limit=256)
DEAD_LETTER: Final = Codec(DeadLetter, versions=(OUTPUT_VERSION,), limit=2 * MAX_RECORD_SIZE)


def dead_letter_key(topic: str, partition: int, offset: int) -> bytes:
    """The Kafka key of a dead letter: where its record lies."""
    return f"{topic}/{partition}/{offset}".encode()


def trail_key(link: LinkId) -> bytes:
    """The Kafka key of everything on the trail: its link."""
    return link.encode()
