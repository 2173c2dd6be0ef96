"""A record leads to one trail entry, and a case's record is written when it shows something new."""

from __future__ import annotations

import pytest

from blo_log import topics
from blo_log.memory import MemoryLog
from blo_processors.context import WorkerContext, WorkerOptions
from blo_processors.link.worker import LinkWorker
from blo_processors.outputs import reconcile
from blo_schemas.outputs import TrailState
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_schemas.verdicts import Outcome
from blo_sealing.keys import ContentKey, SummaryKey
from tests.processors.helpers import fresh, stored
from tests.processors.seeing import cases_of, plain, see, whole_topic
from tests.processors.world import CORRIDOR, VN, LinkWriter, World

TRAIL = topics.trail_topic(CORRIDOR)
CASES = topics.cases_topic(CORRIDOR)
RARE = WorkerOptions(checkpoint_every=1_000_000)


async def written(log: MemoryLog, topic: str) -> int:
    return len(await whole_topic(log, topic, 0))


async def begun(
    world: World, writer: LinkWriter, size: int, options: WorkerOptions = RARE
) -> tuple[MemoryLog, LinkWorker, WorkerContext]:
    log = await fresh(world, writer, size)
    context = await world.surroundings(log, options=options)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    return log, worker, context


async def give(log: MemoryLog, worker: LinkWorker, writer: LinkWriter, start: int) -> None:
    """The records from a position come one by one."""
    await (await log.appender()).append(writer.messages(start))
    for record in stored(log.cluster, writer.place)[start:]:
        await worker.take([record])


def open_with(writer: LinkWriter, key: SummaryKey) -> None:
    content = ContentKey.generate(writer.dice.randbytes)
    writer.contents[content.id] = content
    opening = Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, Urgency.URGENT, 0)
    writer.write(VN, content.id, opening, summary_key=key)


async def test_records_that_come_one_by_one_have_one_entry_each_and_a_case_record_a_step(
    world: World, writer: LinkWriter
) -> None:
    log, worker, _ = await begun(world, writer, 20)
    entries, cases = await written(log, TRAIL), await written(log, CASES)
    await give(log, worker, writer, 20)
    for _ in range(3):
        await worker.tick()
    await worker.audit()
    verdicts = [entry.verdict for entry in plain(world, writer).take_effects().trail.values()]
    steps = [one for one in verdicts[20:] if one is not None and one.outcome is Outcome.ACCEPTED]
    assert 0 < len(steps) < 100
    assert await written(log, TRAIL) - entries == 100
    assert await written(log, CASES) - cases == len(steps)
    assert (await see(world, log, writer.place)).cases.records == cases_of(plain(world, writer))


async def test_a_record_whose_key_comes_with_it_has_one_entry(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=9)
    writer.play(10)
    log, worker, context = await begun(world, writer, 10)
    entries = await written(log, TRAIL)
    key = SummaryKey.generate(writer.dice.randbytes)
    open_with(writer, key)
    await give(log, worker, writer, 10)
    assert worker.position == 11
    assert await written(log, TRAIL) == entries
    assert worker.is_due(await log.ends(worker.watched()))
    await (await log.appender()).append(writer.grant(key, VN))
    await worker.tick()
    assert await written(log, TRAIL) == entries + 1
    for _ in range(3):
        await worker.tick()
    assert await written(log, TRAIL) == entries + 1
    seen = await see(world, log, writer.place)
    assert seen.trail.entries[10].finality is TrailState.FINAL
    assert not worker.is_due(await log.ends(worker.watched()))
    assert context.line.check().ok


async def test_a_record_whose_key_stays_away_is_pending_on_the_trail_after_two_ticks(
    world: World,
) -> None:
    writer = LinkWriter(world, world.places[0], seed=9)
    writer.play(10)
    log, worker, _ = await begun(world, writer, 10)
    entries = await written(log, TRAIL)
    open_with(writer, SummaryKey.generate(writer.dice.randbytes))
    await give(log, worker, writer, 10)
    for _ in range(2):
        assert worker.is_due(await log.ends(worker.watched()))
        await worker.tick()
    assert await written(log, TRAIL) == entries + 1
    assert not worker.is_due(await log.ends(worker.watched()))
    seen = await see(world, log, writer.place)
    assert seen.trail.entries[10].finality is TrailState.PENDING


async def test_a_checkpoint_comes_after_all_entries_that_it_covers(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=9)
    writer.play(10)
    log, worker, _ = await begun(world, writer, 10, WorkerOptions(checkpoint_every=11))
    open_with(writer, SummaryKey.generate(writer.dice.randbytes))
    await give(log, worker, writer, 10)
    seen = await see(world, log, writer.place)
    assert 11 in seen.trail.checkpoints
    assert seen.trail.entries[10].finality is TrailState.PENDING


async def test_entries_that_are_held_back_have_a_bound(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "MOST_WAITING", 5)
    writer = LinkWriter(world, world.places[0], seed=9)
    writer.play(10)
    log, worker, _ = await begun(world, writer, 10)
    entries = await written(log, TRAIL)
    for _ in range(8):
        open_with(writer, SummaryKey.generate(writer.dice.randbytes))
    await give(log, worker, writer, 10)
    assert await written(log, TRAIL) == entries + 6


async def test_a_worker_that_dies_while_an_entry_is_held_back_leaves_it_to_the_next(
    world: World,
) -> None:
    writer = LinkWriter(world, world.places[0], seed=9)
    writer.play(10)
    log, worker, context = await begun(world, writer, 10)
    open_with(writer, SummaryKey.generate(writer.dice.randbytes))
    await give(log, worker, writer, 10)
    await worker.close()
    await LinkWorker(writer.place, context).start()
    seen = await see(world, log, writer.place)
    assert seen.trail.entries[10].finality is TrailState.PENDING
