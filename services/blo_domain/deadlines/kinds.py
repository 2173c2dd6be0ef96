"""Which clocks a case of each kind has, in one table (docs/domain.md §2, §3; docs/deadlines.md).

A clock is *met* by a step of another office and *void* when the opener goes on without it or
withdraws. Read from the lifecycle tables: whoever owes can always take a step that meets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from blo_domain.lifecycle import ATTACHED
from blo_schemas.clocks import ClockKind
from blo_schemas.summary import Kind, Step


class ClockRule(NamedTuple):
    """When a clock of a kind ends and begins anew.

    Attributes:
        clock: Which clock.
        met_by: Steps of another office that meet it.
        void_by: Steps of the opener after which nothing is owed.
        reopened_by: The step that begins a new round of it once it was met.
    """

    clock: ClockKind
    met_by: frozenset[Step]
    void_by: frozenset[Step]
    reopened_by: Step | None = None


_RECEIPT: Final = frozenset(Step) - ATTACHED - {Step.OPEN}
"""Whoever does something in a case has received it: any step of its own but an attached one."""


def _acknowledged(*void_by: Step) -> ClockRule:
    return ClockRule(ClockKind.ACKNOWLEDGE, _RECEIPT, frozenset({Step.WITHDRAW, *void_by}))


def _answered(*met_by: Step, void_by: tuple[Step, ...] = ()) -> ClockRule:
    """Declining with a reason is an answer, too."""
    return ClockRule(
        ClockKind.ANSWER,
        frozenset({Step.DECLINE, *met_by}),
        frozenset({Step.WITHDRAW, *void_by}),
        Step.REOPEN,
    )


_CONFIRMED: Final = ClockRule(
    ClockKind.CONFIRM,
    frozenset({Step.VERIFY_CHANGE, Step.DECLINE}),
    frozenset({Step.WITHDRAW}),
    Step.SUPERSEDE,
)
"""A contact change that was corrected has to be confirmed again (``lifecycle.is_flagged``)."""

CLOCKS: Final[Mapping[Kind, tuple[ClockRule, ...]]] = MappingProxyType(
    {
        Kind.INFORMATION_NOTICE: (_acknowledged(),),
        Kind.VERIFICATION_REQUEST: (_acknowledged(), _answered(Step.ANSWER)),
        Kind.WANTED_PERSON: (_acknowledged(), _answered(Step.ANSWER, Step.HAND_OVER)),
        # The answer to a handover is its date; the opener may also fix it without waiting.
        Kind.HANDOVER: (_acknowledged(), _answered(Step.SCHEDULE, void_by=(Step.SCHEDULE,))),
        Kind.JOINT_CASE: (_acknowledged(), _answered(Step.JOIN)),
        # Patrols and briefings happen on the day that the offices agree in the case itself.
        Kind.PATROL: (),
        Kind.RESIDENCE_REFUSED: (_acknowledged(), _answered(Step.COORDINATE)),
        Kind.DEPORTATION: (_acknowledged(), _answered(Step.RECEIVE)),
        Kind.PENALTY: (_acknowledged(),),
        Kind.BRIEFING: (),
        Kind.CONTACT_CHANGE: (_acknowledged(), _CONFIRMED),
        Kind.URGING: (_acknowledged(),),
        Kind.DOCUMENT: (_acknowledged(), _answered(Step.ANSWER)),
        # Negotiated, travelled or built at the pace of those who do it: receipt is all that is due.
        Kind.AGREEMENT: (_acknowledged(),),
        Kind.DELEGATION: (_acknowledged(Step.APPROVE),),
        Kind.SUPPORT: (_acknowledged(Step.SURVEY),),
        Kind.REPORT: (_acknowledged(), _answered(Step.REVIEW)),
    }
)
"""The clocks of each kind."""
