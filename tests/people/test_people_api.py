"""People, programs and drafts over real HTTP: log-in, rights, approval, retries, scopes."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from blo_agent.api import commands, drafts, log_in, people, queries, reports
from blo_agent.api import people_types as types
from blo_agent.api.app import office_api
from blo_agent.api.identity import check_handlers
from blo_agent.config import API_SOCKET
from blo_agent.people.access import AT_NODE
from blo_agent.people.accounts import add_person
from blo_agent.store.tables import journal
from blo_cli.client import AgentClient
from blo_cli.errors import CliError
from blo_runtime.http import serve
from blo_schemas.people import Agency, Appointment, OfficeRole, StaffMember
from blo_sealing.one_time_codes import STEP_S, code_at
from tests.agents.started import both_up
from tests.agents.world import LINK, REQUEST, RunningAgent
from tests.patience import PATIENCE_S
from tests.people.staff import PASSWORD, make_cheap, member

OPENING = {
    "link": LINK,
    "on": "2025-02-20",
    "kind": "verification_request",
    "step": "open",
    "dispatch": {"subject": "(fictional) subject"},
    "fields": dict(REQUEST),
}


class Browser:
    """A person's browser, or a program: keeps the cookie and the secret of forms."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        def call() -> tuple[int, Any]:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
            try:
                data = None if body is None else json.dumps(body)
                sent = {"Content-Type": "application/json", **self.headers, **(headers or {})}
                connection.request(method, path, data, sent)
                answer = connection.getresponse()
                cookie = answer.getheader("Set-Cookie")
                if cookie:
                    self.headers["Cookie"] = cookie.partition(";")[0]
                    assert "HttpOnly" in cookie
                    assert "SameSite=strict" in cookie
                text = answer.read()
                return answer.status, json.loads(text) if text else None
            finally:
                connection.close()

        return await asyncio.to_thread(call)

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """As ``ask``, of something that is not refused."""
        status, answer = await self.ask(method, path, body)
        assert 200 <= status < 300, (status, answer)
        return answer

    async def log_in(self, person: str) -> None:
        answer = await self.done("POST", "/v1/login", {"person": person, "password": PASSWORD})
        assert answer["logged_in"], answer
        self.headers["Blo-Csrf"] = answer["csrf"]


class OfficeUnderTest:
    """An office with its API, a chief, and people who have chosen passwords."""

    def __init__(self, running: RunningAgent, port: int, client: AgentClient) -> None:
        self.running = running
        self.port = port
        self.client = client

    async def add(self, person: str, role: OfficeRole, agency: Agency | None = None) -> Browser:
        row = Appointment(role=role, agency=agency, start=0)
        staff = StaffMember(id=person, name=f"{person} (fictional)", appointments=(row,))
        store, now = self.running.agent.store, self.running.agent.clock.now_ms()
        made = await store.write(lambda tx: add_person(AT_NODE, staff, now, tx))
        browser = Browser(self.port)
        if person != "chief":
            chief = await self.browser("chief")
            await chief.done("POST", f"/v1/people/{person}/confirm", {})
        await browser.done("POST", "/v1/login/first", {"token": made.token, "password": PASSWORD})
        await browser.log_in(person)
        return browser

    async def browser(self, person: str) -> Browser:
        browser = Browser(self.port)
        await browser.log_in(person)
        return browser

    async def program(self, **scope: Any) -> Browser:
        chief = await self.browser("chief")
        answer = await chief.done(
            "POST",
            "/v1/systems",
            {"system": "sys-registry", "end": "2027-01-01T00:00:00Z", **scope},
        )
        return Browser(self.port, answer["token"])

    async def actions(self) -> list[tuple[str, str]]:
        rows = await self.running.agent.store.read(lambda s: list(journal.entries(s)))
        return [(row.actor, row.action) for row in rows]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap(monkeypatch)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeUnderTest]:
    async with both_up(tmp_path) as (_, a, _):
        server = await serve(office_api(a.agent), socket_file=tmp_path / API_SOCKET)
        try:
            made = OfficeUnderTest(a, server.port, AgentClient("a", tmp_path / API_SOCKET))
            await made.add("chief", OfficeRole.CHIEF)
            yield made
        finally:
            await server.stop()


async def test_a_duty_officer_s_draft_is_approved_by_the_chief_and_sent(
    office: OfficeUnderTest,
) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    chief = await office.browser("chief")
    offer = await chief.done("POST", "/v1/account/codes", {})
    secret = _secret_in(offer["address"])
    now = office.running.agent.clock.now_ms()
    first = code_at(secret, now // 1000 // STEP_S - 1)
    await chief.done(
        "POST", "/v1/account/codes/confirm", {"ticket": offer["ticket"], "code": first}
    )
    draft = await duty.done("POST", "/v1/drafts", {"link": LINK, "request": {}})
    path = f"/v1/drafts/{draft['draft']}"
    status, answer = await duty.ask("POST", f"{path}/submit", {"revision": 1})
    assert (status, "`on`" in answer["detail"] or "step" in answer["detail"]) == (400, True)
    draft = await duty.done("PUT", path, {"revision": 1, "request": OPENING})
    status, answer = await duty.ask("PUT", path, {"revision": 1, "request": {}})
    assert (status, answer["current"]["revision"]) == (409, 2)
    draft = await duty.done("POST", f"{path}/submit", {"revision": 2})
    status, answer = await duty.ask("POST", f"{path}/approve", {"revision": 3, "code": "000000"})
    assert (status, answer["type"]) == (403, "/problems/not_allowed")
    (waiting,) = await chief.done("GET", "/v1/drafts?draft_state=submitted")
    assert waiting["digest"] == draft["digest"]
    code = code_at(secret, now // 1000 // STEP_S)
    await chief.done("POST", f"{path}/approve", {"revision": 3, "code": code})
    sent = await duty.done("POST", f"{path}/send", {"revision": 3})
    await office.running.read(1)
    case = await duty.done("GET", f"/v1/links/{LINK}/cases/{sent['case']}")
    assert case["events"][0]["event"] == sent["event"]
    await duty.done("POST", f"/v1/links/{LINK}/cases/{sent['case']}/notes", {"words": "fictional"})
    (note,) = await chief.done("GET", f"/v1/links/{LINK}/cases/{sent['case']}/notes")
    assert (note["person"], note["words"]) == ("duty", "fictional")


def _secret_in(address: str) -> bytes:
    (text,) = parse_qs(urlsplit(address).query)["secret"]
    return base64.b32decode(text + "=" * (-len(text) % 8))


async def test_a_step_that_needs_approval_is_not_posted_as_a_command_by_a_person(
    office: OfficeUnderTest,
) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    status, answer = await duty.ask("POST", "/v1/commands", OPENING)
    assert (status, answer["type"]) == (409, "/problems/needs_approval")


async def test_nobody_says_who_he_is_by_a_header_or_a_field(office: OfficeUnderTest) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    status, answer = await duty.ask("POST", "/v1/commands", {**OPENING, "actor": "chief"})
    assert status == 400
    assert answer["pointer"] == "/actor"
    duty.headers["Blo-Actor"] = "chief"
    assert (await duty.done("GET", "/v1/account"))["person"] == "duty"


async def test_another_site_cannot_make_a_browser_change_anything(
    office: OfficeUnderTest,
) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    body = {"link": LINK, "request": {}}
    for headers in ({"Blo-Csrf": "00"}, {"Sec-Fetch-Site": "cross-site"}):
        status, answer = await duty.ask("POST", "/v1/drafts", body, headers)
        assert (status, "own pages" in answer["detail"]) == (403, True)
    await duty.done("POST", "/v1/drafts", body)


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        (OfficeRole.OPERATOR, "GET", "/v1/cases"),
        (OfficeRole.OPERATOR, "POST", "/v1/commands"),
        (OfficeRole.DUTY_OFFICER, "GET", "/v1/people"),
        (OfficeRole.DUTY_OFFICER, "GET", "/v1/journal"),
        (OfficeRole.DUTY_OFFICER, "POST", "/v1/systems"),
        (OfficeRole.OFFICE_AUDITOR, "POST", "/v1/drafts"),
        (OfficeRole.OFFICE_AUDITOR, "POST", f"/v1/links/{LINK}/resume"),
        (OfficeRole.CHIEF, "GET", "/v1/journal"),
    ],
)
async def test_what_the_table_refuses_is_refused_and_in_the_journal(
    office: OfficeUnderTest, role: OfficeRole, method: str, path: str
) -> None:
    browser = await (
        office.browser("chief") if role is OfficeRole.CHIEF else office.add("somebody", role)
    )
    status, answer = await browser.ask(method, path, None if method == "GET" else {})
    assert (status, answer["type"]) == (403, "/problems/not_allowed")
    person = "chief" if role is OfficeRole.CHIEF else "somebody"
    assert [act for who, act in await office.actions() if who == person][-1].startswith("refused: ")


async def test_a_member_sees_the_cases_of_the_own_agency(office: OfficeUnderTest) -> None:
    program = await office.program(submits=True, is_trusted=True)
    opened = await program.done("POST", "/v1/commands", OPENING)
    await office.running.read(1)
    customs = await office.add("customs", OfficeRole.AGENCY_MEMBER, Agency.CUSTOMS)
    path = f"/v1/links/{LINK}/cases/{opened['case']}"
    assert (await customs.done("GET", "/v1/cases"))["cases"] == []
    for refused in (path, f"{path}/notes", f"/v1/events/{opened['event']}"):
        status, answer = await customs.ask("GET", refused)
        assert (status, answer["type"]) == (403, "/problems/not_allowed")
    draft = {"link": LINK, "case": opened["case"], "request": {}}
    assert (await customs.ask("POST", "/v1/drafts", draft))[0] == 403


async def test_a_program_s_step_waits_for_approval_unless_it_is_trusted(
    office: OfficeUnderTest,
) -> None:
    program = await office.program(submits=True)
    status, answer = await program.ask("POST", "/v1/commands", OPENING)
    assert (status, answer["state"], answer["authors"]) == (202, "submitted", ["sys-registry"])
    trusted = await office.program(submits=True, is_trusted=True)
    assert (await program.ask("GET", "/v1/links"))[0] == 401, "a new token ends the old one"
    status, answer = await trusted.ask("POST", "/v1/commands", OPENING)
    assert status == 201


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ({}, "POST", "/v1/commands"),
        ({"submits": True, "kinds": ["patrol"]}, "POST", "/v1/commands"),
        ({"submits": True, "links": ["x~y"]}, "POST", "/v1/commands"),
        ({"links": ["x~y"]}, "GET", f"/v1/links/{LINK}"),
        ({}, "GET", f"/v1/links/{LINK}/cases/{'0' * 64}"),
        ({"reads_contents": True}, "GET", "/v1/journal"),
        ({"reads_contents": True, "submits": True}, "GET", "/v1/people"),
    ],
)
async def test_a_program_stays_within_its_scope(
    office: OfficeUnderTest, scope: dict[str, Any], method: str, path: str
) -> None:
    program = await office.program(**scope)
    status, answer = await program.ask(method, path, None if method == "GET" else OPENING)
    assert (status, answer["type"]) == (403, "/problems/not_allowed")


async def test_a_revoked_token_ends_at_once(office: OfficeUnderTest) -> None:
    program = await office.program()
    await program.done("GET", "/v1/links")
    chief = await office.browser("chief")
    (row,) = await chief.done("GET", "/v1/systems")
    assert row["used_at"] is not None
    await chief.done("DELETE", "/v1/systems/sys-registry")
    assert (await program.ask("GET", "/v1/links"))[0] == 401


async def test_a_command_that_comes_twice_with_one_key_is_carried_out_once(
    office: OfficeUnderTest,
) -> None:
    program = await office.program(submits=True, is_trusted=True)
    key = {"Idempotency-Key": "fictional-key-1"}
    first, second = await asyncio.gather(
        *(program.ask("POST", "/v1/commands", OPENING, key) for _ in range(2))
    )
    assert first == second
    status, answer = await program.ask("POST", "/v1/commands", {**OPENING, "on": "2025-02-21"}, key)
    assert (status, answer["type"]) == (409, "/problems/key_used")
    status, _ = await program.ask("POST", "/v1/commands", OPENING, {"Idempotency-Key": "short"})
    assert status == 400
    await office.running.read(1)
    assert len((await program.done("GET", "/v1/cases"))["cases"]) == 1


async def test_sessions_are_listed_and_ended_by_their_owner(office: OfficeUnderTest) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    second = await office.browser("duty")
    rows = await duty.done("GET", "/v1/sessions")
    assert [row["is_this"] for row in rows].count(True) == 1
    (other,) = (row["session"] for row in rows if not row["is_this"])
    chief = await office.browser("chief")
    assert (await chief.ask("DELETE", f"/v1/sessions/{other}"))[0] == 404
    await duty.done("DELETE", f"/v1/sessions/{other}")
    assert (await second.ask("GET", "/v1/account"))[0] == 401


async def test_the_node_s_commands_add_people_and_programs(office: OfficeUnderTest) -> None:
    form = types.AppointmentForm(role=OfficeRole.DUTY_OFFICER, start=datetime.now(UTC))
    request = types.NewPersonRequest(person="late", name="Late (fictional)", appointments=(form,))
    made = await asyncio.to_thread(office.client.add_person, request)
    assert (made.person, len(made.token)) == ("late", 64)
    waiting = {row.person: row.confirmed for row in await asyncio.to_thread(office.client.people)}
    assert waiting == {"chief": True, "late": False}
    with pytest.raises(CliError, match="needs the approval of the chief"):
        await asyncio.to_thread(office.client.confirm_person, "late")


async def test_the_operator_at_the_socket_reads_no_contents(office: OfficeUnderTest) -> None:
    with pytest.raises(CliError, match="403"):
        await asyncio.to_thread(office.client.cases, LINK)
    assert [link.link for link in await asyncio.to_thread(office.client.links)] == [LINK]


def test_no_handler_forgets_to_say_what_it_does() -> None:
    rooms = (commands, drafts, log_in, people, queries, reports)
    handlers = [handler for room in rooms for handler in room.HANDLERS]
    check_handlers(handlers)
    open_to_all = [handler for handler in handlers if handler.opt.get("is_open")]
    assert {path for handler in open_to_all for path in handler.paths} == {
        "/v1/login",
        "/v1/login/code",
        "/v1/login/challenge",
        "/v1/login/passkey",
        "/v1/login/first",
    }


def test_fictional_people_are_marked() -> None:
    assert "(fictional)" in member("duty", OfficeRole.DUTY_OFFICER).name
