"""Agents as programs of their own, as an office runs them, and their API over HTTP."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from blo_agent.config import API_SOCKET
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import documents
from blo_runtime import unix_socket
from blo_schemas.codec import encode
from blo_schemas.ids import DocumentId, LinkId, OfficeId
from blo_schemas.trust import SignedDocument
from tests.agents.world import LINK, World
from tests.patience import PATIENCE_S

_CONFIG = """\
office = "{office}"
simulated_time = {simulated}
head_interval_s = 0.05
settle_s = 0.5
difference_after_s = {difference_after_s}

[store]
path = "office.db"
key = "office.key"

[trust.pins]
{pins}

[kafka]
bootstrap = "{bootstrap}"
request_timeout_s = 3.0

[api]
socket_acts_as = "office"
"""


class NoAnswer(Exception):
    """The agent is not there, or went away while it was asked."""


def _keep(found: list[SignedDocument]) -> Callable[[Transaction], None]:
    """Let an office know documents before it has ever reached a broker."""

    def job(tx: Transaction) -> None:
        for signed in found:
            value = encode(signed)
            identifier = DocumentId(sha256(value).digest())
            documents.put(tx, documents.StoredDocument(identifier, value, admitted=True))

    return job


class AgentProcess:
    """One office's agent, started, killed and started again."""

    def __init__(
        self, world: World, office: OfficeId, bootstrap: str, *, simulated: bool = False
    ) -> None:
        self.office = office
        self.folder = world.folder / office
        self.folder.mkdir()
        self.config = self.folder / "agent.toml"
        pins = "\n".join(f'{country} = "{pin.hex()}"' for country, pin in world.pins.items())
        self.config.write_text(
            _CONFIG.format(
                office=office,
                pins=pins,
                bootstrap=bootstrap,
                simulated="true" if simulated else "false",
                difference_after_s=float(world.difference_after_s),
            )
        )
        with world.store(office) as store:
            store.submit(_keep(world.documents)).result()
        (world.folder / f"{office}.db").rename(self.folder / "office.db")
        (world.folder / f"{office}.key").rename(self.folder / "office.key")
        self._process: subprocess.Popen[bytes] | None = None
        self._output = self.folder / "stderr"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def run_file(self) -> Path:
        return self.folder / "run.json"

    def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "blo_cli", "agent", "run", "--config", str(self.config)],
                stderr=output,
                stdout=output,
            )

    def output(self) -> str:
        return self._output.read_text()

    def ports(self) -> dict[str, int]:
        """The ports of the process that runs now.

        Raises:
            NoAnswer: It does not say so (yet).
        """
        try:
            said: dict[str, int] = json.loads(self.run_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError) as error:
            raise NoAnswer from error
        if said["pid"] != self.process.pid:
            raise NoAnswer
        return said

    def until_up(self, timeout_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            assert self.process.poll() is None, self.output()
            try:
                if self.ask("GET", f"/v1/links/{quote(LINK)}")[0] == 200:
                    return
            except NoAnswer:
                pass
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request, on a connection of its own.

        Raises:
            NoAnswer: There is none.
        """
        connection = http.client.HTTPConnection("agent", timeout=PATIENCE_S)
        try:
            connection.sock = unix_socket.connect(self.folder / API_SOCKET, PATIENCE_S)
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer from error
        finally:
            connection.close()

    def link(self, *, size: int = 0, timeout_s: float = 0, link: LinkId = LINK) -> dict[str, Any]:
        path = f"/v1/links/{quote(link)}?min_size={size}&timeout={timeout_s}"
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    def metrics(self) -> str:
        """What ``/metrics`` says."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.ports()["admin_port"], timeout=PATIENCE_S
        )
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer from error
        finally:
            connection.close()

    def ready(self) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.ports()["admin_port"], timeout=PATIENCE_S
        )
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer from error
        finally:
            connection.close()
