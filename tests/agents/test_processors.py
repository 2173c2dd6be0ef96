"""What processors write about a link: kept beside the cases, compared with the office's own log."""

from __future__ import annotations

from pathlib import Path

from blo_log.memory import MemoryCluster
from blo_schemas.ids import CaseId
from blo_schemas.policy import Rung
from blo_schemas.summary import Step
from tests.agents.processing import (
    DAY_MS,
    Watched,
    differing,
    shown,
    standing,
    stored_alerts,
)
from tests.agents.world import LINK, PROVINCE, A, B, RunningAgent, all_read


async def three(world: Watched) -> list[RunningAgent]:
    agents = [await world.agent(one) for one in (A, B, PROVINCE)]
    for one in agents:
        await one.until(lambda one=one: LINK in one.agent.office.desks)  # type: ignore[misc]
    return agents


async def kept(agent: RunningAgent, case: CaseId, position: int, alerts: int) -> None:
    """Wait until the agent has the processor's record of a case, and so many alerts about it."""

    async def there() -> bool:
        record = await shown(agent, case)
        found = await stored_alerts(agent, case)
        return record is not None and record.view.position == position and len(found) == alerts

    await agent.until_true(there)


async def test_records_and_alerts_are_kept_beside_the_case_at_all_readers(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        a, b, province = agents = await three(world)
        worker = await world.worker()
        case = (await a.open()).case
        await all_read(agents, 1)
        await worker.work()
        for one in agents:
            await kept(one, case, 0, 0)
        world.later(40 * DAY_MS)
        other = (await a.open()).case
        await all_read(agents, 2)
        await worker.work()
        for one in agents:
            await kept(one, case, 0, 10)
            await kept(one, other, 1, 0)
            assert {alert.rung for alert in await standing(one)} == set(Rung)
        await b.do(Step.ACKNOWLEDGE, case)
        await b.do(Step.DECLINE, case)
        await all_read(agents, 4)
        await worker.work()
        for one in agents:
            await kept(one, case, 3, 20)
            assert await standing(one) == []
            assert await differing(one) == []
            assert not one.agent.checks()["processors"]().detail
        assert province.agent.receiver.is_connected
