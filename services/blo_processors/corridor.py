"""The links of a corridor that are assigned to this worker: their runners, and the tick for all.

Each tick asks in one request where the partitions of all links end. A link whose topics have not
moved, and for which no instant has come, is not woken: a link at rest costs some microseconds a
tick, and no connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from blo_log.errors import LogError, LogFault
from blo_log.topics import DIRECTORY_TOPIC, exchange_topic
from blo_processors.context import WorkerContext
from blo_processors.link.runner import Delivered, LinkRunner
from blo_processors.link.worker import LinkWorker
from blo_processors.outputs.encode import LinkPartition
from blo_runtime.admin import Health
from blo_runtime.kafka_line import is_transient
from blo_runtime.logs import describe, get_logger
from blo_schemas.ids import CorridorId

_FOLDED_AT_ONCE: Final = 8
"""The number of links that are folded at the same time; each has some MiB of records in memory."""

StartTask = Callable[[str, LinkRunner], "asyncio.Task[None]"]
"""Starts a runner as a named task whose failure ends the program."""


class Corridor:
    """Starts and ends the runners of the links that the group assigns.

    Args:
        corridor: The corridor.
        context: The services of the workers.
        start_task: Starts a runner.
        tick_s: The seconds between two looks at the clock.
        stuck_s: A link without progress for so many seconds is started again, unless it waits
            for Kafka.

    Attributes:
        assigned: The partitions that the group has assigned; ``None`` before the first time.
    """

    def __init__(
        self,
        corridor: CorridorId,
        context: WorkerContext,
        start_task: StartTask,
        *,
        tick_s: float,
        stuck_s: float,
    ) -> None:
        self.corridor = corridor
        self.assigned: frozenset[int] | None = None
        self._context = context
        self._start_task = start_task
        self._tick_s = tick_s
        self._stuck_s = stuck_s
        self._trust_failure = ""
        self._gate = asyncio.Semaphore(_FOLDED_AT_ONCE)
        self._runners: dict[int, tuple[LinkRunner, asyncio.Task[None]]] = {}

    @property
    def runners(self) -> dict[int, LinkRunner]:
        """The runners by partition."""
        return {partition: runner for partition, (runner, _) in self._runners.items()}

    def assign(self, partitions: Iterable[int]) -> None:
        """Run the links of these partitions and of no others."""
        self.assigned = frozenset(partitions)
        self._context.metrics.assigned_links.set(len(self.assigned))
        get_logger().info("assigned", corridor=self.corridor, partition=sorted(self.assigned))
        for partition in self._runners.keys() - self.assigned:
            _, task = self._runners.pop(partition)
            task.cancel()
        self._start_missing()

    def deliver(self, partition: int, delivered: Delivered) -> None:
        """Hand a record to its link; a record of a partition without a link is dropped."""
        running = self._runners.get(partition)
        if running is None:
            delivered.done()
        else:
            running[0].put(delivered)

    async def follow(self) -> None:
        """Tick until cancelled: read the trust documents, restart stuck runners, wake due links."""
        while True:
            await asyncio.sleep(self._tick_s)
            changed = await self._read_trust()
            if self._give_up_stuck() or changed:
                self._start_missing()
            await self._tick()

    async def _tick(self) -> None:
        runners = tuple(runner for runner, _ in self._runners.values())
        watched = [partition for runner in runners for partition in runner.watched()]
        if not watched:
            return
        liveness = self._context.liveness
        task = exchange_topic(self.corridor)
        try:
            ends = await self._context.log.ends([*watched, liveness.partition])
            if liveness.is_behind(ends):
                await liveness.refresh()
        except LogError as error:
            if is_transient(error):
                self._context.line.note(task, error)
                return
            # Each link meets the error itself, and says so.
            ends = {}
        self._context.line.works(task)
        for runner in runners:
            runner.tick(ends)

    async def _read_trust(self) -> bool:
        try:
            changed = await self._context.feed.refresh()
        except LogError as error:
            self._trust_failed(error)
            return False
        except Exception as error:  # noqa: BLE001 - logged; the known documents stay valid
            self._trust_failed(LogFault(describe(error)))
            return False
        self._context.line.works(DIRECTORY_TOPIC)
        self._trust_failure = ""
        return changed

    def _trust_failed(self, error: LogError) -> None:
        """Log the failure; the trust documents that are known stay valid."""
        if is_transient(error):
            self._context.line.note(DIRECTORY_TOPIC, error)
        elif str(error) != self._trust_failure:
            self._trust_failure = str(error)
            get_logger().error("trust documents not read", topic=DIRECTORY_TOPIC, error=str(error))

    def check(self) -> Health:
        """Whether all assigned links are folded and none has failed."""
        if self.assigned is None:
            return Health(ok=False, detail="nothing was assigned yet")
        idle = sorted(self.assigned - self._runners.keys())
        if idle:
            return Health(ok=False, detail=f"no link of ours in partitions {idle}")
        if self._trust_failure:
            return Health(ok=False, detail=f"trust documents not read: {self._trust_failure}")
        if not self.assigned:
            return Health(ok=True, detail="another worker has all links")
        runners = sorted(self.runners.values(), key=lambda runner: runner.place.link)
        failed = [f"{run.place.link} has failed: {run.failure}" for run in runners if run.failure]
        folding = [run.place.link for run in runners if not (run.is_folded or run.failure)]
        words = [*failed, *([f"folding: {', '.join(folding)}"] if folding else [])]
        return Health(ok=not words, detail="; ".join(words))

    def _give_up_stuck(self) -> bool:
        """End the runners of links without progress; returns whether there were any."""
        now = self._context.clock.monotonic()
        ages = [now - runner.progress_at for runner in self.runners.values()]
        self._context.metrics.commit_age_seconds.set(max(ages, default=0.0))
        ended = False
        line = self._context.line
        for partition, (runner, task) in tuple(self._runners.items()):
            # A request that began while Kafka was away may notice late that Kafka is back.
            age_s = min(now - runner.progress_at, time.monotonic() - line.last_away)
            if age_s > self._stuck_s and not (line.is_away or runner.failure):
                get_logger().error(
                    "a link makes no progress", link=runner.place.link, duration_s=age_s
                )
                task.cancel()
                del self._runners[partition]
                ended = True
        return ended

    def _start_missing(self) -> None:
        places = {place.partition: place for place in self._places()}
        self._context.metrics.begin_links(place.link for place in places.values())
        for partition in sorted((self.assigned or frozenset()) - self._runners.keys()):
            place = places.get(partition)
            if place is None:
                get_logger().warning("no link of ours", partition=partition)
                continue
            make = partial(LinkWorker, place, self._context)
            runner = LinkRunner(place, make, self._context, self._gate)
            self._runners[partition] = runner, self._start_task(place.link, runner)

    def _places(self) -> Iterator[LinkPartition]:
        subject = self._context.identity.subject
        for agreement in self._context.feed.directory.newest_agreements(self.corridor):
            if subject in agreement.processors:
                yield LinkPartition(agreement.link, self.corridor, agreement.partition)
            else:
                get_logger().error("not named as a processor", link=agreement.link, office=subject)
