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
    return request.getfixturevalue("broker").bootstrap if kind == "kafka" else ""


@pytest.fixture
async def world(bootstrap: str) -> AsyncIterator[World]:
    """A log with nothing of other tests in the way."""
    world: World = KafkaWorld(bootstrap) if bootstrap else MemoryWorld()
    yield world
    await world.close()
