"""The operator cuts what lies on the hostile link: that link stands still, and no other."""

from __future__ import annotations

from contextlib import suppress

import pytest

from blo_log import topics
from blo_log.errors import LogError
from blo_log.memory import MemoryCluster
from blo_log.port import TopicPartition
from tests.agents.world import CORRIDOR
from tests.hostile.arena import Arena
from tests.hostile.judge import judge_answers, judge_quiet_link
from tests.hostile.scene import Scene
from tests.hostile.world import HOSTILE, QUIET

EXCHANGE = topics.exchange_topic(CORRIDOR)
KEYED = (
    topics.keys_topic(CORRIDOR),
    topics.heads_topic(CORRIDOR),
    topics.liveness_topic(CORRIDOR),
    topics.cases_topic(CORRIDOR),
    topics.alerts_topic(CORRIDOR),
    topics.trail_topic(CORRIDOR),
)


def _cut(cluster: MemoryCluster, topic: str, how: str) -> None:
    """Take records of the hostile link away, at the beginning, at the end, or all."""
    place = TopicPartition(topic, 0)
    held = cluster.partition(place)
    if how == "beginning":
        cluster.truncate(place, held.end // 2)
    elif how == "end":
        del held.records[len(held.records) // 2 :]
    else:
        held.records.clear()
    cluster.wake()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["beginning", "end", "all"])
@pytest.mark.parametrize("topic", [EXCHANGE, *KEYED])
async def test_a_cut_of_one_link_stops_no_program_and_no_other_link(
    arena: Arena, topic: str, how: str
) -> None:
    async with arena.world() as (world, cluster):
        async with Scene(world, shaky=HOSTILE) as scene:
            await scene.settle()
            _cut(cluster, topic, how)
            await _goes_on(arena, scene)
        async with Scene(world, shaky=HOSTILE) as scene:
            await scene.settle()
            with suppress(LogError):
                await scene.audit()
            await judge_answers(scene)


async def _goes_on(arena: Arena, scene: Scene) -> None:
    await scene.work()
    await judge_answers(scene)
    await judge_quiet_link(scene, arena.expected)
    for running in scene.agents.values():
        assert not running.task.done()
        assert running.desk(QUIET).status.halted is None
    assert not scene.witness_task.done()
