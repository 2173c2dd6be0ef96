"""The fields that a step must carry, whatever the kind (docs/domain.md §2, §3; ``blo_schemas.content``)."""

from __future__ import annotations

from typing import Final

from blo_domain.lifecycle.model import SHRED_STATES
from blo_schemas.summary import Kind, Step
from blo_schemas.views import CaseView, State

NEEDS_REASON: Final = frozenset(
    {
        Step.DECLINE,
        Step.RETURN_FOR_INFORMATION,
        Step.PAUSE,
        Step.WITHDRAW,
        Step.REOPEN,
        Step.SHRED,
        Step.KEEP,
    }
)
"""Steps that need a reason in words."""

NEEDS_DISPATCH: Final = frozenset({Step.OPEN, Step.ANSWER})
"""Steps with which a document travels, so that its common fields must be there."""

STATES_DUE: Final = frozenset({Step.OPEN, Step.SUPPLY_INFORMATION, Step.REOPEN})
"""Steps of the requester that may state a due date."""

_DECIDING: Final = frozenset({Step.OPEN, Step.SUPERSEDE, Step.VERIFY_CHANGE})


_VOID: Final = frozenset({State.WITHDRAWN, State.DECLINED})
_VOIDING: Final = frozenset({Step.WITHDRAW, Step.DECLINE})


def is_void(view: CaseView) -> bool:
    """Whether the case was withdrawn or declined, which no later step takes back.

    Its state says so only until its contents are shredded.
    """
    if view.state in SHRED_STATES:
        return not _VOIDING.isdisjoint(view.step_codes)
    return view.state in _VOID


def is_flagged(view: CaseView) -> bool:
    """Whether a contact or channel change still has to be confirmed (docs/domain.md §2, seed 001).

    A change that was corrected after it had been confirmed has to be confirmed again. Where the
    contents were shredded, nothing is left to confirm.
    """
    if view.kind is not Kind.CONTACT_CHANGE or view.state in _VOID | SHRED_STATES:
        return False
    last = next((s for s in reversed(view.step_codes) if s in _DECIDING), None)
    return last != Step.VERIFY_CHANGE
