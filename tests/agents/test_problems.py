"""Whatever the office's API refuses, it says so as a problem with a page (RFC 9457)."""

from __future__ import annotations

import asyncio
import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from blo_agent.api import queries
from blo_agent.api.app import openapi_text
from blo_agent.api.problem_table import PROBLEMS
from blo_agent.store.errors import StoreError
from tests.agents.test_api import Client, two_clients
from tests.agents.world import LINK
from tests.patience import PATIENCE_S


class Answered(NamedTuple):
    status: int
    kind: str
    allow: str | None
    body: bytes

    @property
    def problem(self) -> Any:
        assert self.kind == "application/problem+json"
        told = json.loads(self.body)
        name = told["type"].removeprefix("/problems/")
        assert (told["status"], told["title"]) == (self.status, PROBLEMS[name].title)
        assert self.status == PROBLEMS[name].status
        assert told["detail"]
        return {**told, "name": name}


async def ask(
    client: Client, method: str, path: str, body: bytes | None = None, **headers: str
) -> Answered:
    def call() -> Answered:
        connection = HTTPConnection(urlsplit(client.url).netloc, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            kind = answer.headers.get_content_type()
            return Answered(answer.status, kind, answer.headers["Allow"], answer.read())
        finally:
            connection.close()

    return await asyncio.to_thread(call)


async def test_what_the_framework_refuses_is_a_problem_too(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        for method, path, name in (
            ("GET", "/nothing", "not_found"),
            ("PUT", "/v1/links", "method_not_allowed"),
            ("GET", f"/v1/links/{LINK}?min_size=x", "wrong_parameter"),
            ("GET", "/v1/links/elsewhere", "unknown_link"),
            ("GET", f"/v1/links/{LINK}/cases/xyz", "wrong_parameter"),
            ("GET", f"/v1/links/{LINK}/cases/{'0' * 64}", "unknown_case"),
            ("GET", f"/v1/events/{'0' * 64}", "unknown_event"),
            ("GET", f"/v1/reports/{'0' * 64}", "unknown_report"),
            ("GET", f"/v1/drafts/{'0' * 32}", "unknown_draft"),
        ):
            answered = await ask(a, method, path)
            assert answered.problem["name"] == name, path
            assert (answered.allow is not None) == (name == "method_not_allowed")
        answered = await ask(a, "POST", "/v1/commands", b" " * (11 * 1024 * 1024))
        assert answered.problem["name"] == "body_too_large"
        wrong = await ask(a, "GET", f"/v1/links/{LINK}?min_size=x")
        assert wrong.problem["parameter"] == "min_size"


async def test_a_store_that_cannot_serve_is_a_problem_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreError(Path("store"), "is full", todo="Make room")

    async with two_clients(tmp_path) as (_, a, _b):
        monkeypatch.setattr(queries, "list_cases", broken)
        problem = (await ask(a, "GET", "/v1/cases")).problem
        assert (problem["name"], "Make room" in problem["detail"]) == ("unavailable", True)


async def test_every_problem_has_a_page_without_scripts_at_its_type(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        problem = (await ask(a, "GET", "/nothing")).problem
        page = await ask(a, "GET", problem["type"])
        assert (page.status, page.kind) == (200, "text/html")
        assert PROBLEMS["not_found"].title in page.body.decode()
        listed = (await ask(a, "GET", "/problems")).body.decode()
        for name in PROBLEMS:
            assert f'href="/problems/{name}"' in listed
        assert (await ask(a, "GET", "/problems/nothing")).problem["name"] == "not_found"


async def test_a_query_parameter_that_a_handler_does_not_know_or_that_comes_twice_is_refused(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        for path, name in (
            ("/v1/links?colour=red", "colour"),
            (f"/v1/links/{LINK}?min_size=0&min_size=0", "min_size"),
            (f"/v1/links/{LINK}?wait_s=0", "wait_s"),
            ("/problems?x", "x"),
        ):
            problem = (await ask(a, "GET", path)).problem
            assert (problem["name"], problem["parameter"]) == ("unknown_parameter", name)
        assert (
            "min_size, timeout" in (await ask(a, "GET", f"/v1/links/{LINK}?x=1")).problem["detail"]
        )
        assert (await ask(a, "GET", "/v1/inbox?kind=overdue&kind=unsent")).status in {200, 400}
        assert (await ask(a, "GET", f"/v1/links/{LINK}?min_size=0&timeout=0")).status == 200


async def test_a_body_that_is_not_declared_as_json_is_not_read(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        path = f"/v1/links/{LINK}/verify"
        for kind in ("", "text/plain", "application/x-www-form-urlencoded"):
            answered = await ask(a, "POST", path, b"{}", **{"Content-Type": kind})
            assert answered.problem["name"] == "no_json_body"
        kind = "application/json; charset=utf-8"
        assert (await ask(a, "POST", path, b"{}", **{"Content-Type": kind})).status == 200
        assert (await ask(a, "POST", path, b"")).status == 200
        problem = (await ask(a, "POST", path, b'{"deep": true}')).problem
        assert (problem["name"], problem["pointer"]) == ("unknown_field", "/deep")


async def test_the_schema_is_there_for_everybody(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        answered = await ask(a, "GET", "/schema")
        assert (answered.status, answered.kind) == (200, "application/json")
        assert answered.body == openapi_text()
