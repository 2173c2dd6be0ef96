"""Clocks, alerts and differences over real HTTP: who must act by when, in words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from blo_log.memory import MemoryCluster
from blo_runtime.http import serve
from blo_schemas.ids import OfficeId
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import PauseGround, Step
from blo_schemas.views import State
from tests.agents.office_socket import as_office
from tests.agents.processing import (
    DAY_MS,
    PROCESSOR,
    Watched,
    kept,
    overdue,
    own_record,
    told,
)
from tests.agents.started import opened_case, up
from tests.agents.test_api import Client
from tests.agents.world import LINK, PROVINCE, A, B, RunningAgent, all_read

pytestmark = pytest.mark.slow


@asynccontextmanager
async def clients(
    world: Watched, *offices: OfficeId
) -> AsyncIterator[tuple[list[RunningAgent], list[Client]]]:
    agents = await up(world, *offices)
    servers = [await serve(as_office(one.agent)) for one in agents]
    try:
        pairs = zip(servers, agents, strict=True)
        yield agents, [Client(server.url, one) for server, one in pairs]
    finally:
        for server in servers:
            await server.stop()


async def got(client: Client, path: str) -> Any:
    status, answer = await client.ask(path)
    assert status == 200, answer
    return answer


async def test_a_case_shows_its_clocks_in_the_offices_own_time_zone(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        async with clients(world, A, B, PROVINCE) as (agents, (a, b, province)):
            case = await opened_case(agents[0], agents[1:])
            path = f"/v1/links/{LINK}/cases/{case.hex()}"
            acknowledge, answer = (await got(a, path))["clocks"]
            # Two working days after Monday, 3 March 2025, end with Wednesday.
            assert acknowledge["due_local"] == "2025-03-06 00:00 +0700"
            assert acknowledge["zone"] == "Asia/Ho_Chi_Minh"
            assert acknowledge["standing"] == "running"
            assert acknowledge["owed_by"] == [B]
            assert acknowledge["words"] == (
                "la-b must acknowledge the verification request by 2025-03-06 00:00 +0700."
            )
            assert answer["clock"] == "answer"
            own = (await got(b, path))["clocks"][0]
            assert own["zone"] == "Asia/Vientiane"
            assert own["words"].startswith("Your office must acknowledge the verification request")
            # A superior has no zone in the agreement and reads its branch's.
            assert (await got(province, path))["clocks"][0]["zone"] == "Asia/Ho_Chi_Minh"
            await agents[1].do(
                Step.PAUSE, case, reason="(fictional)", pause_ground=PauseGround.COURT
            )
            await all_read(agents, 2)
            paused = (await got(a, path))["clocks"][1]
            assert paused["standing"] == "paused"
            assert paused["due"] is None
            assert paused["paused_because"] == ["a court decides"]
            assert "stands still" in paused["words"]


async def test_the_list_says_who_must_act_by_when_and_up_to_whom_it_has_come(
    tmp_path: Path,
) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        async with clients(world, A, B, PROVINCE) as (agents, (a, b, province)):
            case = await overdue(world, agents)
            assert (await got(a, "/v1/alerts"))["alerts"] == []
            worker = await world.worker()
            await worker.work()
            for one in agents:
                await kept(one, case, 0, 10)
            mine, others, above = [
                (await got(one, "/v1/alerts"))["alerts"] for one in (a, b, province)
            ]
            assert [one["alert"]["clock"] for one in mine] == ["acknowledge", "answer"]
            assert [one["alert"]["due"] for one in mine] == sorted(
                one["alert"]["due"] for one in mine
            )
            assert {one["role"] for one in mine} == {"notified"}
            assert {one["role"] for one in others} == {"must_act"}
            assert {one["role"] for one in above} == {"notified"}
            # Nobody is named for the ministry's rung, so the offices themselves are told.
            assert [one["alert"]["cause"] for one in others] == [EscalationLevel.MINISTRY] * 2
            assert [one["alert"]["cause"] for one in above] == [EscalationLevel.PROVINCE] * 2
            assert above[0]["alert"]["words"] == (
                "la-b had to acknowledge the verification request by 2025-03-06 00:00 +0700. "
                "It is late: the superior offices are told."
            )
            assert others[0]["alert"]["words"].startswith("Your office had to acknowledge")
            assert above[0]["alert"]["by_the_rules"] is True
            assert (await got(a, f"/v1/alerts?link={LINK}"))["alerts"] == mine
            status, answer = await a.ask("/v1/alerts?link=elsewhere")
            assert status == 404
            assert "has no link elsewhere" in answer["detail"]
            await agents[1].do(Step.ACKNOWLEDGE, case)
            await all_read(agents, 3)
            await worker.work()
            await kept(agents[0], case, 2, 15)
            assert [one["alert"]["clock"] for one in (await got(a, "/v1/alerts"))["alerts"]] == [
                "answer"
            ]
            history = (await got(a, f"/v1/links/{LINK}/cases/{case.hex()}"))["alerts"]
            assert len(history) == 10
            cleared = [one for one in history if not one["is_standing"]]
            assert {one["clock"] for one in cleared} == {"acknowledge"}
            assert {one["cleared_by"] for one in cleared} == {"acknowledge"}
            assert all(one["by_the_rules"] for one in history)


async def test_a_warning_is_for_whoever_must_act_and_whoever_waits(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        await world.publish()
        async with clients(world, A, B, PROVINCE) as (agents, (a, b, province)):
            case = await opened_case(agents[0], agents[1:])
            # Of two working days the warning comes after the first.
            world.later(2 * DAY_MS)
            await agents[0].do(Step.URGE, case)
            await all_read(agents, 2)
            await (await world.worker()).work()
            for one in agents:
                await kept(one, case, 1, 1)
            (waits,) = (await got(a, "/v1/alerts"))["alerts"]
            (acts,) = (await got(b, "/v1/alerts"))["alerts"]
            assert (waits["role"], acts["role"]) == ("waits", "must_act")
            assert acts["alert"]["words"].endswith("The time is nearly over.")
            assert (await got(province, "/v1/alerts"))["alerts"] == []


async def test_a_difference_is_shown_on_the_link_and_on_the_case(tmp_path: Path) -> None:
    async with Watched(tmp_path, MemoryCluster()) as world:
        world.difference_after_s = 0
        await world.publish()
        async with clients(world, A) as (agents, (a,)):
            case = await opened_case(agents[0], agents[1:])
            true = await own_record(agents[0], case)
            view = msgspec.structs.replace(true.view, state=State.CLOSED)
            liar = world.liar()
            await liar.say(liar.case(msgspec.structs.replace(true, view=view)))
            await told(agents[0], "case")
            (on_link,) = (await got(a, f"/v1/links/{LINK}"))["differences"]
            (on_case,) = (await got(a, f"/v1/links/{LINK}/cases/{case.hex()}"))["differences"]
            assert on_link == on_case
            assert on_case["processor"] == PROCESSOR
            assert on_case["case"] == case.hex()
            assert "call the operator" in on_case["words"]
