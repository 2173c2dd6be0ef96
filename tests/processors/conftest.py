"""Fixtures of the processors' tests: one world, one link with a history."""

from __future__ import annotations

import pytest

from tests.processors.world import LinkWriter, World


@pytest.fixture(scope="module")
def world() -> World:
    return World(links=2)


@pytest.fixture(scope="module")
def writer(world: World) -> LinkWriter:
    made = LinkWriter(world, world.places[0], seed=5)
    made.play(100)
    made.put(made.records[0].value)
    made.play(19)
    return made
