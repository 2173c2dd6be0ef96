"""A thread that ends the process when its event loop has stood still for too long.

A blocked loop answers no heartbeat, no admin request and no signal; a program that is restarted
works again, one that hangs does not.
"""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

_LONGEST_TICK_S = 1.0
_SHOWN_FRAMES = 8


class BlockageMeter:
    """Adds up for how long a loop has been blocked.

    A single tick counts for at most two intervals: when the whole process stood still (a suspended
    machine, SIGSTOP), its loop is not to blame.

    Args:
        interval_s: The time between two ticks, in seconds.
    """

    def __init__(self, interval_s: float) -> None:
        self._longest_s = 2 * interval_s
        self._blocked_s = 0.0

    def tick(self, elapsed_s: float, *, beaten: bool) -> float:
        """Count one tick.

        Args:
            elapsed_s: Since the tick before, in seconds.
            beaten: Whether the loop has turned since.

        Returns:
            For how many seconds the loop has now been blocked.
        """
        self._blocked_s = 0.0 if beaten else self._blocked_s + min(elapsed_s, self._longest_s)
        return self._blocked_s


class LoopWatchdog:
    """Watches one event loop from a thread of its own; a context manager.

    Args:
        loop: The running loop.
        limit_s: How long it may stand still, in seconds.
        on_blocked: Called once, in the watchdog's thread, with the place in the code where the
            loop's thread stands, innermost last.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limit_s: float,
        on_blocked: Callable[[list[str]], object],
    ) -> None:
        self._loop = loop
        self._limit_s = limit_s
        self._on_blocked = on_blocked
        self._interval_s = min(limit_s / 4, _LONGEST_TICK_S)
        self._beaten = True
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loop watchdog", daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch the loop that runs in this thread."""
        self._watched = threading.get_ident()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        meter = BlockageMeter(self._interval_s)
        before = time.monotonic()
        while not self._ended.wait(self._interval_s):
            now = time.monotonic()
            beaten, self._beaten = self._beaten, False
            blocked_s = meter.tick(now - before, beaten=beaten)
            before = now
            if blocked_s >= self._limit_s:
                self._on_blocked(self._where())
                return
            if beaten:
                self._loop.call_soon_threadsafe(self._beat)

    def _beat(self) -> None:
        self._beaten = True

    def _where(self) -> list[str]:
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - documented, for this use
        frames = traceback.extract_stack(frame)[-_SHOWN_FRAMES:]
        return [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in frames]
