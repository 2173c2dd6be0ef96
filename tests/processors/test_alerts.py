"""Alerts and signals as a worker writes them: raised, cleared, told once, never lost."""

from __future__ import annotations

from blo_domain.deadlines.evaluate import next_change
from blo_log.memory import MemoryLog
from blo_processors.context import WorkerOptions
from blo_processors.link.worker import LinkWorker
from blo_runtime.clock import ManualClock
from blo_schemas.clocks import ClockKind
from blo_schemas.summary import Step, Urgency
from blo_schemas.views import State
from tests.processors.helpers import check, fresh, stored
from tests.processors.seeing import plain, see, terms
from tests.processors.world import LA, MINUTE_MS, VN, LinkWriter, World

SKEW_MS = WorkerOptions().skew_ms


async def watched(world: World, writer: LinkWriter) -> tuple[MemoryLog, LinkWorker, ManualClock]:
    """What was written is on a log, and a worker has folded it."""
    log = await fresh(world, writer)
    context = await world.surroundings(log)
    assert isinstance(context.clock, ManualClock)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    return log, worker, context.clock


async def test_an_alert_is_raised_by_the_clock_and_cleared_by_the_answer(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=31)
    case = writer.open(VN, Urgency.IMMEDIATE)
    log, worker, clock = await watched(world, writer)
    clock.set(writer.now)
    await worker.tick()
    assert not (await see(world, log, writer.place)).alerts.records
    record = plain(world, writer).cases.record(case)
    assert record is not None
    due = next_change(record.clocks, terms(world, writer.place), writer.now)
    assert due is not None
    clock.set(due + SKEW_MS - 1)
    await worker.tick()
    before = (await see(world, log, writer.place)).alerts.records
    clock.set(due + SKEW_MS)
    await worker.tick()
    await worker.tick()
    seen = await see(world, log, writer.place)
    assert len(seen.alerts.records) == len(before) + 1
    assert seen.alerts_written == len(seen.alerts.records)
    writer.now = due + 5 * MINUTE_MS
    writer.step(LA, case, Step.ACKNOWLEDGE)
    await writer.append(log, 1)
    await worker.take(stored(log.cluster, writer.place))
    await check(world, log, writer)
    again = await world.worker(log)
    await again.start()
    seen = await see(world, log, writer.place)
    assert seen.alerts_written == len(seen.alerts.records)
    assert all(one.clock is not ClockKind.ACKNOWLEDGE for one in seen.alerts.standing())


async def test_an_alert_that_a_fast_clock_told_too_early_is_cleared(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=32)
    case = writer.open(VN, Urgency.IMMEDIATE)
    log, worker, clock = await watched(world, writer)
    clock.set(writer.now + 90 * MINUTE_MS)
    await worker.tick()
    assert (await see(world, log, writer.place)).alerts.standing()
    writer.now += MINUTE_MS
    writer.step(LA, case, Step.ACKNOWLEDGE)
    await writer.append(log, 1)
    await worker.take(stored(log.cluster, writer.place))
    seen = await see(world, log, writer.place)
    assert all(one.clock is not ClockKind.ACKNOWLEDGE for one in seen.alerts.standing())


async def test_an_alert_that_was_told_too_early_and_is_still_coming_is_not_taken_back(
    world: World,
) -> None:
    writer = LinkWriter(world, world.places[0], seed=33)
    case = writer.open(VN, Urgency.IMMEDIATE)
    log, worker, clock = await watched(world, writer)
    clock.set(writer.now + 90 * MINUTE_MS)
    await worker.tick()
    early = (await see(world, log, writer.place)).alerts.standing()
    assert [one for one in early if one.since > writer.now + MINUTE_MS]
    writer.now += MINUTE_MS
    writer.step(VN, case, Step.URGE)
    await writer.append(log, 1)
    await worker.take(stored(log.cluster, writer.place))
    clock.set(writer.now + 2 * 90 * MINUTE_MS)
    await worker.tick()
    stands = {one.id for one in (await see(world, log, writer.place)).alerts.standing()}
    assert {one.id for one in early} <= stands


async def test_a_shredded_case_is_shown_as_such_and_owes_nothing(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=4)
    case = writer.open(VN)
    writer.step(VN, case, Step.WITHDRAW)
    for step in (Step.SHRED, Step.CONFIRM_SHREDDING):
        for office in (LA, VN):
            writer.step(office, case, step)
    log = await fresh(world, writer)
    worker = await world.worker(log)
    await worker.start()
    await check(world, log, writer)
    record = (await see(world, log, writer.place)).cases.records[case]
    assert record.view.state is State.SHREDDED
    assert next_change(record.clocks, terms(world, writer.place), writer.now) is None
