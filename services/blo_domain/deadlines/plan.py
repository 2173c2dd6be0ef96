"""When a round is due and when each rung of the ladder is reached, under one term (docs/domain.md §3).

Spans, exactly:

- *Minutes and hours* are elapsed time. They end at the same instant everywhere.
- *Calendar days* end at the same time of day, in the responder's zone, so many days later.
- *Working days* end with the last of them: the day on which they begin does not count, and the
  deadline is the end of the n-th working day after it, by the responder's calendar and zone (Viet
  Nam's Civil Code 2015, Articles 147 and 148, counts days so; Regulation (EEC) 1182/71, Article 3).

A deadline is the first instant that is late. While a case stands still, no deadline and no rung is
reached: elapsed time and calendar days move by as much, and a working day counts unless the case
stands still at its end. Only a standstill that begins before an instant moves it, so nothing that
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

Still = tuple[int, int]
"""First instant of a standstill, and first after it; ``FOREVER`` while it lasts."""
Stills = tuple[Still, ...]

_MS: Final = {SpanUnit.MINUTES: 60_000, SpanUnit.HOURS: 3_600_000}
_WORKING: Final = SpanUnit.WORKING_DAYS
_REMEMBERED: Final = 4096


class Plan(NamedTuple):
    """The instants of one round, as far as they are known.

    Attributes:
        due: First instant that is late; ``None`` while a standstill without end is before it.
        rungs: The ladder's rungs and when each is reached, in rising order.
    """

    due: int | None
    rungs: tuple[tuple[EscalationLevel, int | None], ...]


def plan(view: ClockView, one: Round, term: PolicyPeriod, before: int = FOREVER) -> Plan:
    """The instants of a round.

    Args:
        view: The case.
        one: The round.
        term: The term that it follows.
        before: Standstills that begin at this instant or later are left out.
    """
    # Asked for again and again between two steps of a case, and it depends on nothing else. A later
    # standstill of the case changes nothing for a round that has ended.
    stills = stills_of(view.standstills, one, before)
    asked = (view.kind, view.opener, stills, one)
    known: Plan | None = term.plans.get(asked)
    if known is None:
        if len(term.plans) >= _REMEMBERED:
            term.plans.clear()
        known = term.plans[asked] = _plan(view, one, term, stills)
    return known


def _plan(view: ClockView, one: Round, term: PolicyPeriod, stills: Stills) -> Plan:
    plans = [
        _plan_for(view, one, term, term.offices[office], stills)
        for office in term.others(view.opener)
    ]
    if len(plans) == 1:
        return plans[0]
    columns = zip(*(each.rungs for each in plans), strict=True)
    return Plan(
        _latest([each.due for each in plans]),
        tuple((column[0][0], _latest([at for _, at in column])) for column in columns),
    )


def stills_of(standstills: tuple[PauseInterval, ...], one: Round, before: int = FOREVER) -> Stills:
    """When a round stood still: in order, none within another.

    A standstill in which the round ends lasts one instant longer, so that nothing is reached in it.
    Where one begins in the very instant that ends the one before, the round ran between the two
    steps, and what was reached in that instant stays reached.
    """
    merged: list[Still] = []
    awake = 0
    for each in standstills:
        start, end = max(each.start, one.counts_from), _until(each, one)
        if start >= end or each.start >= before:
            continue
        ended = FOREVER if each.end_position is None else each.end_position
        if merged and (start < merged[-1][1] or each.position < awake):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            awake = max(awake, ended)
        else:
            merged.append((start, end))
            awake = ended
    return tuple(merged)


def _until(each: PauseInterval, one: Round) -> int:
    stop = FOREVER if one.end is None else one.end.at + 1
    if each.end is None or (one.end is not None and each.end_position == one.end.position):
        return stop
    return min(each.end, stop)


def _plan_for(
    view: ClockView, one: Round, term: PolicyPeriod, time: OfficeTime, stills: Stills
) -> Plan:
    start, percent = one.counts_from, term.policy.warning_percent
    span = term.span(view.kind, one.urgency, one.clock)
    target = added(start, span, time)
    stated = min(one.due or 0, HORIZON)
    if span.unit is _WORKING and stated <= target:
        first = time.day(start)
        due = _working(first, span.amount, time, stills)
        warning = _working(first, span.amount * percent // 100, time, stills)
    else:
        target = max(target, stated)
        due = _shifted(target, stills)
        warning = _shifted(start + (target - start) * percent // 100, stills)
    due, warning = _not_before(one.set_at, due, stills), _not_before(one.set_at, warning, stills)
    return Plan(due, _rungs(term, time, due, warning, stills))


def _rungs(
    term: PolicyPeriod, time: OfficeTime, due: int | None, warning: int | None, stills: Stills
) -> tuple[tuple[EscalationLevel, int | None], ...]:
    """The rungs' instants; where units don't compare, a rung waits for the one below it."""
    reached: int | None = 0
    rungs: list[tuple[EscalationLevel, int | None]] = []
    for step in term.policy.ladder:
        at = warning if step.after is None else _after(due, step.after, time, stills)
        reached = None if reached is None or at is None else max(reached, at)
        rungs.append((step.rung, reached))
    return tuple(rungs)


def _after(due: int | None, span: Span, time: OfficeTime, stills: Stills) -> int | None:
    if due is None:
        return None
    later = tuple(still for still in stills if still[0] >= due)
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


def _shifted(instant: int, stills: Stills) -> int | None:
    """An instant moved by every standstill that begins before it is reached."""
    for start, end in stills:
        if start >= instant:
            break
        if end >= FOREVER:
            return None
        instant = clamped(instant + end - start)
    return instant


def _working(after: date, number: int, time: OfficeTime, stills: Stills) -> int | None:
    """The end of the n-th working day at whose end nothing stands still."""
    if not stills or number == 0:
        return _after_pause(time.end_of_working_day(after, number), stills)
    for end in time.working_day_ends(after):
        still = _around(end, stills)
        if still is None:
            number -= 1
        elif still[1] >= FOREVER:
            return None
        if not number:
            break
    return end


def _after_pause(instant: int, stills: Stills) -> int | None:
    """The instant, or the end of the standstill that it lies in."""
    still = _around(instant, stills)
    if still is None:
        return instant
    return None if still[1] >= FOREVER else still[1]


def _around(instant: int, stills: Stills) -> Still | None:
    """The standstill in which an instant lies: what begins at it comes too late to hold it up."""
    return next((still for still in stills if still[0] < instant <= still[1]), None)


def _not_before(floor: int, instant: int | None, stills: Stills) -> int | None:
    """A correction makes nobody late before it was made."""
    return instant if instant is None or instant >= floor else _after_pause(floor, stills)


def _latest(instants: list[int | None]) -> int | None:
    known = [instant for instant in instants if instant is not None]
    return max(known) if len(known) == len(instants) else None
