"""Processes of a lab: started without being lost sight of, and all ended together."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from blo_lab.broker.processes import KnownProcess
from blo_lab.broker.server import Server
from blo_lab.network.fork_server import ForkServer
from blo_lab.network.state import Program

_STOP_TIMEOUT_S = 30.0
_POLL_S = 0.02


class Programs:
    """The programs that this process has started.

    Args:
        detached: Whether they go on when this process ends. Otherwise they die with it, by
            whatever signal it dies.
    """

    def __init__(self, *, detached: bool) -> None:
        self._detached = detached
        self._servers: dict[str, Server] = {}
        self._run_files: dict[str, Path] = {}
        self._fork_server: ForkServer | None = None

    def prepare(self, folder: Path) -> None:
        """Begins to import what agents and witnesses need, so that ``fork`` starts them at once.

        Programs that go on when this process ends are started apart from each other instead.

        Args:
            folder: The folder that all of them belong to.
        """
        if not self._detached:
            self._fork_server = ForkServer(folder)

    @property
    def forks(self) -> bool:
        """Whether ``fork`` may be called."""
        return self._fork_server is not None

    def fork(
        self, name: str, arguments: Sequence[str], directory: Path, *, log: Path, run_file: Path
    ) -> None:
        """Starts ``blo`` with these arguments; the others are as for ``start``."""
        assert self._fork_server is not None
        process = self._fork_server.fork(arguments, directory, log)
        self._servers[name] = Server(process)
        self._run_files[name] = run_file

    def start(
        self, name: str, command: Sequence[str], directory: Path, *, log: Path, run_file: Path
    ) -> None:
        """Starts one program.

        Args:
            name: What it is known by; no two have one.
            command: Program and arguments.
            directory: Its working directory.
            log: The file that its output is appended to.
            run_file: The file that is there while it runs.
        """
        server = self._servers[name] = Server()
        self._run_files[name] = run_file
        server.launch(command, directory, log, detached=self._detached)

    @property
    def running(self) -> tuple[Program, ...]:
        """What was started, with what each process is known by."""
        return tuple(
            Program(name, str(self._run_files[name]), server.process)
            for name, server in self._servers.items()
            if server.process is not None
        )

    def alive(self, name: str) -> bool:
        """Whether a program that was started still runs."""
        return self._servers[name].alive

    def stop(self) -> None:
        """Ends all of them; again is no harm."""
        stop_all(program.process for program in self.running)
        for server in self._servers.values():
            server.kill()
        if self._fork_server is not None:
            self._fork_server.close()


def stop_all(
    processes: Iterable[KnownProcess],
    *,
    timeout_s: float = _STOP_TIMEOUT_S,
    sleep: Callable[[float], None] = time.sleep,
) -> list[KnownProcess]:
    """Asks all processes to end at once, waits for them together, and kills what is left.

    Returns:
        Those that had to be killed.
    """
    known = list(processes)
    for process in known:
        process.send(signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and any(process.alive for process in known):
        sleep(_POLL_S)
    left = [process for process in known if process.alive]
    for process in left:
        process.send(signal.SIGKILL)
    for process in left:
        process.wait(timeout_s)
    return left
