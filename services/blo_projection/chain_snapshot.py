"""The stored state of a chain, from which a program goes on where it stopped.

The program stores one row per record: its running hash and its event's id. The rest of the state is
a snapshot of a few hundred bytes.
"""

from __future__ import annotations

from typing import Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Count
from blo_schemas.ids import Digest, EventId, LinkId, OfficeId

SNAPSHOT_VERSION: Final = 1


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


class ChainSnapshot(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The rest of a chain's state.

    Attributes:
        v: Version of this layout, 1.
        link: The link.
        size: Number of records.
        peaks: The Merkle tree's frontier (``blo_sealing.merkle.Frontier.peaks``).
        offices: Per office its id, number of chained events, and last faultless ``seen_size``.
    """

    v: int
    link: LinkId
    size: Count
    peaks: bytes
    offices: tuple[tuple[OfficeId, Count, Count], ...]


CHAIN_SNAPSHOT: Final = Codec(ChainSnapshot, versions=(SNAPSHOT_VERSION,))
