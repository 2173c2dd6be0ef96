"""Making topics where a broker learns late of them, or counts as away for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, UnknownTopicOrPartitionError
from aiokafka.protocol.api import Request
from aiokafka.protocol.metadata import MetadataRequest

from blo_log import TopicRefused, TopicSpec
from blo_log.kafka.admin import KafkaAdmin
from blo_log.kafka.connection import KafkaConnection, know_a_broker, known_partitions

UNKNOWN = 3
NO_REPLICAS = 38
LEADER = 1
MADE = TopicSpec("made", 1, 1, {})


class LateBroker:
    """Answers as a broker whose metadata trail behind."""

    def __init__(self, answers: Iterator[Any]) -> None:
        self._answers = answers
        self.asked = 0
        self.unknown_for = 0

    def get_random_node(self) -> int | None:
        return LEADER if self.asked >= self.unknown_for else None

    async def force_metadata_update(self) -> None:
        self.asked += 1

    async def create_topics(self, topics: list[NewTopic]) -> Any:
        assert [topic.name for topic in topics] == ["made"]
        code = next(self._answers)
        return SimpleNamespace(topic_errors=[("made", code, "All brokers are fenced")])

    async def send(self, node: int, request: Request) -> Any:
        assert node == LEADER
        assert isinstance(request, MetadataRequest)
        return next(self._answers)


def answer(code: int, partitions: int) -> Any:
    rows = [(0, index, LEADER, [LEADER], [LEADER]) for index in range(partitions)]
    return SimpleNamespace(topics=[(code, "made", False, rows)])


def admin_at(*answers: Any) -> KafkaAdmin:
    admin = KafkaAdmin(KafkaConnection(bootstrap="localhost:1"))
    late = LateBroker(iter(answers))
    late._client = late  # type: ignore[attr-defined]
    admin._client = cast("AIOKafkaAdminClient", late)
    return admin


def client(*answers: Any) -> AIOKafkaClient:
    return cast("AIOKafkaClient", LateBroker(iter(answers)))


async def test_added_partitions_are_waited_for_until_the_broker_knows_them() -> None:
    late = client(answer(UNKNOWN, 0), answer(0, 1), answer(0, 1), answer(0, 2))
    assert await known_partitions(late, "made", at_least=2, grace_s=60) == {0, 1}


async def test_who_only_asks_takes_what_there_is() -> None:
    assert await known_partitions(client(answer(0, 1), answer(0, 2)), "made") == {0}


async def test_partitions_that_never_come_are_an_error() -> None:
    with pytest.raises(UnknownTopicOrPartitionError, match="made"):
        await known_partitions(client(answer(0, 1)), "made", at_least=2, grace_s=-1)


async def test_a_topic_is_asked_for_again_while_the_broker_counts_as_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blo_log.kafka.admin._ASK_AGAIN_S", 0)
    await admin_at(NO_REPLICAS, NO_REPLICAS, 0, answer(0, 1)).create(MADE)


async def test_a_topic_with_more_copies_than_brokers_is_refused_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blo_log.kafka.admin._FENCED_S", -1)
    with pytest.raises(TopicRefused, match="topic made was refused: All brokers are fenced"):
        await admin_at(NO_REPLICAS).create(MADE)


async def test_a_client_that_was_started_while_the_broker_was_away_asks_until_it_knows_it() -> None:
    late = LateBroker(iter([answer(0, 1)]))
    late.unknown_for = 3
    assert await known_partitions(cast("AIOKafkaClient", late), "made") == {0}
    assert late.asked == late.unknown_for


async def test_a_client_that_is_told_of_no_broker_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blo_log.kafka.connection._NO_BROKER_S", -1)
    late = LateBroker(iter([]))
    late.unknown_for = 1
    with pytest.raises(KafkaConnectionError, match="no broker is known"):
        await know_a_broker(cast("AIOKafkaClient", late))
