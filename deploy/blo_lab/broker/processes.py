"""Processes known by their number and their start, because the system reuses numbers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class KnownProcess:
    """One process, signalled only while it is certainly that one.

    Attributes:
        pid: Its number.
        started: Its start, as the system words it; together with the number it names one process
            for good, also after a restart of the machine.
    """

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has this number now, or None if none runs."""
        started = _start_of(pid)
        return None if started is None else cls(pid, started)

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return _start_of(self.pid) == self.started

    @property
    def frozen(self) -> bool:
        """Whether every one of its threads has stopped at a SIGSTOP, as far as the system tells."""
        states = [_thread_state(task) for task in Path(f"/proc/{self.pid}/task").glob("*")]
        return all(state in (None, "T") for state in states)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, or does nothing if the process is gone."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def wait(self, timeout_s: float) -> bool:
        """Waits for its end, at most this many seconds; says whether it has ended."""
        return _comes_true(lambda: not self.alive, timeout_s)

    def freeze(self, timeout_s: float) -> bool:
        """Sends SIGSTOP and waits until it has taken effect; says whether it has in time."""
        self.send(signal.SIGSTOP)
        return _comes_true(lambda: self.frozen, timeout_s)


def _comes_true(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _thread_state(task: Path) -> str | None:
    try:
        stat = (task / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return stat.rpartition(")")[2].split()[0]


def _start_of(pid: int) -> str | None:
    if sys.platform != "linux":
        return _start_from_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    state, ticks = fields[0], fields[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None if state in "ZX" else f"{boot}/{ticks}"


def _start_from_ps(pid: int) -> str | None:
    output = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C"},
    ).stdout.split(maxsplit=1)
    return None if len(output) < 2 or output[0].startswith("Z") else output[1].strip()
