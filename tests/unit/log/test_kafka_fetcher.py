"""Readers of one moment ask Kafka once which partitions a topic has."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import UnknownTopicOrPartitionError

from blo_log.kafka import KafkaConnection, fetcher
from blo_log.kafka.fetcher import KafkaFetcher

TOPIC = "blo.exchange.la-vn"


class Asked:
    """Stands in for the broker's answer."""

    def __init__(self) -> None:
        self.count = 0
        self.partitions = frozenset({0, 1, 2})
        self.error: Exception | None = None

    async def answer(self, client: AIOKafkaClient, topic: str) -> frozenset[int]:
        del client, topic
        self.count += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.partitions


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()

    async def add_topic(client: AIOKafkaClient, topic: str) -> None:
        del client, topic

    monkeypatch.setattr(fetcher, "known_partitions", made.answer)
    monkeypatch.setattr(AIOKafkaClient, "add_topic", add_topic)
    return made


@pytest.fixture
async def shared() -> KafkaFetcher:
    return KafkaFetcher(KafkaConnection(bootstrap="127.0.0.1:9"))


async def test_a_thousand_readers_of_one_moment_share_an_answer(
    asked: Asked, shared: KafkaFetcher
) -> None:
    answers = await asyncio.gather(*(shared.partitions(TOPIC, {1}) for _ in range(1000)))
    assert set(answers) == {asked.partitions}
    await shared.partitions(TOPIC, {0, 2})
    assert asked.count == 1
    await shared.close()


async def test_a_partition_that_was_not_there_is_asked_for_anew(
    asked: Asked, shared: KafkaFetcher
) -> None:
    await shared.partitions(TOPIC, {1})
    asked.partitions |= {3}
    assert 3 in await shared.partitions(TOPIC, {3})
    assert asked.count == 2
    await shared.close()


async def test_who_doubts_that_a_topic_is_there_gets_a_new_answer(
    asked: Asked, shared: KafkaFetcher
) -> None:
    await shared.partitions(TOPIC, {1})
    asked.error = UnknownTopicOrPartitionError(TOPIC)
    with pytest.raises(UnknownTopicOrPartitionError):
        await shared.partitions(TOPIC)
    await shared.close()


async def test_an_old_answer_does_not_count(
    asked: Asked, shared: KafkaFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shared.partitions(TOPIC, {1})
    monkeypatch.setattr(fetcher, "_MOMENT_S", 0.0)
    await shared.partitions(TOPIC, {1})
    assert asked.count == 2
    await shared.close()


async def test_a_reader_that_is_cancelled_leaves_the_others_their_answer(
    asked: Asked, shared: KafkaFetcher
) -> None:
    first = asyncio.create_task(shared.partitions(TOPIC, {1}))
    second = asyncio.create_task(shared.partitions(TOPIC, {1}))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == asked.partitions
    assert asked.count == 1
    await shared.close()
