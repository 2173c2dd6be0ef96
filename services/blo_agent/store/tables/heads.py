"""The latest head of each office on each link."""

from __future__ import annotations

from typing import NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import LinkId, OfficeId


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


__all__ = ["StoredHead", "get", "of_link", "put", "remove"]
