"""A lab that is started: its broker, its programs, and how all of it ends."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec

from blo_cli.interrupts import Interrupts
from blo_lab.broker import (
    Broker,
    BrokerNotRunningError,
    EmbeddedBroker,
    EmbeddedCluster,
    external_broker,
    find_kafka,
)
from blo_lab.errors import LabError
from blo_lab.network import state
from blo_lab.network.admin import AdminClient
from blo_lab.network.client import LabAgentClient
from blo_lab.network.layout import Layout
from blo_lab.network.programs import Programs, stop_all
from blo_lab.network.provision import provision, rewrite_bootstrap
from blo_lab.network.publish import publish
from blo_lab.network.table import AGENT, PROCESSOR, LabProgram, ProgramKind, counted, the_programs
from blo_lab.network.world import World
from blo_runtime.files import SMALL, read_file, write_file
from blo_runtime.run_file import RunFile, read_run_file
from blo_schemas.texts import from_json

PROJECT_ROOT: Final = Path(__file__).resolve().parents[3]
READY_TIMEOUT_S: Final = 90.0
_POLL_S = 0.05
_FIRST_PORT, _LAST_PORT, _PORT_STEP = 18400, 20000, 20
_TAIL_LINES = 12

Tell = Callable[[str], None]


class _Provisioned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a folder was provisioned; its file is written last."""

    simulated_time: bool
    embedded: bool
    brokers: int = 1


class Lab:
    """A lab under a folder, to be started by this process.

    Args:
        layout: Where it lies.
        world: Its links and offices.
        environ: ``BLO_BOOTSTRAP`` uses a Kafka that runs already, ``KAFKA_HOME`` another
            installation, as ``blo_lab.broker`` says.
        interrupts: The command's signals.
        simulated_time: Whether its times are a scenario's.
        brokers: How many brokers its Kafka has; one that runs already has what it has.
        detached: Whether it goes on when this process ends.
        again: Whether a lab that was made there before may be taken up again.
        tell: Told what is being done.
        ready: Called when a program has said that it is ready.
    """

    def __init__(
        self,
        layout: Layout,
        world: World,
        environ: Mapping[str, str],
        interrupts: Interrupts,
        *,
        simulated_time: bool,
        detached: bool,
        again: bool,
        tell: Tell,
        brokers: int = 1,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.layout = layout
        self.world = world
        self.programs = the_programs(layout, world)
        self.broker: Broker | None = None
        self._environ = environ
        self._interrupts = interrupts
        embedded = not environ.get("BLO_BOOTSTRAP")
        self._options = _Provisioned(simulated_time, embedded, brokers if embedded else 1)
        self._detached = detached
        self._again = again
        self._tell = tell
        self._ready = ready
        self._running = Programs(detached=detached)
        self._claimed = False
        self._made: list[Path] = []

    def start(self) -> None:
        """Provisions the folder if that is not done yet, and starts broker and programs.

        Returns when every program says that it is ready.

        Raises:
            LabError: The folder is something else, a lab runs in it, or a program did not start.
            BrokerError: There is no Kafka to start, or it did not start.
            LogError: Kafka refused the topics or documents.
        """
        fresh = self._claim()
        # From here on `blo lab down` ends what runs, even if this process is killed.
        state.save(self.layout.state, state.LabState("", self._options.embedded))
        with self._interrupts.shielded():
            self._running.prepare(self.layout.root)
        self._tell("starting Kafka")
        self.broker = self._start_broker()
        if fresh:
            self._tell("provisioning offices")
            self._provision(self.broker.bootstrap)
        else:
            rewrite_bootstrap(self.layout, self.world, self.broker.bootstrap)
        self._tell(f"starting {counted(self.programs)}")
        self._start_programs(self.broker.bootstrap)
        self._await_ready()

    def clients(self) -> dict[str, LabAgentClient]:
        """Every office's API; they are where the agents said when they were ready.

        Raises:
            LabError: An agent does not run.
        """
        agents = (program for program in self.programs if program.kind is AGENT)
        return {agent.subject: self._client(agent) for agent in agents}

    def of_kind(self, kind: ProgramKind) -> dict[LabProgram, AdminClient]:
        """The programs of a kind, each with its admin listener.

        Raises:
            LabError: One does not run.
        """
        return {program: self.admin(program) for program in self.programs if program.kind is kind}

    def place(self, program: LabProgram) -> RunFile:
        """The process and the ports of a program.

        Raises:
            LabError: It does not run.
            RunFileUnusable: The file that says so is damaged.
        """
        place = read_run_file(program.run_file)
        if place is None:
            raise self._failed(program, "does not run")
        return place

    def admin(self, program: LabProgram) -> AdminClient:
        """A program's admin listener.

        Raises:
            LabError: It does not run.
        """
        return AdminClient(program.title, self.place(program).admin_port)

    def check_alive(self, within_s: float = 0.0) -> None:
        """Makes sure that all programs run, and go on running for a moment.

        Args:
            within_s: How long that moment is, in seconds; 0: it is looked at once.

        Raises:
            LabError: One has ended; the error says the end of its log.
        """
        deadline = time.monotonic() + within_s
        while True:
            for program in self.programs:
                if not self._running.alive(program.subject):
                    raise self._failed(program, "has ended")
            if time.monotonic() >= deadline:
                return
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Ends everything that was started here; again is no harm."""
        if not self._claimed:
            return
        self._running.stop()
        if self.broker is not None:
            self.broker.stop()
        elif self._options.embedded:
            _stop_embedded(self.layout)
        state.forget(self.layout.state)

    def undo(self) -> None:
        """Ends everything and removes what this start has made; again is no harm."""
        self.stop()
        for path in reversed(self._made):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _claim(self) -> bool:
        """Makes sure that the folder is this lab's to use; says whether it is a new one."""
        root = self.layout.root
        if root.exists() and not root.is_dir():
            raise LabError(str(root), "is no folder", todo="Name a folder for the lab")
        if state.load(self.layout.state) is not None:
            todo = f"Stop it with: blo lab down {root}"
            raise LabError(str(root), "a lab was started here and not stopped", todo=todo)
        if self._again and self.layout.finished.exists():
            self._check_same_options()
            self._claimed = True
            return False
        if root.exists() and any(root.iterdir()):
            raise LabError(str(root), "is not empty", todo="Name an empty or new folder for it")
        with self._interrupts.shielded():
            self._made = _missing(root) or list(self._contents())
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._claimed = True
        return True

    def _contents(self) -> Iterator[Path]:
        layout = self.layout
        yield from (layout.kafka, layout.roots, layout.readers, layout.documents, layout.finished)
        yield from (layout.auditor, layout.network)
        # Each kind of program has a folder of its own below the lab's.
        yield from {
            layout.root / program.folder.relative_to(layout.root).parts[0]
            for program in self.programs
        }

    def _check_same_options(self) -> None:
        before = from_json(read_file(self.layout.finished, SMALL), _Provisioned)
        if before != self._options:
            times = "with" if before.simulated_time else "without"
            several = f" of {before.brokers} brokers" if before.brokers > 1 else ""
            kafka = f"its own Kafka{several}" if before.embedded else "the Kafka of BLO_BOOTSTRAP"
            raise LabError(
                str(self.layout.root),
                f"was provisioned {times} --simulated-time, for {kafka}",
                todo="Start it in the same way, or name another folder",
            )
        network = self.layout.network
        if not network.exists() or read_file(network, SMALL) != self.world.text:
            raise LabError(
                str(self.layout.root),
                f"was provisioned for another network ({network} says which)",
                todo="Name no --network, to start that one again, or name another folder",
            )

    def _start_broker(self) -> Broker:
        if bootstrap := self._environ.get("BLO_BOOTSTRAP"):
            try:
                return external_broker(bootstrap)
            except ValueError as error:
                todo = "Set it to host:port, or unset it to have a Kafka started"
                raise LabError("BLO_BOOTSTRAP", str(error), todo=todo) from None
        libraries = find_kafka(PROJECT_ROOT, self._environ)
        brokers = self._options.brokers
        if brokers > 1:
            return EmbeddedCluster.start(
                self.layout.kafka, libraries, brokers=brokers, detached=self._detached
            )
        return EmbeddedBroker.start(self.layout.kafka, libraries, detached=self._detached)

    def _provision(self, bootstrap: str) -> None:
        simulated = self._options.simulated_time
        offices = [program.subject for program in self.programs if program.kind is AGENT]
        # Whoever goes on after this command is to be found at the same place at every start.
        ports = steady_ports(offices, self.layout.root) if self._detached else {}
        documents = provision(
            self.layout, self.world, bootstrap, simulated_time=simulated, api_ports=ports
        )
        # An event loop is not left half way through; it has a time limit of its own.
        with self._interrupts.shielded():
            publish(
                bootstrap,
                self.world,
                documents,
                simulated_time=simulated,
                brokers=self._options.brokers,
            )
        write_file(self.layout.finished, msgspec.json.encode(self._options))

    def _start_programs(self, bootstrap: str) -> None:
        for program in self.programs:
            program.run_file.unlink(missing_ok=True)
            command = [sys.executable, "-m", "blo_cli", *program.arguments]
            files = {"log": program.log, "run_file": program.run_file}
            with self._interrupts.shielded():
                if self._running.forks and program.kind is not PROCESSOR:
                    self._running.fork(program.subject, program.arguments, program.folder, **files)
                else:
                    self._running.start(program.subject, command, program.folder, **files)
                running = state.LabState(bootstrap, self._options.embedded, self._running.running)
                state.save(self.layout.state, running)

    def _await_ready(self) -> None:
        waiting = list(self.programs)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while waiting:
            # One is asked at a time: they have better to do than to answer.
            while waiting and self._is_ready(waiting[0]):
                waiting.pop(0)
                self._ready()
            for program in waiting:
                if not self._running.alive(program.subject):
                    raise self._failed(program, "ended at its start")
            if waiting and time.monotonic() > deadline:
                raise self._failed(waiting[0], f"was not ready within {READY_TIMEOUT_S:g} s")
            time.sleep(_POLL_S)

    def _is_ready(self, program: LabProgram) -> bool:
        if not self._running.alive(program.subject):
            raise self._failed(program, "ended at its start")
        return program.run_file.exists() and self.admin(program).ready()

    def _failed(self, program: LabProgram, what: str) -> LabError:
        lines = program.log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = "\n".join(["", *lines[-_TAIL_LINES:]]) if lines else " (it logged nothing)"
        return LabError(program.title, what, todo=f"The end of its log, {program.log}:{told}")

    def _client(self, program: LabProgram) -> LabAgentClient:
        return LabAgentClient(
            program.subject,
            self.layout.api_socket(program.subject),
            admin_port=self.place(program).admin_port,
        )


def steady_ports(offices: Sequence[str], folder: Path) -> dict[str, int]:
    """A port for each office's API, one after the other, that nobody listens on now.

    The first that are tried follow from the folder, so a lab has the same ports each time, and two
    that start at once have others. A race for them is told by the agent that loses it.

    Args:
        offices: The offices.
        folder: The lab's folder.
    """
    firsts = list(range(_FIRST_PORT, _LAST_PORT - len(offices), _PORT_STEP))
    own = crc32(os.fsencode(folder)) % len(firsts) if firsts else 0
    for first in (*firsts[own:], *firsts[:own]):
        wanted = range(first, first + len(offices))
        with ExitStack() as probes:
            try:
                for port in wanted:
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return dict(zip(offices, wanted, strict=True))
    return {}


def stop_lab(layout: Layout) -> bool:
    """Ends the lab that another process started under a folder, and only that.

    Returns:
        Whether there was one.

    Raises:
        LabError: What the folder says of it can't be read.
    """
    running = state.load(layout.state)
    if running is None:
        return False
    stop_all(program.process for program in running.programs)
    if running.embedded:
        _stop_embedded(layout)
    for program in running.programs:
        Path(program.run_file).unlink(missing_ok=True)
    state.forget(layout.state)
    return True


def _stop_embedded(layout: Layout) -> None:
    for kind in (EmbeddedBroker, EmbeddedCluster):
        with suppress(BrokerNotRunningError):
            kind.attach(layout.kafka).stop()


def _missing(root: Path) -> list[Path]:
    """The folder and those above it that are to be made, the uppermost first."""
    missing = []
    for path in (root, *root.parents):
        if path.exists():
            break
        missing.append(path)
    return missing[::-1]
