"""Which changes an actor may be told of: those of what the actor reaches."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.changes.errors import ChangesGone
from blo_agent.drafts.rows import sees_draft
from blo_agent.people.access import Actor, answer_of, sees_case, sees_link
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import changes, drafts
from blo_agent.store.tables.changes import ChangedThing, ChangeRow
from blo_domain.people.permissions import Action, Permission

SCANNED: Final = 1_000
"""So many changes are looked at for one page; who reaches few of them asks again."""


class ChangePage(NamedTuple):
    """A page of changes.

    Attributes:
        changes: Those that the actor may be told of.
        next: The number behind which the next page begins.
        newest: The newest number.
    """

    changes: list[ChangeRow]
    next: int
    newest: int


def page_of(snapshot: Snapshot, actor: Actor, number: int, limit: int) -> ChangePage:
    """The next changes behind a number that an actor may be told of.

    Args:
        snapshot: The store.
        actor: Who asks.
        number: The number.
        limit: At most so many changes.

    Raises:
        ChangesGone: The number is too old, or lies beyond all changes.
    """
    bounds = changes.bounds(snapshot)
    if not bounds.first - 1 <= number <= bounds.newest:
        raise ChangesGone(number, bounds)
    page: list[ChangeRow] = []
    rows = changes.after(snapshot, number, SCANNED)
    for row in rows:
        if len(page) == limit:
            break
        number = row.number
        if _is_visible(snapshot, actor, row):
            page.append(row)
    return ChangePage(page, number, bounds.newest)


def _is_visible(snapshot: Snapshot, actor: Actor, row: ChangeRow) -> bool:
    if row.link is None:
        return True
    if row.what is ChangedThing.DRAFT:
        needed = (Action.DRAFT, Action.APPROVE)
        if all(answer_of(actor, act) is not Permission.ALLOWED for act in needed):
            return False
        draft = None if row.id is None else drafts.get(snapshot, row.id)
        return draft is not None and sees_draft(snapshot, actor, draft)
    if row.case is None:
        return sees_link(actor, row.link)
    return sees_case(snapshot, actor, row.link, row.case, row.kind)
