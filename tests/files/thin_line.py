"""A poor line to the broker: a proxy with one queue in each direction, and so many bytes a second.

What was written first arrives first, whichever connection it is of, as in a modem with a large buffer:
so an event waits for all of a chunk that was written just before it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection

_PACKET = 1460
_QUEUE = 1024
"""Packets that wait at most: 1.4 MiB, more than ten seconds of a line of 1 Mbit/s."""

THIN = "thin"
"""The client id of those whose connections go through the proxy."""


class _Direction:
    """One direction of the line."""

    def __init__(self, line: ThinLine) -> None:
        self._line = line
        self._queue: asyncio.Queue[tuple[asyncio.StreamWriter, bytes]] = asyncio.Queue(_QUEUE)

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_PACKET):
            await self._queue.put((writer, data))
        await self._queue.put((writer, b""))

    async def pump(self) -> None:
        loop = asyncio.get_running_loop()
        free_at = 0.0
        while True:
            writer, data = await self._queue.get()
            if self._line.bytes_per_s is not None:
                now = loop.time()
                free_at = max(free_at, now) + len(data) / self._line.bytes_per_s
                await asyncio.sleep(free_at - now)
            with contextlib.suppress(OSError):
                if data:
                    writer.write(data)
                else:
                    writer.close()


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
        self._up, self._down = _Direction(self), _Direction(self)
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
                    self._up.forward(reader, far_writer), self._down.forward(far_reader, writer)
                )
            finally:
                far_writer.close()
                writer.close()
        self._tasks.discard(task)

    def begin(self) -> None:
        for direction in (self._up, self._down):
            self._tasks.add(asyncio.create_task(direction.pump()))

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def thin_line(
    bootstrap: str, bytes_per_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ThinLine]:
    """The line of every client with the id ``THIN``, wherever the broker says that it is."""
    line = ThinLine(bootstrap, bytes_per_s)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0, limit=_PACKET)
    line.begin()
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
