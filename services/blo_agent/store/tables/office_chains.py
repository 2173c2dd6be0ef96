"""The last event of each office's own chain on a link."""

from __future__ import annotations

from collections.abc import Iterable

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import EventId, LinkId, OfficeId


def put(tx: Transaction, link: LinkId, chains: Iterable[tuple[OfficeId, int, EventId]]) -> None:
    """Stores where chains stand: their number of events, and the last one."""
    tx.execute_many(
        "INSERT OR REPLACE INTO office_chains(link, office, events, last) VALUES (?, ?, ?, ?)",
        ((link, *chain) for chain in chains),
    )


def clear(tx: Transaction, link: LinkId) -> None:
    """Forgets where the chains of a link stand, because they are told anew."""
    tx.execute("DELETE FROM office_chains WHERE link = ?", (link,))


def last(snapshot: Snapshot, link: LinkId, office: OfficeId, events: int) -> EventId | None:
    """The last event of a chain, if the chain is stored with so many events."""
    found: EventId | None = snapshot.value(
        "SELECT last FROM office_chains WHERE link = ? AND office = ? AND events = ?",
        (link, office, events),
    )
    return found
