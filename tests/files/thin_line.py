"""A poor line to the broker: a proxy that lets through so many bytes a second, first come first served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection

_PACKET = 1460
"""Bytes that are let through at a time; all connections take turns after each."""

THIN = "thin"
"""The client id of those whose connections go through the proxy."""


class _Pace:
    """One direction of the line."""

    def __init__(self, line: ThinLine) -> None:
        self._line = line
        self._free_at = 0.0

    async def take(self, size: int) -> None:
        if self._line.bytes_per_s is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + size / self._line.bytes_per_s
        await asyncio.sleep(self._free_at - now)


class ThinLine:
    """A line to a broker.

    Args:
        bootstrap: The broker, ``host:port``.
        bytes_per_s: What goes through in each direction; ``None``: all.

    Attributes:
        bytes_per_s: As given; may be changed at any time.
        port: Where the proxy listens.
    """

    def __init__(self, bootstrap: str, bytes_per_s: float | None) -> None:
        self.bytes_per_s = bytes_per_s
        host, _, port = bootstrap.rpartition(":")
        self._broker = host, int(port)
        self._up, self._down = _Pace(self), _Pace(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*self._broker)
            try:
                await asyncio.gather(
                    _forward(reader, far_writer, self._up),
                    _forward(far_reader, writer, self._down),
                )
            finally:
                far_writer.close()
        writer.close()
        self._tasks.discard(task)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pace: _Pace) -> None:
    while data := await reader.read(_PACKET):
        await pace.take(len(data))
        writer.write(data)
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def thin_line(
    bootstrap: str, bytes_per_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ThinLine]:
    """The line of every client with the id ``THIN``, wherever the broker says that it is."""
    line = ThinLine(bootstrap, bytes_per_s)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0, limit=_PACKET)
    line.port = server.sockets[0].getsockname()[1]
    direct = AIOKafkaConnection.connect

    async def connect(self: Any) -> Any:
        if self._client_id == THIN:
            self._host, self._port = "127.0.0.1", line.port
        return await direct(self)

    monkeypatch.setattr(AIOKafkaConnection, "connect", connect)
    try:
        yield line
    finally:
        server.close()
        await line.end()
        await server.wait_closed()
