"""Several brokers on this machine that are one Kafka, as in deployment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from blo_lab.broker.embedded import ATTEMPTS, PORT_TAKEN, EmbeddedBroker, new_cluster_id
from blo_lab.broker.errors import BrokerNotRunningError, BrokerStartError
from blo_lab.broker.libraries import KafkaLibraries
from blo_lab.broker.settings import ClusterMember, free_ports


class EmbeddedCluster:
    """Brokers that are owned by this process and end with it, unless they were started detached.

    Each lies in a folder of its own, named by its number.

    Attributes:
        directory: everything they write lies here.
        nodes: the brokers, by number from 1.
        ready_s: seconds from the wish to the first answer of all.
    """

    def __init__(self, directory: Path, nodes: Mapping[int, EmbeddedBroker]) -> None:
        """Describes a cluster; ``start`` and ``attach`` are the ways to have one."""
        self.directory = directory
        self.nodes = dict(nodes)
        self.ready_s = 0.0

    @classmethod
    def start(
        cls,
        directory: Path,
        libraries: KafkaLibraries,
        *,
        brokers: int = 3,
        heap: str = "320m",
        overrides: Mapping[int, Mapping[str, str]] | None = None,
        detached: bool = False,
    ) -> Self:
        """Starts the brokers and returns when all are ready for clients.

        Args:
            directory: made if absent; data of an earlier run there is taken up again.
            libraries: what ``find_kafka`` found.
            brokers: how many.
            heap: the largest Java heap of each.
            overrides: properties that win over a broker's own, by its number.
            detached: they outlive this process; ``attach`` finds them again.

        Raises:
            BrokerStartError: one died or did not answer; the message ends with its last log lines.
        """
        began = time.monotonic()
        directory = directory.resolve()
        for attempt in range(1, ATTEMPTS + 1):
            voters = tuple(free_ports() for _ in range(brokers))
            cluster = new_cluster_id()
            nodes = {}
            for number, ports in enumerate(voters, 1):
                member = ClusterMember(number, voters, cluster)
                nodes[number] = EmbeddedBroker(
                    directory / str(number),
                    libraries,
                    ports,
                    heap=heap,
                    detached=detached,
                    member=member,
                )
                nodes[number].write_files((overrides or {}).get(number, {}))
            made = cls(directory, nodes)
            try:
                made._launch(began)
            except BrokerStartError as error:
                if PORT_TAKEN not in str(error) or attempt == ATTEMPTS:
                    raise
            else:
                return made
        raise AssertionError("the last attempt returns or raises")

    @classmethod
    def attach(cls, directory: Path) -> Self:
        """Finds the brokers that were started in a directory; those that have ended are left out.

        Raises:
            BrokerNotRunningError: none runs.
        """
        directory = directory.resolve()
        nodes = {}
        for place in sorted(directory.glob("[0-9]*")):
            try:
                nodes[int(place.name)] = EmbeddedBroker.attach(place)
            except BrokerNotRunningError:
                continue
        if not nodes:
            raise BrokerNotRunningError(f"no broker was started in {directory}")
        return cls(directory, nodes)

    @property
    def bootstrap(self) -> str:
        """``host:port`` of each, with commas, for clients."""
        return ",".join(node.bootstrap for node in self.nodes.values())

    @property
    def version(self) -> str:
        """Kafka's version."""
        return next(iter(self.nodes.values())).version

    @property
    def data_directory(self) -> Path:
        """The folder under which the segment files of all lie."""
        return self.directory

    def stop(self) -> None:
        """Shuts them down in good order, by force if that takes too long; again is no harm."""
        for node in self.nodes.values():
            node.stop()

    def kill(self) -> None:
        """Ends them as a power cut would; again is no harm."""
        for node in self.nodes.values():
            node.kill()

    def restart(self) -> None:
        """Starts all again on the same ports and data, after ending those that run.

        Raises:
            BrokerStartError: one died or did not answer; the message ends with its last log lines.
        """
        self.kill()
        self._launch(time.monotonic())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _launch(self, began: float) -> None:
        try:
            # None is ready before most have started.
            for node in self.nodes.values():
                node.begin()
            for node in self.nodes.values():
                node.await_ready(began)
        except BaseException:
            self.kill()
            raise
        self.ready_s = time.monotonic() - began
