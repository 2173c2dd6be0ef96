"""What has changed, each change with a number that only grows (docs/changes.md).

The rows are written by triggers of the tables that they tell of, in the same transactions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.summary import Kind

MOST: Final = 500_000
"""So many changes are kept, the newest; some months of a busy office."""


class ChangedThing(StrEnum):
    """What a change is about."""

    CASE = "case"
    """A case has moved, is gone, or belongs to another agency, too."""
    EVENT = "event"
    """An event waits for the line, has its verdict, or could be opened."""
    DRAFT = "draft"
    """A draft was changed, or has taken a step."""
    ALERT = "alert"
    """An alert stands, or stands no more."""
    RECEIPT = "receipt"
    """A counterpart has signed how far it has read a link."""
    LINK = "link"
    """A link was halted, or goes on."""
    RESTORED = "restored"
    """The store was restored from a backup: what was told since then may not be so."""


class ChangeRow(NamedTuple):
    """One change.

    Attributes:
        number: Its number.
        what: What it is about.
        link: The link; ``None`` for a restored store.
        case: The case; ``None``: it is about none.
        id: The event, draft or alert.
        kind: The kind of the case as it is now, if its view is known.
    """

    number: int
    what: ChangedThing
    link: LinkId | None
    case: CaseId | None
    id: bytes | None
    kind: Kind | None


class ChangeBounds(NamedTuple):
    """The first number that is kept, and the newest; the newest is one less if there is none."""

    first: int
    newest: int


def bounds(snapshot: Snapshot) -> ChangeBounds:
    """Which changes there are."""
    newest = snapshot.value("SELECT seq FROM sqlite_sequence WHERE name = 'changes'") or 0
    first = snapshot.value("SELECT min(number) FROM changes")
    return ChangeBounds(newest + 1 if first is None else first, newest)


def after(snapshot: Snapshot, number: int, limit: int) -> list[ChangeRow]:
    """The next changes behind a number, at most so many."""
    rows = snapshot.rows(
        "SELECT number, what, changes.link, changes.case_id, id, cases.kind"
        " FROM changes LEFT JOIN cases USING (link, case_id)"
        " WHERE number > ? ORDER BY number LIMIT ?",
        (number, limit),
    )
    return [
        ChangeRow._make(
            (row[0], ChangedThing(row[1]), *row[2:5], None if row[5] is None else Kind(row[5]))
        )
        for row in rows
    ]


def note_restored(tx: Transaction, now: int) -> None:
    """Go on with numbers that no change had before the store was restored.

    Numbers count single changes, of which there was never one in each millisecond, so that the
    present in Unix milliseconds lies beyond all of them.
    """
    number = max(now, bounds(tx).newest + 1)
    tx.execute(
        "INSERT INTO changes(number, what) VALUES (?, ?)", (number, ChangedThing.RESTORED.value)
    )


def count(snapshot: Snapshot) -> int:
    """How many changes are kept; reads all of them."""
    kept: int = snapshot.value("SELECT count(*) FROM changes")
    return kept


def forget_oldest(tx: Transaction, limit: int) -> int:
    """Forgets the oldest changes, so many; returns how many there were."""
    return tx.change(
        "DELETE FROM changes WHERE number IN (SELECT number FROM changes ORDER BY number LIMIT ?)",
        (limit,),
    )
