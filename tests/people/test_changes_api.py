"""What has changed: asked by number, streamed, filtered for who asks, and ended in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from blo_agent.api import change_stream
from blo_agent.api.app import api_behind, entrance
from blo_agent.api.change_stream import ChangeStreams
from blo_agent.config import API_SOCKET
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import changes, meta
from blo_cli.client import AgentClient
from blo_runtime.http import serve
from blo_schemas.people import Agency, OfficeRole
from blo_schemas.summary import Kind
from tests.agents.started import both_up
from tests.agents.world import LINK
from tests.patience import PATIENCE_S
from tests.people.test_people_api import OPENING, Browser, OfficeUnderTest, cheap_hashes

__all__ = ["cheap_hashes"]


def about_cases(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The changes but receipts, which come when the counterpart's head comes."""
    return [change for change in page["changes"] if change["what"] != "receipt"]


class Listener:
    """Reads a stream of server-sent events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.last_id = ""

    async def status(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ")[1])

    async def line(self) -> str | None:
        """The next line of the body; ``None``: the stream has ended."""
        async with asyncio.timeout(PATIENCE_S):
            size = int((await self.reader.readline()).strip() or b"0", 16)
            if size == 0:
                return None
            chunk = await self.reader.readexactly(size + 2)
        return chunk[:-2].decode()

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next changes."""
        told: list[dict[str, Any]] = []
        while len(told) < count:
            chunk = await self.line()
            assert chunk is not None, "the stream has ended"
            for block in chunk.split("\n\n"):
                lines = dict(row.split(": ", 1) for row in block.splitlines() if ": " in row)
                self.last_id = lines.get("id", self.last_id)
                if "data" in lines:
                    assert lines["event"] == "change"
                    change = json.loads(lines["data"])
                    assert lines["id"] == str(change["number"])
                    told += about_cases({"changes": [change]})
        return told

    async def until_end(self) -> None:
        while await self.line() is not None:
            pass

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


async def listen(browser: Browser, path: str = "/v1/changes/stream", **headers: str) -> Listener:
    reader, writer = await asyncio.open_connection("127.0.0.1", browser.port)
    shown = {**browser.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{n}: {t}" for n, t in shown.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    return Listener(reader, writer)


class Streaming(OfficeUnderTest):
    """An office whose streams the test can count."""

    streams: ChangeStreams


@asynccontextmanager
async def an_office(folder: Path) -> AsyncIterator[Streaming]:
    async with both_up(folder) as (_, a, _):
        streams = ChangeStreams(a.agent, heartbeat_s=0.05, slowest_s=1.0)
        app = api_behind(entrance(a.agent, streams=streams))
        server = await serve(app, socket_file=folder / API_SOCKET)
        try:
            made = Streaming(a, server.port, AgentClient("a", folder / API_SOCKET))
            made.streams = streams
            await made.add("chief", OfficeRole.CHIEF)
            yield made
        finally:
            a.agent.changes.close()
            await server.stop()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Streaming]:
    async with an_office(tmp_path) as made:
        yield made


async def test_each_change_is_told_once_and_in_order(office: Streaming) -> None:
    chief = await office.browser("chief")
    program = await office.program(submits=True, is_trusted=True)
    newest = (await chief.done("GET", "/v1/changes/newest"))["newest"]
    opened = await program.done("POST", "/v1/commands", OPENING)
    await office.running.read(1)
    told: list[dict[str, Any]] = []
    after = newest
    while True:
        page = await chief.done("GET", f"/v1/changes?after={after}&limit=1")
        told += about_cases(page)
        assert page["next"] >= after
        after = page["next"]
        if not page["more"]:
            break
    assert [change["number"] for change in told] == sorted({change["number"] for change in told})
    # The event waits for the line, moves the case, and has its verdict.
    assert {(change["what"], change.get("event")) for change in told} == {
        ("event", opened["event"]),
        ("case", None),
    }
    assert {change["case"] for change in told} == {opened["case"]}
    assert {change["case_kind"] for change in told} == {"verification_request"}
    assert about_cases(await chief.done("GET", f"/v1/changes?after={after}")) == []


async def test_a_number_that_is_not_kept_is_gone_with_words(office: Streaming) -> None:
    program = await office.program(submits=True, is_trusted=True)
    await program.done("POST", "/v1/commands", OPENING)
    await office.running.read(1)
    store = office.running.agent.store
    newest = (await store.read(changes.bounds)).newest
    for number in (newest + 1, 2**62):
        status, answer = await program.ask("GET", f"/v1/changes?after={number}")
        assert (status, answer["type"]) == (410, "/problems/changes_gone")
        assert str(newest) in answer["detail"]
    await store.write(lambda tx: changes.forget_oldest(tx, 1))
    assert (await program.ask("GET", "/v1/changes?after=0"))[0] == 410
    listener = await listen(program, last_event_id="0")
    assert await listener.status() == 410
    await listener.close()
    await program.done("GET", "/v1/changes?after=1")
    for hostile in ("-1", "x", str(2**63), "1.5", ""):
        assert (await program.ask("GET", f"/v1/changes?after={hostile}"))[0] == 400, hostile


async def test_who_reaches_nothing_is_told_nothing(office: Streaming) -> None:
    program = await office.program(submits=True, is_trusted=True)
    opened = await program.done("POST", "/v1/commands", OPENING)
    await office.running.read(1)
    customs = await office.add("customs", OfficeRole.AGENCY_MEMBER, Agency.CUSTOMS)
    assert about_cases(await customs.done("GET", "/v1/changes?after=0")) == []
    scoped = await office.program(kinds=[Kind.PATROL.word])
    assert about_cases(await scoped.done("GET", "/v1/changes?after=0")) == []
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    draft = await duty.done("POST", "/v1/drafts", {"link": LINK, "request": {}})
    auditor = await office.add("auditor", OfficeRole.OFFICE_AUDITOR)
    for browser, drafts in ((duty, {draft["draft"]}), (auditor, set())):
        told = (await browser.done("GET", "/v1/changes?after=0&limit=200"))["changes"]
        assert {row["draft"] for row in told if "draft" in row} == drafts
        assert opened["case"] in {row.get("case") for row in told}
    operator = await office.add("operator", OfficeRole.OPERATOR)
    assert (await operator.ask("GET", "/v1/changes?after=0"))[0] == 403


async def test_a_stream_tells_what_comes_and_goes_on_where_it_was_cut(office: Streaming) -> None:
    program = await office.program(submits=True, is_trusted=True)
    listener = await listen(program)
    assert await listener.status() == 200
    first = await program.done("POST", "/v1/commands", OPENING)
    await office.running.read(1)
    told = await listener.events(3)
    assert {change["case"] for change in told} == {first["case"]}
    await listener.close()
    second = await program.done("POST", "/v1/commands", OPENING)
    await office.running.read(2)
    again = await listen(program, last_event_id=listener.last_id)
    assert await again.status() == 200
    told = await again.events(3)
    assert {change["case"] for change in told} == {second["case"]}
    await again.close()
    await office.running.until(lambda: office.streams.count() == 0)


async def test_a_stream_ends_with_the_session_and_with_the_token(office: Streaming) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    program = await office.program()
    streams = [await listen(duty), await listen(program)]
    for stream in streams:
        assert await stream.status() == 200
    (session,) = await duty.done("GET", "/v1/sessions")
    await duty.done("DELETE", f"/v1/sessions/{session['session']}")
    await streams[0].until_end()
    await office.running.until(lambda: office.streams.count() == 1)
    chief = await office.browser("chief")
    await chief.done("DELETE", "/v1/systems/sys-registry")
    await streams[1].until_end()
    for stream in streams:
        await stream.close()


async def test_a_session_has_so_many_streams_and_a_node_too(
    office: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await office.program()
    streams = [await listen(program) for _ in range(change_stream.MOST_OF_A_SESSION)]
    for stream in streams:
        assert await stream.status() == 200
    assert (await program.ask("GET", "/v1/changes/stream"))[0] == 429
    chief = await office.browser("chief")
    monkeypatch.setattr(change_stream, "MOST_OF_A_NODE", len(streams))
    assert (await chief.ask("GET", "/v1/changes/stream"))[0] == 429
    await streams[0].close()
    await office.running.until(lambda: office.streams.count() < len(streams))
    again = await listen(program)
    assert await again.status() == 200
    for stream in (*streams[1:], again):
        await stream.close()


async def test_a_reader_that_takes_nothing_is_dropped(office: Streaming) -> None:
    def much(tx: Transaction) -> None:
        tx.execute_many(
            "INSERT INTO changes(what, link, case_id) VALUES ('case', ?, ?)",
            ((LINK, bytes(32)) for _ in range(100_000)),
        )

    program = await office.program()
    await office.running.agent.store.write(much)
    listener = await listen(program, last_event_id="0")
    await office.running.until(lambda: office.streams.count() == 1)
    # Nothing is read: what does not fit into the buffers waits, and then the stream ends.
    await office.running.until(lambda: office.streams.count() == 0)
    await listener.close()


async def test_the_node_stops_while_streams_are_open(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        listener = await listen(await office.program())
        assert await listener.status() == 200
    await listener.until_end()
    await listener.close()


async def test_a_restored_store_is_told_with_a_number_beyond_all(office: Streaming) -> None:
    program = await office.program(submits=True, is_trusted=True)
    await program.done("POST", "/v1/commands", OPENING)
    agent = office.running.agent
    before = (await agent.store.read(changes.bounds)).newest
    await agent.store.write(lambda tx: meta.put(tx, meta.RESTORED, b"\x01"))
    await agent.load()
    told = (await program.done("GET", f"/v1/changes?after={before}&limit=200"))["changes"]
    restored = [change for change in told if change["what"] == "restored"]
    assert len(restored) == 1
    assert restored[0]["number"] >= agent.clock.now_ms() - 10_000_000
