"""The runner of an assigned link: a queue that the stream fills, and a worker that empties it."""

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
"""The most records of a link that wait in memory; later ones are read from the log instead."""
_MOST_AT_ONCE: Final = 500
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
"""The pause before a failed link is tried again grows from the first to this one, in seconds."""


class Delivered(Protocol):
    """A record as the stream delivers it."""

    @property
    def stored(self) -> ConsumedRecord:
        """The record."""

    def done(self) -> None:
        """Its outputs are acknowledged."""


class LinkRunner:
    """Runs one link's worker, and puts another in its place when it fails.

    The stream never waits for a link. When the queue is full, records are dropped, because the
    worker reads them from the log itself. A failure concerns its link alone: it is logged, and the
    link is folded again after growing pauses. Only a failure of the own disk or memory ends the
    program.

    Args:
        place: The link.
        make_worker: Makes a worker for it.
        context: The worker's services.
        tick_s: The seconds between two ticks of the worker.

    Attributes:
        place: The link.
        worker: The worker.
        is_folded: Whether this worker has folded the link.
        failure: The error of the worker before; empty once this worker has folded the link.
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
        """The time of the last progress, by the monotonic clock."""
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
            TempTableFailed: The temporary file of closed cases can't be used.
            ParkingFailed: The temporary file of parked records can't be used.
            MemoryError: The memory has run out.
        """
        pause_s = _FIRST_PAUSE_S
        try:
            while True:
                began = self._clock.monotonic()
                try:
                    await self._work()
                except (TempTableFailed, ParkingFailed, MemoryError):
                    raise
                except Exception as error:  # noqa: BLE001 - logged with its trace; other links go on
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
        except Exception as error:  # noqa: BLE001 - the worker is dropped all the same
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
        # Records stay in the queue until their outputs are acknowledged. If this worker fails, the
        # next one reads them from the log, and they are acknowledged then.
        batch = list(islice(self._queue, _MOST_AT_ONCE))
        if batch:
            await self.worker.take([delivered.stored for delivered in batch])
            for delivered in batch:
                self._queue.popleft()
                delivered.done()

    async def _tick(self) -> None:
        try:
            await self.worker.tick()
        except LogError as error:
            self._line.note(self.place.link, error)
        else:
            self._line.works(self.place.link)
