"""Folds a case's accepted steps into what its clocks need (docs/deadlines.md).

Summary, office and log time are all that it looks at: no agreement, so that the same view can be
judged under any policy. Log time that steps back counts as the latest one of the case so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blo_domain.cases import SubmittedStep
from blo_domain.deadlines.kinds import CLOCKS, ClockRule
from blo_domain.errors import InconsistentInput
from blo_domain.lifecycle import STATES_DUE
from blo_schemas.clocks import (
    CLOCK_VIEW_VERSION,
    ClockKind,
    ClockView,
    Ending,
    PauseInterval,
    Round,
    RoundResult,
)
from blo_schemas.summary import Kind, PauseGround, Step, Urgency

MAX_SET_ANEW: Final = 64
"""A case that has so many rounds of clocks gets no further ones by a change of urgency or due date.

Only the opener can change these, so nobody else loses a round by it.
"""

Rounds = tuple[Round, ...]
Pauses = tuple[PauseInterval, ...]

# Looking up a member on its enum class costs more than the rest of a check (Python 3.11).
_OPEN: Final = Step.OPEN
_REOPEN: Final = Step.REOPEN
_CONFIRM_SHREDDING: Final = Step.CONFIRM_SHREDDING
_ACKNOWLEDGE: Final = ClockKind.ACKNOWLEDGE

_STATES_DUE: Final = STATES_DUE | {Step.SUPERSEDE}
_MOVING: Final = frozenset(
    {Step.PAUSE, Step.RESUME, Step.RETURN_FOR_INFORMATION, Step.SUPPLY_INFORMATION}
)
_ENDED: Final[Mapping[tuple[Kind, Step, bool], frozenset[ClockKind]]] = {
    (kind, step, own): frozenset(
        rule.clock
        for rule in rules
        if step is _CONFIRM_SHREDDING or step in (rule.void_by if own else rule.met_by)
    )
    for kind, rules in CLOCKS.items()
    for step in Step
    for own in (False, True)
}
"""Which clocks of a kind a step ends, if it is the opener's own and if it is not."""
_AGAIN: Final = {
    kind: frozenset(rule.reopened_by for rule in rules) for kind, rules in CLOCKS.items()
}


def fold_clocks(view: ClockView | None, fact: SubmittedStep) -> ClockView:
    """The view after one more step that ``cases.evolve`` has accepted, in log order.

    Args:
        view: The view before it; ``None``: the step opens the case.
        fact: The step.

    Raises:
        InconsistentInput: The step is not of this case, or opens a case that is open.
    """
    if view is None:
        return _opened(fact)
    step = fact.summary.step
    if step is _OPEN or fact.case != view.case:
        raise InconsistentInput(f"step {step.word} at {fact.position} does not follow")
    at = max(view.log_time, fact.log_time)
    rounds, pauses = view.rounds, view.pauses
    urgency, due = _stated(view, fact)
    if _can_change(view, step):
        rounds = _end(rounds, fact, view, at)
        pauses = _after_pausing(pauses, rounds, fact, at)
        changed = urgency is not view.urgency or due != view.due
        if changed and len(rounds) < MAX_SET_ANEW:
            rounds = _set_anew(rounds, fact, urgency, due, at)
        rounds = _begin_again(rounds, CLOCKS[view.kind], fact, urgency, due, at)
    return ClockView(
        CLOCK_VIEW_VERSION,
        view.case,
        view.link,
        view.kind,
        view.opener,
        urgency,
        due,
        rounds,
        pauses,
        view.version + 1,
        fact.position,
        at,
    )


def _can_change(view: ClockView, step: Step) -> bool:
    """Whether a step can change anything: not where all has ended and nothing begins again."""
    for round_ in view.rounds:
        if round_.end is None:
            return True
    return bool(view.pauses) or step in _AGAIN[view.kind]


def _opened(fact: SubmittedStep) -> ClockView:
    summary, at = fact.summary, fact.log_time
    if summary.step is not _OPEN:
        raise InconsistentInput(f"step {summary.step.word} at {fact.position} has no opening")
    return ClockView(
        CLOCK_VIEW_VERSION,
        fact.case,
        fact.link,
        summary.kind,
        fact.office,
        summary.urgency,
        summary.due,
        tuple(
            _round(rule.clock, 0, at, fact, summary.urgency, summary.due, at)
            for rule in CLOCKS[summary.kind]
        ),
        (),
        1,
        fact.position,
        at,
    )


def _round(
    clock: ClockKind,
    number: int,
    counts_from: int,
    fact: SubmittedStep,
    urgency: Urgency,
    due: int | None,
    at: int,
) -> Round:
    """A round that begins with this step; a due date is for what is done, not for its receipt."""
    stated = None if clock is _ACKNOWLEDGE else due
    return Round(clock, number, counts_from, at, fact.position, urgency, stated, None)


def _end(rounds: Rounds, fact: SubmittedStep, view: ClockView, at: int) -> Rounds:
    """Ends what this step meets, or makes void; without contents nothing is owed."""
    step = fact.summary.step
    own = fact.office == view.opener
    ended = _ENDED[view.kind, step, own]
    if not ended:
        return rounds
    ending = Ending.VOID if own or step is _CONFIRM_SHREDDING else Ending.MET
    end = RoundResult(ending, step, fact.office, at, fact.position)
    return tuple(
        round_.ended(end) if round_.end is None and round_.clock in ended else round_
        for round_ in rounds
    )


def _after_pausing(pauses: Pauses, rounds: Rounds, fact: SubmittedStep, at: int) -> Pauses:
    """The pauses after this step; none outlasts the last clock."""
    step = fact.summary.step
    running = any(round_.end is None for round_ in rounds)
    if (running and step not in _MOVING) or not (running or pauses):
        return pauses
    if not running:
        return _closed(pauses, (True, False), fact, at)
    if step in (Step.RESUME, Step.SUPPLY_INFORMATION):
        return _closed(pauses, (step is Step.SUPPLY_INFORMATION,), fact, at)
    returned = step is Step.RETURN_FOR_INFORMATION
    ground = PauseGround.CLARIFICATION if returned else fact.summary.pause_ground
    begun = PauseInterval(at, fact.position, ground or PauseGround.OTHER, returned, None, None)
    return (*pauses, begun)


def _closed(pauses: Pauses, sorts: tuple[bool, ...], fact: SubmittedStep, at: int) -> Pauses:
    return tuple(
        pause.ended(at, fact.position) if pause.end is None and pause.returned in sorts else pause
        for pause in pauses
    )


def _stated(view: ClockView, fact: SubmittedStep) -> tuple[Urgency, int | None]:
    """Urgency and due date are the opener's to state; a reopening forgets the old due date."""
    summary = fact.summary
    if fact.office != view.opener:
        return view.urgency, view.due
    if summary.step is _REOPEN or (summary.due is not None and summary.step in _STATES_DUE):
        return summary.urgency, summary.due
    return summary.urgency, view.due


def _set_anew(
    rounds: Rounds, fact: SubmittedStep, urgency: Urgency, due: int | None, at: int
) -> Rounds:
    """What still runs goes on in a new round, which counts from where the old one did."""
    end = RoundResult(Ending.REPLACED, fact.summary.step, fact.office, at, fact.position)
    kept: list[Round] = []
    new: list[Round] = []
    for old in rounds:
        following = _round(old.clock, old.number + 1, old.counts_from, fact, urgency, due, at)
        unchanged = (old.urgency, old.due) == (following.urgency, following.due)
        if old.end is not None or unchanged:
            kept.append(old)
        else:
            kept.append(old.ended(end))
            new.append(following)
    return (*kept, *new)


def _begin_again(
    rounds: Rounds,
    rules: tuple[ClockRule, ...],
    fact: SubmittedStep,
    urgency: Urgency,
    due: int | None,
    at: int,
) -> Rounds:
    for rule in rules:
        if rule.reopened_by is not fact.summary.step:
            continue
        last = next(round_ for round_ in reversed(rounds) if round_.clock is rule.clock)
        if last.end and last.end.ending is Ending.MET and last.end.step is not Step.DECLINE:
            rounds = (*rounds, _round(rule.clock, last.number + 1, at, fact, urgency, due, at))
    return rounds
