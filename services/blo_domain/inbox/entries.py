"""The kinds of entries of the inbox, and what a task is at an instant (docs/inbox.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from blo_domain.inbox.tasks import OpenTask
from blo_domain.people.drafts import DraftState
from blo_schemas.clocks import ClockKind
from blo_schemas.ids import OfficeId

READING_TIME_MS: Final = 15 * 60_000
"""So long a counterpart may take to read an event before that is worth an entry: the time after
which its link counts as unable to open (docs/deadlines.md)."""


class InboxKind(StrEnum):
    """What an entry of the inbox asks for, in the order in which the inbox shows them."""

    ALARM = "alarm"
    """Something is wrong with a link: it is halted, a signal stands, or a processor differs."""
    OVERDUE = "overdue"
    """Somebody's deadline has passed; of another office's, urge."""
    DUE_SOON = "due_soon"
    """This office owes it, and the agreement's warning has come."""
    TO_ACKNOWLEDGE = "to_acknowledge"
    """This office has to acknowledge a case."""
    RETURNED_DRAFT = "returned_draft"
    """The approver has returned a draft with a reason."""
    FOR_APPROVAL = "for_approval"
    """A draft waits for this office's approval."""
    APPROVED_DRAFT = "approved_draft"
    """A draft is approved and not sent yet."""
    TO_DO = "to_do"
    """It is this office's turn, and the time is not short."""
    NOT_OPENED = "not_opened"
    """A counterpart has not opened an event of this office after the time that reading takes."""
    WAITING = "waiting"
    """It is another office's turn."""
    PAUSED = "paused"
    """The clocks stand still, and nobody has to act."""


OF_TASKS: Final = (
    InboxKind.OVERDUE,
    InboxKind.DUE_SOON,
    InboxKind.TO_ACKNOWLEDGE,
    InboxKind.TO_DO,
    InboxKind.WAITING,
    InboxKind.PAUSED,
)
"""The kinds that the task of a case can be: exactly one of them at each instant."""

OF_DRAFTS: Final = {
    DraftState.RETURNED: InboxKind.RETURNED_DRAFT,
    DraftState.SUBMITTED: InboxKind.FOR_APPROVAL,
    DraftState.APPROVED: InboxKind.APPROVED_DRAFT,
}
"""The kind of a draft by its state; others ask nobody for anything."""


def task_kind(task: OpenTask, office: OfficeId, now: int) -> InboxKind:
    """What a task is for an office at an instant.

    Args:
        task: The task.
        office: The office that looks.
        now: Unix milliseconds.
    """
    if task.due is not None and task.due <= now:
        return InboxKind.OVERDUE
    if task.paused_for is not None:
        return InboxKind.PAUSED
    if office not in task.owed_by:
        return InboxKind.WAITING
    if task.due is not None and task.warned_at is not None and task.warned_at <= now:
        return InboxKind.DUE_SOON
    if task.clock is ClockKind.ACKNOWLEDGE:
        return InboxKind.TO_ACKNOWLEDGE
    return InboxKind.TO_DO
