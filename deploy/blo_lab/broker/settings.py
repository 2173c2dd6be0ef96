"""The configuration of a KRaft node: loopback only, quick to start, nothing made by accident."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

LOOPBACK = "127.0.0.1"

# Below the ports that systems hand out for outgoing connections: a client that keeps trying to reach
# a killed broker could otherwise be given the broker's port, and connect to itself.
_PORTS = range(20_000, 32_000)


class Ports(NamedTuple):
    """The two ports of a node that is broker and controller."""

    client: int
    controller: int


def free_ports() -> Ports:
    """Two loopback ports that nobody listens on now; a race for them is the caller's to notice."""
    with ExitStack() as held:
        return Ports(_free_port(held), _free_port(held))


def _free_port(held: ExitStack) -> int:
    while True:
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        probe = held.enter_context(socket.socket())
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            continue
        return port


class ClusterMember(NamedTuple):
    """A node's place in a cluster of several.

    Attributes:
        number: Its number, from 1.
        voters: The ports of all nodes, of number 1 first.
        cluster: The cluster's id.
    """

    number: int
    voters: tuple[Ports, ...]
    cluster: str


_SOON_ELECTED: Final = {
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
    "min.insync.replicas": "2",
}
"""What nodes of several have on top: a leader that was killed is replaced within seconds."""


def node_properties(
    data: Path, ports: Ports, overrides: Mapping[str, str], member: ClusterMember | None = None
) -> str:
    """The text of a node's properties file.

    Args:
        data: where its logs lie, relative to the broker's working directory: Kafka takes a comma
            in a path for the end of one.
        ports: where it listens.
        overrides: properties that win over the ones here.
        member: its place among several; ``None``: it is alone.
    """
    number, voters = (1, (ports,)) if member is None else (member.number, member.voters)
    quorum = [f"{n}@{LOOPBACK}:{voter.controller}" for n, voter in enumerate(voters, 1)]
    copies = str(min(3, len(voters)))
    properties = {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "controller.quorum.voters": ",".join(quorum),
        "listeners": f"CLIENT://{LOOPBACK}:{ports.client},CONTROLLER://{LOOPBACK}:{ports.controller}",
        "advertised.listeners": f"CLIENT://{LOOPBACK}:{ports.client}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": "1",
        # After a crash the node is not readmitted before its old session has run out.
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "3000",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
    }
    if member is not None:
        properties.update(_SOON_ELECTED)
    properties.update(overrides)
    return "".join(f"{name}={_escaped(value)}\n" for name, value in properties.items())


def java_environment() -> dict[str, str]:
    """This process's environment for a Java that is to find files with any name.

    Without a locale that says UTF-8, Java reads no path that has other letters than ASCII.
    """
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _escaped(value: str) -> str:
    """A value as a properties file has it: in ASCII, all else as UTF-16 escapes."""
    units = value.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(
        chr(code) if 32 < code < 127 and code != ord("\\") else f"\\u{code:04x}" for code in codes
    )
