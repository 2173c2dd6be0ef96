"""Faust's part on a real Kafka: what is committed when it is asked to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.admin import AIOKafkaAdminClient

from blo_lab.broker import EmbeddedBroker
from blo_log import ProducerRecord, topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_processors.config import GroupSettings
from blo_processors.faust_app import FaustStream, group_of
from blo_processors.link.runner import Delivered
from tests.agents.world import CORRIDOR
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.broker

TOPIC = topics.exchange_topic(CORRIDOR)
RECORDS = 50


async def committed(broker: EmbeddedBroker) -> int:
    """Where a worker that comes next would be sent on from."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group_of(CORRIDOR))
    finally:
        await admin.close()
    place = KafkaPartition(TOPIC, 0)
    return max(found[place].offset, 0) if place in found else 0


async def test_what_was_acknowledged_is_committed_at_the_end_and_nothing_else(
    broker_factory: Callable[..., EmbeddedBroker],
) -> None:
    broker = broker_factory()
    log = KafkaLog(KafkaConnection(bootstrap=broker.bootstrap))
    await topics.apply(await log.admin(), topics.plan({CORRIDOR: 1}, replication=1, min_isr=1))
    appender = await log.appender()
    await appender.append([ProducerRecord(TOPIC, 0, b"k", b"%d" % n) for n in range(RECORDS)])
    before = 0
    for acknowledged in (0, 30, RECORDS):
        delivered: list[Delivered] = []
        stream = FaustStream(
            CORRIDOR,
            TOPIC,
            [broker.bootstrap],
            None,
            GroupSettings(instance="one"),
            partitions=lambda: 1,
            deliver=lambda _, one, delivered=delivered: delivered.append(one),  # type: ignore[misc]
            assign=lambda _: None,
        )
        running = asyncio.create_task(stream.run())
        async with asyncio.timeout(PATIENCE_S):
            while len(delivered) < RECORDS - before:
                assert not running.done(), running.exception()
                await asyncio.sleep(0.01)
        assert [one.stored.offset for one in delivered] == list(range(before, RECORDS))
        for one in delivered[: acknowledged - before]:
            one.done()
        await stream.stop()
        await running
        assert await committed(broker) == acknowledged
        before = acknowledged
    await log.close()


class RecordedStream(FaustStream):
    """A stream that shows the Faust apps that it has made."""

    def __init__(self, servers: str, delivered: list[Delivered], assigned: list[set[int]]) -> None:
        self.apps: list[Any] = []
        super().__init__(
            CORRIDOR,
            TOPIC,
            [servers],
            None,
            GroupSettings(instance="one"),
            partitions=lambda: 1,
            deliver=lambda _, record: delivered.append(record),
            assign=lambda partitions: assigned.append(set(partitions)),
        )

    def make_app(self) -> Any:
        self.apps.append(super().make_app())
        return self.apps[-1]


async def test_a_faust_that_crashes_is_replaced_by_a_new_app_in_the_same_process(
    broker_factory: Callable[..., EmbeddedBroker],
) -> None:
    broker = broker_factory()
    log = KafkaLog(KafkaConnection(bootstrap=broker.bootstrap))
    await topics.apply(await log.admin(), topics.plan({CORRIDOR: 1}, replication=1, min_isr=1))
    appender = await log.appender()
    delivered: list[Delivered] = []
    assigned: list[set[int]] = []
    stream = RecordedStream(broker.bootstrap, delivered, assigned)
    running = asyncio.create_task(stream.run())

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                assert not running.done(), running.exception()
                await asyncio.sleep(0.01)

    await appender.append([ProducerRecord(TOPIC, 0, b"k", b"0")])
    await until(lambda: len(delivered) == 1)
    await stream.apps[0].crash(RuntimeError("a commit has failed"))
    await until(lambda: "a commit has failed" in stream.failure)
    assert not stream.check().ok
    await appender.append([ProducerRecord(TOPIC, 0, b"k", b"1")])
    await until(lambda: delivered[-1].stored.offset == 1 and stream.check().ok)
    # Nothing was acknowledged, so the new app delivers the first record again.
    assert [record.stored.offset for record in delivered[-2:]] == [0, 1]
    assert assigned[-1] == {0}
    assert stream.apps[0].crashed
    assert stream.apps[-1] is not stream.apps[0]
    assert not stream.apps[-1].crashed
    await stream.stop()
    await running
    await log.close()
