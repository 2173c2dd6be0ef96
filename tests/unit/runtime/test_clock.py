from collections.abc import Callable

import pytest

from blo_runtime.clock import Clock, ManualClock, SystemClock
from blo_runtime.errors import ClockWentBack

YEAR_2020_MS = 1_577_836_800_000
YEAR_2200_MS = 7_258_118_400_000


@pytest.mark.parametrize("make", [SystemClock, ManualClock])
def test_every_clock_fits_the_port(make: Callable[[], Clock]) -> None:
    clock: Clock = make()
    first = clock.monotonic()
    assert isinstance(clock.now_ms(), int)
    assert isinstance(first, float)
    assert clock.monotonic() >= first


def test_the_system_clock_counts_milliseconds_since_1970() -> None:
    assert YEAR_2020_MS < SystemClock().now_ms() < YEAR_2200_MS


def test_a_manual_clock_stands_still_until_told() -> None:
    clock = ManualClock(1_000)
    assert [clock.now_ms(), clock.now_ms()] == [1_000, 1_000]
    clock.advance(500)
    assert clock.now_ms() == 1_500
    clock.set(9_000)
    assert clock.now_ms() == 9_000
    assert clock.monotonic() == 8.0


def test_a_manual_clock_refuses_to_go_back() -> None:
    clock = ManualClock(1_000)
    with pytest.raises(ClockWentBack, match="1 ms back"):
        clock.set(999)
    with pytest.raises(ClockWentBack):
        clock.advance(-1)
    assert clock.now_ms() == 1_000


def test_a_manual_clock_goes_back_when_told_but_its_monotonic_time_does_not() -> None:
    clock = ManualClock(1_000)
    clock.advance(250)
    clock.set(0, backwards=True)
    assert clock.now_ms() == 0
    assert clock.monotonic() == 0.25
