"""``blo lab up`` and ``down`` on a real Kafka: everything runs, and exactly that is stopped."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import date
from pathlib import Path

import pytest

from blo_agent.api import response_types as api
from blo_agent.api.request_types import CommandRequest
from blo_lab.network import state
from blo_lab.network.client import LabAgentClient
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import shipped
from blo_runtime.run_file import read_run_file
from blo_schemas.content import Dispatch
from tests.integration.programs import blo, listens, ports_below, processes_of, running
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.broker

LINK = "vn-quangbinh~la-khammouane"
NETWORK = ("--network", "quang-binh")
PROGRAMS = 3 + 1 + 1
PORTS = 2 + 3 + PROGRAMS
"""Kafka's two, each agent's API, and an admin listener for each program."""


def client(layout: Layout, office: str) -> LabAgentClient:
    place = read_run_file(layout.run_file(office))
    assert place is not None
    return LabAgentClient(office, layout.api_socket(office), admin_port=place.admin_port)


def submit(layout: Layout, code: str) -> None:
    answer = client(layout, "vn-quangbinh").submit(
        CommandRequest(
            link=LINK,
            step="open",
            kind="patrol",
            on=date(2025, 3, 1),
            dispatch=Dispatch(subject="(hư cấu) tuần tra"),
            fields={"code": code, "marker_from": "1", "marker_to": "2"},
        )
    )
    assert isinstance(answer, api.AcceptedAnswer), answer


def test_a_network_of_one_s_own_runs_and_is_the_lab_s_from_then_on(tmp_path: Path) -> None:
    """Under a folder with letters, spaces and signs that Java or Kafka take for something else."""
    mine = tmp_path / "mine.toml"
    mine.write_bytes(shipped()["quang-binh"].read_bytes() + b"# mine\n")
    layout = Layout(tmp_path / "Nghệ An, a:b")
    up = blo(tmp_path, "lab", "up", str(layout.root), "--network", str(mine))
    try:
        assert up.returncode == 0, up.stderr
        assert "3 agents, 1 processor and 1 witness" in up.stderr
        assert blo(tmp_path, "lab", "down", str(layout.root)).returncode == 0

        other = blo(tmp_path, "lab", "up", str(layout.root), "--network", "guangxi")
        assert other.returncode == 2
        assert "provisioned for another network" in other.stderr

        again = blo(tmp_path, "lab", "up", str(layout.root))
        assert again.returncode == 0, again.stderr
        assert client(layout, "la-khammouane").await_size(LINK, 0, 50).size == 0
    finally:
        down = blo(tmp_path, "lab", "down", str(layout.root))
    assert down.returncode == 0
    assert processes_of(layout.root) == []


def test_up_down_up_again_and_up_with_a_program_that_does_not_start(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "lab")
    folder = str(layout.root)
    up = blo(tmp_path, "lab", "up", folder, *NETWORK)
    try:
        assert up.returncode == 0, up.stderr
        assert f"blo lab down {folder}" in up.stdout
        ports = ports_below(layout.root)
        assert len(ports) == PORTS
        assert all(listens(port) for port in ports)
        submit(layout, "first")
        assert client(layout, "la-khammouane").await_size(LINK, 1, 50).size == 1

        config = str(layout.config("la-khammouane"))
        verified = blo(tmp_path, "agent", "verify", "--config", config)
        assert verified.returncode == 0, verified.stderr
        assert f"{LINK}: 1 records, 1 verified" in verified.stdout

        check_that_it_can_be_audited(tmp_path, layout)

        second = blo(tmp_path, "lab", "up", folder)
        assert second.returncode == 2
        assert "blo lab down" in second.stderr
        assert all(listens(port) for port in ports)
    finally:
        down = blo(tmp_path, "lab", "down", folder)
    assert down.returncode == 0, down.stderr
    assert processes_of(layout.root) == []
    assert not [port for port in ports if listens(port)]
    files = {"processors.toml", "processors.log", "processor.key", "state"}
    assert {path.name for path in (layout.processors / "la-vn").iterdir()} == files
    assert "no lab runs" in blo(tmp_path, "lab", "down", folder).stdout

    again = blo(tmp_path, "lab", "up", folder)
    try:
        assert again.returncode == 0, again.stderr
        submit(layout, "second")
        assert client(layout, "la-khammouane").await_size(LINK, 2, 50).size == 2
        # Whatever became of a program, `down` ends the others and forgets it.
        run_file = layout.processors / "la-vn" / "run-lab.json"
        os.kill(json.loads(run_file.read_text())["pid"], signal.SIGKILL)
    finally:
        assert blo(tmp_path, "lab", "down", folder).returncode == 0
    assert processes_of(layout.root) == []
    assert ports_below(layout.root) == set()

    check_that_a_program_that_does_not_start_is_told(layout)


def check_that_it_can_be_audited(folder: Path, layout: Layout) -> None:
    """The three commands of the README, on a log of one record."""
    config = ("--config", str(layout.auditor))
    deadline = time.monotonic() + PATIENCE_S
    while True:
        replayed = blo(folder, "audit", "replay", *config)
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr
        if (
            "A checkpoint over 1 record by vn-witness, la-khammouane, vn-quangbinh"
            in replayed.stdout
        ):
            break
        assert time.monotonic() < deadline, replayed.stdout
    assert "Nothing is wrong." in replayed.stdout
    bundle = str(folder / "link.bundle")
    written = blo(folder, "audit", "bundle", *config, "--link", LINK, "--output", bundle)
    assert written.returncode == 0, written.stderr
    assert "rest on a checkpoint of 1 record by vn-witness" in written.stdout
    verified = blo(folder, "audit", "verify", bundle, *config)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "Nothing is wrong." in verified.stdout


def check_that_a_program_that_does_not_start_is_told(layout: Layout) -> None:
    """With its own words, and nothing runs on."""
    key = layout.witnesses / "vn-witness" / "witness.key"
    right = key.read_text()
    key.write_text("00" * 32 + "\n")
    up = blo(layout.root.parent, "lab", "up", str(layout.root))
    key.write_text(right)
    assert up.returncode == 2
    assert "the witness vn-witness: ended at its start" in up.stderr
    assert "does not hold a program's keys" in up.stderr
    assert processes_of(layout.root) == []
    assert ports_below(layout.root) == set()
    assert layout.finished.is_file()


@pytest.mark.parametrize(
    ("words", "after_s", "number"),
    [
        ("provisioning", 0.3, signal.SIGTERM),
        ("starting 3 agents, 1 processor and 1 witness", 0.5, signal.SIGINT),
    ],
)
def test_up_interrupted_at_any_moment_leaves_nothing(
    tmp_path: Path, words: str, after_s: float, number: signal.Signals
) -> None:
    folder = tmp_path / "a" / "lab"
    with running(tmp_path, "lab", "up", str(folder), *NETWORK) as up:
        up.await_words(words)
        time.sleep(after_s)
        ports = ports_below(folder)
        assert up.end(number) == 128 + number
    assert processes_of(folder) == []
    assert not [port for port in ports if listens(port)]
    assert list(tmp_path.iterdir()) == []


def test_up_killed_outright_can_be_ended_by_down(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "lab")
    with running(tmp_path, "lab", "up", str(layout.root), *NETWORK) as up:
        up.await_words("starting 3 agents")
        while len(programs(layout)) < PROGRAMS:
            time.sleep(0.01)
        assert up.end(signal.SIGKILL) == -signal.SIGKILL
    assert processes_of(layout.root)
    assert blo(tmp_path, "lab", "down", str(layout.root)).returncode == 0
    assert processes_of(layout.root) == []


def programs(layout: Layout) -> tuple[state.Program, ...]:
    """The programs that the folder knows of."""
    known = state.load(layout.state)
    return known.programs if known else ()
