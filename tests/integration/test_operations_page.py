"""docs/operations.md, word by word on a real Kafka; only the addresses are the test's own."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest

from blo_lab.broker import EmbeddedBroker
from tests.integration.programs import environment
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.broker, pytest.mark.slow]

_BLOCK = re.compile(r"^```sh ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of the page: how it is run, and its commands."""

    way: str
    text: str


def blocks(page: str) -> list[Block]:
    """The page's commands, in order."""
    return [Block(match[1], match[2]) for match in _BLOCK.finditer(page)]


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Shell:
    """A terminal in an empty folder, with ``blo`` on its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bin_folder = folder / "bin"
        bin_folder.mkdir(parents=True)
        program = bin_folder / "blo"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m blo_cli "$@"\n')
        program.chmod(0o755)
        self._environment = environment(folder)
        self._environment["PATH"] = f"{bin_folder}:{self._environment['PATH']}"
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, text: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=2 * PATIENCE_S,
        )
        assert not check or done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, text: str) -> None:
        log = (self.folder / f"program-{len(self._running)}.log").open("wb")
        self._running.append(
            subprocess.Popen(
                ["bash", "-c", f"exec {text}"],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        )
        log.close()

    def until(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while (done := self.run(text, check=False)).returncode:
            logs = "\n".join(path.read_text() for path in self.folder.glob("program-*.log"))
            assert time.monotonic() < deadline, f"{text}\n{done.stdout}\n{done.stderr}\n{logs}"
            assert all(program.poll() is None for program in self._running), logs
            time.sleep(0.2)

    def end(self) -> list[int]:
        for program in self._running:
            program.send_signal(signal.SIGTERM)
        return [program.wait(PATIENCE_S) for program in self._running]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path / "page")
    try:
        yield made
    finally:
        for program in made._running:
            program.kill()
            program.wait()


def test_the_page_leads_from_nothing_to_an_exchanged_case(
    shell: Shell, broker_factory: object, project_root: Path
) -> None:
    assert shutil.which("curl"), "curl is needed: sudo apt-get install curl"
    assert callable(broker_factory)
    broker = broker_factory()
    assert isinstance(broker, EmbeddedBroker)
    page = (project_root / "docs" / "operations.md").read_text(encoding="utf-8")
    ports = dict(zip(("8443", "8444", "9464", "9465"), free_ports(4), strict=True))
    for written, free in ports.items():
        page = re.sub(rf"\b{written}\b", f"{free}", page)
    page = page.replace("127.0.0.1:9092", broker.bootstrap)
    steps = blocks(page)
    assert [step.way for step in steps].count("background") == 2
    for step in steps:
        if step.way == "background":
            shell.start(step.text.strip())
        elif step.way == "until":
            shell.until(step.text)
        else:
            shell.run(step.text)
    said = shell.run("blo agent verify --config xiengkhouang/agent.toml").stdout
    assert "1 records, 1 verified" in said
    assert shell.end() == [0, 0]
    # Aim: at most 12 commands a country and 6 an office.
    commands = [line for step in steps for line in step.text.splitlines() if "blo " in line]
    assert len(commands) <= 2 * (12 + 6)


def test_the_page_has_all_its_commands_in_blocks_that_are_run(project_root: Path) -> None:
    page = (project_root / "docs" / "operations.md").read_text(encoding="utf-8")
    assert page.count("```") == 2 * len(blocks(page))
