"""Answers about what has changed, as JSON (docs/changes.md)."""

from __future__ import annotations

import msgspec

from blo_agent.changes.visible import ChangePage
from blo_agent.store.tables.changes import ChangedThing, ChangeRow


class ChangeAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change: what is to be read anew, and nothing of what it says.

    Attributes:
        number: Its number; later changes have larger ones, not each number is used.
        what: ``case``, ``event``, ``draft``, ``alert``, ``receipt``, ``link`` or ``restored``.
        link: The link; left out for ``restored``.
        case: The case, if it is about one.
        case_kind: The kind of that case as it is now, if its view is known.
        event: The event.
        draft: The draft.
        alert: The alert.
    """

    number: int
    what: str
    link: str | None = None
    case: str | None = None
    case_kind: str | None = None
    event: str | None = None
    draft: str | None = None
    alert: str | None = None


class ChangesAnswer(msgspec.Struct, frozen=True):
    """A page of changes.

    Attributes:
        changes: The changes that the reader reaches, in the order of their numbers.
        next: What to ask for next: ``after`` of the next page.
        more: Whether there is a next page already.
    """

    changes: list[ChangeAnswer]
    next: int
    more: bool


def change_answer(row: ChangeRow) -> ChangeAnswer:
    """The answer about a change."""
    name = None if row.id is None else row.id.hex()
    return ChangeAnswer(
        number=row.number,
        what=row.what.value,
        link=row.link,
        case=None if row.case is None else row.case.hex(),
        case_kind=None if row.kind is None else row.kind.word,
        event=name if row.what is ChangedThing.EVENT else None,
        draft=name if row.what is ChangedThing.DRAFT else None,
        alert=name if row.what is ChangedThing.ALERT else None,
    )


def changes_answer(page: ChangePage) -> ChangesAnswer:
    """The answer about a page of changes."""
    return ChangesAnswer(
        [change_answer(row) for row in page.changes], page.next, page.next < page.newest
    )
