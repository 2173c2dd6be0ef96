"""The way of a draft: draft → submitted → approved or returned → sent (docs/domain.md §2).

A draft never leaves the office. Its revision counts up with each change, so that a writer who saw an
older revision is told instead of overwriting. An approval is for one revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from blo_domain.errors import DomainError


class DraftState(StrEnum):
    """Where a draft stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    SENT = "sent"
    DISCARDED = "discarded"


class DraftAct(StrEnum):
    """What somebody does with a draft."""

    EDIT = "edit"
    SUBMIT = "submit"
    TAKE_BACK = "take back"
    APPROVE = "approve"
    RETURN = "return"
    SEND = "send"
    DISCARD = "discard"


class DraftRule(NamedTuple):
    """A row of the table.

    Attributes:
        sources: The states in which the act is possible.
        target: The state afterwards.
        revises: Whether the act makes a new revision, so that an approval of the old one is void.
    """

    sources: frozenset[DraftState]
    target: DraftState
    revises: bool = False


_OPEN: Final = frozenset({DraftState.DRAFT, DraftState.RETURNED})
_SUBMITTED: Final = frozenset({DraftState.SUBMITTED})

DRAFT_RULES: Final[Mapping[DraftAct, DraftRule]] = {
    DraftAct.EDIT: DraftRule(_OPEN, DraftState.DRAFT, revises=True),
    DraftAct.SUBMIT: DraftRule(_OPEN, DraftState.SUBMITTED, revises=True),
    DraftAct.TAKE_BACK: DraftRule(
        _SUBMITTED | {DraftState.APPROVED}, DraftState.DRAFT, revises=True
    ),
    DraftAct.APPROVE: DraftRule(_SUBMITTED, DraftState.APPROVED),
    DraftAct.RETURN: DraftRule(_SUBMITTED, DraftState.RETURNED),
    DraftAct.SEND: DraftRule(_OPEN | {DraftState.APPROVED}, DraftState.SENT),
    DraftAct.DISCARD: DraftRule(_OPEN, DraftState.DISCARDED),
}
"""The table. ``SEND`` from an open draft is for steps that need no approval (``next_state``)."""


class DraftRefused(DomainError):
    """An act that is not possible with a draft; ``str()`` is for the person."""


class RevisionConflict(DraftRefused):
    """Somebody else has changed the draft meanwhile.

    Attributes:
        seen: The revision that the writer saw.
        current: The revision that there is.
    """

    def __init__(self, seen: int, current: int) -> None:
        super().__init__(
            f"The draft was changed meanwhile: you have seen revision {seen}, it is at {current}. "
            "Compare both, and save yours on top of the newer one."
        )
        self.seen = seen
        self.current = current


def next_state(state: DraftState, act: DraftAct, *, approval_needed: bool) -> DraftState:
    """The state after an act.

    Args:
        state: The present state.
        act: The act.
        approval_needed: Whether the drafted step needs approval (``approval.needs_approval``).

    Raises:
        DraftRefused: The act is not possible now.
    """
    rule = DRAFT_RULES[act]
    if state not in rule.sources:
        possible = possible_acts(state, approval_needed=approval_needed)
        raise DraftRefused(
            f"This is not possible now: {act} of something that is {state}. "
            f"Possible is: {', '.join(possible) or 'nothing any more'}."
        )
    if act is DraftAct.SEND and approval_needed and state is not DraftState.APPROVED:
        raise DraftRefused("This step needs approval before it is sent: submit it.")
    if act is DraftAct.SUBMIT and not approval_needed:
        raise DraftRefused("This step needs no approval: send it.")
    return rule.target


def possible_acts(state: DraftState, *, approval_needed: bool) -> tuple[DraftAct, ...]:
    """The acts that a state allows, in the table's order."""
    acts = []
    for act, rule in DRAFT_RULES.items():
        if state not in rule.sources:
            continue
        if act is DraftAct.SUBMIT and not approval_needed:
            continue
        if act is DraftAct.SEND and approval_needed and state is not DraftState.APPROVED:
            continue
        acts.append(act)
    return tuple(acts)


def check_revision(seen: int, current: int) -> None:
    """Refuse a change that was made on another revision than the present one.

    Raises:
        RevisionConflict: They differ.
    """
    if seen != current:
        raise RevisionConflict(seen, current)
