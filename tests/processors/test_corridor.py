"""The links of a corridor: one tick for all, a turn for each that is folded, and faults apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from blo_log import topics
from blo_log.errors import BrokerUnreachable
from blo_log.memory import MemoryLog
from blo_log.port import TopicPartition
from blo_processors.context import WorkerContext, WorkerOptions
from blo_processors.corridor import Corridor
from blo_processors.link import runner
from blo_processors.link.runner import LinkRunner
from blo_processors.link.worker import LinkWorker
from blo_runtime import kafka_line
from blo_runtime.clock import ManualClock
from tests.patience import PATIENCE_S
from tests.processors.helpers import check, fresh
from tests.processors.world import CORRIDOR, START, LinkWriter, World


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PAUSE_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(kafka_line, name, 0.01)
    for name in ("_FIRST_PAUSE_S", "_LONGEST_PAUSE_S"):
        monkeypatch.setattr(runner, name, 0.01)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S / 4):
        while not condition():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.005)


@asynccontextmanager
async def following(corridor: Corridor, partitions: list[int]) -> AsyncIterator[None]:
    corridor.assign(partitions)
    ticking = asyncio.create_task(corridor.follow())
    try:
        yield
    finally:
        ticking.cancel()
        corridor.assign(())
        await asyncio.wait({ticking})


def corridor_of(context: WorkerContext) -> Corridor:
    def start(name: str, one: LinkRunner) -> asyncio.Task[None]:
        return asyncio.create_task(one.run(), name=name)

    return Corridor(CORRIDOR, context, start, tick_s=0.01, stuck_s=60)


async def test_one_tick_serves_all_links_and_wakes_only_those_that_have_something_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(links=3)
    writers = [LinkWriter(world, place, seed=number) for number, place in enumerate(world.places)]
    log = MemoryLog()
    await world.publish(log)
    for writer in writers:
        writer.play(20)
        await writer.append(log)
    options = WorkerOptions(checkpoint_every=7)
    context = await world.surroundings(log, ManualClock(writers[0].now), options)
    ticks: list[str] = []
    asked: list[int] = []
    tick, ends = LinkWorker.tick, log.ends

    async def ticking(worker: LinkWorker) -> None:
        ticks.append(worker.place.link)
        await tick(worker)

    async def asking(partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        wanted = list(partitions)
        asked.append(len(wanted))
        return await ends(wanted)

    monkeypatch.setattr(LinkWorker, "tick", ticking)
    monkeypatch.setattr(log, "ends", asking)
    corridor = corridor_of(context)

    async def rests() -> None:
        """Until no link was woken for some ticks."""
        ticks.append("")
        while ticks:
            ticks.clear()
            enough = len(asked) + 5
            await until(partial(lambda count: len(asked) > count, enough))

    async with following(corridor, [0, 1, 2]):
        await until(lambda: corridor.check().ok)
        await rests()
        # Exchange, keys and heads of each link, and the liveness of all, in one request.
        assert asked[-1] == 3 * 3 + 1
        writers[1].play(5)
        await writers[1].append(log, 20)
        await until(lambda: corridor.runners[1].worker.position == 25)
        await rests()
        assert {runner.worker.position for runner in corridor.runners.values()} == {20, 25}
        for writer in writers:
            await check(world, log, writer)


async def test_a_link_that_was_due_while_kafka_was_away_is_well_when_it_is_back(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer, 50)
    context = await world.surroundings(log, ManualClock(writer.now))
    corridor = corridor_of(context)
    async with following(corridor, [0]):
        await until(lambda: corridor.check().ok)
        worker = corridor.runners[0].worker
        log.faults.line_down()
        with pytest.raises(BrokerUnreachable):
            await worker.tick()
        context.line.note(writer.place.link, BrokerUnreachable("here", "away"))
        await until(lambda: context.line.is_waiting(topics.exchange_topic(CORRIDOR)))
        log.faults.line_up()
        await until(lambda: context.line.check().ok)


async def test_a_topic_that_fails_one_link_leaves_the_others_their_ticks() -> None:
    world = World(links=2)
    writers = [LinkWriter(world, place, seed=number) for number, place in enumerate(world.places)]
    log = MemoryLog()
    await world.publish(log)
    for writer in writers:
        writer.play(20)
        await writer.append(log)
    context = await world.surroundings(log, ManualClock(writers[0].now))
    corridor = corridor_of(context)
    async with following(corridor, [0, 1]):
        await until(lambda: corridor.check().ok)
        log.cluster.topic(topics.heads_topic(CORRIDOR)).partitions.pop()
        await until(lambda: bool(corridor.runners[1].failure))
        assert not corridor.runners[0].failure
        writers[0].play(5)
        await writers[0].append(log, 20)
        await until(lambda: corridor.runners[0].worker.position == 25)
    await check(world, log, writers[0])


async def test_links_wait_for_their_turn_to_be_folded_and_a_stuck_one_keeps_no_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blo_processors.corridor._FOLDED_AT_ONCE", 2)
    world = World(links=6)
    log = MemoryLog()
    await world.publish(log)
    clock = ManualClock(START)
    context = await world.surroundings(log, clock)
    folding: set[int] = set()
    most = 0
    begin = LinkWorker.start
    stuck = asyncio.Event()

    async def starting(worker: LinkWorker) -> None:
        nonlocal most
        folding.add(worker.place.partition)
        most = max(most, len(folding))
        try:
            if worker.place.partition == 0 and not stuck.is_set():
                stuck.set()
                await asyncio.Event().wait()
            await begin(worker)
        finally:
            folding.discard(worker.place.partition)

    monkeypatch.setattr(LinkWorker, "start", starting)
    corridor = corridor_of(context)
    async with following(corridor, list(range(6))):
        await until(lambda: sum(one.is_folded for one in corridor.runners.values()) == 5)
        assert folding == {0}
        context.line.last_away = -1e9
        clock.advance(3_600_000)
        await until(lambda: corridor.check().ok)
    assert most == 2
