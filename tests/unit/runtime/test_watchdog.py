import threading
from collections.abc import Callable
from typing import Any

from blo_runtime.watchdog import BlockageMeter, LoopWatchdog

LIMIT_S = 0.04
MORE_BEATS_THAN_A_LIMIT_HAS = 12


class Loop:
    """A loop that turns, or not, whenever it is asked to call something."""

    def __init__(self, *, turns: bool) -> None:
        self.turns = turns
        self.beats = 0
        self.blocked: list[list[str]] = []
        self.seen_enough = threading.Event()

    def call_soon_threadsafe(self, callback: Callable[[], object]) -> None:
        self.beats += 1
        if self.turns:
            callback()
        if self.beats == MORE_BEATS_THAN_A_LIMIT_HAS:
            self.seen_enough.set()

    def on_blocked(self, where: list[str]) -> None:
        self.blocked.append(where)
        self.seen_enough.set()


def watch(loop: Any) -> None:
    with LoopWatchdog(loop, LIMIT_S, loop.on_blocked):
        assert loop.seen_enough.wait(60)


def test_a_turning_loop_is_left_alone() -> None:
    loop = Loop(turns=True)
    watch(loop)
    assert loop.blocked == []


def test_a_loop_that_stands_still_is_told_of_once_with_the_place() -> None:
    loop = Loop(turns=False)
    watch(loop)
    (where,) = loop.blocked
    assert any(place.endswith(" watch") for place in where)


def test_watching_ends_with_the_block() -> None:
    loop = Loop(turns=True)
    before = threading.active_count()
    watch(loop)
    assert threading.active_count() == before


def test_a_loop_that_does_not_turn_adds_up_as_blocked() -> None:
    meter = BlockageMeter(interval_s=1.0)
    assert [meter.tick(1.0, beaten=False) for _ in range(3)] == [1.0, 2.0, 3.0]


def test_a_beat_ends_the_blockage() -> None:
    meter = BlockageMeter(interval_s=1.0)
    meter.tick(1.0, beaten=False)
    assert meter.tick(1.0, beaten=True) == 0.0
    assert meter.tick(1.0, beaten=False) == 1.0


def test_a_machine_that_slept_is_no_blocked_loop() -> None:
    meter = BlockageMeter(interval_s=1.0)
    assert meter.tick(3_600.0, beaten=False) == 2.0
