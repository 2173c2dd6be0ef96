"""Asking a broker that learns late of what the controller has made."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.protocol.api import Request
from aiokafka.protocol.metadata import MetadataRequest

from blo_log.kafka.connection import known_partitions

UNKNOWN = 3
LEADER = 1


class LateBroker:
    """Answers as a broker whose metadata trail behind."""

    def __init__(self, answers: Iterator[Any]) -> None:
        self._answers = answers

    def get_random_node(self) -> int:
        return LEADER

    async def send(self, node: int, request: Request) -> Any:
        assert node == LEADER
        assert isinstance(request, MetadataRequest)
        return next(self._answers)


def answer(code: int, partitions: int) -> Any:
    rows = [(0, index, LEADER, [LEADER], [LEADER]) for index in range(partitions)]
    return SimpleNamespace(topics=[(code, "made", False, rows)])


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
