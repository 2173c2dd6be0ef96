"""What an entry of the inbox asks for, in words for the officer."""

from __future__ import annotations

from collections.abc import Iterable

from blo_domain.alert_wording import owed_words, pause_words, said_of
from blo_domain.inbox.tasks import OpenTask
from blo_domain.wording import spaced
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Kind, Step


def task_words(task: OpenTask, kind: Kind, reader: OfficeId, due: str | None, now: int) -> str:
    """A task in words, for an officer of ``reader``.

    Args:
        task: The task.
        kind: The case's kind.
        reader: The office that reads it.
        due: The deadline as the reader writes it.
        now: The instant, Unix milliseconds.
    """
    what = f"go on with the {spaced(kind)}"
    if task.clock is not None:
        what = f"{owed_words(task.clock)} the {spaced(kind)}"
    who = said_of(task.owed_by, reader)
    if task.due is not None and task.due <= now:
        return f"{who} had to {what} by {due}: it is late."
    if task.paused_for is not None:
        return f"The clock to {what} stands still: {pause_words(task.paused_for)}."
    if task.clock is not None and task.due is None:
        return f"The clock to {what} stands still. {who} must act."
    until = "" if due is None else f" by {due}"
    can = "must" if len(task.owed_by) == 1 else "can"
    return f"{who} {can} {what}{until}."


def unread_words(offices: Iterable[OfficeId], reader: OfficeId) -> str:
    """That counterparts have not opened what was sent."""
    return f"{said_of(offices, reader)} has not opened the last event that your office sent."


def draft_words(step: Step | None, kind: Kind | None, reason: str | None, state: str) -> str:
    """A draft in words.

    Args:
        step: The step that is drafted, if it is filled in.
        kind: The case's kind, likewise.
        reason: Why it was returned.
        state: ``returned``, ``submitted`` or ``approved``.
    """
    what = "The draft" if step is None else f"The draft to {spaced(step)}"
    what = what if kind is None else f"{what} a {spaced(kind)}"
    if state == "returned":
        return f"{what} was returned: {reason}" if reason else f"{what} was returned."
    return f"{what} waits for approval." if state == "submitted" else f"{what} can be sent."
