"""The Kafka adapter where only Kafka can be asked: kills, pauses, silence, and wrong connections."""

from __future__ import annotations

import asyncio
import gc
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from blo_lab.broker import EmbeddedBroker
from blo_log import (
    Appender,
    AppendFailed,
    BrokerUnreachable,
    Log,
    LogUnavailable,
    ProducerRecord,
    TopicMissing,
    TopicPartition,
    TopicSpec,
    read_to_end,
)
from blo_log.errors import TimestampRefused
from blo_log.kafka import KafkaConnection, KafkaLog
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.broker

BrokerFactory = Callable[..., EmbeddedBroker]
Connect = Callable[..., AbstractAsyncContextManager[KafkaLog]]


@asynccontextmanager
async def connected(bootstrap: str, **options: float) -> AsyncIterator[KafkaLog]:
    """Patient where it is not told otherwise: a slow broker is none that fails."""
    settings = {"request_timeout_s": 60.0, "ack_timeout_s": PATIENCE_S, **options}
    log = KafkaLog(KafkaConnection(bootstrap=bootstrap, **settings))  # type: ignore[arg-type]
    try:
        yield log
    finally:
        await log.close()


def impatient(bootstrap: str) -> AbstractAsyncContextManager[KafkaLog]:
    """For an append that is to fail; a busy machine still gets its connection in time."""
    return connected(bootstrap, ack_timeout_s=1, request_timeout_s=3)


async def make_topic(log: Log, **config: str) -> str:
    name = f"kafka-log.{uuid.uuid4().hex[:8]}"
    admin = await log.admin()
    await admin.create(TopicSpec(name, 1, 1, {k.replace("_", "."): v for k, v in config.items()}))
    return name


async def numbers(log: Log, topic: str) -> list[int]:
    wanted = TopicPartition(topic, 0)
    reader = await log.reader({wanted: 0})
    records = [r async for batch in read_to_end(reader) for r in batch[wanted]]
    assert [record.offset for record in records] == list(range(len(records)))
    return [int(record.value or b"") for record in records]


class Outbox:
    """Appends numbers for as long as it is let, and resends what was not acknowledged."""

    def __init__(self, appender: Appender, topic: str) -> None:
        self.appended: dict[int, int] = {}
        self.failures: list[AppendFailed] = []
        self.stop = asyncio.Event()
        self.appender = appender
        self._topic = topic

    async def run(self) -> int:
        following = 0
        while not self.stop.is_set():
            pending = list(range(following, following + 200))
            await self.send(pending)
            following += 200
        return following

    async def send(self, pending: list[int]) -> None:
        """Until all of them are acknowledged."""
        while pending:
            pending = await self._send_some(pending)

    async def _send_some(self, pending: list[int]) -> list[int]:
        messages = [ProducerRecord(self._topic, 0, None, b"%1400d" % number) for number in pending]
        try:
            offsets = dict(enumerate(await self.appender.append(messages)))
        except AppendFailed as failed:
            if not failed.cause.transient:
                raise
            self.failures.append(failed)
            offsets = failed.acknowledged
            assert list(offsets) == list(range(len(offsets)))
            await asyncio.sleep(0.05)
        self.appended |= {pending[index]: offset for index, offset in offsets.items()}
        return pending[len(offsets) :]


def assert_whole_and_in_order(seen: list[int], total: int) -> None:
    """All of them, in order; where it steps back, it goes on from there without a gap."""
    assert list(dict.fromkeys(seen)) == list(range(total))
    reached = -1
    for before, number in zip([-1, *seen], seen, strict=False):
        assert number == before + 1 or number <= reached, f"a gap between {before} and {number}"
        reached = max(reached, number)


@pytest.mark.parametrize(
    ("ack_timeout_s", "kills"), [(0.5, 3), (PATIENCE_S, 2)], ids=["impatient", "patient"]
)
async def test_killed_brokers_lose_nothing_and_reorder_nothing(
    broker_factory: BrokerFactory, ack_timeout_s: float, kills: int
) -> None:
    broker = broker_factory()
    patience = {"ack_timeout_s": ack_timeout_s, "request_timeout_s": 2.0}
    async with connected(broker.bootstrap) as log, connected(broker.bootstrap, **patience) as own:
        topic = await make_topic(log)
        outbox = Outbox(await own.appender(), topic)
        running = asyncio.create_task(outbox.run())
        for _ in range(kills):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(0.7)
            await asyncio.to_thread(broker.restart)
        await asyncio.sleep(0.5)
        outbox.stop.set()
        async with asyncio.timeout(2 * PATIENCE_S):
            total = await running
        seen = await numbers(log, topic)
    assert_whole_and_in_order(seen, total)
    assert all(seen[offset] == number for number, offset in outbox.appended.items())
    assert len(outbox.appended) == total
    # The patient one leaves it to the idempotent producer, which doubles nothing.
    assert bool(outbox.failures) == (ack_timeout_s < 1)
    if not outbox.failures:
        assert len(seen) == total


async def test_a_paused_broker_is_reported_and_what_was_under_way_is_resent(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory()
    async with connected(broker.bootstrap) as log, impatient(broker.bootstrap) as own:
        topic = await make_topic(log)
        await (await log.appender()).append([ProducerRecord(topic, 0, None, b"0")])
        outbox = Outbox(await own.appender(), topic)
        await outbox.send([1, 2])
        broker.pause()
        pending = [ProducerRecord(topic, 0, None, b"%d" % n) for n in (3, 4)]
        for _ in range(2):
            with pytest.raises(AppendFailed) as failed:
                await outbox.appender.append(pending)
            assert isinstance(failed.value.cause, BrokerUnreachable)
            assert failed.value.acknowledged == {}
        broker.resume()
        await outbox.send([3, 4])
        seen = await numbers(log, topic)
    assert_whole_and_in_order(seen, 5)
    assert all(seen[offset] == number for number, offset in outbox.appended.items())


async def test_a_broker_that_was_silent_for_too_long_and_answers_again_is_told_apart(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory()
    async with connected(broker.bootstrap, ack_timeout_s=1) as log:
        topic = await make_topic(log)
        outbox = Outbox(await log.appender(), topic)
        await outbox.send([0])
        broker.pause()
        pending = asyncio.create_task(
            outbox.appender.append([ProducerRecord(topic, 0, None, b"1")])
        )
        await asyncio.sleep(1.5)
        broker.resume()
        with pytest.raises(AppendFailed, match="answers again") as failed:
            await pending
        assert isinstance(failed.value.cause, LogUnavailable)
        await outbox.send([1])
        assert_whole_and_in_order(await numbers(log, topic), 2)


async def test_a_broker_that_has_stood_still_serves_whoever_comes_next(
    broker_factory: BrokerFactory,
) -> None:
    """For a moment it counts as away, to its own controller: it has no leaders and takes no topic."""
    broker = broker_factory()
    for _ in range(3):
        broker.pause()
        await asyncio.sleep(3.5)
        broker.resume()
        for _ in range(20):
            async with connected(broker.bootstrap) as log:
                topic = await make_topic(log)
                await (await log.appender()).append([ProducerRecord(topic, 0, None, b"0")])
                assert await numbers(log, topic) == [0]


async def test_a_time_far_ahead_is_refused_by_kafka_and_told_as_a_matter_of_clocks(
    broker: EmbeddedBroker,
) -> None:
    async with connected(broker.bootstrap) as log:
        topic = await make_topic(log)
        ahead = round(time.time() * 1000) + 2 * 3_600_000
        with pytest.raises(AppendFailed, match="clock") as failed:
            await (await log.appender()).append([ProducerRecord(topic, 0, None, b"0", ahead)])
        assert isinstance(failed.value.cause, TimestampRefused)
        assert await numbers(log, topic) == []


async def test_a_stopped_broker_is_named_by_everything(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    async with connected(broker.bootstrap, ack_timeout_s=1, request_timeout_s=5) as log:
        topic = await make_topic(log)
        appender, admin = await log.appender(), await log.admin()
        reader = await log.reader({TopicPartition(topic, 0): 0})
        await asyncio.to_thread(broker.stop)
        with pytest.raises(AppendFailed, match=broker.bootstrap) as failed:
            await appender.append([ProducerRecord(topic, 0, None, b"0")])
        assert isinstance(failed.value.cause, BrokerUnreachable)
        assert await reader.poll(timeout_s=0.2) == {}
        for call in (
            log.appender(),
            log.admin(),
            log.reader({TopicPartition(topic, 0): 0}),
            reader.high_watermarks(),
            admin.topics(),
            admin.describe([topic]),
            admin.create(TopicSpec("other", 1, 1, {})),
        ):
            with pytest.raises(BrokerUnreachable, match=f"{broker.bootstrap}.*is the broker runn"):
                await call


async def test_a_reader_goes_on_where_it_was_after_a_restart(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory()
    async with connected(broker.bootstrap) as log:
        topic = await make_topic(log)
        wanted = TopicPartition(topic, 0)
        appender, reader = await log.appender(), await log.reader({wanted: 0})
        offsets: list[int] = []
        await appender.append([ProducerRecord(topic, 0, None, b"x")] * 10)
        async for batch in read_to_end(reader):
            offsets += [record.offset for record in batch[wanted]]
        await asyncio.to_thread(broker.kill)
        assert await reader.poll(timeout_s=0.5) == {}
        await asyncio.to_thread(broker.restart)
        await appender.append([ProducerRecord(topic, 0, None, b"x")] * 10)
        async for batch in read_to_end(reader):
            offsets += [record.offset for record in batch[wanted]]
    assert offsets == list(range(20))


async def test_missing_topics_are_not_made_by_looking_for_them(
    broker_factory: BrokerFactory,
) -> None:
    broker = broker_factory(overrides={"auto.create.topics.enable": "true"})
    async with connected(broker.bootstrap) as log:
        with pytest.raises(AppendFailed) as failed:
            await (await log.appender()).append([ProducerRecord("missing", 0, None, b"x")])
        assert isinstance(failed.value.cause, TopicMissing)
        with pytest.raises(TopicMissing):
            await log.reader({TopicPartition("missing", 0): 0})
        assert await (await log.admin()).topics() == frozenset()


async def test_a_topic_deleted_under_an_appender_is_named(broker: EmbeddedBroker) -> None:
    from aiokafka.admin import AIOKafkaAdminClient

    async with connected(broker.bootstrap, ack_timeout_s=1) as log:
        topic = await make_topic(log)
        outbox = Outbox(await log.appender(), topic)
        await outbox.send([0])
        remover = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await remover.start()
        await remover.delete_topics([topic])
        await remover.close()
        with pytest.raises(AppendFailed) as failed:
            await outbox.appender.append([ProducerRecord(topic, 0, None, b"1")])
        assert isinstance(failed.value.cause, TopicMissing)


async def test_tls_against_a_plain_listener_says_what_to_check(broker: EmbeddedBroker) -> None:
    context = ssl.create_default_context()
    log = KafkaLog(
        KafkaConnection(bootstrap=broker.bootstrap, ssl_context=context, request_timeout_s=1)
    )
    for opening in (log.appender, log.admin, lambda: log.reader({})):
        with pytest.raises(BrokerUnreachable, match="a TLS mistake: check that the listener"):
            await opening()
    await log.close()


async def test_failures_and_cancellations_leave_nothing_behind(
    broker_factory: BrokerFactory, caplog: pytest.LogCaptureFixture
) -> None:
    broker = broker_factory()
    before = asyncio.all_tasks()
    async with connected(broker.bootstrap, ack_timeout_s=1) as log:
        topic = await make_topic(log)
        appender = await log.appender()
        reader = await log.reader({TopicPartition(topic, 0): 0})
        await Outbox(appender, topic).send([0])
        polling = asyncio.create_task(reader.poll(timeout_s=PATIENCE_S))
        await asyncio.to_thread(broker.kill)
        for _ in range(2):
            with pytest.raises(AppendFailed):
                await appender.append([ProducerRecord(topic, 0, None, bytes(600_000))] * 3)
        appending = asyncio.create_task(appender.append([ProducerRecord(topic, 0, None, b"x")]))
        await asyncio.sleep(0.1)
        for task in (polling, appending):
            task.cancel()
            await asyncio.wait([task])
    gc.collect()
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() == before
    assert [record for record in caplog.records if record.name == "asyncio"] == []
