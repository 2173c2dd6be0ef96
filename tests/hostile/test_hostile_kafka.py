"""A few rounds of the same on a real Kafka, one after another on one log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.topics import apply, plan
from tests.agents.world import CORRIDOR
from tests.conftest import BrokerFactory
from tests.hostile.arena import Arena
from tests.hostile.attacks import Move
from tests.hostile.hand import Hand
from tests.hostile.judge import judge
from tests.hostile.moves import MOVES
from tests.hostile.scene import LogBoard, Scene
from tests.hostile.world import PLACES

pytestmark = pytest.mark.broker
ROUNDS = 2


def _rounds(number: int) -> list[list[Move]]:
    """The moves of some rounds, drawn from a seed."""
    drawn: list[list[Move]] = []

    @settings(
        max_examples=ROUNDS,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(st.lists(MOVES, min_size=10, max_size=20))
    def draw(moves: list[Move]) -> None:
        drawn.append(moves)

    draw()
    return drawn


async def test_honest_programs_outlive_a_hostile_office_on_a_real_kafka(
    arena: Arena, broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    (tmp_path / "stores").mkdir()
    connection = KafkaConnection(bootstrap=broker_factory().bootstrap)
    world = arena.prelude.world_in(tmp_path / "stores", lambda: KafkaLog(connection))
    log = KafkaLog(connection)
    admin = await log.admin()
    await apply(admin, plan({CORRIDOR: len(PLACES)}, replication=1, min_isr=1, simulated_time=True))
    await admin.close()
    board = LogBoard(log)
    appender = await log.appender()
    await appender.append(arena.prelude.messages())
    await appender.close()
    hand = Hand(world, board, arena.prelude, 1)
    drawn = await asyncio.to_thread(_rounds, 1)
    async with world:
        async with Scene(world) as scene:
            for move in drawn[0]:
                await move.make(hand)
            await scene.work()
            await judge(scene, arena.expected)
        for moves in drawn[1:]:
            for move in moves:
                await move.make(hand)
            async with Scene(world) as scene:
                await scene.settle()
                await scene.meddle()
                await scene.settle()
                await judge(scene, arena.expected)
    await log.close()
