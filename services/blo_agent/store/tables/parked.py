"""Records that wait for a key: what they need, and their bytes (DESIGN §6)."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, KeyId, LinkId

_SELECT: Final = "SELECT link, position, case_id, needs_key, value, log_time FROM parked"
_PUT: Final = (
    "INSERT OR REPLACE INTO parked(link, position, case_id, needs_key, value, log_time)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


class ParkedRecord(NamedTuple):
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


def add(tx: Transaction, record: ParkedRecord) -> None:
    """Parks a record, or parks it anew for another key."""
    tx.execute(_PUT, record)


def remove(tx: Transaction, link: LinkId, position: int) -> None:
    """Lets a record go."""
    tx.execute("DELETE FROM parked WHERE link = ? AND position = ?", (link, position))


def waiting_for(snapshot: Snapshot, link: LinkId, key: KeyId) -> list[ParkedRecord]:
    """The records of a link that wait for a key, in log order."""
    rows = snapshot.rows(
        f"{_SELECT} WHERE link = ? AND needs_key = ? ORDER BY position",
        (link, key),
    )
    return [ParkedRecord(*row) for row in rows]


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[ParkedRecord]:
    """The parked records of a case, in log order."""
    rows = snapshot.rows(
        f"{_SELECT} WHERE link = ? AND case_id = ? ORDER BY position",
        (link, case),
    )
    return [ParkedRecord(*row) for row in rows]


def of_link(snapshot: Snapshot, link: LinkId) -> list[ParkedRecord]:
    """All parked records of a link, in log order."""
    rows = snapshot.rows(f"{_SELECT} WHERE link = ? ORDER BY position", (link,))
    return [ParkedRecord(*row) for row in rows]


def counts(snapshot: Snapshot) -> dict[LinkId, int]:
    """How many records wait, by link; a link where none waits is not named."""
    rows = snapshot.rows("SELECT link, count(*) FROM parked INDEXED BY parked_key GROUP BY link")
    return dict(rows)


__all__ = ["ParkedRecord", "add", "counts", "of_case", "of_link", "remove", "waiting_for"]
