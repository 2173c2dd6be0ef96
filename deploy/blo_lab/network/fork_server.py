"""One process that has imported what agents and witnesses need, and forks each of them.

Fourteen agents that import a thousand modules each take longer than the year that they play; here
the modules are imported once, while Kafka starts. Run as a module,
``python -m blo_lab.network.fork_server FOLDER`` reads an order in JSON a line from its standard
input and answers with the process id. When its standard input ends, by whatever its owner died, it
kills what it has started. The folder is named only so that its processes can be told by it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from blo_lab.broker.processes import KnownProcess
from blo_schemas.texts import from_json

_END_TIMEOUT_S: Final = 30.0


class ForkServer:
    """The owner's side: starts the process, and gives it orders.

    Args:
        folder: The lab's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "blo_lab.network.fork_server", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def fork(self, arguments: Sequence[str], directory: Path, log: Path) -> KnownProcess | None:
        """Starts ``blo`` with these arguments.

        Args:
            arguments: Of ``blo``.
            directory: Its working directory.
            log: The file that its output is appended to.

        Returns:
            The process; ``None`` if it has ended already, or could not be started.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"arguments": list(arguments), "directory": str(directory), "log": str(log)}
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except (OSError, ValueError):
            return None
        return KnownProcess.of(int(answer)) if answer.strip() else None

    def close(self) -> None:
        """Ends it, and what it has started and still runs; again is no harm."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main() -> None:
    """Imports, then forks as it is told, until its standard input ends."""
    _preload()
    # What was imported is shared with the forks; the collector is not to touch it.
    gc.collect()
    gc.freeze()
    answers = os.dup(1)
    children: list[int] = []
    for line in sys.stdin:
        order = from_json(line, dict[str, Any])
        pid = os.fork()
        if pid == 0:
            os.close(answers)
            _become(order["arguments"], order["directory"], order["log"])
        children.append(pid)
        os.write(answers, b"%d\n" % pid)
    # None was waited for, so no number has gone to another process.
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _preload() -> None:
    import blo_cli.agent
    import blo_cli.audit
    import blo_cli.main  # noqa: F401 - imported for those that are forked


def _become(arguments: Sequence[str], directory: str, log: str) -> NoReturn:
    """The rest of a forked process: it is ``blo`` from here on."""
    code = 1
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        for target, source in ((0, nothing), (1, output), (2, output)):
            os.dup2(source, target)
        os.chdir(directory)
        from blo_cli.main import run

        code = run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
