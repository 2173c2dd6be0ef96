"""Running ``blo`` as people do, and finding whatever it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.patience import PATIENCE_S

BLO = [sys.executable, "-m", "blo_cli"]


def environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment, with temporary files below a folder of the test's own."""
    kept = {name: value for name, value in os.environ.items() if name != "BLO_BOOTSTRAP"}
    return {**kept, "TMPDIR": str(folder), "COLUMNS": "140", **(more or {})}


def blo(
    folder: Path, *arguments: str, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs ``blo`` to its end."""
    return subprocess.run(
        [*BLO, *arguments],
        env=environment(folder, more),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE_S,
    )


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes that have to do with a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in command and int(path.parent.name) != os.getpid():
            found.append(command)
    return found


def ports_below(folder: Path) -> set[int]:
    """Every port that a broker or program below a folder says it listens on."""
    ports: set[int] = set()
    for path in (*folder.rglob("run.json"), *folder.rglob("run-*.json")):
        told = json.loads(path.read_text())
        ports |= {port for name, port in told.items() if name.endswith("_port")}
    for path in folder.rglob("broker.json"):
        ports |= set(json.loads(path.read_text())["ports"])
    return ports


def listens(port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Running:
    """A ``blo`` that runs, whose words on standard error are followed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: list[str] = []
        self._reader = threading.Thread(target=self._follow, daemon=True)
        self._reader.start()

    def _follow(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.told.append(line)

    def await_words(self, words: str, timeout_s: float = PATIENCE_S) -> None:
        """Waits until it has said something."""
        deadline = time.monotonic() + timeout_s
        while not any(words in line for line in self.told):
            assert self.process.poll() is None, self.told
            assert time.monotonic() < deadline, self.told
            time.sleep(0.01)

    def end(self, number: signal.Signals, timeout_s: float = PATIENCE_S) -> int:
        """Sends a signal and waits for the end."""
        self.process.send_signal(number)
        code = self.process.wait(timeout_s)
        self.await_end()
        return code

    def await_end(self) -> None:
        """Waits until all that it has said was heard."""
        self._reader.join(PATIENCE_S)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    """Runs ``blo`` beside the test."""
    with subprocess.Popen(
        [*BLO, *arguments],
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()
