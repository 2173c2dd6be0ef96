"""Who looks never holds up who writes, and is not held up: readers answer of what is on disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from blo_agent.api import queries
from blo_agent.office.access_log import VIEW_CASE
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal
from tests.agents.test_api import Client, two_clients
from tests.agents.world import LINK, RunningAgent


@asynccontextmanager
async def a_busy_writer(running: RunningAgent) -> AsyncIterator[None]:
    """The store's thread carries out one job until this is left."""
    begun, may_end = threading.Event(), threading.Event()

    def job(_: Transaction) -> None:
        begun.set()
        may_end.wait()

    busy = asyncio.create_task(running.agent.store.write(job))
    await asyncio.to_thread(begun.wait)
    try:
        yield
    finally:
        may_end.set()
        await busy


async def views_noted(client: Client) -> int:
    def query(snapshot: Snapshot) -> int:
        return sum(entry.action == VIEW_CASE for entry in journal.entries(snapshot))

    return await client.running.agent.store.read(query)


async def test_every_question_is_answered_while_the_writer_is_busy(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        _, opened = await a.command(
            kind="penalty",
            step="open",
            fields={
                "person": {"name": "A (fictional)", "nationality": "vn"},
                "law": "(fictional)",
                "act": "overstay",
                "decision_number": "1",
            },
            dispatch={"subject": "fictional"},
        )
        await a.running.read(1)
        async with a_busy_writer(a.running):
            for path in (
                "/v1/links",
                f"/v1/links/{LINK}",
                f"/v1/links/{LINK}/cases",
                "/v1/cases",
                f"/v1/events/{opened['event']}",
                "/v1/alerts",
                "/v1/reports",
            ):
                assert (await a.ask(path))[0] == 200, path


async def test_a_case_is_not_shown_before_the_journal_says_to_whom(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        case = await a.opened()
        await a.running.read(1)
        async with a_busy_writer(a.running):
            asked = asyncio.create_task(a.ask(f"/v1/links/{LINK}/cases/{case}"))
            # What needs no entry, and was asked later, is answered; the case is not.
            assert (await a.ask("/v1/cases"))[0] == 200
            assert not asked.done()
            assert await views_noted(a) == 0
        status, shown = await asked
        assert (status, len(shown["events"])) == (200, 1)
        assert await views_noted(a) == 1


async def test_a_read_that_fails_is_a_500_with_an_incident_that_the_log_file_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a fault of the program")

    async with two_clients(tmp_path) as (_, a, _b):
        case = await a.opened()
        await a.running.read(1)
        for name in ("link_answer", "list_cases", "case_history", "event_status", "open_alerts"):
            monkeypatch.setattr(queries, name, broken)
        for path in (
            "/v1/links",
            f"/v1/links/{LINK}",
            "/v1/cases",
            f"/v1/links/{LINK}/cases/{case}",
            f"/v1/events/{'0' * 64}",
            "/v1/alerts",
        ):
            status, answer = await a.ask(path)
            assert status == 500, path
            assert answer["incident"] in answer["detail"]
            assert f'"incident":"{answer["incident"]}"' in capsys.readouterr().err
        assert await views_noted(a) == 0, "nothing was shown"
        monkeypatch.undo()
        assert (await a.ask(f"/v1/links/{LINK}/cases/{case}"))[0] == 200


PATHS = [
    "/v1/links/%ff%00",
    f"/v1/links/{LINK}?timeout=nan&min_size=1",
    f"/v1/links/{LINK}?timeout=0&min_size=-1",
    f"/v1/links/{LINK}?timeout=1e400&min_size=0",
    f"/v1/links/{LINK}?min_size={10**40}",
    f"/v1/links/{LINK}?min_size=x",
    f"/v1/links/{LINK}/cases/{'٠' * 64}",
    f"/v1/links/{LINK}/cases/%00",
    f"/v1/events/{'f' * 65}",
    "/v1/alerts?link=%ff",
    "/v1/reports/-",
    f"/v1/reports/{'f' * 64}",
]
"""Paths and queries that name nothing."""


async def test_no_path_and_no_query_is_more_than_a_bad_request(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        await a.opened()
        await a.running.read(1)
        for path in PATHS:
            status, _ = await a.ask(quote(path, safe="/?&=%~"))
            assert status in {200, 400, 404}, path
            assert (await a.ask("/v1/links"))[0] == 200, path


async def test_an_incident_that_was_reported_before_keeps_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Contained(Exception):
        incident = "00c0ffee00"

    def broken(*_: object) -> None:
        raise Contained

    async with two_clients(tmp_path) as (_, a, _b):
        monkeypatch.setattr(queries, "list_cases", broken)
        status, answer = await a.ask("/v1/cases")
        assert (status, answer["incident"]) == (500, Contained.incident)
