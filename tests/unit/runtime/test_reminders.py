"""A lasting trouble is said once, and again at intervals that grow."""

from __future__ import annotations

from itertools import pairwise

from blo_runtime.clock import ManualClock
from blo_runtime.reminders import FIRST_INTERVAL_S, LONGEST_INTERVAL_S, MOST_CAUSES, Reminders


def test_intervals_double_up_to_the_longest() -> None:
    clock = ManualClock()
    reminders = Reminders(clock.monotonic)
    said = []
    for second in range(6 * round(LONGEST_INTERVAL_S)):
        if reminders.is_due("away"):
            said.append(second)
        clock.advance(1000)
    gaps = [after - before for before, after in pairwise(said)]
    assert gaps[:3] == [FIRST_INTERVAL_S, 2 * FIRST_INTERVAL_S, 4 * FIRST_INTERVAL_S]
    assert gaps[-1] == LONGEST_INTERVAL_S


def test_what_is_kept_back_is_counted_in_the_next_line() -> None:
    clock = ManualClock()
    reminders = Reminders(clock.monotonic)
    assert reminders.take("away") == 0
    assert [reminders.take("away") for _ in range(5)] == [None] * 5
    clock.advance(round(FIRST_INTERVAL_S * 1000))
    assert reminders.take("away") == 5
    assert reminders.take("away") is None


def test_a_cause_that_is_over_or_was_quiet_begins_anew() -> None:
    clock = ManualClock()
    reminders = Reminders(clock.monotonic)
    assert reminders.is_due("away")
    assert reminders.forget("away")
    assert not reminders.forget("away")
    assert reminders.is_due("away")
    clock.advance(round(3 * FIRST_INTERVAL_S * 1000))
    assert reminders.is_due("away")
    clock.advance(round(FIRST_INTERVAL_S * 1000))
    assert reminders.is_due("away")


def test_causes_are_apart_and_only_so_many_are_remembered() -> None:
    reminders = Reminders(ManualClock().monotonic)
    assert all(reminders.is_due(number) for number in range(MOST_CAUSES + 1))
    assert reminders.is_due(0), "the oldest made room for the newest"
    assert not reminders.is_due(MOST_CAUSES)
