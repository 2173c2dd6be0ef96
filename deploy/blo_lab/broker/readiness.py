"""Asks a broker whether it is ready, in Kafka's own words.

A port that accepts connections proves little: the listener opens before the broker is unfenced, and
it may be another broker's. The answer to a Metadata request lists the brokers that are unfenced, so
one that names any is ready for clients, and it names the cluster, so ours can be told from others.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

_METADATA = 3
_VERSION = 2
_CORRELATION = 7
_LARGEST_ANSWER = 1 << 20


def parse_bootstrap(bootstrap: str) -> list[tuple[str, int]]:
    """The host and port pairs of ``host:port,host:port``.

    Raises:
        ValueError: a part is not ``host:port``.
    """
    servers = []
    for part in bootstrap.split(","):
        host, _, port = part.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"not host:port: {part.strip()!r}")
        servers.append((host.strip("[]"), int(port)))
    return servers


def answers(servers: Iterable[tuple[str, int]], timeout_s: float = 2.0) -> bool:
    """Whether any of these servers is a Kafka broker that is ready for clients."""
    return any(cluster_at(server, timeout_s) is not None for server in servers)


def cluster_at(server: tuple[str, int], timeout_s: float = 2.0) -> str | None:
    """The id of the cluster whose broker is ready for clients at this host and port, or None."""
    # Request header v1 (key, version, correlation, no client id), then an empty list of topics.
    request = struct.pack(">hhihi", _METADATA, _VERSION, _CORRELATION, -1, 0)
    try:
        with socket.create_connection(server, timeout=timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                (size,) = struct.unpack(">i", answer.read(4))
                if not 0 <= size <= _LARGEST_ANSWER:
                    return None
                return _cluster_in(_Fields(answer.read(size)))
    except (OSError, ValueError, struct.error):
        return None


def _cluster_in(answer: _Fields) -> str | None:
    if answer.integer() != _CORRELATION:
        return None
    brokers = answer.integer()
    for _ in range(brokers):
        answer.integer()  # node id
        answer.text()  # host
        answer.integer()  # port
        answer.text()  # rack
    cluster = answer.text()
    return cluster if brokers > 0 else None


class _Fields:
    """Kafka's integers and texts, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._offset = 0

    def integer(self) -> int:
        (value,) = struct.unpack_from(">i", self._content, self._offset)
        self._offset += 4
        return int(value)

    def text(self) -> str:
        (size,) = struct.unpack_from(">h", self._content, self._offset)
        begin = self._offset + 2
        self._offset = begin + max(size, 0)
        return self._content[begin : self._offset].decode()
