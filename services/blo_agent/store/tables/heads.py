"""The latest head of each office on each link, and heads that wait to be compared."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import LinkId, OfficeId

AHEAD_EACH: Final = 64
"""So many heads of one office of a link wait to be compared; the smallest are kept."""


class StoredHead(NamedTuple):
    """An office's latest head on a link; ``head`` is the encoded ``SignedHead``."""

    link: LinkId
    office: OfficeId
    size: int
    head: bytes


def put(tx: Transaction, head: StoredHead) -> bool:
    """Stores a head unless a larger one is there; returns whether it was stored."""
    return (
        tx.change(
            "INSERT INTO heads(link, office, size, head) VALUES (?, ?, ?, ?)"
            " ON CONFLICT(link, office) DO UPDATE SET size = excluded.size, head = excluded.head"
            " WHERE excluded.size >= size",
            head,
        )
        > 0
    )


def get(snapshot: Snapshot, link: LinkId, office: OfficeId) -> StoredHead | None:
    """An office's latest head on a link."""
    row = snapshot.row(
        "SELECT link, office, size, head FROM heads WHERE link = ? AND office = ?", (link, office)
    )
    return None if row is None else StoredHead(*row)


def remove(tx: Transaction, link: LinkId, office: OfficeId) -> None:
    """Removes an office's head on a link."""
    tx.change("DELETE FROM heads WHERE link = ? AND office = ?", (link, office))


def of_link(snapshot: Snapshot, link: LinkId) -> list[StoredHead]:
    """The latest heads on a link, sorted by office."""
    rows = snapshot.rows(
        "SELECT link, office, size, head FROM heads WHERE link = ? ORDER BY office", (link,)
    )
    return [StoredHead(*row) for row in rows]


def wait(tx: Transaction, head: StoredHead, log_hash: bytes) -> None:
    """Keeps a head until the log was read as far as it covers; a newer one does not replace it."""
    tx.execute(
        "INSERT OR IGNORE INTO heads_ahead(link, office, size, log_hash, head)"
        " VALUES (?, ?, ?, ?, ?)",
        (head.link, head.office, head.size, log_hash, head.head),
    )
    tx.execute(
        "DELETE FROM heads_ahead WHERE link = ? AND office = ? AND size > ("
        " SELECT size FROM heads_ahead WHERE link = ? AND office = ?"
        " ORDER BY size LIMIT 1 OFFSET ?)",
        (head.link, head.office, head.link, head.office, AHEAD_EACH - 1),
    )


def waiting(snapshot: Snapshot, link: LinkId, size: int) -> list[StoredHead]:
    """The heads that wait and cover at most so many records, sorted by size."""
    rows = snapshot.rows(
        "SELECT link, office, size, head FROM heads_ahead WHERE link = ? AND size <= ?"
        " ORDER BY size, office, log_hash",
        (link, size),
    )
    return [StoredHead(*row) for row in rows]


def waiting_of(snapshot: Snapshot, link: LinkId, office: OfficeId, size: int) -> list[StoredHead]:
    """The heads of one office over exactly so many records that wait."""
    rows = snapshot.rows(
        "SELECT link, office, size, head FROM heads_ahead"
        " WHERE link = ? AND office = ? AND size = ? ORDER BY log_hash",
        (link, office, size),
    )
    return [StoredHead(*row) for row in rows]


def waits_no_longer(tx: Transaction, link: LinkId, size: int) -> None:
    """Forgets the heads that cover at most so many records: they were compared."""
    tx.execute("DELETE FROM heads_ahead WHERE link = ? AND size <= ?", (link, size))
