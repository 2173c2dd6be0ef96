"""The commands of docs/api.md carry a request from the log-in to its end."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest

from blo_agent.api.app import MAX_BODY, office_api
from blo_agent.config import API_SOCKET
from blo_cli.client import AgentClient
from blo_runtime.http import serve
from blo_runtime.http_connections import ConnectionLimits
from blo_schemas.people import OfficeRole
from tests.agents.started import both_up
from tests.agents.world import LINK
from tests.patience import PATIENCE_S
from tests.people.staff import PASSWORD, make_cheap
from tests.people.test_people_api import OfficeUnderTest


def problems_in(folder: Path) -> list[str]:
    """What was refused."""
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*.json")]
    return [text for text in texts if '"/problems/' in text]


async def test_the_page_leads_from_the_log_in_to_the_closing(
    tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cheap(monkeypatch)
    page = (project_root / "docs/api.md").read_text(encoding="utf-8")
    script = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    async with both_up(tmp_path) as (_, a, b):
        servers = []
        try:
            for running in (a, b):
                socket_file = tmp_path / f"{running.agent.office.id}-{API_SOCKET}"
                server = await serve(office_api(running.agent), socket_file=socket_file)
                servers.append(server)
                client = AgentClient(running.agent.office.id, socket_file)
                await OfficeUnderTest(running, server.port, client).add("chief", OfficeRole.CHIEF)
            addresses = {"A": servers[0].url, "B": servers[1].url, "LINK": LINK}
            done = await asyncio.to_thread(
                subprocess.run,
                ["bash", "-eu", "-o", "pipefail", "-c", script],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "PASSWORD": PASSWORD, **addresses},
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
        finally:
            for server in servers:
                await server.stop()
    problems = problems_in(tmp_path)
    assert done.returncode == 0, (done.stdout, done.stderr, problems)
    assert done.stdout.strip() == "closed"


def test_the_limits_of_the_page_are_those_of_the_program(project_root: Path) -> None:
    page = (project_root / "docs/api.md").read_text(encoding="utf-8")
    limits = ConnectionLimits()
    for row in (
        f"| head of a request | {limits.head_bytes // 1024} KiB |",
        f"| body, unless the description says more | {MAX_BODY // 1024**2} MiB |",
        f"| TLS handshake, and the head of a request | {limits.head_s:g} s each |",
        f"| body of a request | {limits.body_s:g} s |",
        f"| an answer that the peer leaves lying | {limits.answer_s:g} s |",
        f"| connections at a time | {limits.connections} |",
    ):
        assert row in page
