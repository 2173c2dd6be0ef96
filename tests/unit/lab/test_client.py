"""The client reads what an agent answers, and tells in words what it can't read."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import msgspec
import pytest

from blo_agent.api import response_types as api
from blo_agent.api.request_types import CommandRequest, ReportRequest
from blo_cli.client import AgentClient
from blo_cli.errors import AgentAnswerError, CliError
from blo_lab.network.admin import AdminClient
from blo_lab.network.client import LabAgentClient
from blo_lab.network.network_file import articles
from blo_runtime import unix_socket
from tests.unit.lab import seen as made

LINK = "vn-kyson~la-xiengkhouang"
COMMAND = CommandRequest(link=LINK, step="open", on=date(2025, 3, 1), kind="patrol")


class Agent:
    """Answers what it was told to, on its socket and on its admin port; remembers the request."""

    def __init__(self, path: Path) -> None:
        self.path_of_socket = path
        self.answer: tuple[int, Any] = (200, {})
        self.method = self.path = ""
        self.headers: Any = {}
        self.body: Any = None
        handler = type("Bound", (Handler,), {"agent": self})
        self.admin = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.api = ThreadingUnixStreamServer(str(path), handler)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    agent: Agent

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.agent.body = json.loads(self.rfile.read(length))
        self._answer()

    def _answer(self) -> None:
        self.agent.method, self.agent.path = self.command, self.path
        self.agent.headers = self.headers
        status, body = self.agent.answer
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing."""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path / "api.socket")
    with agent.admin, agent.api:
        threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            for server in (agent.admin, agent.api)
        ]
        for thread in threads:
            thread.start()
        yield agent
        agent.admin.shutdown()
        agent.api.shutdown()
        for thread in threads:
            thread.join()


@pytest.fixture
def client(agent: Agent) -> LabAgentClient:
    port = int(agent.admin.server_address[1])
    return LabAgentClient("vn-kyson", agent.path_of_socket, admin_port=port)


def test_a_command_that_was_taken(agent: Agent, client: LabAgentClient) -> None:
    agent.answer = (201, {"event": "e", "case": "c", "oseq": 0, "expected_version": 0})
    assert client.submit(COMMAND) == api.AcceptedAnswer("e", "c", 0, 0)
    assert (agent.method, agent.path) == ("POST", "/v1/commands")
    assert msgspec.convert(agent.body, CommandRequest) == COMMAND
    assert "Authorization" not in agent.headers


def test_a_command_that_was_refused(agent: Agent, client: LabAgentClient) -> None:
    agent.answer = (409, msgspec.to_builtins(made.refused("not_legal_now", "not now")))
    assert client.submit(COMMAND) == made.refused("not_legal_now", "not now")


def test_a_command_that_is_none_is_an_error_with_the_agent_s_words(
    agent: Agent, client: LabAgentClient
) -> None:
    agent.answer = (
        400,
        msgspec.to_builtins(made.refused("missing_field", "is missing", pointer="/kind")),
    )
    with pytest.raises(AgentAnswerError, match=r"vn-kyson.*answered 400.*/kind: is missing"):
        client.submit(COMMAND)


def link(**changes: Any) -> dict[str, Any]:
    status = made.status(articles(), "vn-kyson", LINK, 5)
    plain: dict[str, Any] = msgspec.to_builtins(status)
    return plain | changes


def test_links_are_read_and_further_keys_let_pass(agent: Agent, client: LabAgentClient) -> None:
    agent.answer = (200, [link(colour="red")])
    (status,) = client.links()
    assert (status.size, status.counts.rejected) == (5, {"not_legal_now": 1})


def test_waiting_says_for_what_and_how_long(agent: Agent, client: LabAgentClient) -> None:
    agent.answer = (200, link())
    assert client.await_size(LINK, 5, 2.5).size == 5
    assert agent.path == f"/v1/links/{LINK}?min_size=5&timeout=2.5"


def test_the_line_and_the_clock_are_set(agent: Agent, client: LabAgentClient) -> None:
    agent.answer = (200, {"up": False})
    client.line(up=False)
    assert (agent.path, agent.body) == ("/v1/line", {"up": False})
    now = "1970-01-01T00:00:17Z"
    agent.answer = (200, {"now": now})
    client.clock(17_000)
    assert (agent.path, agent.body) == ("/v1/clock", {"now": now})


def test_cases_and_folds_are_asked_for(agent: Agent, client: LabAgentClient) -> None:
    history = api.CaseHistory(None, [], [], [], [], [], [])
    agent.answer = (200, msgspec.to_builtins(history))
    assert client.case(LINK, "beef").view is None
    assert agent.path == f"/v1/links/{LINK}/cases/beef"
    agent.answer = (200, msgspec.to_builtins(made.verification(1)))
    assert client.verify(LINK).equal
    assert (agent.method, agent.path) == ("POST", f"/v1/links/{LINK}/verify")


def test_a_report_is_asked_for_and_its_refusal_is_an_error(
    agent: Agent, client: LabAgentClient
) -> None:
    wanted = ReportRequest(date(2025, 1, 1), date(2025, 12, 31), "officer")
    agent.answer = (409, msgspec.to_builtins(made.refused("not_the_log", "a link is in doubt")))
    with pytest.raises(CliError, match=r"refuses \(not_the_log\)\. A link is in doubt"):
        client.compute_report(wanted)
    assert msgspec.convert(agent.body, ReportRequest) == wanted


def test_metrics_and_readiness_are_asked_of_the_admin_listener(
    agent: Agent, client: LabAgentClient
) -> None:
    agent.answer = (200, b"blo_link_size 5\n")
    assert client.metrics() == "blo_link_size 5\n"
    assert agent.path == "/metrics"
    assert client.ready()
    agent.answer = (503, [])
    assert not client.ready()


def test_an_agent_that_is_not_there_is_told_and_is_not_ready(tmp_path: Path) -> None:
    nobody = LabAgentClient("vn-kyson", tmp_path / "api.socket", admin_port=1)
    assert not nobody.ready()
    with pytest.raises(AgentAnswerError, match=r"agent of vn-kyson: does not run"):
        nobody.links()


def test_the_socket_of_a_killed_agent_is_told_as_no_agent(tmp_path: Path) -> None:
    left = tmp_path / "api.socket"
    unix_socket.listen(left).close()
    with pytest.raises(AgentAnswerError, match="does not run"):
        LabAgentClient("vn-kyson", left, admin_port=1).links()


def test_another_user_s_program_on_the_socket_is_asked_nothing(agent: Agent) -> None:
    other = AgentClient("vn-kyson", agent.path_of_socket, owner=os.geteuid() + 1)
    with pytest.raises(AgentAnswerError, match=r"a program of user \d+ listens there"):
        other.links()
    assert agent.path == ""


def test_an_answer_of_another_shape_is_told(agent: Agent, client: LabAgentClient) -> None:
    agent.answer = (200, {"links": []})
    with pytest.raises(AgentAnswerError, match="what this command does not know"):
        client.links()


def test_any_program_that_is_not_there_is_told_by_its_title() -> None:
    nobody = AdminClient("the processor of la-vn", 1)
    assert not nobody.ready()
    with pytest.raises(
        AgentAnswerError, match=r"the processor of la-vn at 127\.0\.0\.1:1: does not answer"
    ):
        nobody.metrics()


def test_a_hint_names_what_is_at_hand() -> None:
    """Only the demo throws its logs away, so only the demo says how to keep them."""
    with pytest.raises(AgentAnswerError) as failure:
        AdminClient("the agent of vn-kyson", 1).metrics()
    assert "Its log says why" in str(failure.value)
    assert "--keep" not in str(failure.value)
