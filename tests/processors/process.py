"""The processor as a process of its own: started, killed, stopped, woken, and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

from blo_schemas.ids import CountryId, DocumentId, OfficeId
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from tests.patience import PATIENCE_S
from tests.processors.world import CORRIDOR, PROCESSOR

PROJECT_ROOT = Path(__file__).resolve().parents[2]


class Surroundings(Protocol):
    """A world that has a processor."""

    keys: dict[OfficeId, NodeKeys]
    pins: dict[CountryId, DocumentId]


def write_config(
    world: Surroundings, folder: Path, bootstrap: str, *, simulated: bool = True
) -> Path:
    """The configuration and the keys of the world's processor."""
    keys = folder / "processor.key"
    keys.write_text(world.keys[PROCESSOR].to_bytes().hex() + "\n", encoding="ascii")
    keys.chmod(0o600)
    pins = "".join(f'{country} = "{pin.hex()}"\n' for country, pin in world.pins.items())
    config = folder / "processors.toml"
    config.write_text(
        f"""\
processor = "{PROCESSOR}"
corridor = "{CORRIDOR}"
keys = "processor.key"
state = "state"
simulated_time = {"true" if simulated else "false"}

[trust.pins]
{pins}
[kafka]
bootstrap = "{bootstrap}"
request_timeout_s = 10

[work]
tick_s = 0.5
checkpoint_every = 7
checkpoint_s = 5
audit_s = 3
""",
        encoding="utf-8",
    )
    return config


class WorkerProcess:
    """One worker, kept alive by a supervisor's thread as an operator's would do it.

    Args:
        config: Its configuration.
        instance: Its name in the group.
        log: The file that its log goes to.
    """

    def __init__(self, config: Path, instance: str, log: Path) -> None:
        self.starts = 0
        self.codes: list[int] = []
        self._config = config
        self._instance = instance
        self.log = log
        self._wanted = True
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def send(self, number: signal.Signals) -> bool:
        pid = self.pid
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            return True
        return False

    def stop(self, timeout_s: float = PATIENCE_S) -> float:
        """SIGTERM; how many seconds it took to end."""
        self._wanted = False
        began = time.monotonic()
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        self._thread.join(timeout_s)
        took = time.monotonic() - began
        if self._thread.is_alive():
            self.send(signal.SIGKILL)
            self._thread.join(timeout_s)
        return took

    def _supervise(self) -> None:
        paths = ("schemas", "services", "deploy", ".")
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(PROJECT_ROOT / path) for path in paths),
        }
        command = [sys.executable, "-m", "blo_cli", "processors", "run"]
        command += ["--config", str(self._config), "--instance", self._instance]
        while self._wanted:
            with self.log.open("ab") as output:
                self._process = subprocess.Popen(
                    command, stdout=output, stderr=output, env=environ, cwd=self._config.parent
                )
            self.starts += 1
            self.codes.append(self._process.wait())
            if self._wanted:
                time.sleep(0.3)


__all__ = ["ProgramIdentity", "WorkerProcess", "write_config"]
