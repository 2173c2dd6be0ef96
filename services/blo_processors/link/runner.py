"""One assigned link at work: a queue that the stream fills, a worker that empties it, a tick."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final, Protocol

from blo_log.errors import LogError
from blo_log.port import ConsumedRecord
from blo_processors.context import WorkerContext
from blo_processors.errors import TempTableFailed
from blo_processors.link.worker import LinkWorker
from blo_processors.outputs.encode import LinkPartition
from blo_projection.errors import ParkingFailed
from blo_runtime.logs import describe, get_logger

_MOST_QUEUED: Final = 5_000
"""So many records of a link wait in memory; what comes then is read from the log later."""
_MOST_AT_ONCE: Final = 500
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
"""A link that has failed is tried again after pauses from the first to this one, in seconds."""


class Delivered(Protocol):
    """A record as the stream delivers it."""

    @property
    def stored(self) -> ConsumedRecord:
        """The record."""

    def done(self) -> None:
        """Its outputs are acknowledged."""


class LinkRunner:
    """Runs one link's worker, and puts another in its place when it fails.

    The stream never waits for a link. When the queue is full, records are let go: the worker reads
    them from the log itself. What goes wrong with a link stays with that link: it is told, and tried
    again from a new fold, further and further apart. Only the own disk's or memory's failure goes
    further.

    Args:
        place: The link.
        make_worker: Makes a worker for it.
        context: What it works with.
        tick_s: How often the worker is asked for what is due by the clock.

    Attributes:
        place: The link.
        worker: The worker.
        is_folded: Whether this worker has folded the link.
        failure: Why the last one had to be replaced, in words; empty when a new one has folded.
    """

    def __init__(
        self,
        place: LinkPartition,
        make_worker: Callable[[], LinkWorker],
        context: WorkerContext,
        tick_s: float,
    ) -> None:
        self.place = place
        self.worker = make_worker()
        self.is_folded = False
        self.failure = ""
        self._make_worker = make_worker
        self._clock = context.clock
        self._line = context.line
        self._tick_s = tick_s
        self._queue: deque[Delivered] = deque()
        self._filled = asyncio.Event()
        self._started_at = self._clock.monotonic()

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
            TempTableFailed: The own disk does not serve.
            ParkingFailed: The same.
            MemoryError: There is none left.
        """
        pause_s = _FIRST_PAUSE_S
        try:
            while True:
                began = self._clock.monotonic()
                try:
                    await self._work()
                except (TempTableFailed, ParkingFailed, MemoryError):
                    raise
                except Exception as error:  # noqa: BLE001 - told, with its trace; others go on
                    self._fail(error, pause_s)
                finally:
                    await self._close_worker()
                if self._clock.monotonic() - began > _LONGEST_PAUSE_S:
                    pause_s = _FIRST_PAUSE_S
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                self._started_at = self._clock.monotonic()
                self.worker = self._make_worker()
        finally:
            self._line.forget(self.place.link)

    def _fail(self, error: Exception, pause_s: float) -> None:
        self.is_folded = False
        self.failure = describe(error)
        self._line.forget(self.place.link)
        get_logger().error(
            "a link has failed and is tried again",
            link=self.place.link,
            delay_s=pause_s,
            exc_info=error,
        )

    async def _close_worker(self) -> None:
        try:
            await self.worker.close()
        except Exception as error:  # noqa: BLE001 - it is let go of all the same
            get_logger().warning("a worker was not closed", error=describe(error))

    async def _work(self) -> None:
        await self.worker.start()
        self.is_folded = True
        self.failure = ""
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
                async with asyncio.timeout(timeout_s):
                    await self._filled.wait()
            except TimeoutError:
                return

    async def _take(self) -> None:
        # They stay in the queue until their outputs are acknowledged: should this worker fail, the
        # next one has them from the log, and then they are done.
        taken = list(islice(self._queue, _MOST_AT_ONCE))
        if taken:
            await self.worker.take([one.stored for one in taken])
            for one in taken:
                self._queue.popleft()
                one.done()

    async def _tick(self) -> None:
        try:
            await self.worker.tick()
        except LogError as error:
            self._line.note(self.place.link, error)
        else:
            self._line.works(self.place.link)
