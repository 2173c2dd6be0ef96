"""One corridor's links at this worker: which are assigned, and who runs them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from blo_log.errors import LogError
from blo_log.topics import DIRECTORY_TOPIC
from blo_processors.errors import Stuck
from blo_processors.runner import Delivered, LinkRunner
from blo_processors.scribe import Place
from blo_processors.surroundings import Surroundings
from blo_processors.worker import LinkWorker
from blo_runtime.admin import Health
from blo_runtime.logs import get_logger
from blo_schemas.ids import CorridorId

_GUARD_S: Final = 1.0

StartTask = Callable[[str, LinkRunner], "asyncio.Task[None]"]
"""Starts a runner as a named task whose failure ends the program."""


class Corridor:
    """Starts and ends the runners of a corridor's links, as the group assigns them.

    Args:
        corridor: The corridor.
        around: What the workers work with.
        start_task: Starts a runner.
        tick_s: How often a link's worker looks at the clock, in seconds.
        stuck_s: A link without progress for so long is stuck.

    Attributes:
        assigned: The partitions that the group has assigned; ``None`` before the first time.
    """

    def __init__(
        self,
        corridor: CorridorId,
        around: Surroundings,
        start_task: StartTask,
        *,
        tick_s: float,
        stuck_s: float,
    ) -> None:
        self.corridor = corridor
        self.assigned: frozenset[int] | None = None
        self._around = around
        self._start_task = start_task
        self._tick_s = tick_s
        self._stuck_s = stuck_s
        self._runners: dict[int, tuple[LinkRunner, asyncio.Task[None]]] = {}

    @property
    def runners(self) -> dict[int, LinkRunner]:
        """The runners by partition."""
        return {partition: runner for partition, (runner, _) in self._runners.items()}

    def assign(self, partitions: Iterable[int]) -> None:
        """Work on these partitions and no others."""
        self.assigned = frozenset(partitions)
        self._around.metrics.assigned_links.set(len(self.assigned))
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
        """Follow the trust documents, and watch over the runners, until cancelled.

        Raises:
            Stuck: A link makes no progress.
            LogError: The trust documents can't be read, and not because the line is down.
        """
        while True:
            await asyncio.sleep(_GUARD_S)
            self._watch()
            if await self._read_trust():
                self._start_missing()

    async def _read_trust(self) -> bool:
        try:
            return await self._around.feed.refresh()
        except LogError as error:
            if not error.transient:
                raise
            get_logger().warning("line is down", topic=DIRECTORY_TOPIC, error=str(error))
            return False

    def check(self) -> Health:
        """Whether everything that is assigned is being worked on."""
        if self.assigned is None:
            return Health(ok=False, detail="nothing was assigned yet")
        idle = sorted(self.assigned - self._runners.keys())
        if idle:
            return Health(ok=False, detail=f"no link of ours in partitions {idle}")
        folding = sorted(
            runner.worker.place.link for runner in self.runners.values() if not runner.is_folded
        )
        if not self.assigned:
            return Health(ok=True, detail="another worker has all links")
        return Health(ok=not folding, detail=f"folding: {', '.join(folding)}" if folding else "")

    def _watch(self) -> None:
        now = self._around.clock.monotonic()
        ages = [now - runner.progress_at for runner in self.runners.values()]
        self._around.metrics.commit_age_seconds.set(max(ages, default=0.0))
        for runner in self.runners.values():
            age = now - runner.progress_at
            if age > self._stuck_s:
                raise Stuck(runner.worker.place.link, age)

    def _start_missing(self) -> None:
        places = {place.partition: place for place in self._places()}
        for partition in sorted((self.assigned or frozenset()) - self._runners.keys()):
            place = places.get(partition)
            if place is None:
                get_logger().warning("no link of ours", partition=partition)
                continue
            worker = LinkWorker(place, self._around)
            runner = LinkRunner(worker, self._around.clock, self._tick_s)
            self._runners[partition] = runner, self._start_task(place.link, runner)

    def _places(self) -> Iterator[Place]:
        subject = self._around.identity.subject
        for agreement in self._around.feed.directory.newest_agreements(self.corridor):
            if subject in agreement.processors:
                yield Place(agreement.link, self.corridor, agreement.partition)
            else:
                get_logger().error("not named as a processor", link=agreement.link, office=subject)


__all__ = ["Corridor"]
