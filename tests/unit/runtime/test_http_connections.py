"""A listener knows who asks over its socket, and closes whom it waits for too long."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from litestar import Litestar, Request, get, post
from litestar.datastructures import State

from blo_runtime import unix_socket
from blo_runtime.errors import ListenerFailed
from blo_runtime.http import ListeningServer, serve
from blo_runtime.http_connections import PEER, ConnectionLimits
from tests.patience import PATIENCE_S

LONG = ConnectionLimits(head_s=PATIENCE_S, body_s=PATIENCE_S)
AT_ONCE = ConnectionLimits(head_s=0.01, body_s=0.01)


@get("/")
async def hello() -> str:
    return "hello"


@get("/who")
async def who(request: Request[None, None, State]) -> list[int]:
    peer: unix_socket.PeerCredentials | None = request.scope.get(PEER)  # type: ignore[assignment]
    return [] if peer is None else [peer.pid, peer.uid, peer.gid]


@post("/echo")
async def echo(request: Request[None, None, State]) -> str:
    return (await request.body()).decode()


@get("/slow")
async def slow() -> str:
    await asyncio.sleep(0.2)
    return "slow"


@asynccontextmanager
async def served(
    limits: ConnectionLimits = LONG, socket_file: Path | None = None
) -> AsyncIterator[ListeningServer]:
    app = Litestar([hello, who, echo, slow], openapi_config=None, logging_config=None)
    server = await serve(app, limits=limits, socket_file=socket_file)
    try:
        yield server
    finally:
        await server.stop()


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("folder", ["short", "long-" * 40])
async def test_a_request_over_the_socket_names_its_user_and_others_do_not(
    tmp_path: Path, folder: str
) -> None:
    path = tmp_path / folder / "api.socket"
    path.parent.mkdir()
    async with served(socket_file=path) as server:
        assert path.stat().st_mode & 0o777 == 0o600

        def ask() -> bytes:
            with unix_socket.connect(path, PATIENCE_S) as joined:
                assert unix_socket.peer_of(joined).uid == os.geteuid()
                joined.sendall(b"GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                with joined.makefile("rb") as answer:
                    return answer.read()

        answer = await asyncio.to_thread(ask)
        own = f"[{os.getpid()},{os.geteuid()},{os.getegid()}]".encode()
        assert answer.endswith(own)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(server.url + "/who")).json() == []
    assert not path.exists()


async def test_a_socket_that_a_killed_program_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "api.socket"
    unix_socket.listen(path).close()
    assert path.exists()
    async with served(socket_file=path):
        await asyncio.to_thread(lambda: unix_socket.connect(path, PATIENCE_S).close())


async def test_a_socket_that_cannot_be_made_is_a_failed_listener(tmp_path: Path) -> None:
    with pytest.raises(ListenerFailed, match="cannot listen on the socket"):
        async with served(socket_file=tmp_path / "missing" / "api.socket"):
            pass


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT",
    ],
    ids=["nothing", "a part of a line", "a part of the head", "a part of the body", "a second one"],
)
async def test_a_connection_that_does_not_send_a_whole_request_is_closed(sent: bytes) -> None:
    async with served(AT_ONCE) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(sent)
        await until_closed(reader)
        writer.close()


async def test_an_answer_may_take_longer_than_the_limits() -> None:
    async with served(AT_ONCE) as server, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(server.url + "/slow", timeout=PATIENCE_S)
        assert answer.text == "slow"


async def test_a_connection_serves_one_request_after_the_other() -> None:
    async with served() as server, httpx.AsyncClient(trust_env=False) as client:
        for _ in range(3):
            assert (await client.post(server.url + "/echo", content=b"x")).text == "x"


async def test_idle_connections_do_not_hold_the_listener_shut() -> None:
    limits = ConnectionLimits(head_s=PATIENCE_S, body_s=PATIENCE_S, connections=3)
    async with served(limits) as server:
        idle = [await asyncio.open_connection(server.host, server.port) for _ in range(12)]
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(server.url + "/", timeout=PATIENCE_S)).text == "hello"
        for reader, writer in idle[:9]:
            assert await until_closed(reader) == b""
            writer.close()
        for _, writer in idle[9:]:
            writer.close()


def test_a_socket_s_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "x", tmp_path / ("n" * 120) / "x"):
        with pytest.raises(FileNotFoundError):
            unix_socket.listen(path)
        with pytest.raises(FileNotFoundError):
            unix_socket.connect(path, 1)


def test_a_connection_to_a_socket_without_a_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
    with pytest.raises(ConnectionRefusedError):
        unix_socket.connect(path, 1)


@get("/large")
async def large() -> bytes:
    return bytes(64 * 1024 * 1024)


async def test_a_peer_that_leaves_its_answer_lying_is_cut_off() -> None:
    app = Litestar([large], openapi_config=None, logging_config=None)
    server = await serve(app, limits=ConnectionLimits(answer_s=0.01))
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1024)
    try:
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.5)  # While this peer reads nothing, the limit passes.
        assert len(await until_closed(reader)) < 64 * 1024 * 1024
    finally:
        writer.close()
        await server.stop()


async def test_a_head_that_is_too_long_is_refused() -> None:
    async with served() as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 17_000)
        assert (await until_closed(reader)).startswith(b"HTTP/1.1 400 ")
        writer.close()
