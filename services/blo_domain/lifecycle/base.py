"""The base lifecycle and the parts that kinds share (docs/domain.md §2).

    sent → acknowledged → accepted, or returned for information, or declined with a reason
         → assigned to an agency → interim reply* → answered
         → closed by the requester, or reopened

Drafting, submitting and approving never leave the office. Overdue and escalated are computed,
never states. No event is deleted: a case is withdrawn, a step is superseded; only what a case says
may go, when nothing more is owed and all its offices agree.
"""

from __future__ import annotations

from typing import Final

from blo_domain.lifecycle.model import By, Transition
from blo_schemas.summary import Step
from blo_schemas.views import State

Rows = tuple[Transition, ...]


def opening(first: State) -> Rows:
    """The office that opens the case puts it into its first state."""
    return (Transition(Step.OPEN, By.OPENER, (), first),)


def acknowledging(*states: State) -> Rows:
    """Each other office may say once that it has received it, without moving the case."""
    return (Transition(Step.ACKNOWLEDGE, By.RESPONDER, states, None, once=True),)


def consent(first: State) -> Rows:
    """The counterpart may ask back or decline before it agrees."""
    return (
        Transition(Step.RETURN_FOR_INFORMATION, By.RESPONDER, (first,), State.RETURNED),
        Transition(Step.SUPPLY_INFORMATION, By.OPENER, (State.RETURNED,), first),
        Transition(Step.DECLINE, By.RESPONDER, (first,), State.DECLINED),
    )


def withdrawing(*states: State) -> Rows:
    """The opener may take it back, with a reason."""
    return (Transition(Step.WITHDRAW, By.OPENER, states, State.WITHDRAWN),)


def waiting(*states: State) -> Rows:
    """While something is owed, its clocks may be paused and anyone may urge."""
    return (
        Transition(Step.PAUSE, By.EITHER, states, None),
        Transition(Step.RESUME, By.EITHER, states, None),
        Transition(Step.URGE, By.EITHER, states, None),
    )


UNANSWERED: Final = (
    State.SENT,
    State.ACKNOWLEDGED,
    State.RETURNED,
    State.ACCEPTED,
    State.ASSIGNED,
)
"""States of the base lifecycle in which an answer is owed."""

BASE: Final[Rows] = (
    *opening(State.SENT),
    Transition(Step.ACKNOWLEDGE, By.RESPONDER, (State.SENT,), State.ACKNOWLEDGED, once=True),
    # On a conference the other offices acknowledge after the first.
    *acknowledging(*UNANSWERED[1:]),
    Transition(Step.ACCEPT, By.RESPONDER, (State.ACKNOWLEDGED,), State.ACCEPTED),
    *consent(State.ACKNOWLEDGED),
    Transition(Step.ASSIGN, By.RESPONDER, (State.ACCEPTED,), State.ASSIGNED),
    Transition(Step.INTERIM_REPLY, By.RESPONDER, (State.ASSIGNED,), None),
    Transition(Step.ANSWER, By.RESPONDER, (State.ASSIGNED,), State.ANSWERED),
    Transition(Step.CLOSE, By.OPENER, (State.ANSWERED,), State.CLOSED),
    Transition(Step.REOPEN, By.OPENER, (State.ANSWERED, State.CLOSED), State.ASSIGNED),
    Transition(Step.FEEDBACK, By.OPENER, (State.ANSWERED, State.CLOSED), None),
    *withdrawing(*UNANSWERED, State.ANSWERED),
    *waiting(*UNANSWERED),
)
