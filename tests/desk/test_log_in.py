"""Logging in and out at the desk, without JavaScript."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blo_agent.api.app import entrance
from blo_agent.config import API_SOCKET
from blo_cli.client import AgentClient
from blo_desk.node import api_and_pages
from blo_desk.policy import HEADERS
from blo_lab.network.staff import PASSWORD as LAB_PASSWORD
from blo_lab.network.staff import STAFF, add_staff
from blo_runtime.http import serve
from blo_sealing.one_time_codes import STEP_S, code_at
from tests.agents.started import both_up
from tests.desk.offices import SECRET, OfficePages, pages_of
from tests.desk.visitor import Visitor
from tests.people.staff import PASSWORD, make_cheap


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap(monkeypatch)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficePages]:
    async with both_up(tmp_path) as (_, a, _b), pages_of(a) as pages:
        await pages.staff()
        yield pages


def code(office: OfficePages) -> str:
    return code_at(SECRET, office.running.agent.clock.now_ms() // 1000 // STEP_S)


async def test_a_person_logs_in_works_and_logs_out(office: OfficePages) -> None:
    somebody = Visitor(office)
    asked = await somebody.ask("GET", "/account")
    assert (asked.status, asked.headers["location"]) == (303, "/login?next=%2Faccount")
    form = await somebody.see("/account")
    page = await somebody.post(form, "/login", person="officer", password=PASSWORD)
    assert page.path == "/account"
    assert "Nguyễn Thị Trực (fictional)" in page.text
    (cookie,) = somebody.cookies
    assert cookie == f"blo-session-{office.server.port}"
    left = await somebody.ask("POST", "/logout", page.forms("/logout")[0])
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    assert somebody.cookies == {}
    assert (await somebody.see("/account")).path.startswith("/login")


async def test_a_person_with_codes_needs_one(office: OfficePages) -> None:
    chief = Visitor(office)
    second = await chief.log_in("chief")
    assert "Second step" in second.text
    assert chief.cookies == {}
    again = await chief.post(second, "/login/code", code="000000")
    assert again.status == 401
    assert (await chief.post(again, "/login/code", code=code(office))).path != "/login"
    assert chief.cookies


async def test_a_wrong_password_and_an_unknown_name_read_the_same(office: OfficePages) -> None:
    somebody = Visitor(office)
    wrong = await somebody.log_in("officer", "another password of words")
    unknown = await somebody.log_in("nobody", "another password of words")
    assert wrong.status == unknown.status == 401
    assert wrong.text.replace("officer", "nobody") == unknown.text


async def test_a_one_time_link_sets_the_first_password(office: OfficePages) -> None:
    operator, newcomer = Visitor(office), Visitor(office)
    await operator.log_in("operator")
    shown = await operator.post(await operator.see("/people/colleague"), "/people/colleague/invite")
    address = shown.text.partition(f"{office.url}/first?token=")[2].partition("<")[0]
    form = await newcomer.see(f"/first?token={address}")
    fields = {"password": "seven herons over a slow river", "again": "seven herons"}
    differing = await newcomer.post(form, "/first", **fields)
    assert "not the same" in differing.text
    fields["again"] = fields["password"]
    done = await newcomer.post(form, "/first", **fields)
    assert "The password is set" in done.text
    assert "expired or was used" in (await newcomer.post(form, "/first", **fields)).text


async def test_only_the_desk_s_own_pages_change_anything(office: OfficePages) -> None:
    officer = Visitor(office)
    page = await officer.log_in("officer")
    form = (await officer.see("/account")).forms("/account/language")[0]
    wrong = [
        ({**form, "csrf": "00" * 32}, {}),
        ({name: value for name, value in form.items() if name != "csrf"}, {}),
        (form, {"Sec-Fetch-Site": "cross-site"}),
        (form, {"Sec-Fetch-Site": "same-site"}),
        (form, {"Origin": "http://elsewhere.example"}),
        (form, {"Origin": "null"}),
    ]
    for fields, headers in wrong:
        answer = await officer.ask(
            "POST", "/account/language", {**fields, "choice": "vi"}, headers=headers
        )
        assert answer.status == 403, (fields, headers)
    assert "My account" in (await officer.see("/account")).text
    stranger = Visitor(office)
    fields = {"person": "officer", "password": PASSWORD}
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await stranger.ask("POST", "/login", fields, headers=elsewhere)).status == 403
    assert stranger.cookies == {}
    assert page.status == 200


async def test_every_answer_carries_the_policy(office: OfficePages) -> None:
    officer = Visitor(office)
    await officer.log_in("officer")
    for method, path, status in (
        ("GET", "/account", 200),
        ("GET", "/", 303),
        ("GET", "/nothing", 404),
        ("GET", "/people", 403),
        ("DELETE", "/account", 405),
        ("POST", "/account/language", 403),
        ("GET", "/assets/nothing.css", 404),
    ):
        answer = await officer.ask(method, path)
        assert answer.status == status, path
        assert HEADERS.items() <= answer.headers.items(), path
        assert answer.headers["cache-control"] == "no-store", path
        assert "strict-transport-security" not in answer.headers
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


async def test_another_host_gets_nothing(office: OfficePages) -> None:
    for host in ("rebound.example", "rebound.example:80", "", "localhost.rebound.example"):
        answer = await Visitor(office, Host=host).ask("GET", "/login")
        assert answer.status == 421, host
    assert (await Visitor(office, Host="127.0.0.1:1").ask("GET", "/login")).status == 200


async def test_the_way_back_leads_to_the_desk_only(office: OfficePages) -> None:
    for wanted in ("//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere", "/a\r\nb"):
        somebody = Visitor(office)
        form = (await somebody.see("/login")).forms("/login")[0]
        fields = {**form, "person": "officer", "password": PASSWORD, "next": wanted}
        answer = await somebody.ask("POST", "/login", fields)
        assert (answer.status, answer.headers["location"]) == (303, "/")


async def test_a_token_and_the_socket_s_user_have_no_pages(office: OfficePages) -> None:
    program = Visitor(office, Authorization="Bearer nothing")
    assert (await program.see("/account")).path.startswith("/login")


async def test_the_people_of_a_laboratory_can_log_in(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, _b):
        socket = tmp_path / API_SOCKET
        pages = api_and_pages(entrance(a.agent, socket_is_office=True))
        server = await serve(pages, socket_file=socket)
        try:
            client = AgentClient("vn-a", socket)
            for _ in range(2):  # A laboratory that is taken up again has its people.
                await asyncio.to_thread(add_staff, client)
            for person, _ in STAFF:
                page = await Visitor(OfficePages(a, server)).log_in(person, LAB_PASSWORD)
                assert page.path == "/board"
                assert "(hư cấu)" in page.text
        finally:
            await server.stop()
