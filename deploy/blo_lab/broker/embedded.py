"""A Kafka broker as a child: started, measured, paused, killed, restarted, and never left behind."""

from __future__ import annotations

import re
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from blo_lab.broker import state
from blo_lab.broker.errors import BrokerNotRunningError, BrokerStartError
from blo_lab.broker.libraries import KafkaLibraries
from blo_lab.broker.readiness import cluster_at
from blo_lab.broker.server import Server
from blo_lab.broker.settings import (
    LOOPBACK,
    ClusterMember,
    Ports,
    free_ports,
    java_environment,
    node_properties,
)
from blo_runtime.files import SMALL, read_file, write_file

ATTEMPTS: Final = 4
"""So often other ports are tried when somebody has taken one."""
_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.05
_TAIL_LINES = 20
PORT_TAKEN: Final = "Address already in use"
"""What a broker's log says when somebody has taken its port."""


class EmbeddedBroker:
    """A single KRaft node of real Kafka on loopback ports, owned by this process.

    ``start`` makes one and ``attach`` finds one that was left running. As a context manager it stops
    at the end of the block. If this process dies, by whatever signal, the broker dies with it, unless
    it was started detached.

    Attributes:
        directory: everything it writes lies here.
        ports: where it listens; a restart keeps them.
        ready_s: seconds from the wish to the first answer, of the latest start.
    """

    def __init__(
        self,
        directory: Path,
        libraries: KafkaLibraries,
        ports: Ports,
        *,
        heap: str,
        detached: bool,
        member: ClusterMember | None = None,
    ) -> None:
        """Describes a broker; ``start`` and ``attach`` are the ways to have one."""
        self.directory = directory
        self.ports = ports
        self.ready_s = 0.0
        self._libraries = libraries
        self._heap = heap
        self._detached = detached
        self._member = member
        self._server = Server()

    @classmethod
    def start(
        cls,
        directory: Path,
        libraries: KafkaLibraries,
        *,
        heap: str = "512m",
        overrides: Mapping[str, str] | None = None,
        detached: bool = False,
    ) -> Self:
        """Starts a broker and returns when it is ready for clients.

        Args:
            directory: made if absent; a broker's data of an earlier run there is taken up again.
            libraries: what ``find_kafka`` found.
            heap: the largest Java heap, as ``-Xmx`` takes it.
            overrides: broker properties that win over the embedded broker's own.
            detached: it outlives this process; ``attach`` finds it again.

        Raises:
            BrokerStartError: it died or did not answer; the message ends with its last log lines.
        """
        began = time.monotonic()
        directory = directory.resolve()
        for attempt in range(1, ATTEMPTS + 1):
            ports = free_ports()
            broker = cls(directory, libraries, ports, heap=heap, detached=detached)
            broker.write_files(overrides or {})
            try:
                broker._launch(began)
            except BrokerStartError as error:
                # Somebody was given the port between our look and the broker's start.
                if PORT_TAKEN not in str(error) or attempt == ATTEMPTS:
                    raise
            else:
                return broker
        raise AssertionError("the last attempt returns or raises")

    @classmethod
    def attach(cls, directory: Path) -> Self:
        """Finds the broker that was started in a directory and still runs there.

        Raises:
            BrokerNotRunningError: none does, or its process id is another process's by now.
        """
        directory = directory.resolve()
        running = state.load(directory)
        broker = cls(
            directory,
            running.kafka(),
            running.ports,
            heap=running.heap,
            detached=running.detached,
        )
        broker.ready_s = running.ready_s
        broker._server = Server(running.process)
        return broker

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients."""
        return f"{LOOPBACK}:{self.ports.client}"

    @property
    def version(self) -> str:
        """Kafka's version."""
        return self._libraries.version

    @property
    def data_directory(self) -> Path:
        """Where the segment files lie."""
        return self.directory / "data"

    @property
    def pid(self) -> int:
        """The Java process's id.

        Raises:
            BrokerNotRunningError: it was stopped.
        """
        process = self._server.process
        if process is None:
            raise BrokerNotRunningError(f"the broker of {self.directory} was stopped")
        return process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there; a paused one is."""
        return self._server.alive

    def log_tail(self, lines: int = _TAIL_LINES) -> str:
        """The last lines that the broker logged."""
        if not self._log.exists():
            return ""
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def stop(self) -> None:
        """Shuts it down in good order, by force if that takes too long; again is no harm."""
        self._server.stop(_STOP_TIMEOUT_S)
        state.forget(self.directory)

    def kill(self) -> None:
        """Ends it as a power cut would; again is no harm."""
        self._server.kill()
        state.forget(self.directory)

    def restart(self) -> None:
        """Starts it again on the same ports and data, after stopping it if it runs.

        Raises:
            BrokerStartError: it died or did not answer; the message ends with its last log lines.
        """
        self.stop()
        self._launch(time.monotonic())

    def pause(self) -> None:
        """Freezes it: connections stay open and nothing answers."""
        self._server.pause()

    def resume(self) -> None:
        """Lets a frozen one go on."""
        self._server.resume()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _log(self) -> Path:
        return self.directory / "broker.log"

    @property
    def _scratch(self) -> Path:
        return self.directory / "tmp"

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    @property
    def _identity(self) -> Path:
        return self.data_directory / "meta.properties"

    def _command(self, main: str, *arguments: str) -> list[str]:
        return self._libraries.command(main, *arguments, heap=self._heap, scratch=self._scratch)

    def write_files(self, overrides: Mapping[str, str]) -> None:
        """Writes what it is started from; properties that are given win over its own."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._log.unlink(missing_ok=True)
        self._libraries.place(self.directory)
        data = self.data_directory.relative_to(self.directory)
        text = node_properties(data, self.ports, overrides, self._member)
        write_file(self._properties, text.encode("ascii"), replace=True)

    def _launch(self, began: float) -> None:
        self.begin()
        self.await_ready(began)

    def begin(self) -> None:
        """Starts the process; ``await_ready`` must follow."""
        try:
            self._format()
            self._server.launch(
                self._command("kafka.Kafka", self._properties.name),
                self.directory,
                self._log,
                detached=self._detached,
                environ=java_environment(),
            )
        except BaseException:
            self.kill()
            raise

    def await_ready(self, began: float) -> None:
        """Returns when it is ready for clients.

        Args:
            began: When its start was wished for, by ``time.monotonic``.

        Raises:
            BrokerStartError: it died or did not answer; the message ends with its last log lines.
        """
        try:
            self._await_ready()
            self.ready_s = time.monotonic() - began
            self._remember()
        except BaseException:
            self.kill()
            raise

    def _format(self) -> None:
        """Gives the data directory its identity, once."""
        if self._identity.exists():
            return
        cluster = new_cluster_id() if self._member is None else self._member.cluster
        # In one word, because an id may begin with a dash.
        arguments = ["format", f"--cluster-id={cluster}", "--config", self._properties.name]
        formatted = subprocess.run(
            self._command("kafka.tools.StorageTool", *arguments),
            cwd=self.directory,
            env=java_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
        )
        if formatted.returncode != 0:
            raise BrokerStartError(
                f"Kafka refused to format {self.data_directory}:\n"
                f"{formatted.stdout}{formatted.stderr}"
            )

    def _cluster(self) -> str:
        found = re.search(
            r"^cluster\.id=(\S+)$",
            read_file(self._identity, SMALL).decode("latin-1"),
            flags=re.MULTILINE,
        )
        if found is None:
            raise BrokerStartError(f"{self._identity} names no cluster: the data is not Kafka's")
        return found[1]

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        cluster = self._cluster()
        while cluster_at((LOOPBACK, self.ports.client)) != cluster:
            if not self.running:
                raise BrokerStartError(f"the broker died at its start:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise BrokerStartError(
                    f"the broker did not answer in {_READY_TIMEOUT_S:.0f} s:\n{self.log_tail()}"
                )
            time.sleep(_POLL_S)

    def _remember(self) -> None:
        process = self._server.process
        assert process is not None
        libraries = self._libraries
        log_configuration = libraries.log_configuration
        state.save(
            self.directory,
            state.RunningBroker(
                process=process,
                ports=self.ports,
                heap=self._heap,
                detached=self._detached,
                version=libraries.version,
                libraries=str(libraries.directory),
                java=str(libraries.java),
                log_configuration=str(log_configuration) if log_configuration else None,
                ready_s=self.ready_s,
            ),
        )


def new_cluster_id() -> str:
    """An id for a cluster, as Kafka writes them."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
