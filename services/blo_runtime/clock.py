"""Time as a port: the real clock and a simulated one.

Rules never read a clock; programs hand one of these to the parts that need it.
"""

import time
from typing import Protocol

from blo_runtime.errors import ClockWentBack


class Clock(Protocol):
    """Where a program takes its time from."""

    def now_ms(self) -> int:
        """Return the wall-clock time in UTC milliseconds since 1970-01-01."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start, never less than before; for durations."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Return the machine's time in UTC milliseconds since 1970-01-01."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when it is told to: simulated time for scenarios and tests.

    Args:
        now_ms: The moment it shows first, in UTC milliseconds since 1970-01-01.
    """

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._elapsed_ms = 0

    def now_ms(self) -> int:
        """Return the moment it was last set or advanced to, in UTC milliseconds."""
        return self._now_ms

    def monotonic(self) -> float:
        """Return the seconds it moved forward in all; setting it back takes nothing away."""
        return self._elapsed_ms / 1000

    def set(self, now_ms: int, *, backwards: bool = False) -> None:
        """Show another moment.

        Args:
            now_ms: The moment, in UTC milliseconds since 1970-01-01.
            backwards: Whether it may lie before the moment shown now.

        Raises:
            ClockWentBack: The moment lies before the one shown, and ``backwards`` is false.
        """
        step = now_ms - self._now_ms
        if step < 0 and not backwards:
            raise ClockWentBack(
                f"the clock shows {self._now_ms} ms and was set {-step} ms back; give the moments "
                "in order of time, or say backwards=True"
            )
        self._elapsed_ms += max(step, 0)
        self._now_ms = now_ms

    def advance(self, ms: int) -> None:
        """Move forward.

        Args:
            ms: By how many milliseconds; zero or more.

        Raises:
            ClockWentBack: ``ms`` is negative.
        """
        self.set(self._now_ms + ms)
