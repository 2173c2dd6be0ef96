"""What holds of any history, under any terms, at any moment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.deadlines.evaluate import (
    alerts,
    as_of,
    clock_states,
    next_change,
    uncleared_alerts,
    upcoming_changes,
)
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.plan import plan
from blo_domain.deadlines.terms import Terms, in_force
from blo_schemas.clocks import CLOCK_VIEW, Alert, ClockView
from blo_schemas.codec import encode
from tests.unit.deadlines.histories import CASE, Case, replay
from tests.unit.deadlines.walks import MOMENTS, POLICIES, walks

pytestmark = pytest.mark.slow

some = settings(max_examples=60, deadline=None)


def live(case: Case, terms: Terms, moments: list[int]) -> list[tuple[int, tuple[Alert, ...]]]:
    """What a processor sees: a tick at each moment, and each record with the case before it."""
    seen: list[tuple[int, tuple[Alert, ...]]] = []
    view: ClockView | None = None
    now = 0
    ticks = sorted(moments)
    for fact in case.facts:
        while ticks and ticks[0] < fact.log_time:
            now = max(now, ticks.pop(0))
            if view is not None:
                seen.append((now, alerts(view, terms, now)))
        now = max(now, fact.log_time)
        if view is not None:
            seen.append((now, alerts(view, terms, now)))
        view = fold_clocks(view, fact)
        seen.append((now, alerts(view, terms, now)))
    assert view is not None
    seen += [(tick, alerts(view, terms, tick)) for tick in ticks if tick >= now]
    return seen


@some
@given(walks(), POLICIES, st.lists(MOMENTS, max_size=6))
def test_an_alert_that_was_true_is_there_for_ever_byte_for_byte(
    case: Case, terms: Terms, moments: list[int]
) -> None:
    before: dict[bytes, bytes] = {}
    for now, found in live(case, terms, moments):
        records = {one.id: encode(one) for one in found}
        assert len(records) == len(found)
        assert before.items() <= records.items()
        assert all(one.since <= now for one in found)
        before = records


@some
@given(walks(), POLICIES, st.lists(MOMENTS, max_size=6))
def test_evaluating_once_in_the_end_gives_all_that_was_ever_seen(
    case: Case, terms: Terms, moments: list[int]
) -> None:
    seen = live(case, terms, moments)
    now, last = seen[-1]
    assert last == alerts(case.now, terms, now)
    assert all(set(found) <= set(last) for _, found in seen)


@some
@given(walks(), POLICIES, MOMENTS)
def test_an_alert_is_cleared_exactly_when_its_round_has_ended(
    case: Case, terms: Terms, now: int
) -> None:
    records = alerts(case.now, terms, now)
    open_rounds = {
        (one.clock, one.number) for one in as_of(case.now, now).rounds if one.end is None
    }
    raised = {one.id for one in records if one.clears is None}
    assert {one.clears for one in records if one.clears} <= raised
    uncleared = {(one.clock, one.round) for one in uncleared_alerts(records)}
    assert uncleared <= open_rounds


@some
@given(walks(), st.lists(st.integers(0, 12), max_size=4))
def test_folding_in_one_go_equals_folding_in_any_split(case: Case, cuts: list[int]) -> None:
    view: ClockView | None = None
    start = 0
    for cut in [*sorted(min(cut, len(case.facts)) for cut in cuts), len(case.facts)]:
        view = replay(case.facts[start:cut], view)
        if view is not None:
            view = CLOCK_VIEW.decode(encode(view))
        start = cut
    assert view == case.now


@some
@given(walks(), POLICIES, MOMENTS)
def test_as_of_a_moment_equals_what_was_live_then(case: Case, terms: Terms, now: int) -> None:
    latest, known = 0, []
    for fact in case.facts:
        latest = max(latest, fact.log_time)
        if latest <= now:
            known.append(fact)
    then = replay(known)
    if then is None:
        assert clock_states(case.now, terms, now) == ()
        assert alerts(case.now, terms, now) == ()
        return
    assert clock_states(case.now, terms, now) == clock_states(then, terms, now)
    assert alerts(case.now, terms, now) == alerts(then, terms, now)


@some
@given(walks(), POLICIES, MOMENTS)
def test_as_of_now_equals_live(case: Case, terms: Terms, now: int) -> None:
    now = max(now, case.now.log_time)
    assert as_of(case.now, now) == case.now
    again = replay(case.facts)
    assert again is not None
    assert alerts(again, terms, now) == alerts(case.now, terms, now)
    assert clock_states(again, terms, now) == clock_states(case.now, terms, now)


@some
@given(walks(), POLICIES, MOMENTS)
def test_nothing_changes_before_the_next_change(case: Case, terms: Terms, now: int) -> None:
    now = max(now, case.now.log_time)
    change = next_change(case.now, terms, now)

    def situation(at: int) -> object:
        standings = [one.standing for one in clock_states(case.now, terms, at)]
        return standings, alerts(case.now, terms, at)

    if change is None:
        assert situation(now) == situation(now + 10**10)
    else:
        assert change > now
        assert situation(now) == situation(change - 1)
        assert situation(change) != situation(change - 1)


@some
@given(walks())
def test_rounds_and_standstills_are_in_order(case: Case) -> None:
    view = case.now
    assert view.case == CASE
    for clock in {one.clock for one in view.rounds}:
        own = [one for one in view.rounds if one.clock is clock]
        assert [one.number for one in own] == list(range(len(own)))
        assert all(one.end is not None for one in own[:-1])
        assert all(one.counts_from <= one.set_at <= view.log_time for one in own)
    assert sum(one.end is None for one in view.pauses) <= 2


@some
@given(walks(), POLICIES, st.lists(MOMENTS, min_size=1, max_size=6))
def test_what_is_kept_between_two_steps_equals_what_is_computed_anew(
    case: Case, terms: Terms, moments: list[int]
) -> None:
    view: ClockView | None = None
    kept: tuple[int, ...] | None = None
    for fact in case.facts:
        before, view = view, fold_clocks(view, fact)
        if before is None or (before.rounds, before.pauses) != (view.rounds, view.pauses):
            kept = upcoming_changes(view, terms)
        # Terms that were made this moment remember nothing.
        new = tuple(replace(term) for term in terms)
        found = {
            at
            for one in view.rounds
            if one.end is None
            for planned in [plan(view, one, in_force(new, one.counts_from))]
            for at in (planned.due, *(at for _, at in planned.rungs))
            if at is not None
        }
        assert kept == upcoming_changes(view, terms) == tuple(sorted(found))
        for now in [*moments, *found]:
            later = [at for at in found if at > now]
            assert next_change(view, terms, now) == min(later, default=None)
            assert alerts(view, terms, now) == alerts(view, new, now)
            assert clock_states(view, terms, now) == clock_states(view, new, now)
