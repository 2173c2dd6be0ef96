"""Whose turn it is in a case, read from the lifecycle tables (docs/lifecycles.md).

An office has the turn if it can take a step that leads the case on. Steps that lead back, or that
end the case without what was asked for, can be taken and are nobody's duty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from blo_domain.lifecycle import ATTACHED, LIFECYCLES, TURNING_BACK, By
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.views import CaseView, State


class AwaitedStep(NamedTuple):
    """A step that leads a case on, and who may take it."""

    step: Step
    by: By


_NO_DUTY: Final = ATTACHED | TURNING_BACK | {
    Step.WITHDRAW,
    Step.DECLINE,
    Step.SHRED,
    Step.KEEP,
    Step.REPLACE,
}  # fmt: skip
_JOINT: Final = (By.ALL, By.EVERY)


def _awaited() -> Iterator[tuple[tuple[Kind, State], tuple[AwaitedStep, ...]]]:
    for kind, table in LIFECYCLES.items():
        states = {state for state, _ in table.lookup}
        for state in states:
            yield (
                (kind, state),
                tuple(
                    AwaitedStep(step, rule.by)
                    for (source, step), rule in sorted(table.lookup.items())
                    if source is state and not rule.stays and step not in _NO_DUTY
                ),
            )


AWAITED: Final[Mapping[tuple[Kind, State], tuple[AwaitedStep, ...]]] = dict(_awaited())
"""The steps that lead a case of each kind on from each state; none where it may rest."""


def is_at_rest(view: CaseView) -> bool:
    """Whether nothing leads the case on: it is settled, or goes on when somebody wishes."""
    return view.joint_step is None and not _steps(view)


def offices_to_act(view: CaseView, parties: Collection[OfficeId]) -> tuple[OfficeId, ...]:
    """The offices that can lead a case on, sorted; nobody if it may rest.

    While a joint step is under way, these are the offices that have not taken it yet.

    Args:
        view: The case.
        parties: The offices of its link.
    """
    if view.joint_step is not None:
        return tuple(sorted(set(parties) - set(view.done_by)))
    acting: set[OfficeId] = set()
    for awaited in _steps(view):
        if awaited.by is By.OPENER:
            acting.add(view.opener)
        elif awaited.by is By.RESPONDER:
            acting.update(party for party in parties if party != view.opener)
        else:
            acting.update(parties)
    return tuple(sorted(acting))


def _steps(view: CaseView) -> tuple[AwaitedStep, ...]:
    steps = AWAITED.get((view.kind, view.state), ())
    # What all close together goes on until somebody begins to close it.
    return tuple(row for row in steps if not (row.step is Step.CLOSE and row.by in _JOINT))
