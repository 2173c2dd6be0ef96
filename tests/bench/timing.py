"""Timing on a machine that has other things to do.

What only computes is timed by its thread's own processor time, so that other programs take nothing
from it but cache and clock. Pairs are timed in turns, so that a slow minute hits both.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import thread_time
from typing import Final

import msgspec

Work = Callable[[], object]


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How long to measure; the bars hold for the default.

    Attributes:
        rounds: Turns of each pair.
        calls: Calls a turn, of what takes some 10 µs.
        records: Records of the log that is read, ``reads`` times.
        reads: As above; many short turns, because the fastest counts.
        cases: Cases a turn that an agent opens and works on.
        samples: Events whose way to the counterpart is timed.
        stream: Records a turn that a stream processor takes of each link.
        link: Records of the link that a stream processor folds.
        settled: Cases that a stream processor writes after a fold.
        stored: Cases in the store on which an agent starts.
        grown: Records of the larger log of which growth is measured; the smaller has a fourth.
        links: Links of a worker that rests.
        rest_s: How long it is watched, in seconds.
        searched: Events in the store that is searched.
    """

    rounds: int = 9
    calls: int = 400
    records: int = 400
    reads: int = 120
    cases: int = 400
    samples: int = 48
    stream: int = 5000
    link: int = 20_000
    settled: int = 20_000
    stored: int = 34_000
    grown: int = 20_000
    links: int = 200
    rest_s: float = 30.0
    searched: int = 100_000


TINY: Final = Effort(
    rounds=1,
    calls=2,
    records=16,
    reads=1,
    cases=1,
    samples=8,
    stream=20,
    link=40,
    settled=20,
    stored=8,
    grown=1600,
    links=3,
    rest_s=1,
    searched=40,
)
"""Only to see that it runs."""


def seconds_of(work: Work, times: int) -> float:
    """Processor seconds of this thread for so many calls."""
    began = thread_time()
    for _ in range(times):
        work()
    return max(thread_time() - began, 1e-9)


def in_turns(first: Work, second: Work, *, rounds: int, calls: int) -> tuple[list[float], ...]:
    """Processor seconds a call of two things, a list of turns each, taken in turns."""
    first(), second()
    times: tuple[list[float], ...] = ([], [])
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for work, found in zip((first, second), times, strict=True):
                found.append(seconds_of(work, calls) / calls)
            gc.collect()
    finally:
        gc.enable()
    return times


def typical_rate(seconds: list[float], each: int = 1) -> float:
    """Per second, in the median turn."""
    return each / median(seconds)


def best_rate(seconds: list[float], each: int = 1) -> float:
    """Per second, in the fastest turn: what the code can do when nobody disturbs the core."""
    return each / min(seconds)


__all__ = ["TINY", "Effort", "best_rate", "in_turns", "seconds_of", "typical_rate"]
