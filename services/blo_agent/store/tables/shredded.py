"""The cases whose contents this office has deleted (ADR 7).

Kept apart from what is derived from the log: what is gone does not come back when a link is read
again, and a grant of such a key is never taken again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, LinkId

_SELECT: Final = "SELECT link, case_id, at, scrubbed FROM shredded"


class Shredded(NamedTuple):
    """A case whose key and contents were deleted here.

    Attributes:
        link: The link.
        case: The case.
        at: The office's clock when they were deleted, Unix milliseconds.
        scrubbed: Whether the write-ahead log was emptied since, which held older pages.
    """

    link: LinkId
    case: CaseId
    at: int
    scrubbed: bool


def put(tx: Transaction, link: LinkId, case: CaseId, at: int) -> None:
    """Notes that a case's key and contents are being deleted in this transaction."""
    tx.execute(
        "INSERT INTO shredded(link, case_id, at, scrubbed) VALUES (?, ?, ?, 0)", (link, case, at)
    )


def set_scrubbed(tx: Transaction, link: LinkId, case: CaseId) -> None:
    """Notes that nothing of them is left in the write-ahead log."""
    tx.execute("UPDATE shredded SET scrubbed = 1 WHERE link = ? AND case_id = ?", (link, case))


def get(snapshot: Snapshot, link: LinkId, case: CaseId) -> Shredded | None:
    """What was deleted of a case; ``None``: nothing."""
    row = snapshot.row(f"{_SELECT} WHERE link = ? AND case_id = ?", (link, case))
    return None if row is None else Shredded(row[0], row[1], row[2], bool(row[3]))


def of_link(snapshot: Snapshot, link: LinkId) -> set[CaseId]:
    """The cases of a link that were shredded here."""
    rows = snapshot.rows("SELECT case_id FROM shredded WHERE link = ?", (link,))
    return {CaseId(case) for (case,) in rows}


def unscrubbed(snapshot: Snapshot) -> list[tuple[LinkId, CaseId]]:
    """The cases of which older pages may still lie in the write-ahead log."""
    rows = snapshot.rows("SELECT link, case_id FROM shredded WHERE scrubbed = 0")
    return [(LinkId(link), CaseId(case)) for link, case in rows]
