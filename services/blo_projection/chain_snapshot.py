"""The stored state of a chain, from which a program goes on where it stopped.

The program stores one row per record: its running hash and its event's id. The rest of the state is
a snapshot of a few hundred bytes.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from blo_domain.trust import RecordTraces
from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes8, Count
from blo_schemas.ids import CertificateTag, Digest, EventId, LinkId, OfficeId

SNAPSHOT_VERSION: Final = 2

_LogTime = Annotated[int, msgspec.Meta(ge=0)]
"""Unix milliseconds as the broker gave them, which may be no instant at all."""


class ChainRow(msgspec.Struct, frozen=True):
    """The part of a record that a chain remembers.

    Attributes:
        log_hash: The running hash after the record, 32 bytes.
        office: Its writer, if the event became part of the writer's chain.
        event: Its id, if the event became part of the writer's chain.
    """

    log_hash: Digest
    office: OfficeId | None
    event: EventId | None


class StoredTraces(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The stored form of ``RecordTraces``; the order of the pairs is that of their positions.

    Attributes:
        latest: The latest log time of a record, Unix milliseconds.
        unknown: Certificate tags that no document knows, with the first position of each.
        unknown_from: The first position whose unknown tag had no room; ``None``: all had.
        missigned: Offices, with the first of their records whose signature did not fit the link.
    """

    latest: _LogTime = 0
    unknown: tuple[tuple[Bytes8, Count], ...] = ()
    unknown_from: Count | None = None
    missigned: tuple[tuple[OfficeId, Count], ...] = ()

    @classmethod
    def of(cls, traces: RecordTraces) -> StoredTraces:
        """The stored form of traces."""
        return cls(
            traces.latest,
            tuple(traces.unknown.items()),
            None if traces.is_complete else traces.unknown_from,
            tuple(traces.missigned.items()),
        )

    def traces(self) -> RecordTraces:
        """The traces as they were."""
        traces = RecordTraces(
            self.latest,
            {CertificateTag(tag): position for tag, position in self.unknown},
            missigned=dict(self.missigned),
        )
        if self.unknown_from is not None:
            traces.unknown_from = self.unknown_from
        return traces


class ChainSnapshot(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The rest of a chain's state.

    Attributes:
        v: Version of this layout, 2.
        link: The link.
        size: Number of records.
        peaks: The Merkle tree's frontier (``blo_sealing.merkle.Frontier.peaks``).
        offices: Per office its id, number of chained events, and last faultless ``seen_size``.
        traces: What is remembered of the records for documents to come.
    """

    v: int
    link: LinkId
    size: Count
    peaks: bytes
    offices: tuple[tuple[OfficeId, Count, Count], ...]
    traces: StoredTraces


CHAIN_SNAPSHOT: Final = Codec(ChainSnapshot, versions=(SNAPSHOT_VERSION,))


def encode_chain(
    link: LinkId,
    size: int,
    peaks: bytes,
    offices: tuple[tuple[OfficeId, int, int], ...],
    traces: RecordTraces,
) -> bytes:
    """The bytes of a chain's snapshot; the arguments are those of ``ChainSnapshot``."""
    stored = StoredTraces.of(traces)
    return CHAIN_SNAPSHOT.encode(
        ChainSnapshot(SNAPSHOT_VERSION, link, size, peaks, offices, stored)
    )
