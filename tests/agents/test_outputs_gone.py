"""Crashes, restores, links folded anew, and topics that are not there: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_log import topics
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import TopicPartition
from blo_schemas.summary import Step
from tests.agents.crashing import CrashPlan, ended
from tests.agents.processing import (
    DAY_MS,
    Watched,
    a_watched,
    differing,
    kept,
    overdue,
    stored_alerts,
    told,
)
from tests.agents.started import begin, opened_case, up
from tests.agents.world import CORRIDOR, PROVINCE, A, B, all_read, two_offices

pytestmark = pytest.mark.slow

CASES = topics.cases_topic(CORRIDOR)
ALERTS = topics.alerts_topic(CORRIDOR)


@pytest.mark.parametrize(
    ("step", "at"), [*((step, None) for step in (1, 3, 5, 8, 11)), (1, "outputs taken")]
)
async def test_a_crash_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, step: int, at: str | None
) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        b, province = await begin(world, B, PROVINCE)
        case = (await b.open()).case
        await b.read(1)
        plan = CrashPlan()
        crashing = await world.agent(A, probe=plan, store_probe=plan)
        await crashing.read(1)
        worker = await world.worker()
        plan.arm(step, at)
        await b.do(Step.URGE, case)
        await all_read([b, province], 2)
        await worker.work()
        await ended(crashing)
        await crashing.kill()
        (a,) = await up(world, A)
        await all_read([a], 2)
        await kept(a, case, 1, 0)
        assert await differing(a) == []


def put_back(store: Path, backup: bytes) -> None:
    """Restore a store from a copy."""
    for path in store.parent.glob(f"{store.name}*"):
        path.unlink()
    store.write_bytes(backup)


async def test_after_a_restore_the_outputs_are_read_again(tmp_path: Path) -> None:
    async with a_watched(tmp_path) as (world, a):
        case = await opened_case(a)
        await a.stop()
        store = tmp_path / f"{A}.db"
        backup = store.read_bytes()
        a = await world.agent(A)
        world.later(40 * DAY_MS)
        await a.do(Step.URGE, case)
        await a.read(2)
        await (await world.worker()).work()
        await kept(a, case, 1, 10)
        await a.stop()
        put_back(store, backup)
        a = await world.agent(A)
        await kept(a, case, 1, 10)
        assert await differing(a) == []


async def test_a_link_that_is_folded_anew_keeps_its_alerts(tmp_path: Path) -> None:
    async with a_watched(tmp_path, difference_after_s=0) as (world, a):
        case = await overdue(world, [a])
        worker = await world.worker()
        await worker.work()
        await kept(a, case, 0, 10)
        before = await stored_alerts(a, case)
        known = len(world.documents)
        world.watch(version=2, effective_from=1)
        await world.publish_more(known)
        await a.heeds(world)
        assert await stored_alerts(a, case) == before
        await kept(a, case, 0, 10)
        await worker.work()
        await told(a)


@pytest.mark.parametrize("gone", [CASES, ALERTS])
async def test_an_agent_works_without_the_topics_and_reads_them_when_they_are_there(
    tmp_path: Path, gone: str
) -> None:
    cluster = MemoryCluster()
    async with Watched(tmp_path, cluster) as world:
        await world.publish()
        held = cluster.topics.pop(gone)
        a, b = agents = await up(world, A, B)
        case = await opened_case(a, [b])
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read(agents, 2)
        await a.until(lambda: gone in a.agent.checks()["processors"]().detail)
        assert a.agent.checks()["processors"]().ok
        cluster.topics[gone] = held
        await a.kill()
        (a,) = await up(world, A)
        await (await world.worker()).work()
        await kept(a, case, 1, 0)
        await a.until(lambda: not a.agent.checks()["processors"]().detail)


async def test_topics_that_were_made_anew_are_read_from_their_beginning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster = MemoryCluster()
    async with Watched(tmp_path, cluster) as world:
        world.difference_after_s = 0
        (a,) = await begin(world, A)
        case = await overdue(world, [a])
        worker = await world.worker()
        await worker.work()
        await kept(a, case, 0, 10)
        for topic in (CASES, ALERTS):
            held = cluster.partition(TopicPartition(topic, 0))
            held.records.clear()
            held.begin = 0
        await a.do(Step.URGE, case)
        await a.read(3)
        await (await world.worker()).work()
        await kept(a, case, 2, 10)
        await told(a)
        assert "outputs were cut" in capfd.readouterr().err


async def test_a_link_without_processors_reads_none(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        for topic in (CASES, ALERTS):
            cluster.delete_topic(topic)
        a, b = await up(world, A, B)
        case = await opened_case(a, [b])
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b], 2)
        assert a.agent.checks()["processors"]().detail == ""
