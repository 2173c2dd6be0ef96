"""The access log: every look, search, export and refusal has an entry, whatever the handler does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from blo_agent.api.access_notes import ENTRIES, look_of
from blo_agent.api.app import api_behind, entrance, office_api
from blo_agent.config import API_SOCKET
from blo_agent.people import passwords
from blo_agent.store.tables import journal
from blo_cli.client import AgentClient
from blo_desk.app import desk_pages
from blo_domain.people.permissions import Action
from blo_runtime.http import serve
from blo_schemas.people import Agency, OfficeRole
from tests.agents.started import both_up
from tests.agents.world import LINK
from tests.people.test_people_api import Browser, OfficeUnderTest


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("a password that nobody has"))


class NotedOffice:
    """An office with its API, its handlers, and a case."""

    def __init__(self, office: OfficeUnderTest, api: Litestar, case: str, event: str) -> None:
        self.office = office
        self.names = {"link": LINK, "case": case, "event": event}
        self.handlers = {
            (method, path): handler
            for route in api.routes
            for handler in getattr(route, "route_handlers", ())
            if isinstance(handler, HTTPRouteHandler)
            for method in handler.http_methods
            for path in handler.paths
            if method != "OPTIONS" and not handler.opt.get("is_background")
        }

    def address(self, path: str) -> str:
        """A path with what it names, where there is such a thing here."""
        for part in path.split("/"):
            if part.startswith("{"):
                name = part.strip("{}").partition(":")[0]
                path = path.replace(part, self.names.get(name, "0" * 32))
        if path == "/v1/search":
            return f"{path}?q=fictional"
        return path

    async def entries(self) -> list[tuple[str, str, str | None, str | None]]:
        """Who did what, with which link and case."""
        found = await self.office.running.ask(lambda tx: list(journal.entries(tx)))
        return [
            (one.actor, one.action, one.link, None if one.case is None else one.case.hex())
            for one in found
        ]


@pytest.fixture
async def noted(tmp_path: Path) -> AsyncIterator[NotedOffice]:
    async with both_up(tmp_path) as (_, a, _):
        api = office_api(a.agent)
        server = await serve(api, socket_file=tmp_path / API_SOCKET)
        try:
            office = OfficeUnderTest(a, server.port, AgentClient("a", tmp_path / API_SOCKET))
            await office.add("chief", OfficeRole.CHIEF)
            opened = await a.open()
            await a.read(1)
            yield NotedOffice(office, api, opened.case.hex(), opened.event.hex())
        finally:
            await server.stop()


def test_each_action_says_whether_it_is_a_look() -> None:
    assert set(ENTRIES) == set(Action)


async def test_every_handler_that_shows_contents_leaves_an_entry_before_its_answer(
    noted: NotedOffice,
) -> None:
    auditor = await noted.office.add("auditor", OfficeRole.OFFICE_AUDITOR)
    duty = await noted.office.add("duty", OfficeRole.DUTY_OFFICER)
    looks = {place for place, handler in noted.handlers.items() if look_of(handler)}
    assert {path for _, path in looks} >= {
        "/v1/links/{link:str}/cases/{case:str}",
        "/v1/links/{link:str}/cases/{case:str}/notes",
        "/v1/links/{link:str}/cases/{case:str}/printout",
        "/v1/search",
        "/v1/journal",
        "/v1/access-log",
    }
    for method, path in sorted(looks):
        if "{file" in path:
            continue  # There is none here; the tests of files look at theirs.
        before = len(await noted.entries())
        for browser in (auditor, duty):
            status = (await _ask(browser, method, noted.address(path)))[0]
            if status == 200:
                break
        assert status == 200, (method, path)
        (entry,) = [e for e in (await noted.entries())[before:] if not e[1].startswith("refused: ")]
        assert entry[0] in ("auditor", "duty")
        if "{case" in path:
            assert entry[2:] == (LINK, noted.names["case"]), path


async def test_every_handler_that_refuses_somebody_known_leaves_an_entry(
    noted: NotedOffice,
) -> None:
    operator = await noted.office.add("operator", OfficeRole.OPERATOR)
    member = await noted.office.add("member", OfficeRole.AGENCY_MEMBER, Agency.POLICE)
    refused = 0
    for name, browser in (("operator", operator), ("member", member)):
        for method, path in sorted(noted.handlers):
            before = len(await noted.entries())
            status, _ = await _ask(browser, method, noted.address(path))
            fresh = (await noted.entries())[before:]
            told = [entry for entry in fresh if entry[0] == name and "refused: " in entry[1]]
            assert len(told) <= 1, (name, method, path)
            assert status != 403 or told, (name, method, path, status, fresh)
            refused += status == 403
            if path == "/v1/links/{link:str}/cases/{case:str}":
                assert told == [(name, "refused: read contents", LINK, noted.names["case"])], (
                    "with the case that it was about"
                )
    assert refused > 20


async def test_nobody_unknown_fills_the_journal(noted: NotedOffice) -> None:
    stranger = Browser(noted.office.port, "no-such-token")
    before = await noted.entries()
    for method, path in sorted(noted.handlers):
        await _ask(stranger, method, noted.address(path))
    assert [e for e in await noted.entries() if e not in before] == []


async def test_a_look_at_nothing_leaves_no_entry(noted: NotedOffice) -> None:
    chief = await noted.office.browser("chief")
    before = await noted.entries()
    assert (await chief.ask("GET", f"/v1/links/{LINK}/cases/{'0' * 64}"))[0] == 404
    assert await noted.entries() == before


async def test_the_auditor_reads_the_access_log_in_pages_and_asks_who_looked_at_a_case(
    noted: NotedOffice,
) -> None:
    office, case = noted.office, noted.names["case"]
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    auditor = await office.add("auditor", OfficeRole.OFFICE_AUDITOR)
    for _ in range(3):
        await duty.done("GET", f"/v1/links/{LINK}/cases/{case}")
    await duty.done("GET", "/v1/search?q=something")
    page = await auditor.done("GET", f"/v1/access-log?link={LINK}&case={case}&limit=2")
    rest = await auditor.done(
        "GET", f"/v1/access-log?link={LINK}&case={case}&limit=2&after={page['next']}"
    )
    seen = [(row["actor"], row["action"]) for row in page["entries"] + rest["entries"]]
    assert seen == [("duty", "view case")] * 3 + [("officer", "submit open")]
    (found,) = (await auditor.done("GET", "/v1/access-log?action=search&actor=duty"))["entries"]
    assert (found["words"], found["case"]) == ("something", None)
    newest = (await auditor.done("GET", "/v1/access-log?limit=1"))["entries"]
    assert [(row["actor"], row["action"]) for row in newest] == [("auditor", "read access log")]
    assert (await auditor.done("GET", "/v1/access-log?before=2000-01-01T00:00:00Z"))[
        "entries"
    ] == []
    assert (await duty.ask("GET", "/v1/access-log"))[0] == 403
    for wrong in (f"case={case}", "from=2025-01-01T00:00:00", "after=nowhere", "limit=0"):
        assert (await auditor.ask("GET", f"/v1/access-log?{wrong}"))[0] == 400, wrong


async def test_the_pages_have_the_same_access_log(noted: NotedOffice) -> None:
    door = entrance(noted.office.running.agent)
    for app in (api_behind(door), _inner(desk_pages(door))):
        hooks = [hook.__qualname__ for hook in _plain(app.before_send + app.after_exception)]
        assert "AccessNotes.before_send" in hooks
        assert "AccessNotes.after_exception" in hooks


def _plain(hooks: list[Any]) -> list[Any]:
    return [getattr(hook, "func", hook) for hook in hooks]


def _inner(app: Any) -> Litestar:
    """The application behind the check of its host."""
    while not isinstance(app, Litestar):
        app = next(
            cell.cell_contents
            for cell in app.__closure__
            if isinstance(cell.cell_contents, Litestar)
        )
    return app


async def _ask(browser: Browser, method: str, path: str) -> tuple[int, Any]:
    """As the browser asks; of an answer that is no JSON only the status."""
    try:
        return await browser.ask(method, path, None if method == "GET" else {})
    except (json.JSONDecodeError, UnicodeDecodeError):
        return 200, None
