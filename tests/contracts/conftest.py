"""One suite, every adapter: the memory log always, the real Kafka where it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.worlds import KafkaWorld, MemoryWorld, World


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.broker)])
def kind(request: pytest.FixtureRequest) -> str:
    """Which adapter the test runs on."""
    return str(request.param)


@pytest.fixture
def bootstrap(kind: str, request: pytest.FixtureRequest) -> str:
    """The broker's address, if one is needed; only then it is started."""
    return "" if kind == "memory" else request.getfixturevalue("broker").bootstrap


@pytest.fixture
async def world(kind: str, bootstrap: str) -> AsyncIterator[World]:
    """A log with nothing of other tests in the way."""
    world: World = MemoryWorld()
    if bootstrap:
        world = KafkaWorld(bootstrap, joins_readers=kind == "kafka, joined readers")
    yield world
    await world.close()
