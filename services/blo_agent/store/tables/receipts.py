"""Which signed head of an office was the first to cover a record of a link, and to have opened it.

Ranges of one office, link and stage never begin at the same position, so there are at most as many
as the link has records, whatever heads an office signs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_domain.inbox.receipts import PositionRange, ReceiptStage
from blo_schemas.ids import LinkId, OfficeId

_SELECT: Final = "SELECT id, link, office, size, at, head FROM receipt_heads"


class ReceiptHead(NamedTuple):
    """A signed head that is the receipt for some records.

    Attributes:
        id: SHA-256 of the head that was signed.
        link: The link.
        office: Who signed it.
        size: How many records it covers.
        at: When its office signed it, Unix milliseconds.
        head: Encoded ``SignedHead``.
    """

    id: bytes
    link: LinkId
    office: OfficeId
    size: int
    at: int
    head: bytes


def add(
    tx: Transaction, head: ReceiptHead, ranges: Iterable[tuple[ReceiptStage, PositionRange]]
) -> None:
    """Stores the ranges for which a head is the first receipt; one without any is not stored."""
    count = sum(
        tx.change(
            "INSERT OR IGNORE INTO receipts(link, office, stage, first, upto, head_id)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (head.link, head.office, stage.value, *positions, head.id),
        )
        for stage, positions in ranges
    )
    if count:
        tx.execute(
            "INSERT OR IGNORE INTO receipt_heads(id, link, office, size, at, head)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            head,
        )


def delivered_upto(snapshot: Snapshot, link: LinkId, office: OfficeId) -> int:
    """Up to where an office has signed that it has received a link's records."""
    upto: int | None = snapshot.value(
        "SELECT upto FROM receipts WHERE link = ? AND office = ? AND stage = ?"
        " ORDER BY first DESC LIMIT 1",
        (link, office, ReceiptStage.DELIVERED.value),
    )
    return upto or 0


def first_receipt(
    snapshot: Snapshot, link: LinkId, office: OfficeId, stage: ReceiptStage, position: int
) -> ReceiptHead | None:
    """The head that is an office's receipt for a record; ``None``: nothing signed proves it."""
    row = snapshot.row(
        "SELECT head_id FROM receipts WHERE link = ?1 AND office = ?2 AND stage = ?3 AND first = ("
        "SELECT max(first) FROM receipts WHERE link = ?1 AND office = ?2 AND stage = ?3"
        " AND first <= ?4) AND upto > ?4",
        (link, office, stage.value, position),
    )
    return None if row is None else get(snapshot, row[0])


def get(snapshot: Snapshot, head_id: bytes) -> ReceiptHead | None:
    """The head with this id, if it is a receipt."""
    row = snapshot.row(f"{_SELECT} WHERE id = ?", (head_id,))
    return None if row is None else ReceiptHead._make(row)


def of_office(snapshot: Snapshot, link: LinkId, office: OfficeId) -> list[ReceiptHead]:
    """All heads of an office on a link that are receipts, by size."""
    rows = snapshot.rows(f"{_SELECT} WHERE link = ? AND office = ? ORDER BY size", (link, office))
    return [ReceiptHead._make(row) for row in rows]


def remove(tx: Transaction, head_id: bytes) -> None:
    """Forgets a head that does not count any more, with what it was the receipt for."""
    tx.execute("DELETE FROM receipt_heads WHERE id = ?", (head_id,))
