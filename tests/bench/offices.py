"""Agents of two offices on the real Kafka, with a briefing as the case that they work on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Self

from blo_agent.agent import Agent
from blo_agent.commands.accept import Accepted, OfficeCommand
from blo_agent.office.batch import BatchResult
from blo_domain.commands import Command
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import Log
from blo_runtime.clock import SystemClock
from blo_runtime.metrics import Metrics
from blo_runtime.supervision import StopSignal
from blo_schemas.bodies import body_from_json
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import Kind, Step
from tests.agents.world import LINK, World, two_offices
from tests.bench.samples import DAY, DISPATCH, kib_content
from tests.patience import PATIENCE_S

_LOOK_AGAIN_S = 0.1

_FIELDS: tuple[tuple[Step, dict[str, object]], ...] = (
    (Step.OPEN, {"host": "(fictional) host"}),
    (Step.HOLD, {}),
    *(
        (Step.RECORD_ACTION, {"number": number, "task": "(fictional) task"})
        for number in range(1, 7)
    ),
)


def _command(step: Step, fields: dict[str, object]) -> Command:
    return Command(
        kind=Kind.BRIEFING,
        step=step,
        on=DAY,
        body=body_from_json(Kind.BRIEFING, step, fields),
        reason=kib_content(Kind.BRIEFING, step, fields).reason,
        dispatch=DISPATCH if step is Step.OPEN else None,
    )


BRIEFING = tuple(_command(step, fields) for step, fields in _FIELDS)
"""Opened, held, six actions recorded: eight steps of one office, 1 KiB of content each."""


class Desk:
    """A running agent, and what the measurements wait for.

    Attributes:
        agent: The agent.
        appended: How many of its events were acknowledged and noted as such.
        stored: Size of the link's log up to which everything is on this office's disk.
    """

    def __init__(self, office: OfficeId, world: World) -> None:
        self._log = world.connect()
        self.agent = Agent(
            office,
            world.pins,
            store=world.store(office),
            log=self._log,
            clock=SystemClock(),
            metrics=Metrics(),
            probe=self._passed,
        )
        self.stored = 0
        self._moved = asyncio.Event()
        self._signal = StopSignal()
        self._task: asyncio.Task[None] | None = None
        count = self.agent.receiver._on_batch

        def on_batch(batch: BatchResult) -> None:
            count(batch)
            for seen in batch.seen:
                self.stored = max(self.stored, seen.position + 1)
            self._moved.set()

        self.agent.receiver._on_batch = on_batch

    @property
    def appended(self) -> int:
        """How many of its events the log has acknowledged."""
        return int(self.agent.metrics.events_appended.labels(link=LINK)._value.get())

    async def start(self) -> None:
        """Start, and wait until it may write."""
        await self.agent.load()
        self._task = asyncio.create_task(self.agent.run(self._signal))
        await self.until(self._may_write)

    def _may_write(self) -> bool:
        desk = self.agent.office.links.get(LINK)
        return desk is not None and desk.status.own_chain_checked

    async def stop(self) -> None:
        """Stop, and close what it held."""
        self._signal.request("measured")
        if self._task is not None:
            await self._task
        await self._log.close()
        await self.agent.store.aclose()

    async def submit(self, command: Command, case: CaseId | None) -> Accepted:
        """Have a command accepted."""
        return await self.agent.submit(OfficeCommand(LINK, case, command, "officer"))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that a batch, sent or taken, brings about."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                if self._task is not None and self._task.done():
                    self._task.result()
                self._moved.clear()
                # Not everything that may be waited for is told.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await self._moved.wait()

    def _passed(self, point: str) -> None:
        # The counters are moved right after this, in the same step of the event loop.
        if point in ("after_append", "after_mark"):
            asyncio.get_running_loop().call_soon(self._moved.set)


class Offices:
    """A world on a real Kafka, whose agents stop with it."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._world = two_offices(folder, self.connect)
        self._stack = AsyncExitStack()

    def connect(self) -> Log:
        """Another client of the log."""
        return KafkaLog(KafkaConnection(bootstrap=self._bootstrap))

    async def desk(self, office: OfficeId) -> Desk:
        """Start an office's agent."""
        desk = Desk(office, self._world)
        self._stack.push_async_callback(desk.stop)
        await desk.start()
        return desk

    async def __aenter__(self) -> Self:
        await self._world.publish()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


__all__ = ["BRIEFING", "Desk", "Offices"]
