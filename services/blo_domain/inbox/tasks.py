"""What is open in a case: which clock runs, who owes what by when (docs/inbox.md).

A task is a function of the case's view, its clocks and the agreement. It names instants and no
present, so it is computed once for each step of the case and kept; what it means at an instant is
``entries.task_kind``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from blo_domain.deadlines.evaluate import clock_states
from blo_domain.deadlines.plan import plan
from blo_domain.deadlines.terms import FOREVER, Terms, in_force
from blo_domain.inbox.turns import offices_to_act
from blo_schemas.clocks import ClockKind, ClockStatus, ClockView, Round
from blo_schemas.ids import OfficeId
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import PauseGround
from blo_schemas.views import CaseView


class OpenTask(NamedTuple):
    """What is open in a case.

    Attributes:
        clock: The running clock that is due first; ``None``: no clock runs.
        owed_by: Who has to act, sorted.
        warned_at: From when the time is nearly over, Unix milliseconds; ``None``: without a warning.
        due: First instant at which it is late; ``None``: without a deadline, or it stands still.
        paused_for: Why the clocks stand still while nobody has to act; ``None``: they do not.
    """

    clock: ClockKind | None
    owed_by: tuple[OfficeId, ...]
    warned_at: int | None
    due: int | None
    paused_for: PauseGround | None


def open_task(
    view: CaseView, clocks: ClockView | None, terms: Terms, parties: Collection[OfficeId]
) -> OpenTask | None:
    """What is open in a case; ``None``: nobody owes anything in it.

    Args:
        view: The case.
        clocks: The same case's clocks.
        terms: What the link's offices have agreed on deadlines, and when; empty: nothing.
        parties: The link's offices.
    """
    running: tuple[Round, ...] = ()
    if clocks is not None and terms:
        running = tuple(round_ for round_ in clocks.rounds if round_.end is None)
    if clocks is None or not running:
        owed_by = offices_to_act(view, parties)
        return OpenTask(None, owed_by, None, None, None) if owed_by else None
    return min((_of_clock(clocks, round_, terms) for round_ in running), key=_first_due)


def _of_clock(clocks: ClockView, round_: Round, terms: Terms) -> OpenTask:
    planned = plan(clocks, round_, in_force(terms, round_.counts_from))
    warned_at = dict(planned.rungs).get(EscalationLevel.WARNING)
    (state,) = (
        state
        for state in clock_states(clocks, terms, clocks.log_time)
        if (state.clock, state.round) == (round_.clock, round_.number)
    )
    paused_for = None
    if state.standing is ClockStatus.PAUSED:
        lasting = [pause for pause in clocks.pauses if pause.end is None]
        if not any(pause.returned for pause in lasting):
            paused_for = lasting[-1].ground if lasting else PauseGround.OTHER
    return OpenTask(round_.clock, tuple(sorted(state.owed_by)), warned_at, planned.due, paused_for)


def _first_due(task: OpenTask) -> tuple[int, str]:
    return FOREVER if task.due is None else task.due, "" if task.clock is None else task.clock
