"""When a round is due and when each rung of the ladder is reached, under one term (docs/domain.md §3).

Spans, exactly:

- *Minutes and hours* are elapsed time. They end at the same instant everywhere.
- *Calendar days* end at the same time of day, in the responder's zone, so many days later.
- *Working days* end with the last of them: the day on which they begin does not count, and the
  deadline is the end of the n-th working day after it, by the responder's calendar and zone (Viet
  Nam's Civil Code 2015, Articles 147 and 148, counts days so; Regulation (EEC) 1182/71, Article 3).

A deadline is the first instant that is late. While a case stands still, no deadline and no rung is
reached: elapsed time and calendar days move by as much, and a working day counts unless the case
stands still at its end. Only a pause that begins before an instant moves it, so nothing that
was reached is ever taken back.

On a conference nobody is late before every other office would be: each has its own calendar, and
the latest of their instants counts.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from blo_domain.deadlines.calendars import HORIZON, OfficeTime
from blo_domain.deadlines.terms import FOREVER, PolicyPeriod
from blo_schemas.clocks import ClockView, PauseInterval, Round
from blo_schemas.instants import clamped
from blo_schemas.policy import EscalationLevel, Span, SpanUnit

Pause = tuple[int, int]
"""First instant of a pause, and first after it; ``FOREVER`` while it lasts."""
Pauses = tuple[Pause, ...]

_MS: Final = {SpanUnit.MINUTES: 60_000, SpanUnit.HOURS: 3_600_000}
_WORKING: Final = SpanUnit.WORKING_DAYS
_REMEMBERED: Final = 4096


class Plan(NamedTuple):
    """The instants of one round, as far as they are known.

    Attributes:
        due: First instant that is late; ``None`` while a pause without end is before it.
        rungs: The ladder's rungs and when each is reached, in rising order.
    """

    due: int | None
    rungs: tuple[tuple[EscalationLevel, int | None], ...]


def plan(view: ClockView, round_: Round, term: PolicyPeriod, before: int = FOREVER) -> Plan:
    """The instants of a round.

    Args:
        view: The case.
        round_: The round.
        term: The term that it follows.
        before: Pauses that begin at this instant or later are left out.
    """
    # Asked for again and again between two steps of a case, and it depends on nothing else. A later
    # pause of the case changes nothing for a round that has ended.
    pauses = pauses_of(view.pauses, round_, before)
    asked = (view.kind, view.opener, pauses, round_)
    known: Plan | None = term.plans.get(asked)
    if known is None:
        if len(term.plans) >= _REMEMBERED:
            term.plans.clear()
        known = term.plans[asked] = _plan(view, round_, term, pauses)
    return known


def _plan(view: ClockView, round_: Round, term: PolicyPeriod, pauses: Pauses) -> Plan:
    plans = [
        _plan_for(view, round_, term, term.offices[office], pauses)
        for office in term.others(view.opener)
    ]
    if len(plans) == 1:
        return plans[0]
    columns = zip(*(office_plan.rungs for office_plan in plans), strict=True)
    return Plan(
        _latest([office_plan.due for office_plan in plans]),
        tuple((column[0][0], _latest([at for _, at in column])) for column in columns),
    )


def pauses_of(intervals: tuple[PauseInterval, ...], round_: Round, before: int = FOREVER) -> Pauses:
    """When a round stood still: in order, none within another.

    A pause in which the round ends lasts one instant longer, so that nothing is reached in it.
    Where one begins in the very instant that ends the one before, the round ran between the two
    steps, and what was reached in that instant stays reached.
    """
    merged: list[Pause] = []
    resumed = 0
    for interval in intervals:
        start, end = max(interval.start, round_.counts_from), _until(interval, round_)
        if start >= end or interval.start >= before:
            continue
        ended = FOREVER if interval.end_position is None else interval.end_position
        if merged and (start < merged[-1][1] or interval.position < resumed):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            resumed = max(resumed, ended)
        else:
            merged.append((start, end))
            resumed = ended
    return tuple(merged)


def _until(interval: PauseInterval, round_: Round) -> int:
    stop = FOREVER if round_.end is None else round_.end.at + 1
    if interval.end is None or (
        round_.end is not None and interval.end_position == round_.end.position
    ):
        return stop
    return min(interval.end, stop)


def _plan_for(
    view: ClockView, round_: Round, term: PolicyPeriod, time: OfficeTime, pauses: Pauses
) -> Plan:
    start, percent = round_.counts_from, term.policy.warning_percent
    span = term.span(view.kind, round_.urgency, round_.clock)
    target = added(start, span, time)
    stated = min(round_.due or 0, HORIZON)
    if span.unit is _WORKING and stated <= target:
        first = time.day(start)
        due = _working(first, span.amount, time, pauses)
        warning = _working(first, span.amount * percent // 100, time, pauses)
    else:
        target = max(target, stated)
        due = _shifted(target, pauses)
        warning = _shifted(start + (target - start) * percent // 100, pauses)
    due, warning = (
        _not_before(round_.set_at, due, pauses),
        _not_before(round_.set_at, warning, pauses),
    )
    return Plan(due, _rungs(term, time, due, warning, pauses))


def _rungs(
    term: PolicyPeriod, time: OfficeTime, due: int | None, warning: int | None, pauses: Pauses
) -> tuple[tuple[EscalationLevel, int | None], ...]:
    """The rungs' instants; where units don't compare, a rung waits for the one below it."""
    reached: int | None = 0
    rungs: list[tuple[EscalationLevel, int | None]] = []
    for step in term.policy.ladder:
        at = warning if step.after is None else _after(due, step.after, time, pauses)
        reached = None if reached is None or at is None else max(reached, at)
        rungs.append((step.rung, reached))
    return tuple(rungs)


def _after(due: int | None, span: Span, time: OfficeTime, pauses: Pauses) -> int | None:
    if due is None:
        return None
    later = tuple(pause for pause in pauses if pause[0] >= due)
    if span.unit is _WORKING:
        # A deadline at midnight belongs to the day that it ends.
        return _working(time.day(due - 1), span.amount, time, later)
    return _shifted(added(due, span, time), later)


def added(start: int, span: Span, time: OfficeTime) -> int:
    """The end of a span in which nothing stands still; ``start`` is an instant."""
    if span.unit is _WORKING:
        return time.end_of_working_day(time.day(start), span.amount)
    if span.unit is SpanUnit.CALENDAR_DAYS:
        return time.days_later(start, span.amount)
    return clamped(start + span.amount * _MS[span.unit])


def _shifted(instant: int, pauses: Pauses) -> int | None:
    """An instant moved by every pause that begins before it is reached."""
    for start, end in pauses:
        if start >= instant:
            break
        if end >= FOREVER:
            return None
        instant = clamped(instant + end - start)
    return instant


def _working(after: date, number: int, time: OfficeTime, pauses: Pauses) -> int | None:
    """The end of the n-th working day at whose end nothing stands still."""
    if not pauses or number == 0:
        return _after_pause(time.end_of_working_day(after, number), pauses)
    for end in time.working_day_ends(after):
        pause = _pause_at(end, pauses)
        if pause is None:
            number -= 1
        elif pause[1] >= FOREVER:
            return None
        if not number:
            break
    return end


def _after_pause(instant: int, pauses: Pauses) -> int | None:
    """The instant, or the end of the pause that it lies in."""
    pause = _pause_at(instant, pauses)
    if pause is None:
        return instant
    return None if pause[1] >= FOREVER else pause[1]


def _pause_at(instant: int, pauses: Pauses) -> Pause | None:
    """The pause in which an instant lies: what begins at it comes too late to hold it up."""
    return next((pause for pause in pauses if pause[0] < instant <= pause[1]), None)


def _not_before(floor: int, instant: int | None, pauses: Pauses) -> int | None:
    """A correction makes nobody late before it was made."""
    return instant if instant is None or instant >= floor else _after_pause(floor, pauses)


def _latest(instants: list[int | None]) -> int | None:
    known = [instant for instant in instants if instant is not None]
    return max(known) if len(known) == len(instants) else None
