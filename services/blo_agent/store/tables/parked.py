"""Records that wait for a key (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_projection.parked_records import ParkedRecord
from blo_schemas.ids import CaseId, KeyId, LinkId

_PUT: Final = (
    "INSERT OR REPLACE INTO parked(link, position, case_id, needs_key, value, log_time)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


class ParkedRow(NamedTuple):
    """A record that waits for a key.

    Attributes:
        link: The link.
        position: Its position.
        case: Its case.
        needs_key: The key it waits for; one at a time.
        value: Its bytes.
        log_time: Its timestamp, Unix milliseconds.
    """

    link: LinkId
    position: int
    case: CaseId
    needs_key: KeyId
    value: bytes
    log_time: int


def add(tx: Transaction, record: ParkedRow) -> None:
    """Parks a record, or parks it anew for another key."""
    tx.execute(_PUT, record)


def remove(tx: Transaction, link: LinkId, position: int) -> None:
    """Lets a record go."""
    tx.execute("DELETE FROM parked WHERE link = ? AND position = ?", (link, position))


def waiting_for(snapshot: Snapshot, link: LinkId, key: KeyId) -> list[int]:
    """The positions of a link's records that wait for a key, in log order."""
    rows = snapshot.rows(
        "SELECT position FROM parked WHERE link = ? AND needs_key = ? ORDER BY position",
        (link, key),
    )
    return [position for (position,) in rows]


def value(snapshot: Snapshot, link: LinkId, position: int) -> bytes:
    """The bytes of a parked record.

    Raises:
        ValueError: No record is parked there.
    """
    stored: bytes | None = snapshot.value(
        "SELECT value FROM parked WHERE link = ? AND position = ?", (link, position)
    )
    if stored is None:
        raise ValueError(f"no record is parked at {position} of {link}")
    return stored


def unjudged(snapshot: Snapshot, link: LinkId) -> Iterator[ParkedRecord]:
    """The places of a link's records without a verdict, in log order."""
    rows = snapshot.iterate(
        "SELECT position, records.log_time, event_id, office, parked.case_id, needs_key"
        " FROM parked JOIN records USING (link, position)"
        " WHERE link = ? AND outcome IS NULL AND event_id IS NOT NULL AND office IS NOT NULL"
        " ORDER BY position",
        (link,),
    )
    return (ParkedRecord(*row) for row in rows)
