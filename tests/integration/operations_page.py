"""docs/operations.md as a shell runs it: its blocks, its addresses, its programs."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.integration.programs import environment
from tests.patience import PATIENCE_S

_BLOCK = re.compile(r"^```sh ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of the page: how it is run, and its commands."""

    way: str
    text: str


def blocks(page: str) -> list[Block]:
    """The page's commands, in order."""
    return [Block(match[1], match[2]) for match in _BLOCK.finditer(page)]


def addressed(page: str, bootstrap: str) -> tuple[list[Block], dict[str, int]]:
    """The page's blocks with free ports and a broker's address; which port stands for which."""
    written = ("8443", "8444", "9464", "9465")
    ports = dict(zip(written, free_ports(len(written)), strict=True))
    for port, free in ports.items():
        page = re.sub(rf"\b{port}\b", f"{free}", page)
    return blocks(page.replace("127.0.0.1:9092", bootstrap)), ports


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

    def kill(self) -> None:
        for program in self._running:
            program.kill()
            program.wait()


@contextmanager
def opened_shell(folder: Path) -> Iterator[Shell]:
    """A shell whose programs end with it."""
    made = Shell(folder)
    try:
        yield made
    finally:
        made.kill()
