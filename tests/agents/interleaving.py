"""What tests of crossing steps share: how often they play, and what must hold when all is still."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import HealthCheck, settings

from blo_log.memory import MemoryCluster
from blo_log.topics import exchange_topic
from tests.agents.crashing import agree, same_place_same_bytes
from tests.agents.world import CORRIDOR, RunningAgent, all_read
from tests.patience import PATIENCE_S

PLAYS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


async def come_to_rest(
    cluster: MemoryCluster, agents: Sequence[RunningAgent], timeout_s: float = PATIENCE_S
) -> None:
    """Wait until all is sent and all is read."""
    async with asyncio.timeout(timeout_s):
        while True:
            end = len(cluster.records(exchange_topic(CORRIDOR), 0))
            await all_read(list(agents), end)
            if end == len(cluster.records(exchange_topic(CORRIDOR), 0)):
                return


async def come_to_agree(cluster: MemoryCluster, agents: Sequence[RunningAgent]) -> None:
    """With every line up and nothing under way, all agents come to the same."""
    for one in agents:
        one.line_up()
    await come_to_rest(cluster, agents)
    same_place_same_bytes(cluster)
    await agree(list(agents))
