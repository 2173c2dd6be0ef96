"""The runner of an assigned link: a queue that the stream fills, and a worker that empties it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from typing import Final, Protocol

from blo_log.errors import LogError
from blo_log.port import ConsumedRecord, TopicPartition
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

    A runner has no clock of its own. It rests until a record comes or the corridor's tick finds
    that its link has something to do.

    Args:
        place: The link.
        make_worker: Makes a worker for it.
        context: The worker's services.
        gate: Bounds the links that are folded at the same time.

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
        gate: asyncio.Semaphore,
    ) -> None:
        self.place = place
        self.worker = make_worker()
        self.is_folded = False
        self.failure = ""
        self._make_worker = make_worker
        self._clock = context.clock
        self._line = context.line
        self._gate = gate
        self._queue: deque[Delivered] = deque()
        self._is_due = False
        self._woken = asyncio.Event()
        self._rests = False
        self._busy_since = self._clock.monotonic()

    @property
    def progress_at(self) -> float:
        """The time of the last progress, by the monotonic clock; a link that rests makes some."""
        if self._rests:
            return self._clock.monotonic()
        return max(self._busy_since, self.worker.progress_at)

    def put(self, delivered: Delivered) -> None:
        """Take a record from the stream."""
        if len(self._queue) >= _MOST_QUEUED:
            delivered.done()
            return
        self._queue.append(delivered)
        self._woken.set()

    def watched(self) -> list[TopicPartition]:
        """The partitions whose ends ``tick`` asks about; none while the link is not folded."""
        return self.worker.watched() if self.is_folded else []

    def tick(self, ends: Mapping[TopicPartition, int]) -> None:
        """Let the worker do what is due.

        Args:
            ends: Where the watched partitions end.
        """
        if not (self.is_folded and self._rests):
            return
        # Who waits for Kafka tries again, whatever was due.
        if self._line.is_waiting(self.place.link) or self.worker.is_due(ends):
            self._is_due = True
            self._woken.set()

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
                self._busy_since = self._clock.monotonic()
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
        async with self._turn_to_fold():
            await self.worker.start()
        self.is_folded = True
        self.failure = ""
        while True:
            if not (self._queue or self._is_due):
                self._woken.clear()
                with self._rest():
                    await self._woken.wait()
            await self._take()
            if self._is_due:
                self._is_due = False
                await self._tick()

    @asynccontextmanager
    async def _turn_to_fold(self) -> AsyncIterator[None]:
        # Who waits for a turn is not stuck; whoever is stuck in a turn loses it when it is given up.
        with self._rest():
            await self._gate.acquire()
        try:
            yield
        finally:
            self._gate.release()

    @contextmanager
    def _rest(self) -> Iterator[None]:
        self._rests = True
        try:
            yield
        finally:
            self._rests = False
            self._busy_since = self._clock.monotonic()

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
