"""The operating system's side of a broker: one Java process and the launcher that guards it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from blo_lab.broker.processes import KnownProcess

_LAUNCHER = Path(__file__).with_name("launcher.py")
_KILL_TIMEOUT_S = 30.0
_FREEZE_TIMEOUT_S = 5.0
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


class Server:
    """A process of its own session, so that Ctrl-C at the terminal is the owner's alone."""

    def __init__(self, process: KnownProcess | None = None) -> None:
        """Takes over a process that was launched elsewhere, or none yet."""
        self._process = process
        self._launcher: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> KnownProcess | None:
        """The process, if one was launched and has not been ended."""
        return self._process

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.alive

    def launch(
        self,
        command: Sequence[str],
        directory: Path,
        log: Path,
        *,
        detached: bool,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Starts the command.

        Args:
            command: program and arguments.
            directory: its working directory.
            log: the file that its output is appended to.
            detached: it goes on when this process ends; otherwise it is killed then, however this
                process ends.
            environ: its environment; ``None``: this process's own.
        """
        with _interrupts_deferred():
            self._spawn(command, directory, log, detached, environ)

    def _spawn(
        self,
        command: Sequence[str],
        directory: Path,
        log: Path,
        detached: bool,
        environ: Mapping[str, str] | None,
    ) -> None:
        mode = "detached" if detached else "guarded"
        with log.open("ab") as output:
            self._launcher = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCHER), mode, *command],
                cwd=directory,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        assert self._launcher.stdout is not None
        if told := self._launcher.stdout.readline():
            self._process = KnownProcess.of(int(told))
        if detached:
            self._dismiss_launcher()

    def pause(self) -> None:
        """Freezes the process; returns when its last thread stands still."""
        if self._process is not None:
            self._process.freeze(_FREEZE_TIMEOUT_S)

    def resume(self) -> None:
        """Lets a frozen process go on."""
        self._send(signal.SIGCONT)

    def stop(self, timeout_s: float) -> None:
        """Asks the process to end, waits at most so many seconds, then kills it."""
        try:
            self._send(signal.SIGTERM)
            self._send(signal.SIGCONT)
            if self._process is not None:
                self._process.wait(timeout_s)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends the process at once; returns when it is gone."""
        self._send(signal.SIGKILL)
        self._dismiss_launcher()
        if self._process is not None:
            self._process.wait(_KILL_TIMEOUT_S)
            self._process = None

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send(number)

    def _dismiss_launcher(self) -> None:
        """Ends the launcher; a guarded process that it still has ends with it."""
        if self._launcher is None:
            return
        for pipe in (self._launcher.stdin, self._launcher.stdout):
            assert pipe is not None
            pipe.close()
        self._launcher.wait(_KILL_TIMEOUT_S)
        self._launcher = None


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Holds back signals for a moment, so that no process is born without its owner knowing it."""
    if threading.current_thread() is not threading.main_thread():
        # Python's signal handlers, and so their exceptions, run in the main thread only.
        yield
        return
    pending: list[int] = []
    current = {number: signal.getsignal(number) for number in _INTERRUPTS}
    # None stands for a handler that Python did not install, and so could not put back.
    handlers = {number: handler for number, handler in current.items() if handler is not None}
    for number in handlers:
        signal.signal(number, lambda caught, _frame: pending.append(caught))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for caught in pending[:1]:
            signal.raise_signal(caught)
