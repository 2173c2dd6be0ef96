"""Clocks and alerts of a case at an instant (docs/deadlines.md).

Everything depends on the view, the terms and the instant alone. A view that has been folded beyond
the instant is first taken back to it, so asking about the past needs no second fold.
"""

from __future__ import annotations

from collections.abc import Iterator

from blo_domain.deadlines.plan import Plan, pauses_of, plan
from blo_domain.deadlines.terms import Offices, PolicyPeriod, Terms, in_force
from blo_schemas.clocks import (
    ALERT_VERSION,
    Alert,
    ClockState,
    ClockStatus,
    ClockView,
    Ending,
    PauseInterval,
    Round,
)
from blo_schemas.hashes import alert_id, clearing_id
from blo_schemas.policy import EscalationLevel


def clock_states(view: ClockView, terms: Terms, now: int) -> tuple[ClockState, ...]:
    """The status of each round of each clock at an instant.

    Args:
        view: The case.
        terms: The link's terms.
        now: Unix milliseconds.
    """
    past = as_of(view, now)
    return tuple(
        _state(past, round_, in_force(terms, round_.counts_from), now) for round_ in past.rounds
    )


def alerts(view: ClockView, terms: Terms, now: int) -> tuple[Alert, ...]:
    """All alert records that there are at an instant, the earliest first.

    An alert whose cause has gone stays among them, with its clearing record behind it. So what is
    returned for a later instant, or after more steps, contains what was returned before, byte for
    byte, and evaluating once in the end gives the same as evaluating at every record.
    """
    past = as_of(view, now)
    raised = [alert for round_ in past.rounds for alert in _raised(past, round_, terms, now)]
    return tuple(sorted(raised, key=_order))


def uncleared_alerts(records: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """The alerts among some records that none of them clears."""
    gone = {record.clears for record in records}
    return tuple(alert for alert in records if alert.clears is None and alert.id not in gone)


def next_change(view: ClockView, terms: Terms, after: int) -> int | None:
    """The next instant at which a clock is missed or an alert becomes true by time alone.

    ``None``: nothing changes before the case's next step. So a ticker keeps the cases by this
    instant and looks at none before it.
    """
    return next((at for at in upcoming_changes(view, terms) if at > after), None)


def upcoming_changes(view: ClockView, terms: Terms) -> tuple[int, ...]:
    """All instants at which a running clock is missed or reaches a rung, by time alone; ascending.

    They hold until the case's next step, and through it unless it changes ``rounds`` or
    ``pauses``: a caller that keeps them computes nothing in between.
    """
    instants = {
        at
        for round_ in view.rounds
        if round_.end is None
        for at in _instants(plan(view, round_, in_force(terms, round_.counts_from)))
    }
    return tuple(sorted(instants))


def as_of(view: ClockView, now: int) -> ClockView:
    """The view as it was at an instant: what came later is left out.

    ``version``, ``urgency``, ``clock_states`` and ``position`` stay as they are; no clock depends on them.
    """
    if view.log_time <= now:
        return view
    rounds = (
        round_.ended(None) if round_.end and round_.end.at > now else round_
        for round_ in view.rounds
        if round_.set_at <= now
    )
    pauses = (
        pause.ended(None, None) if pause.end is not None and pause.end > now else pause
        for pause in view.pauses
        if pause.start <= now
    )
    return ClockView(
        view.v,
        view.case,
        view.link,
        view.kind,
        view.opener,
        view.urgency,
        view.due,
        tuple(rounds),
        tuple(pauses),
        view.version,
        view.position,
        now,
    )


def _state(view: ClockView, round_: Round, term: PolicyPeriod, now: int) -> ClockState:
    deadline = plan(view, round_, term).due
    end = round_.end
    until = now if end is None else end.at
    met_at = end.at if end and end.ending is Ending.MET else None
    standing = _standing(round_, deadline, now)
    return ClockState(
        round_.clock,
        round_.number,
        standing,
        round_.counts_from,
        deadline,
        met_at,
        until - deadline if standing is ClockStatus.MISSED and deadline is not None else 0,
        _active(view.pauses, round_, until),
        _owed_by(view, round_, term),
    )


def _standing(round_: Round, deadline: int | None, now: int) -> ClockStatus:
    end = round_.end
    if end and end.ending is Ending.REPLACED:
        return ClockStatus.VOID
    if deadline is not None and deadline <= (now if end is None else end.at):
        return ClockStatus.MISSED
    if end is None:
        return ClockStatus.PAUSED if deadline is None else ClockStatus.RUNNING
    return ClockStatus.MET if end.ending is Ending.MET else ClockStatus.VOID


def _active(pauses: tuple[PauseInterval, ...], round_: Round, until: int) -> int:
    paused = sum(
        min(end, until) - start for start, end in pauses_of(pauses, round_) if start < until
    )
    return max(until - round_.counts_from - paused, 0)


def _owed_by(view: ClockView, round_: Round, term: PolicyPeriod) -> Offices:
    if round_.end is not None:
        return ()
    returned = any(pause.returned and pause.end is None for pause in view.pauses)
    return (view.opener,) if returned else term.others(view.opener)


def _raised(view: ClockView, round_: Round, terms: Terms, now: int) -> Iterator[Alert]:
    """A round's alerts, each followed by its clearing record if its cause has gone."""
    term = in_force(terms, round_.counts_from)
    until = now if round_.end is None else round_.end.at
    planned = plan(view, round_, term)
    for rung, since in planned.rungs:
        if since is None or since > until:
            break
        # What is said of the deadline is what was known when the alert became true.
        later = any(pause.start >= since for pause in view.pauses)
        then = plan(view, round_, term, since) if later else planned
        alert = _alert(view, round_, term, rung, since, then.due)
        yield alert
        end = round_.end
        if end:
            yield alert.cleared(clearing_id(alert.id), end.step, end.at, end.position)


def _alert(
    view: ClockView,
    round_: Round,
    term: PolicyPeriod,
    rung: EscalationLevel,
    since: int,
    deadline: int | None,
) -> Alert:
    return Alert(
        v=ALERT_VERSION,
        id=alert_id(view.link, view.case, round_.clock, rung, round_.number),
        link=view.link,
        case=view.case,
        clock=round_.clock,
        signal=None,
        rung=rung,
        round=round_.number,
        due=deadline,
        since=since,
        must_act=term.others(view.opener),
        notified=term.notified(rung, view.opener),
        position=_rests_on(view, round_, since),
        policy=term.policy.name,
        agreement=term.version,
        holidays=term.policy.holidays,
    )


def _rests_on(view: ClockView, round_: Round, since: int) -> int:
    """The last step on which the instant of the alert depends."""
    positions = [round_.position]
    for pause in view.pauses:
        if pause.start >= since:
            continue
        positions.append(pause.position)
        if pause.end is not None and pause.end <= since and pause.end_position is not None:
            positions.append(pause.end_position)
    return max(positions)


def _order(alert: Alert) -> tuple[int, bool, bytes]:
    at = alert.since if alert.cleared_at is None else alert.cleared_at
    return at, alert.clears is not None, alert.id


def _instants(planned: Plan) -> Iterator[int]:
    for at in (planned.due, *(at for _, at in planned.rungs)):
        if at is not None:
            yield at
