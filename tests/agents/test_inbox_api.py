"""The inbox over real HTTP: what must be done next, by whom, by when; page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from blo_log.memory import MemoryCluster
from blo_runtime.http import serve
from blo_schemas.ids import CaseId, OfficeId
from blo_schemas.summary import PauseGround, Step
from tests.agents.office_socket import as_office
from tests.agents.processing import DAY_MS, Watched
from tests.agents.started import opened_case, up
from tests.agents.test_api import Client
from tests.agents.world import ANSWER, LINK, A, B, RunningAgent, all_read


class TwoDesks:
    """Both offices of a link, each with its API, at a time that stands still."""

    def __init__(self, world: Watched, agents: list[RunningAgent], clients: list[Client]) -> None:
        self.world = world
        self.a, self.b = agents
        self.at_a, self.at_b = clients
        self.agents = agents

    async def open(self) -> str:
        return (await opened_case(self.a, [self.b])).hex()

    def _has_opened(self, reader: RunningAgent, other: OfficeId) -> bool:
        """Whether the other's head over all records has come."""
        head = reader.agent.office.heads.get((LINK, other))
        size = reader.desk().size
        return size == 0 or (head is not None and head.size == size and head.unopened == 0)

    async def kinds(self) -> tuple[dict[str, int], dict[str, int]]:
        """What each office has in its inbox, by kind."""
        await self.a.until(lambda: self._has_opened(self.a, B))
        await self.b.until(lambda: self._has_opened(self.b, A))
        answers = [await got(client) for client in (self.at_a, self.at_b)]
        counts = []
        for answer in answers:
            listed: dict[str, int] = {}
            for entry in answer["entries"]:
                listed[entry["kind"]] = listed.get(entry["kind"], 0) + 1
            assert {kind: count for kind, count in answer["counts"].items() if count} == listed
            counts.append(listed)
        return counts[0], counts[1]


async def got(client: Client, **asked: Any) -> Any:
    status, answer = await client.ask(f"/v1/inbox?{urlencode(asked, doseq=True)}")
    assert status == 200, answer
    return answer


@asynccontextmanager
async def two_desks(folder: Path) -> AsyncIterator[TwoDesks]:
    async with Watched(folder, MemoryCluster()) as world:
        await world.publish()
        agents = await up(world, A, B)
        servers = [await serve(as_office(one.agent)) for one in agents]
        try:
            clients = [Client(server.url, one) for server, one in zip(servers, agents, strict=True)]
            yield TwoDesks(world, agents, clients)
        finally:
            for server in servers:
                await server.stop()


async def test_a_case_goes_through_the_inboxes_of_both_offices(tmp_path: Path) -> None:
    async with two_desks(tmp_path) as desks:
        assert await desks.kinds() == ({}, {})
        case = CaseId(bytes.fromhex(await desks.open()))
        assert await desks.kinds() == ({"waiting": 1}, {"to_acknowledge": 1})
        (entry,) = (await got(desks.at_b))["entries"]
        assert entry["case"] == case.hex()
        assert entry["owed_by"] == [B]
        assert entry["is_ours"]
        assert entry["clock"] == "acknowledge"
        assert entry["due_local"] == "2025-03-06 00:00 +0700"
        assert entry["zone"] == "Asia/Vientiane"
        assert entry["subject"] == "(fictional) about a fictional person"
        assert entry["words"] == (
            "Your office must acknowledge the verification request by 2025-03-06 00:00 +0700."
        )
        # Of two working days the warning comes after the first.
        desks.world.later(2 * DAY_MS)
        assert await desks.kinds() == ({"waiting": 1}, {"due_soon": 1})
        desks.world.later(2 * DAY_MS)
        assert await desks.kinds() == ({"overdue": 1}, {"overdue": 1})
        (late,) = (await got(desks.at_a))["entries"]
        assert (late["owed_by"], late["is_ours"]) == ([B], False)
        assert 0 < late["late_ms"] <= 2 * DAY_MS
        await desks.b.do(Step.ACKNOWLEDGE, case)
        await all_read(desks.agents, 2)
        assert await desks.kinds() == ({"waiting": 1}, {"to_do": 1})
        await desks.b.do(Step.PAUSE, case, reason="(fictional)", pause_ground=PauseGround.COURT)
        await all_read(desks.agents, 3)
        assert await desks.kinds() == ({"paused": 1}, {"paused": 1})
        await desks.b.do(Step.RESUME, case)
        await desks.b.do(Step.ACCEPT, case)
        await desks.b.do(Step.ASSIGN, case, {"agency": "police"})
        await desks.b.do(Step.ANSWER, case, ANSWER)
        await all_read(desks.agents, 7)
        # No clock runs; whose turn it is says the lifecycle.
        assert await desks.kinds() == ({"to_do": 1}, {"waiting": 1})
        await desks.a.do(Step.CLOSE, case)
        await all_read(desks.agents, 8)
        assert await desks.kinds() == ({}, {})


async def test_a_case_that_is_returned_waits_for_whoever_opened_it(tmp_path: Path) -> None:
    async with two_desks(tmp_path) as desks:
        case = CaseId(bytes.fromhex(await desks.open()))
        await desks.b.do(Step.ACKNOWLEDGE, case)
        await desks.b.do(Step.RETURN_FOR_INFORMATION, case)
        await all_read(desks.agents, 3)
        assert await desks.kinds() == ({"to_do": 1}, {"waiting": 1})
        (entry,) = (await got(desks.at_a))["entries"]
        assert (entry["due"], entry["owed_by"]) == (None, [A])
        assert entry["words"] == (
            "The clock to answer the verification request stands still. Your office must act."
        )


async def test_the_inbox_is_paged_and_filtered(tmp_path: Path) -> None:
    async with two_desks(tmp_path) as desks:
        cases = [await desks.open() for _ in range(5)]
        whole = [entry["case"] for entry in (await got(desks.at_b))["entries"]]
        assert sorted(whole) == sorted(cases)
        first = await got(desks.at_b, limit=2)
        # What comes between two pages repeats and hides nothing of the others.
        await desks.open()
        second = await got(desks.at_b, limit=2, after=first["next"])
        third = await got(desks.at_b, limit=2, after=second["next"])
        paged = [entry["case"] for page in (first, second, third) for entry in page["entries"]]
        assert [case for case in paged if case in whole] == whole
        assert len(set(paged)) == len(paged)
        assert (await got(desks.at_b, owed_by="us"))["counts"]["to_acknowledge"] == 6
        assert (await got(desks.at_b, owed_by=A))["entries"] == []
        assert (await got(desks.at_b, kind="waiting"))["counts"] == {"waiting": 0}
        assert (await got(desks.at_b, case_kind="patrol"))["entries"] == []
        assert len((await got(desks.at_b, due_before="2025-03-06T00:00:01+07:00"))["entries"]) == 6
        assert (await got(desks.at_b, due_before="2025-03-06T00:00:00+07:00"))["entries"] == []


HOSTILE: list[dict[str, Any]] = [
    {"after": "x"},
    {"after": "AAAA"},
    {"after": "é" * 20},
    {"after": "A" * 100_000},
    {"limit": 0},
    {"limit": 201},
    {"limit": 10**30},
    {"kind": "nothing"},
    {"case_kind": "nothing"},
    {"owed_by": "NOBODY\0"},
    {"due_before": "2025-03-06T00:00:00"},
    {"due_before": "yesterday"},
]


async def test_a_hostile_question_is_refused(tmp_path: Path) -> None:
    async with two_desks(tmp_path) as desks:
        for _ in range(3):
            await desks.open()
        for asked in HOSTILE:
            status, answer = await desks.at_b.ask(f"/v1/inbox?{urlencode(asked)}")
            assert status == 400, (asked, answer)
        cursor = (await got(desks.at_b, limit=1))["next"]
        others: list[dict[str, Any]] = [{"limit": 1, "owed_by": "us"}, {"kind": "overdue"}]
        for asked in others:
            status, answer = await desks.at_b.ask(
                f"/v1/inbox?{urlencode({**asked, 'after': cursor})}"
            )
            assert status == 400, "a cursor of another question"
        assert (await desks.at_b.ask("/v1/inbox?link=elsewhere"))[0] == 404


async def listed(client: Client, path: str = "/v1/cases", **asked: Any) -> list[str]:
    """All pages of a list of cases, two at a time."""
    cases: list[str] = []
    after: dict[str, Any] = {}
    while True:
        status, answer = await client.ask(f"{path}?{urlencode({**asked, **after, 'limit': 2})}")
        assert status == 200, answer
        assert len(answer["cases"]) <= 2
        cases += [case["case"] for case in answer["cases"]]
        if answer["next"] is None:
            return cases
        after = {"after": answer["next"]}


async def test_the_list_of_cases_is_paged_sorted_and_filtered(tmp_path: Path) -> None:
    async with two_desks(tmp_path) as desks:
        cases = []
        for _ in range(5):
            cases.append(await desks.open())
            desks.world.later(1000)
        assert await listed(desks.at_a) == sorted(cases)
        assert await listed(desks.at_a, f"/v1/links/{LINK}/cases") == sorted(cases)
        assert await listed(desks.at_a, sort="moved") == cases[::-1]
        assert await listed(desks.at_a, sort="due") == sorted(cases)
        moved = CaseId(bytes.fromhex(cases[2]))
        await desks.b.do(Step.ACKNOWLEDGE, moved)
        await all_read(desks.agents, 6)
        assert (await listed(desks.at_a, sort="moved"))[0] == cases[2]
        assert (await listed(desks.at_a, sort="due"))[-1] == cases[2]
        assert await listed(desks.at_a, state="acknowledged") == [cases[2]]
        assert await listed(desks.at_a, owed_by=B) == sorted(cases)
        assert await listed(desks.at_a, owed_by="us") == []
        assert len(await listed(desks.at_a, due_before="2025-03-06T00:00:01+07:00")) == 4
        assert await listed(desks.at_a, kind="patrol") == []
        await desks.a.do(Step.WITHDRAW, moved)
        await all_read(desks.agents, 7)
        assert cases[2] not in await listed(desks.at_a, sort="due")
        for asked in ({"sort": "size"}, {"state": "lost"}, {"after": "x"}, {"limit": 0}):
            assert (await desks.at_a.ask(f"/v1/cases?{urlencode(asked)}"))[0] == 400, asked


async def test_a_page_by_id_is_stable_whatever_comes_between(tmp_path: Path) -> None:
    async with two_desks(tmp_path) as desks:
        before = sorted([await desks.open() for _ in range(4)])
        status, first = await desks.at_a.ask("/v1/cases?limit=2")
        assert status == 200
        later = [await desks.open() for _ in range(3)]
        await desks.b.do(Step.ACKNOWLEDGE, CaseId(bytes.fromhex(before[0])))
        await all_read(desks.agents, 8)
        seen = [case["case"] for case in first["cases"]]
        after = first["next"]
        while after is not None:
            _, page = await desks.at_a.ask(f"/v1/cases?limit=2&after={after}")
            seen += [case["case"] for case in page["cases"]]
            after = page["next"]
        assert len(seen) == len(set(seen))
        assert [case for case in seen if case in before] == before
        assert set(seen) - set(before) <= set(later)
