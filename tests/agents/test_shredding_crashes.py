"""Whatever step an agent dies at while a case is shredded: the deletion is a function of the log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.store.errors import StoreError
from blo_agent.store.writer import PROBE_POINTS
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.topics import exchange_topic
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.views import State
from tests.agents.crashing import CrashPlan, Killed, agree, same_place_same_bytes
from tests.agents.shredded import (
    consents,
    key_of,
    pages,
    state_of,
    traces,
    until_scrubbed,
    withdrawn,
)
from tests.agents.world import CORRIDOR, A, B, RunningAgent, World, all_read, two_offices
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.slow

PASSED = {
    **dict.fromkeys(PROBE_POINTS, (1, 2, 4)),
    **dict.fromkeys(("before_append", "after_append"), (1, 2)),
    **dict.fromkeys(("before_scrub", "after_scrub"), (1,)),
}
"""Each step at which an agent may die, and at which of its passes; it surely passes as often."""


class Fragile:
    """An office whose agent dies once and is started again, until its case is shredded."""

    def __init__(self, world: World, office: OfficeId) -> None:
        self.world = world
        self.office = office
        self.plan = CrashPlan()
        self.agent: RunningAgent
        self.lives = 0

    async def start(self) -> None:
        self.lives += 1
        self.plan = CrashPlan()
        self.agent = await self.world.agent(self.office, self.plan, self.plan)
        await self.agent.has_desk()

    async def shreds(self, case: CaseId) -> None:
        """Agrees and confirms, as often as it takes; what it may not do yet it tries again."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if self.plan.struck:
                    await self.agent.kill()
                    await self.start()
                if self.agent.view(case) and state_of(self.agent, case) is (State.SHREDDED):
                    return
                await self._tries(case)
                await asyncio.sleep(0.005)

    async def settles(self) -> None:
        """Dies no more, and is started again if it has died since."""
        if self.plan.disarm():
            await self.agent.kill()
            await self.start()

    async def _tries(self, case: CaseId) -> None:
        try:
            view = self.agent.view(case)
            if view is None:
                return
            if view.state is State.SHREDDING:
                await self.agent.do(Step.CONFIRM_SHREDDING, case)
            elif view.state is not State.SHREDDED:
                await consents(self.agent, case)
        except CommandRefused as refusal:
            if refusal.reason not in ("already_done", "not_shredded_yet", "not_legal_now"):
                raise
        except (StoreError, Killed, BaseExceptionGroup):
            # The death of the agent, as whoever talks to it sees it.
            if not self.plan.struck:
                raise


@pytest.mark.parametrize(
    ("point", "passes"), [(point, count) for point, counts in PASSED.items() for count in counts]
)
async def test_an_agent_that_died_while_shredding_deletes_and_confirms_once(
    tmp_path: Path, point: str, passes: int
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        a, b = Fragile(world, A), Fragile(world, B)
        for one in (a, b):
            await one.start()
        case = await withdrawn(a.agent, [b.agent])
        key = await key_of(a.agent, case)
        assert key is not None
        for one in (a, b):
            one.plan.arm(passes, point)
        await asyncio.gather(a.shreds(case), b.shreds(case))
        for one in (a, b):
            await one.settles()
        assert a.lives + b.lives > 2, "nobody died"
        end = len(cluster.records(exchange_topic(CORRIDOR), 0))
        await all_read([a.agent, b.agent], end)
        assert end == 6, "two consents, two confirmations, and nothing twice"
        same_place_same_bytes(cluster)
        await agree([a.agent, b.agent])
        for one in (a, b):
            await until_scrubbed(one.agent)
            assert await key_of(one.agent, case) is None
            await one.agent.stop()
            assert traces(pages(world, one.office), key) == []
