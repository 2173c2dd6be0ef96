"""All honest programs on one log: counterpart, friend, superior, processor, witness, auditor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext, suppress
from datetime import date
from pathlib import Path
from typing import Self

from blo_agent.commands.accept import CommandRefused
from blo_agent.reports import service
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.sources import LogSource
from blo_audit.replay.statement import ReplayStatement
from blo_audit.witness.options import WitnessOptions
from blo_audit.witness.state import WitnessState
from blo_audit.witness.worker import Witness
from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.errors import AppendFailed, LogError
from blo_log.memory import MemoryCluster
from blo_log.port import ConsumedRecord, Log, ProducerRecord, TopicPartition, read_to_end
from blo_processors.context import WorkerContext, WorkerOptions
from blo_processors.errors import WorkerBroken
from blo_processors.link.worker import LinkWorker
from blo_processors.liveness import LivenessFeed
from blo_processors.outputs.encode import LinkPartition
from blo_runtime.metrics import Metrics
from blo_schemas.heads import HEAD, SIGNED_HEAD, head_record_key
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.reports import PeriodReport
from blo_schemas.trust import Role
from blo_sealing.identity import ProgramIdentity
from tests.agents.world import CORRIDOR, PROVINCE, A, B, RunningAgent
from tests.hostile.world import (
    HOSTILE,
    OBSERVER,
    PLACES,
    PROCESSOR,
    QUIET,
    READERS,
    WITNESS,
    HostileWorld,
    Prelude,
    walk,
)
from tests.patience import PATIENCE_S

QUICK = WitnessOptions(
    delay_s=0.001, spacing_s=0, patience_s=0.05, again_s=0.05, directory_s=0.02, simulated_time=True
)
FIRST, LAST = date(2024, 11, 1), date(2025, 2, 28)
STEPS = 4
"""How many honest steps there are in a round."""
EXCHANGE = topics.exchange_topic(CORRIDOR)


class MemoryBoard:
    """The log in memory, as its operator has it."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self._cluster = cluster

    async def read(self, topic: str, partition: int) -> Sequence[ConsumedRecord]:
        return self._cluster.records(topic, partition)

    async def append(self, messages: Sequence[ProducerRecord]) -> None:
        for message in messages:
            if self._cluster.fault_of(message) is None:
                self._cluster.append(message)
        self._cluster.wake()
        await asyncio.sleep(0)


class LogBoard:
    """Any log that can be read and appended to."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def read(self, topic: str, partition: int) -> Sequence[ConsumedRecord]:
        place = TopicPartition(topic, partition)
        reader = await self._log.reader({place: 0})
        try:
            return [one async for batch in read_to_end(reader) for one in batch[place]]
        finally:
            await reader.close()

    async def append(self, messages: Sequence[ProducerRecord]) -> None:
        appender = await self._log.appender()
        try:
            for message in messages:
                # What a broker does not take was tried.
                with suppress(AppendFailed):
                    await appender.append([message])
        finally:
            await appender.close()


class Scene:
    """The honest programs, up on what lies on their disks.

    Args:
        world: Whose offices.
        shaky: A link whose log may be cut, so that nobody need come to its end.

    Attributes:
        agents: The agents by office.
        workers: The processor's workers by link.
        witness: The witness.
    """

    def __init__(self, world: HostileWorld, shaky: LinkId | None = None) -> None:
        self.world = world
        self.shaky = shaky
        self.agents: dict[OfficeId, RunningAgent] = {}
        self.workers: dict[LinkId, LinkWorker] = {}
        self.metrics = Metrics()
        self._stack = AsyncExitStack()
        self.log = world.connect()

    async def __aenter__(self) -> Self:
        world = self.world
        self._stack.push_async_callback(self.log.close)
        for office in (A, B, PROVINCE):
            self.agents[office] = running = await world.agent(office)
            self._stack.push_async_callback(running.stop)
        self.feed = DirectoryFeed(self.log, world.pins)
        await self.feed.refresh()
        for place in PLACES:
            await self._start_worker(place)
        self._stack.push_async_callback(self._close_workers)
        self.witness = Witness(
            [CORRIDOR],
            ProgramIdentity(WITNESS, (world.keys[WITNESS],), Role.WITNESS),
            log=self.log,
            feed=DirectoryFeed(self.log, world.pins),
            state=WitnessState(world.folder / "witness.json", WITNESS),
            clock=world.clock,
            metrics=Metrics(),
            options=QUICK,
        )
        self.witness_task = asyncio.create_task(self.witness.run())
        self._stack.push_async_callback(self._end_witness)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _surroundings(self) -> WorkerContext:
        appender = await self.log.appender()
        self._stack.push_async_callback(appender.close)
        return WorkerContext(
            log=self.log,
            appender=appender,
            identity=ProgramIdentity(PROCESSOR, (self.world.keys[PROCESSOR],)),
            feed=self.feed,
            liveness=LivenessFeed(self.log, self.feed, CORRIDOR),
            clock=self.world.clock,
            metrics=self.metrics,
            options=WorkerOptions(by_clock=False, checkpoint_every=20),
            state=self.world.folder / "processor",
        )

    async def _start_worker(self, place: LinkPartition) -> None:
        """Start a link's worker on what the one before has stored."""
        before = self.workers.get(place.link)
        if before is not None:
            await before.close()
        self.workers[place.link] = worker = LinkWorker(place, await self._surroundings())
        with self._shaken(place.link):
            await worker.start()

    async def _close_workers(self) -> None:
        for worker in self.workers.values():
            await worker.close()

    async def _end_witness(self) -> None:
        self.witness_task.cancel()
        await asyncio.wait([self.witness_task])

    def _shaken(self, link: LinkId) -> AbstractContextManager[None]:
        """What the processor's runner does: the link is tried again later."""
        return suppress(LogError, WorkerBroken) if link == self.shaky else nullcontext()

    async def end_of(self, link: LinkId) -> int:
        """Where a link's log ends."""
        (place,) = (place for place in PLACES if place.link == link)
        part = TopicPartition(EXCHANGE, place.partition)
        reader = await self.log.reader({part: 0})
        try:
            return (await reader.high_watermarks())[part]
        finally:
            await reader.close()

    async def settle(self) -> None:
        """Let everybody read to the end, and write what follows from that."""
        await self.feed.refresh()
        if HOSTILE not in self.feed.directory.links():
            # Its office's root has certified two offices with one key, so the link has no parties.
            self.shaky = HOSTILE
        for link, offices in READERS.items():
            if link == self.shaky:
                continue
            end = await self.end_of(link)
            for office in offices:
                await self._until_read(self.agents[office], link, end)
        await self.feed.refresh()
        for place in PLACES:
            with self._shaken(place.link):
                worker = self.workers[place.link]
                await worker.tick()
                found = await LogBoard(self.log).read(EXCHANGE, place.partition)
                await worker.take([one for one in found if one.offset >= worker.position])
            await self._start_worker(place)
        for link in READERS:
            if link == self.shaky:
                continue
            end = await self.end_of(link)
            async with asyncio.timeout(PATIENCE_S):
                while not self._witnessed(link, end):
                    if self.witness_task.done():
                        self.witness_task.result()
                    await asyncio.sleep(0.002)

    def _witnessed(self, link: LinkId, end: int) -> bool:
        found = self.witness.links.get(link)
        return found is not None and (found.stopped is not None or found.position >= end)

    async def _until_read(self, running: RunningAgent, link: LinkId, end: int) -> None:
        def is_there() -> bool:
            desk = running.agent.office.links.get(link)
            return desk is not None and desk.size >= end and not desk.is_rereading

        await running.until(is_there)

    async def work(self) -> None:
        """The honest steps of a round on the link that has no hostile office."""
        await walk(self.agents, QUIET, (A, B), STEPS)
        await self.settle()

    async def meddle(self) -> None:
        """The victim tries to go on with the hostile link, whatever lies there."""
        a = self.agents[A]
        if self.shaky == HOSTILE:
            return
        try:
            await walk(self.agents, HOSTILE, (A,), STEPS)
        except CommandRefused:
            await a.until(lambda: not a.desk(HOSTILE).under_way)

    async def quiet_down(self) -> None:
        """Wait until each office has published a head over all that it has read."""
        for link, offices in READERS.items():
            end = await self.end_of(link)
            for office in offices:
                await self._until_said(office, link, end)

    async def _until_said(self, office: OfficeId, link: LinkId, end: int) -> None:
        (place,) = (place for place in PLACES if place.link == link)
        board = LogBoard(self.log)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await board.read(topics.heads_topic(CORRIDOR), place.partition)
                sizes = [
                    HEAD.decode(SIGNED_HEAD.decode(one.value).head).size
                    for one in found
                    if one.key == head_record_key(link, office) and one.value
                ]
                if end in sizes:
                    return
                await asyncio.sleep(0.005)

    async def report(self, office: OfficeId) -> PeriodReport:
        """The office's figures of the period."""
        return (await service.compute(self.agents[office].agent, FIRST, LAST, "officer")).report

    async def audit(self) -> ReplayStatement:
        """What an auditor with summary keys finds."""
        replay = Replay(
            LogSource(self.log),
            self.world.pins,
            AuditOptions(outputs=True),
            identity=ProgramIdentity(OBSERVER, (self.world.keys[OBSERVER],)),
            workers=1,
        )
        return await replay.run()


async def prepared(folder: Path) -> Prelude:
    """A prelude whose log also has what the processor and the witness say of it."""
    prelude = Prelude(folder)
    await prelude.play()
    async with prelude.world, Scene(prelude.world) as scene:
        await scene.settle()
        await scene.quiet_down()
    return prelude


__all__ = ["EXCHANGE", "LogBoard", "MemoryBoard", "Scene", "prepared"]
