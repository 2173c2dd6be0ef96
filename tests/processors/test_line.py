"""A Kafka that is away is a state: a worker waits where it is, and goes on with the same bytes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from blo_log import topics
from blo_log.errors import BrokerUnreachable, NotAuthorised
from blo_log.memory import MemoryLog
from blo_processors.context import WorkerContext
from blo_processors.corridor import Corridor
from blo_processors.errors import TempTableFailed
from blo_processors.link import failed_records, runner
from blo_processors.link import worker as link_worker
from blo_processors.link.fold_state import LinkFoldState
from blo_processors.link.runner import LinkRunner
from blo_processors.link.worker import LinkWorker
from blo_processors.outputs import writer as output_writer
from blo_processors.outputs.encode import LinkPartition, OutputEncoder
from blo_runtime import kafka_line
from blo_runtime.clock import ManualClock
from blo_runtime.kafka_line import KafkaLine
from tests.patience import PATIENCE_S
from tests.processors.helpers import check, fresh, stored
from tests.processors.world import CORRIDOR, LinkWriter, World


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PAUSE_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(kafka_line, name, 0.01)
    for name in ("_FIRST_PAUSE_S", "_LONGEST_PAUSE_S"):
        monkeypatch.setattr(runner, name, 0.01)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S / 4):
        while not condition():  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(one: LinkRunner) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(one.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def folds(context: WorkerContext) -> float:
    """How often a link was folded from its first record."""
    for metric in context.metrics.fold_seconds.collect():
        for sample in metric.samples:
            if sample.name.endswith("_count"):
                return sample.value
    return 0


@pytest.mark.parametrize("appended", [0, 3, 2**62])
async def test_a_lost_acknowledgement_is_waited_out_without_folding_anew(
    world: World, writer: LinkWriter, appended: int
) -> None:
    log = await fresh(world, writer, 50)
    context = await world.surroundings(log)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    await (await log.appender()).append(writer.messages(50))
    # Whatever of it has reached the log, and whatever of that the worker learns.
    log.faults.fail_next_append(appended=appended, acknowledged=min(appended, 2))
    log.faults.lose_next_ack()
    await worker.take(stored(log.cluster, writer.place)[50:])
    assert worker.position == 120
    assert folds(context) == 1
    await check(world, log, writer)


async def test_a_worker_waits_in_the_middle_of_whatever_it_does(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer, 50)
    context = await world.surroundings(log)
    log.faults.line_down()
    worker = LinkWorker(writer.place, context)
    starting = asyncio.create_task(worker.start())
    await until(lambda: context.line.is_waiting(writer.place.link))
    told = context.line.check()
    assert not told.ok
    assert writer.place.link in told.detail
    log.faults.line_up()
    await starting
    assert context.line.check().ok
    await (await MemoryLog(log.cluster).appender()).append(writer.messages(50))
    log.faults.line_down()
    taking = asyncio.create_task(worker.take(stored(log.cluster, writer.place)[50:]))
    await until(lambda: context.line.is_waiting(writer.place.link))
    assert worker.position < 120
    log.faults.line_up()
    await taking
    assert (worker.position, folds(context)) == (120, 1)
    await check(world, log, writer)


async def test_a_link_that_fails_is_told_and_tried_again_and_the_others_go_on() -> None:
    world = World(links=2)
    writers = [LinkWriter(world, place, seed=number) for number, place in enumerate(world.places)]
    for writer in writers:
        writer.play(30)
    log = MemoryLog()
    await world.publish(log)
    for writer in writers:
        await writer.append(log)
    context = await world.surroundings(log, ManualClock(writers[0].now))
    broken = True

    class Worker(LinkWorker):
        async def start(self) -> None:
            if broken and self.place.partition == 0:
                raise ZeroDivisionError("a defect")
            await super().start()

    def make(place: LinkPartition) -> LinkRunner:
        return LinkRunner(place, lambda: Worker(place, context), context, asyncio.Semaphore())

    first, second = map(make, world.places)
    async with running(first), running(second):
        await until(lambda: second.is_folded and bool(first.failure))
        await check(world, log, writers[1])
        assert "ZeroDivisionError" in first.failure
        broken = False
        await until(lambda: first.is_folded)
        assert not first.failure
    await check(world, log, writers[0])


async def test_what_was_delivered_to_a_worker_that_fails_is_done_by_the_next(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer, 50)
    context = await world.surroundings(log)
    one = LinkRunner(
        writer.place, lambda: LinkWorker(writer.place, context), context, asyncio.Semaphore()
    )
    delivered = [Delivered(record) for record in stored(log.cluster, writer.place)]
    trail = topics.trail_topic(CORRIDOR)
    async with running(one):
        await until(lambda: one.is_folded)
        await (await log.appender()).append(writer.messages(50))
        log.faults.forbidden.add(trail)
        delivered = [Delivered(record) for record in stored(log.cluster, writer.place)[50:]]
        for each in delivered:
            one.put(each)
        await until(lambda: bool(one.failure))
        assert not any(each.is_done for each in delivered)
        log.faults.forbidden.clear()
        await until(lambda: all(each.is_done for each in delivered))
    await check(world, log, writer)


class Delivered:
    """A record as the stream delivers it."""

    def __init__(self, record: Any) -> None:
        self.stored = record
        self.is_done = False

    def done(self) -> None:
        self.is_done = True


async def test_the_own_disk_s_failure_goes_further(world: World, writer: LinkWriter) -> None:
    log = await fresh(world, writer, 50)
    context = await world.surroundings(log)

    class Worker(LinkWorker):
        async def start(self) -> None:
            raise TempTableFailed(OSError("no space left"))

    one = LinkRunner(
        writer.place, lambda: Worker(writer.place, context), context, asyncio.Semaphore()
    )
    with pytest.raises(TempTableFailed):
        await one.run()


async def test_a_link_without_progress_is_begun_anew_but_not_one_that_waits(
    world: World, writer: LinkWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await fresh(world, writer)
    clock = ManualClock(writer.now)
    context = await world.surroundings(log, clock)
    tasks: list[asyncio.Task[None]] = []

    def start(name: str, one: LinkRunner) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(one.run(), name=name))
        return tasks[-1]

    hang, hangs = asyncio.Event(), asyncio.Event()
    begun = LinkWorker.start

    async def hanging(worker: LinkWorker) -> None:
        hangs.set()
        await hang.wait()
        await begun(worker)

    monkeypatch.setattr(LinkWorker, "start", hanging)
    corridor = Corridor(CORRIDOR, context, start, tick_s=0.01, stuck_s=60)
    corridor.assign([0])
    watching = asyncio.create_task(corridor.follow())
    try:
        await hangs.wait()
        context.line.note(writer.place.link, BrokerUnreachable("here", "away"))
        clock.advance(3_600_000)
        await asyncio.sleep(0.1)
        assert len(tasks) == 1
        context.line.works(writer.place.link)
        # Kafka has been back for long.
        context.line.last_away = -1e9
        await until(lambda: len(tasks) == 2)
        await until(tasks[0].cancelled)
        hang.set()
        await until(lambda: corridor.check().ok)
    finally:
        watching.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.wait({watching, *tasks})


async def test_folding_sealing_and_signing_leave_the_loop_free(
    world: World, writer: LinkWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await fresh(world, writer, 60)
    loop = threading.get_ident()
    at_work: set[int] = set()

    def watched(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            at_work.add(threading.get_ident())
            return original(*args, **named)

        return call

    for owner, name in (
        (OutputEncoder, "message"),
        (LinkFoldState, "apply"),
        (LinkFoldState, "release"),
        (LinkFoldState, "advance"),
        (LinkFoldState, "unfounded"),
    ):
        monkeypatch.setattr(owner, name, watched(getattr(owner, name)))
    monkeypatch.setattr(output_writer, "SLICE", 5)
    for module in (link_worker, failed_records):
        monkeypatch.setattr(module, "FEW", 0)
    worker = await world.worker(log)
    await worker.start()
    await (await log.appender()).append(writer.messages(60))
    await worker.take(stored(log.cluster, writer.place)[60:])
    await worker.tick()
    await worker.audit()
    assert at_work
    assert loop not in at_work
    await check(world, log, writer)


async def test_only_failures_that_pass_are_waited_for() -> None:
    line = KafkaLine()

    async def forbidden() -> None:
        raise NotAuthorised("topic")

    with pytest.raises(NotAuthorised):
        await line.keep_trying("somebody", forbidden)
    assert line.check().ok


async def test_one_line_is_logged_however_many_wait_and_however_often(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = KafkaLine()
    for _ in range(5):
        for who in ("one", "two", "three"):
            line.note(who, BrokerUnreachable("here", "away"))
    detail = line.check().detail
    assert "one and 2 more" in detail
    for who in ("one", "two", "three"):
        line.works(who)
    assert line.check().ok
    told = capfd.readouterr().err
    assert told.count("Kafka is away") == 1
    assert told.count("Kafka answers again") == 1
