"""One corridor's links at this worker: which are assigned, and who runs them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from blo_log.errors import LogError, LogFault
from blo_log.topics import DIRECTORY_TOPIC
from blo_processors.context import WorkerContext
from blo_processors.kafka_line import is_transient
from blo_processors.link.runner import Delivered, LinkRunner
from blo_processors.link.worker import LinkWorker
from blo_processors.outputs.encode import LinkPartition
from blo_runtime.admin import Health
from blo_runtime.logs import describe, get_logger
from blo_schemas.ids import CorridorId

_GUARD_S: Final = 1.0

StartTask = Callable[[str, LinkRunner], "asyncio.Task[None]"]
"""Starts a runner as a named task whose failure ends the program."""


class Corridor:
    """Starts and ends the runners of a corridor's links, as the group assigns them.

    Args:
        corridor: The corridor.
        context: What the workers work with.
        start_task: Starts a runner.
        tick_s: How often a link's worker looks at the clock, in seconds.
        stuck_s: A link without progress for so long is begun anew, unless it waits for Kafka.

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
        self._runners: dict[int, tuple[LinkRunner, asyncio.Task[None]]] = {}

    @property
    def runners(self) -> dict[int, LinkRunner]:
        """The runners by partition."""
        return {partition: runner for partition, (runner, _) in self._runners.items()}

    def assign(self, partitions: Iterable[int]) -> None:
        """Work on these partitions and no others."""
        self.assigned = frozenset(partitions)
        self._context.metrics.assigned_links.set(len(self.assigned))
        get_logger().info("assigned", corridor=self.corridor, partition=sorted(self.assigned))
        for partition in self._runners.keys() - self.assigned:
            _, task = self._runners.pop(partition)
            task.cancel()
        self._start_missing()

    def deliver(self, partition: int, delivered: Delivered) -> None:
        """Hand a record to its link; one of a partition without a link is let go."""
        held = self._runners.get(partition)
        if held is None:
            delivered.done()
        else:
            held[0].put(delivered)

    async def follow(self) -> None:
        """Follow the trust documents, and watch over the runners, until cancelled."""
        while True:
            await asyncio.sleep(_GUARD_S)
            changed = await self._read_trust()
            if self._give_up_stuck() or changed:
                self._start_missing()

    async def _read_trust(self) -> bool:
        try:
            changed = await self._context.feed.refresh()
        except LogError as error:
            self._trust_failed(error)
            return False
        except Exception as error:  # noqa: BLE001 - told; what is known goes on to count
            self._trust_failed(LogFault(describe(error)))
            return False
        self._context.line.works(DIRECTORY_TOPIC)
        self._trust_failure = ""
        return changed

    def _trust_failed(self, error: LogError) -> None:
        """What is known of the trust documents goes on to count."""
        if is_transient(error):
            self._context.line.note(DIRECTORY_TOPIC, error)
        elif str(error) != self._trust_failure:
            self._trust_failure = str(error)
            get_logger().error("trust documents not read", topic=DIRECTORY_TOPIC, error=str(error))

    def check(self) -> Health:
        """Whether everything that is assigned is being worked on."""
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
        failed = [f"{one.place.link} has failed: {one.failure}" for one in runners if one.failure]
        folding = [one.place.link for one in runners if not (one.is_folded or one.failure)]
        words = [*failed, *([f"folding: {', '.join(folding)}"] if folding else [])]
        return Health(ok=not words, detail="; ".join(words))

    def _give_up_stuck(self) -> bool:
        """End the runners of links that make no progress; whether there were any."""
        now = self._context.clock.monotonic()
        ages = [now - runner.progress_at for runner in self.runners.values()]
        self._context.metrics.commit_age_seconds.set(max(ages, default=0.0))
        found = False
        line = self._context.line
        for partition, (runner, task) in tuple(self._runners.items()):
            # A call that began while Kafka was away may take a while to find out that it is back.
            age_s = min(now - runner.progress_at, time.monotonic() - line.last_away)
            if age_s > self._stuck_s and not (line.is_away or runner.failure):
                get_logger().error(
                    "a link makes no progress", link=runner.place.link, duration_s=age_s
                )
                task.cancel()
                del self._runners[partition]
                found = True
        return found

    def _start_missing(self) -> None:
        places = {place.partition: place for place in self._places()}
        for partition in sorted((self.assigned or frozenset()) - self._runners.keys()):
            place = places.get(partition)
            if place is None:
                get_logger().warning("no link of ours", partition=partition)
                continue
            make = partial(LinkWorker, place, self._context)
            runner = LinkRunner(place, make, self._context, self._tick_s)
            self._runners[partition] = runner, self._start_task(place.link, runner)

    def _places(self) -> Iterator[LinkPartition]:
        subject = self._context.identity.subject
        for agreement in self._context.feed.directory.newest_agreements(self.corridor):
            if subject in agreement.processors:
                yield LinkPartition(agreement.link, self.corridor, agreement.partition)
            else:
                get_logger().error("not named as a processor", link=agreement.link, office=subject)
