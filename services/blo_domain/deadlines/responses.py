"""Response times of the offices of many links, side by side, without reading contents (docs/domain.md §8).

A clock counts in the period in which it is due, whatever came of it later, so each counts once. A
deadline at midnight is the end of the day before it: what is due with the last day of a reporting
year belongs to that year. What was withdrawn in time, or replaced by a correction, does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from blo_domain.deadlines.evaluate import as_of, clock_states
from blo_domain.deadlines.terms import Terms, in_force
from blo_domain.errors import InconsistentInput
from blo_schemas.clocks import ClockKind, ClockState, ClockStatus, ClockView
from blo_schemas.ids import CaseId, LinkId, OfficeId


class Window(NamedTuple):
    """A period of instants: after ``start``, up to and with ``end``, Unix milliseconds."""

    start: int
    end: int


class Responses(NamedTuple):
    """How one office responded to one sort of clock on one link.

    Attributes:
        link: The link.
        office: The office that owed.
        clock: What it owed.
        met: How many came in time.
        missed: How many came late or not at all.
        open: How many of the missed had not come at the instant of the question.
        median: Middle of the response times of what came, in milliseconds without pauses;
            of two middle ones their mean, rounded down. ``None``: nothing came.
        p90: The smallest response time that nine of ten do not exceed (nearest rank).
    """

    link: LinkId
    office: OfficeId
    clock: ClockKind
    met: int
    missed: int
    open: int
    median: int | None
    p90: int | None


class PolicyEffect(NamedTuple):
    """A round of a clock that stands differently under other terms."""

    link: LinkId
    case: CaseId
    before: ClockState
    after: ClockState


def responses(
    views: Iterable[ClockView], terms: Mapping[LinkId, Terms], period: Window, now: int
) -> tuple[Responses, ...]:
    """The responses per link, office and clock, sorted.

    On a conference a clock counts for the office that met it, and for every office that owed it if
    none did.

    Args:
        views: The cases.
        terms: The terms of their links.
        period: Which clocks count, by their deadline.
        now: The instant of the question.
    """
    rows: dict[tuple[LinkId, OfficeId, ClockKind], list[ClockState]] = defaultdict(list)
    for view in views:
        past = as_of(view, now)
        states = clock_states(past, terms[view.link], now)
        for round_, state in zip(past.rounds, states, strict=True):
            if not _counts(state, period):
                continue
            owing = in_force(terms[view.link], round_.counts_from).others(view.opener)
            by = (round_.end.office,) if round_.end and state.met_at is not None else owing
            for office in by:
                rows[view.link, office, round_.clock].append(state)
    return tuple(_row(*key, states) for key, states in sorted(rows.items()))


def changed(view: ClockView, terms: Terms, other: Terms, now: int) -> tuple[PolicyEffect, ...]:
    """The clocks that have another status at an instant under other terms (what if?)."""
    pairs = zip(clock_states(view, terms, now), clock_states(view, other, now), strict=True)
    return tuple(
        PolicyEffect(view.link, CaseId(view.case), before, after)
        for before, after in pairs
        if before.standing is not after.standing
    )


def _counts(state: ClockState, period: Window) -> bool:
    if state.standing not in (ClockStatus.MET, ClockStatus.MISSED):
        return False
    if state.due is None:
        raise InconsistentInput("a clock that was met or missed has no deadline")
    return period.start < state.due <= period.end


def _row(
    link: LinkId, office: OfficeId, clock: ClockKind, states: Sequence[ClockState]
) -> Responses:
    met = sum(state.standing is ClockStatus.MET for state in states)
    times = sorted(state.active for state in states if state.met_at is not None)
    return Responses(
        link,
        office,
        clock,
        met,
        len(states) - met,
        len(states) - len(times),
        _median(times),
        times[-(-9 * len(times) // 10) - 1] if times else None,
    )


def _median(times: Sequence[int]) -> int | None:
    if not times:
        return None
    return (times[(len(times) - 1) // 2] + times[len(times) // 2]) // 2
