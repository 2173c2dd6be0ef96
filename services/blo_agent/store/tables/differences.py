"""Standing differences between processors' outputs and the office's log."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, LinkId, OfficeId

_SELECT: Final = "SELECT link, case_id, processor, what, since, words FROM differences"


class OutputDifference(NamedTuple):
    """One difference.

    Attributes:
        link: The link.
        case: The case.
        processor: Whose output differs, or is missing.
        what: In what, of a closed list.
        since: The office's clock when it was found, Unix milliseconds.
        words: For the officer.
    """

    link: LinkId
    case: CaseId
    processor: OfficeId
    what: str
    since: int
    words: str


def put(tx: Transaction, difference: OutputDifference) -> None:
    """Stores a difference; one that stands gets the new words."""
    tx.execute(
        "INSERT INTO differences(link, case_id, processor, what, since, words)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(link, case_id, processor, what)"
        " DO UPDATE SET words = excluded.words",
        difference,
    )


def remove(tx: Transaction, link: LinkId, case: CaseId, processor: OfficeId, what: str) -> None:
    """Removes a difference that has gone."""
    tx.execute(
        "DELETE FROM differences WHERE link = ? AND case_id = ? AND processor = ? AND what = ?",
        (link, case, processor, what),
    )


def of_link(snapshot: Snapshot, link: LinkId) -> list[OutputDifference]:
    """The differences on a link, the oldest first."""
    rows = snapshot.rows(f"{_SELECT} WHERE link = ? ORDER BY since, case_id, what", (link,))
    return [OutputDifference(*row) for row in rows]


class DifferenceCount(NamedTuple):
    """How often a processor says something else of a link than its log, and since when."""

    processor: OfficeId
    what: str
    cases: int
    since: int


def counts(snapshot: Snapshot, link: LinkId) -> list[DifferenceCount]:
    """The differences on a link in numbers, by processor and by what differs."""
    rows = snapshot.rows(
        "SELECT processor, what, count(*), min(since) FROM differences WHERE link = ?"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        (link,),
    )
    return [DifferenceCount(*row) for row in rows]


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[OutputDifference]:
    """The differences in a case, the oldest first."""
    rows = snapshot.rows(
        f"{_SELECT} WHERE link = ? AND case_id = ? ORDER BY since, what", (link, case)
    )
    return [OutputDifference(*row) for row in rows]
