"""A request that changes something and comes twice with one ``Idempotency-Key`` counts once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler

from blo_agent.api.app import HANDLERS, office_api
from blo_agent.api.idempotency import KEPT_MS
from blo_agent.api.retries import SHOWS_SECRET, is_retriable
from blo_agent.config import API_SOCKET
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import drafts as stored
from blo_cli.client import AgentClient
from blo_domain.people.drafts import DraftState
from blo_runtime.http import serve
from blo_schemas.people import OfficeRole
from tests.agents.started import both_up
from tests.agents.world import LINK
from tests.people.staff import make_cheap
from tests.people.test_people_api import OfficeUnderTest

DRAFT = {"link": LINK, "request": {"step": "open", "kind": "patrol"}}
KEY = {"Idempotency-Key": "fictional-key-1"}


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OfficeUnderTest]:
    make_cheap(monkeypatch)
    async with both_up(tmp_path) as (_, a, _):
        server = await serve(office_api(a.agent), socket_file=tmp_path / API_SOCKET)
        try:
            made = OfficeUnderTest(a, server.port, AgentClient("a", tmp_path / API_SOCKET))
            await made.add("chief", OfficeRole.CHIEF)
            yield made
        finally:
            await server.stop()


async def drafts_in(office: OfficeUnderTest) -> int:
    def count(snapshot: Snapshot) -> int:
        return len(stored.in_state(snapshot, DraftState.DRAFT))

    return await office.running.agent.store.read(count)


async def test_what_comes_twice_is_carried_out_once_and_answered_the_same(
    office: OfficeUnderTest,
) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    first = await duty.ask("POST", "/v1/drafts", DRAFT, KEY)
    assert first[0] == 201
    assert await duty.ask("POST", "/v1/drafts", DRAFT, KEY) == first
    status, answer = await duty.ask("POST", "/v1/drafts", {**DRAFT, "request": {}}, KEY)
    assert (status, answer["type"]) == (409, "/problems/key_used")
    draft = first[1]["draft"]
    status, answer = await duty.ask("POST", f"/v1/drafts/{draft}/discard", {"revision": 1}, KEY)
    assert (status, answer["type"]) == (409, "/problems/key_used")
    chief = await office.browser("chief")
    own = await chief.ask("POST", "/v1/drafts", DRAFT, KEY)
    assert (own[0], own[1]["draft"] != draft) == (201, True), "another's key is another key"
    assert await drafts_in(office) == 2


async def test_a_refused_request_may_come_again_with_its_key(office: OfficeUnderTest) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    made = await duty.done("POST", "/v1/drafts", DRAFT)
    path = f"/v1/drafts/{made['draft']}/take-back"
    for _ in range(2):
        status, answer = await duty.ask("POST", path, {"revision": 1}, KEY)
        assert (status, answer["type"]) == (409, "/problems/not_possible_now")


async def test_a_key_counts_for_seven_days(
    office: OfficeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    await duty.done("POST", "/v1/drafts", DRAFT)
    await duty.ask("POST", "/v1/drafts", DRAFT, KEY)
    assert await drafts_in(office) == 2
    before = office.running.agent.clock.now_ms() - KEPT_MS

    def age(tx: Transaction) -> None:
        tx.execute("UPDATE answers SET at = ?", (before,))

    await office.running.agent.store.write(age)
    assert (await duty.ask("POST", "/v1/drafts", DRAFT, KEY))[0] == 201
    assert await drafts_in(office) == 3


async def test_a_secret_is_shown_once_and_not_kept(office: OfficeUnderTest) -> None:
    chief = await office.browser("chief")
    wanted = {"system": "sys-fictional", "end": "2027-01-01T00:00:00Z"}
    token = (await chief.ask("POST", "/v1/systems", wanted, KEY))[1]["token"]
    status, answer = await chief.ask("POST", "/v1/systems", wanted, KEY)
    assert (status, answer["type"]) == (409, "/problems/shown_once")

    def kept(snapshot: Snapshot) -> list[bytes]:
        return [row[0] for row in snapshot.rows("SELECT answer FROM answers")]

    assert all(token.encode() not in row for row in await office.running.agent.store.read(kept))


async def test_a_request_that_runs_still_is_not_carried_out_a_second_time(
    office: OfficeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    begun, may_end = asyncio.Event(), asyncio.Event()
    write = office.running.agent.store.write

    async def slow(job: object, **options: bool) -> object:
        if "begin" in str(getattr(job, "func", "")) and not begun.is_set():
            begun.set()
            await may_end.wait()
        return await write(job, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(office.running.agent.store, "write", slow)
    first = asyncio.create_task(duty.ask("POST", "/v1/drafts", DRAFT, KEY))
    await begun.wait()
    status, answer = await duty.ask("POST", "/v1/drafts", DRAFT, KEY)
    assert (status, answer["type"]) == (409, "/problems/answer_missing")
    may_end.set()
    assert (await first)[0] == 201
    assert await duty.ask("POST", "/v1/drafts", DRAFT, KEY) == await first


SECRETS = {"token", "address", "ticket", "csrf"}


def test_every_answer_with_a_secret_says_so() -> None:
    for handler in HANDLERS:
        assert isinstance(handler, HTTPRouteHandler)
        kind = handler.parsed_fn_signature.return_type.annotation
        fields = (
            {field.name for field in msgspec.structs.fields(kind)}
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
            else set()
        )
        if is_retriable(handler, handler.http_methods) and SECRETS & fields:
            assert handler.opt.get(SHOWS_SECRET), handler.paths
