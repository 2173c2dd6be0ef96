"""How far each link has been read."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import LinkId

_SELECT: Final = "SELECT link, size, snapshot, trust_digest FROM links"
_PUT: Final = "INSERT OR REPLACE INTO links(link, size, snapshot, trust_digest) VALUES (?, ?, ?, ?)"


class LinkProgress(NamedTuple):
    """How far a link has been read.

    Attributes:
        link: The link.
        size: Number of records read; the next offset.
        snapshot: The fold's counters at ``size``, encoded by the reader.
        trust_digest: Digest of the trust documents that the verdicts rest on.
    """

    link: LinkId
    size: int
    snapshot: bytes
    trust_digest: bytes


def put(tx: Transaction, progress: LinkProgress) -> None:
    """Stores how far a link has been read."""
    tx.execute(_PUT, progress)


def get(snapshot: Snapshot, link: LinkId) -> LinkProgress | None:
    """How far a link has been read; ``None``: not at all."""
    row = snapshot.row(f"{_SELECT} WHERE link = ?", (link,))
    return None if row is None else LinkProgress(*row)


def all_of(snapshot: Snapshot) -> list[LinkProgress]:
    """All links that have been read from, sorted."""
    return [LinkProgress(*row) for row in snapshot.rows(f"{_SELECT} ORDER BY link")]


def reset(tx: Transaction, link: LinkId) -> None:
    """Forgets everything derived from a link's log, for a rebuild from its first record.

    The outbox, the journal, the keys, the heads and the trust documents stay.
    """
    for table in ("records", "parked", "cases", "events", "links"):
        tx.execute(f"DELETE FROM {table} WHERE link = ?", (link,))  # noqa: S608 - fixed names


__all__ = ["LinkProgress", "all_of", "get", "put", "reset"]
