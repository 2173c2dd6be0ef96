"""One link's worker over the log in memory: whatever happens, readers see the plain fold."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from blo_domain import cases
from blo_domain.deadlines.evaluate import uncleared_alerts
from blo_log import topics
from blo_log.errors import AppendFailed
from blo_log.memory import MemoryLog
from blo_log.port import ProducerRecord, TopicPartition
from blo_processors.link.worker import LinkWorker
from blo_projection import fold
from blo_schemas.outputs import TrailState
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_schemas.verdicts import Outcome, Reason
from blo_sealing.keys import ContentKey, SummaryKey
from tests.processors.helpers import check, fresh, stored
from tests.processors.seeing import cases_of, plain, see, whole_topic
from tests.processors.world import OBSERVER, VN, LinkWriter, World


async def test_a_worker_writes_what_a_plain_fold_gives(world: World, writer: LinkWriter) -> None:
    log = await fresh(world, writer, 60)
    worker = await world.worker(log)
    await worker.start()
    assert worker.position == 60
    appender = await log.appender()
    await appender.append(writer.messages(60))
    await worker.take(stored(log.cluster, writer.place)[60:])
    assert worker.position == 120
    await check(world, log, writer)


def counts(log: MemoryLog) -> dict[str, int]:
    """How many records each topic has."""
    return {name: len(topic.partitions[0].records) for name, topic in log.cluster.topics.items()}


async def test_a_second_start_writes_no_output_and_grants_again(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer)
    await (await world.worker(log)).start()
    before = counts(log)
    await (await world.worker(log)).start()
    after = counts(log)
    keys = topics.keys_topic(writer.place.corridor)
    # What lies there carries no signature, so it proves nothing of whom it serves.
    assert after.pop(keys) > before.pop(keys)
    assert before == after


async def test_the_stream_may_skip_repeat_and_go_back(world: World, writer: LinkWriter) -> None:
    log = await fresh(world, writer, 10)
    worker = await world.worker(log)
    await worker.start()
    await (await log.appender()).append(writer.messages(10))
    records = stored(log.cluster, writer.place)
    await worker.take(records[30:40])
    await worker.take(records[5:35])
    await worker.take([records[50], records[49], records[70]])
    await worker.take(records[110:])
    assert worker.position == 120
    await check(world, log, writer)


async def crashed(worker: LinkWorker, work: Coroutine[Any, Any, None]) -> bool:
    """Let a worker work, and end it for good where it would wait and try again."""
    task = asyncio.create_task(work)
    while not task.done():
        if worker._context.line.is_waiting(worker.place.link):
            task.cancel()
        await asyncio.sleep(0.001)
    return task.cancelled() or task.result() is not None


@pytest.mark.parametrize("seed", range(12))
async def test_crashes_and_two_writers_at_once_change_nothing(
    world: World, writer: LinkWriter, seed: int
) -> None:
    dice = random.Random(seed)
    log = await fresh(world, writer, 20)
    appended = 20
    workers: list[LinkWorker] = []
    appender = await log.appender()
    for _ in range(40):
        action = dice.random()
        if action < 0.25 and appended < len(writer.records):
            more = min(appended + dice.randrange(1, 15), len(writer.records))
            await appender.append(writer.messages(appended, more))
            appended = more
        elif action < 0.4:
            client = MemoryLog(log.cluster)
            if dice.random() < 0.5:
                reach = dice.randrange(20)
                client.faults.fail_next_append(appended=reach, acknowledged=dice.randrange(20))
            worker = await world.worker(client)
            if await crashed(worker, worker.start()):
                continue
            workers.append(worker)
        elif action < 0.5 and workers:
            workers.pop(dice.randrange(len(workers)))
        elif workers:
            worker = dice.choice(workers)
            begin = dice.randrange(appended)
            part = stored(log.cluster, writer.place)[begin : begin + dice.randrange(1, 30)]
            if await crashed(worker, worker.take(part)):
                workers.remove(worker)
    await appender.append(writer.messages(appended))
    last = await world.worker(log)
    await last.start()
    await check(world, log, writer)


async def test_the_last_view_on_the_topic_is_the_newest_for_whoever_comes_after_compaction(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer, 60)
    old, new = await world.worker(log), await world.worker(log)
    await old.start()
    await new.start()
    await (await log.appender()).append(writer.messages(60))
    records = stored(log.cluster, writer.place)
    await new.take(records)
    await old.take(records[:90])
    await new.audit()
    topic = topics.cases_topic(writer.place.corridor)
    last = {one.key: one.value for one in await whole_topic(log, topic, 0)}
    state = plain(world, writer)
    seen = await see(world, log, writer.place)
    assert seen.cases.records == cases_of(state)
    assert len(last) == len(state.cases)
    kept = MemoryLog()
    await world.publish(kept)
    appender = await kept.appender()
    await appender.append([ProducerRecord(topic, 0, key, value) for key, value in last.items()])
    keys = topics.keys_topic(writer.place.corridor)
    await appender.append(
        [ProducerRecord(keys, 0, one.key, one.value) for one in await whole_topic(log, keys, 0)]
    )
    assert (await see(world, kept, writer.place)).cases.records == cases_of(state)


async def test_damaged_and_missing_outputs_heal_and_are_counted(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer)
    await (await world.worker(log)).start()
    corridor = writer.place.corridor
    cases = log.cluster.partition(TopicPartition(topics.cases_topic(corridor), 0))
    held = cases.records[-1]
    damaged = bytes([*(held.value or b"")[:-1], 0])
    await (await log.appender()).append(
        [ProducerRecord(topics.cases_topic(corridor), 0, held.key, damaged)]
    )
    log.cluster.truncate(TopicPartition(topics.trail_topic(corridor), 0), 50)
    context = await world.surroundings(log)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    state = plain(world, writer)
    trail = log.cluster.records(topics.trail_topic(corridor), 0)
    assert len({one.value for one in trail}) >= len(writer.records)
    healed = context.metrics.outputs_healed
    link = writer.place.link
    assert healed.labels(link=link, topic=topics.trail_topic(corridor))._value.get() == 50
    assert healed.labels(link=link, topic=topics.cases_topic(corridor))._value.get() == 1
    assert worker.position == state.size


async def test_a_record_without_its_key_waits_and_the_others_do_not(world: World) -> None:
    writer = LinkWriter(world, world.places[0], seed=9)
    writer.play(30)
    log = await fresh(world, writer)
    secret = SummaryKey.generate(writer.dice.randbytes)
    content = ContentKey.generate(writer.dice.randbytes)
    writer.contents[content.id] = content
    opening = Summary(SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, Urgency.URGENT, 0)
    writer.write(VN, content.id, opening, summary_key=secret)
    writer.play(20)
    worker = await world.worker(log)
    await worker.start()
    await (await log.appender()).append(writer.messages(30))
    await worker.take(stored(log.cluster, writer.place)[30:])
    assert worker.position == len(writer.records)
    seen = await see(world, log, writer.place)
    assert seen.trail.size == len(writer.records)
    assert seen.trail.entries[30].finality is TrailState.PENDING
    assert content.id not in seen.cases.records
    writer._held[secret.id] = secret
    for position in writer.fold.openable(limit=100):
        writer.fold.release(position, writer.records[position].value)
    await (await log.appender()).append(writer.grant(secret, VN))
    await worker.tick()
    await check(world, log, writer)
    await (await world.worker(log)).start()
    await check(world, log, writer)


async def test_what_cannot_be_processed_goes_to_the_dead_letters_and_stops_nothing(
    world: World, writer: LinkWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    evolve = cases.evolve

    def broken(view: Any, fact: Any, parties: Any) -> Any:
        if fact.position == 41:
            raise ZeroDivisionError("a defect")
        return evolve(view, fact, parties)

    log = await fresh(world, writer, 30)
    context = await world.surroundings(log)
    worker = LinkWorker(writer.place, context)
    await worker.start()
    monkeypatch.setattr(fold, "evolve", broken)
    await (await log.appender()).append(writer.messages(30))
    await worker.take(stored(log.cluster, writer.place)[30:])
    assert worker.position == 120
    seen = await see(world, log, writer.place)
    assert seen.trail.size == 120
    assert seen.trail.entries[41].finality is TrailState.DEAD
    (letter,) = await whole_topic(log, topics.dead_topic(writer.place.corridor), 0)
    assert letter.key == b"blo.exchange.la-vn/0/41"
    await (await world.worker(log)).start()
    assert len(await whole_topic(log, topics.dead_topic(writer.place.corridor), 0)) == 1
    monkeypatch.undo()
    await (await world.worker(log)).start()
    seen = await see(world, log, writer.place)
    state = plain(world, writer)
    effects = state.take_effects()
    assert seen.cases.records == cases_of(state)
    assert seen.trail.entries == effects.trail
    assert {one.id for one in seen.alerts.standing()} == {
        one.id for one in uncleared_alerts(tuple(effects.alerts))
    }


async def test_an_output_that_cannot_be_written_ends_the_worker(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer, 50)
    worker = await world.worker(log)
    await worker.start()
    await (await log.appender()).append(writer.messages(50))
    log.faults.forbidden.add(topics.trail_topic(writer.place.corridor))
    with pytest.raises(AppendFailed):
        await worker.take(stored(log.cluster, writer.place)[50:])
    assert worker.position == 50
    log.faults.forbidden.clear()
    await (await world.worker(log)).start()
    await check(world, log, writer)


async def test_every_reader_named_by_the_agreement_opens_the_views(
    world: World, writer: LinkWriter
) -> None:
    log = await fresh(world, writer)
    await (await world.worker(log)).start()
    for reader in (OBSERVER, VN):
        seen = await see(world, log, writer.place, as_whom=reader)
        assert seen.cases.records == cases_of(plain(world, writer))


async def test_rejected_records_have_their_reason_on_the_trail(
    world: World, writer: LinkWriter
) -> None:
    entries = plain(world, writer).take_effects().trail.values()
    verdicts = [entry.verdict for entry in entries if entry.verdict is not None]
    assert {verdict.outcome for verdict in verdicts} == set(Outcome)
    assert Reason.NOT_LEGAL_NOW in {verdict.reason for verdict in verdicts}
