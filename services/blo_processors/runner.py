"""One assigned link at work: a queue that the stream fills, a worker that empties it, a tick."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

from blo_log.errors import LogError
from blo_log.port import Stored
from blo_processors.worker import LinkWorker
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger

_MOST_QUEUED: Final = 5_000


class Delivered(Protocol):
    """A record as the stream delivers it."""

    @property
    def stored(self) -> Stored:
        """The record."""

    def done(self) -> None:
        """Its outputs are acknowledged."""


class LinkRunner:
    """Runs one link's worker.

    The stream never waits for a link. When the queue is full, records are let go: the worker reads
    them from the log itself.

    Args:
        worker: The worker.
        clock: The machine's clock.
        tick_s: How often the worker is asked for what is due by the clock.

    Attributes:
        worker: The worker.
        is_folded: Whether the link was folded once.
    """

    def __init__(self, worker: LinkWorker, clock: Clock, tick_s: float) -> None:
        self.worker = worker
        self.is_folded = False
        self._clock = clock
        self._tick_s = tick_s
        self._queue: deque[Delivered] = deque()
        self._filled = asyncio.Event()
        self._started_at = clock.monotonic()

    @property
    def progress_at(self) -> float:
        """When it last finished something, by the monotonic clock."""
        return max(self._started_at, self.worker.progress_at)

    def put(self, delivered: Delivered) -> None:
        """Take a record from the stream."""
        if len(self._queue) >= _MOST_QUEUED:
            delivered.done()
            return
        self._queue.append(delivered)
        self._filled.set()

    async def run(self) -> None:
        """Fold the link, then apply what comes, until cancelled.

        Raises:
            LogError: An output could not be written, or the log has lost records.
        """
        try:
            await self._run()
        finally:
            await self.worker.close()

    async def _run(self) -> None:
        await self.worker.start()
        self.is_folded = True
        due = self._clock.monotonic() + self._tick_s
        while True:
            await self._wait(due - self._clock.monotonic())
            await self._take()
            if self._clock.monotonic() >= due:
                await self._tick()
                due = self._clock.monotonic() + self._tick_s

    async def _wait(self, timeout_s: float) -> None:
        if not self._queue and timeout_s > 0:
            self._filled.clear()
            try:
                await asyncio.wait_for(self._filled.wait(), timeout_s)
            except TimeoutError:
                return

    async def _take(self) -> None:
        taken = [self._queue.popleft() for _ in range(min(len(self._queue), 500))]
        if taken:
            await self.worker.take([one.stored for one in taken])
            for one in taken:
                one.done()

    async def _tick(self) -> None:
        try:
            await self.worker.tick()
        except LogError as error:
            if not error.transient:
                raise
            get_logger().warning("line is down", link=self.worker.place.link, error=str(error))


__all__ = ["Delivered", "LinkRunner"]
