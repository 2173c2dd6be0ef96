"""The office's API over real HTTP: who may ask, what is refused, and in which words."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from blo_agent.api.app import office_api
from blo_agent.config import API_SOCKET
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import journal
from blo_cli.client import AgentClient
from blo_cli.errors import AgentAnswerError
from blo_log.memory import MemoryCluster, MemoryLog
from blo_runtime.http import serve
from blo_runtime.http_connections import PEER
from blo_runtime.unix_socket import PeerCredentials
from blo_schemas.bundle import SIGNED_DISCLOSURE
from blo_schemas.ids import LinkId
from tests.agents.office_socket import as_office
from tests.agents.shredded import tombstones_sent
from tests.agents.world import LINK, REQUEST, A, B, RunningAgent, World, all_read, two_offices
from tests.patience import PATIENCE_S

MOMENT = "2025-02-20T08:00:00+07:00"


class Client:
    """Asks one office's API."""

    def __init__(self, url: str, running: RunningAgent) -> None:
        self.url = url
        self.running = running

    async def ask(
        self,
        path: str,
        body: Any = None,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(
            self.url + path,
            data=None if body is None else data,
            method=method or ("GET" if body is None else "POST"),
            headers={"Content-Type": "application/json", **(headers or {})},
        )

        def call() -> tuple[int, Any]:
            try:
                with urlopen(request, timeout=PATIENCE_S) as answer:
                    return answer.status, json.load(answer)
            except HTTPError as error:
                with error:
                    return error.code, json.load(error)

        return await asyncio.to_thread(call)

    async def command(self, **fields: Any) -> tuple[int, Any]:
        return await self.ask("/v1/commands", {"link": LINK, "on": "2025-02-20", **fields})

    async def opened(self) -> str:
        status, answer = await self.command(
            kind="verification_request",
            step="open",
            fields=REQUEST,
            dispatch={"subject": "fictional"},
        )
        assert status == 201, answer
        case: str = answer["case"]
        return case


@asynccontextmanager
async def two_clients(folder: Path) -> AsyncIterator[tuple[World, Client, Client]]:
    cluster = MemoryCluster()
    async with two_offices(folder, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        clients = []
        servers = []
        for office in (A, B):
            running = await world.agent(office)
            await running.read(0)
            server = await serve(as_office(running.agent))
            servers.append(server)
            clients.append(Client(server.url, running))
        try:
            yield world, clients[0], clients[1]
        finally:
            for server in servers:
                await server.stop()


async def test_a_request_without_a_session_or_a_token_that_counts_is_refused(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        server = await serve(office_api(a.running.agent, socket_is_office=True))
        stranger = Client(server.url, a.running)
        try:
            for headers in (
                {},
                {"Authorization": "Bearer another"},
                {"Authorization": "Basic YTpi"},
                {"Cookie": "blo-session=00"},
                {"Blo-Actor": "chief"},
            ):
                for path, body in (("/v1/links", None), ("/v1/commands", {})):
                    status, answer = await stranger.ask(path, body, headers=headers)
                    assert status == 401
                    assert answer["type"] == "/problems/not_logged_in"
        finally:
            await server.stop()


async def test_over_the_socket_the_agent_s_user_needs_no_log_in_and_others_are_refused(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        app = office_api(a.running.agent, socket_is_office=True)
        stranger: list[int] = []

        async def seen_as(scope: Any, receive: Any, send: Any) -> None:
            if stranger:
                scope[PEER] = PeerCredentials(1, stranger[0], stranger[0])
            await app(scope, receive, send)

        server = await serve(seen_as, socket_file=tmp_path / API_SOCKET)
        client = AgentClient(A, tmp_path / API_SOCKET)
        try:
            assert [link.link for link in await asyncio.to_thread(client.links)] == [LINK]
            stranger.append(os.geteuid() + 1)
            with pytest.raises(AgentAnswerError, match=r"answered 401: .*may not use the socket"):
                await asyncio.to_thread(client.links)
            stranger[0] = 0
            assert await asyncio.to_thread(client.links)
        finally:
            await server.stop()


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        (b"{", None, "truncated"),
        ({"link": LINK, "step": "open"}, "/on", "`on`"),
        ({"link": LINK, "step": "open", "on": "2025-02-20", "colour": 1}, "/colour", "colour"),
        ({"link": LINK, "step": "opne", "on": "2025-02-20"}, "/step", "'opne' is not one of"),
        ({"link": LINK, "step": "open", "on": "2025-02-30"}, "/on", "a date"),
        ({"link": LINK, "step": "open", "on": "2025-02-20"}, "/kind", "`kind` is missing"),
        ({"link": LINK, "step": "open", "on": "2025-02-20", "kind": "war"}, "/kind", "'war'"),
        (
            {"link": LINK, "step": "open", "on": "2025-02-20", "kind": "patrol", "fields": {}},
            "/fields/code",
            "`code` is missing",
        ),
        (
            {"link": LINK, "step": "close", "on": "2025-02-20", "case": "12"},
            "/case",
            "64 hexadecimal digits",
        ),
    ],
)
async def test_a_request_that_makes_no_sense_says_which_field_and_what_was_expected(
    tmp_path: Path, body: Any, pointer: str | None, words: str
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        status, answer = await a.ask("/v1/commands", body)
        assert status == 400
        assert words in answer["detail"]
        assert answer.get("pointer") == pointer
        assert (await a.ask("/v1/links"))[1][0]["pending"] == 0


async def test_what_is_not_known_is_404_and_names_what_is(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        status, answer = await a.ask("/v1/links/elsewhere")
        assert status == 404
        assert LINK in answer["detail"]
        assert (await a.ask(f"/v1/links/{LINK}/cases/{'0' * 64}"))[0] == 404
        assert (await a.ask(f"/v1/events/{'0' * 64}"))[0] == 404
        status, answer = await a.ask(f"/v1/links/{LINK}/cases/xyz")
        assert status == 400
        assert "64 hexadecimal digits" in answer["detail"]


async def test_a_refused_command_is_409_with_words_and_stays_in_the_journal(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        case = await a.opened()
        status, answer = await a.command(
            case=case, step="answer", fields={"text": "x"}, dispatch={"subject": "fictional"}
        )
        assert status == 409, answer
        assert answer["type"] in {"/problems/not_legal_now", "/problems/not_your_step"}
        assert not answer["detail"].startswith("not_")
        status, answer = await a.command(
            link="vn-x~la-y",
            kind="patrol",
            step="open",
            fields={"code": "c", "marker_from": "1", "marker_to": "2"},
        )
        assert status == 404
        assert answer["type"] == "/problems/unknown_link"

        def actions(snapshot: Snapshot) -> list[str]:
            return [entry.action for entry in journal.entries(snapshot)]

        written = await a.running.agent.store.read(actions)
        assert written == ["submit open", "refused answer", "refused open"]


async def test_a_command_reaches_the_other_desk_and_comes_back_opened(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, b):
        case = await a.opened()
        status, link = await b.ask(f"/v1/links/{LINK}?min_size=1&timeout=50")
        assert (status, link["size"], link["role"]) == (200, 1, "party")
        status, history = await b.ask(f"/v1/links/{LINK}/cases/{case}")
        assert status == 200
        assert history["view"]["state"] == "sent"
        assert "acknowledge" in history["view"]["may_do"]
        assert history["events"][0]["fields"]["purpose"] == REQUEST["purpose"]
        event = history["events"][0]["event"]
        office = a.running.agent.office
        await a.running.until(lambda: (LINK, B) in office.heads and office.heads[LINK, B].size == 1)
        async with asyncio.timeout(PATIENCE_S):
            # What is in memory comes onto the disk a moment later.
            while (await a.ask(f"/v1/events/{event}"))[1]["state"] != "opened":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await a.ask(f"/v1/events/{event}"))[1]["opened"] == [B]
        assert (await a.ask("/v1/cases"))[1] == (await a.ask(f"/v1/links/{LINK}/cases"))[1]


async def test_a_correction_is_a_supersede_that_carries_all_fields_anew(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        case = await a.opened()
        status, answer = await a.command(
            case=case,
            step="supersede",
            fields={
                "corrects": "open",
                "fields": {**REQUEST, "purpose": "fictional, corrected"},
            },
        )
        assert status == 201, answer
        await a.running.read(2)
        history = (await a.ask(f"/v1/links/{LINK}/cases/{case}"))[1]
        assert [event["superseded"] for event in history["events"]] == [True, False]
        assert history["view"]["version"] == 2


async def test_a_link_can_be_replayed(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        await a.opened()
        await a.running.read(1)
        status, replayed = await a.ask(f"/v1/links/{LINK}/verify", {})
        assert status == 200
        assert replayed["equal"]
        assert replayed["verified"] == replayed["size"] == 1


async def test_a_scenarios_liberties_are_not_there_in_normal_operation(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        assert (await a.ask("/v1/line", {"up": False}))[0] == 404
        assert (await a.ask("/v1/clock", {"now": MOMENT}))[0] == 404
        status, answer = await a.command(
            kind="verification_request",
            step="open",
            fields=REQUEST,
            dispatch={"subject": "fictional"},
            at=MOMENT,
        )
        assert status == 400
        assert "real time" in answer["detail"]
        assert LinkId(LINK) in a.running.agent.office.links


async def test_the_desk_proposes_agrees_and_confirms_a_shredding_and_sees_how_far_it_is(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, b):
        case = await a.opened()
        size = 1
        said: dict[str, Any] = {"fields": {"ground": "retention_ended"}, "reason": "(fictional)"}

        async def step(client: Client, name: str, **fields: Any) -> None:
            nonlocal size
            status, answer = await client.command(case=case, step=name, **fields)
            assert status == 201, answer
            size += 1
            await all_read([a.running, b.running], size)

        await step(a, "withdraw", reason="(fictional)")
        await step(a, "shred", **said)
        _, shown = await b.ask(f"/v1/links/{LINK}/cases/{case}")
        assert shown["view"]["shredding"]["status"] == "proposed"
        assert shown["view"]["shredding"]["awaited"] == [B]
        assert {"shred", "keep"} <= set(shown["view"]["may_do"])
        assert shown["events"][2]["fields"]["ground"] == "retention_ended"
        await step(b, "shred", **said)
        await tombstones_sent(a.running)
        for client in (a, b):
            await step(client, "confirm_shredding")
        for client in (a, b):
            _, shown = await client.ask(f"/v1/links/{LINK}/cases/{case}")
            shredding = shown["view"]["shredding"]
            assert (shredding["status"], shredding["awaited"]) == ("confirmed", [])
            assert [one["position"] for one in shredding["confirmations"]] == [4, 5]
            assert shown["view"]["may_do"] == []
            assert [one["content"] for one in shown["events"]] == ["shredded"] * 4 + ["none"] * 2
            assert not [one for one in shown["events"] if one["fields"] or one["on"]]
        status, answer = await a.command(case=case, step="confirm_shredding", reason="again")
        assert (status, answer["type"]) == (409, "/problems/not_legal_now")


async def test_a_disclosure_is_given_out_or_refused_in_words(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        case = await a.opened()
        await a.running.read(1)
        path, why = f"/v1/links/{LINK}/disclosures", {"reason": "fictional", "recipient": "nobody"}
        status, made = await a.ask(path, {**why, "case": case})
        assert (status, made["events"], made["closed"]) == (201, 1, 0)
        assert SIGNED_DISCLOSURE.decode(b64decode(made["disclosure"])).signature
        day = {"from": "2025-02-20", "to": "2025-02-20"}
        assert (await a.ask(path, {**why, **day}))[1]["events"] == 1
        status, refused = await a.ask(path, {**why, "case": "ab" * 32})
        assert status == 409
        assert refused["type"] == "/problems/nothing_to_disclose"
        for wrong in ({}, {**day, "case": case}, {"from": "2025-02-20"}, {"events": ["ab"]}):
            assert (await a.ask(path, {**why, **wrong}))[0] == 400
        assert (await a.ask(path, {"case": case}))[0] == 400
        assert (await a.ask("/v1/links/nowhere/disclosures", {**why, "case": case}))[0] == 404
