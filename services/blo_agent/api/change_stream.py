"""Streams of changes as server-sent events (HTML Living Standard, 9.2).

A stream reads its pages from the store by numbers and keeps none of them, so a slow reader costs
one page of memory; if it takes nothing for a while, it is dropped and can go on by
``Last-Event-ID``. Before each page the actor is looked up again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any, Final

import msgspec
from litestar import Response

from blo_agent.agent import Agent
from blo_agent.changes.answers import change_answer
from blo_agent.changes.errors import ChangesGone, TooManyStreams
from blo_agent.changes.visible import ChangePage, page_of
from blo_agent.people.access import answer_of
from blo_agent.people.recheck import ActorRecheck
from blo_agent.store.connection import Snapshot
from blo_domain.people.permissions import Action, Permission

MOST_OF_A_SESSION: Final = 4
MOST_OF_A_NODE: Final = 100
HEARTBEAT_S: Final = 15.0
SLOWEST_S: Final = 30.0
"""A reader that takes nothing for so long, in seconds, is dropped."""

_PAGE: Final = 100
_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
_HEARTBEAT: Final = b": \n\n"


class ChangeStreams:
    """The open streams of a node, and their bounds.

    Args:
        agent: The office's agent.
        heartbeat_s: After so many seconds without a change a comment is sent.
        slowest_s: A reader may take so many seconds to take a page.
    """

    def __init__(
        self, agent: Agent, *, heartbeat_s: float = HEARTBEAT_S, slowest_s: float = SLOWEST_S
    ) -> None:
        self.agent = agent
        self.heartbeat_s = heartbeat_s
        self.slowest_s = slowest_s
        self._open: Counter[object] = Counter()

    def open(self, recheck: ActorRecheck, number: int) -> ChangeStream:
        """A stream behind a number.

        Raises:
            TooManyStreams: The session, program or node has as many as it may.
        """
        self._check(recheck)
        return ChangeStream(self, recheck, number)

    def begin(self, recheck: ActorRecheck) -> bool:
        """Count a stream that begins; False: others have begun since it was opened."""
        try:
            self._check(recheck)
        except TooManyStreams:
            return False
        self._open[_owner(recheck)] += 1
        return True

    def _check(self, recheck: ActorRecheck) -> None:
        if self._open.total() >= MOST_OF_A_NODE:
            raise TooManyStreams(MOST_OF_A_NODE, "this node")
        if self._open[_owner(recheck)] >= MOST_OF_A_SESSION:
            raise TooManyStreams(MOST_OF_A_SESSION, "this session or program")

    def end(self, recheck: ActorRecheck) -> None:
        """Count a stream that has ended."""
        owner = _owner(recheck)
        self._open[owner] -= 1
        if not self._open[owner]:
            del self._open[owner]

    def count(self) -> int:
        """How many streams are open."""
        return self._open.total()


class ChangeStream(Response[None]):
    """One stream as an answer.

    Args:
        streams: The node's streams.
        recheck: Who reads.
        number: The number behind which it begins.
    """

    def __init__(self, streams: ChangeStreams, recheck: ActorRecheck, number: int) -> None:
        super().__init__(None, media_type="text/event-stream")
        self._streams = streams
        self._recheck = recheck
        self._number = number

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """The application that sends the stream."""
        return self._serve

    async def _serve(self, _: Any, receive: Any, send: Any) -> None:
        if not self._streams.begin(self._recheck):
            await send({"type": "http.response.start", "status": 429, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        leaving = asyncio.create_task(_until_gone(receive))
        telling = asyncio.create_task(self._tell(send))
        try:
            await asyncio.wait({leaving, telling}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                with contextlib.suppress(TimeoutError):
                    # Of a slow reader's stream nothing more is sent, so the listener closes it.
                    telling.result()
        finally:
            for task in (leaving, telling):
                task.cancel()
            await asyncio.wait({leaving, telling})
            self._streams.end(self._recheck)

    async def _tell(self, send: Any) -> None:
        feed, slowest_s = self._streams.agent.changes, self._streams.slowest_s
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        body: bytes | None = _HEARTBEAT
        while body is not None:
            async with asyncio.timeout(slowest_s):
                await send({"type": "http.response.body", "body": body, "more_body": True})
            if body == _HEARTBEAT:
                await feed.wait(self._number, self._streams.heartbeat_s)
            body = None if feed.is_closed else await self._next()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> bytes | None:
        """The next page as it is sent; ``None``: the stream ends."""
        agent = self._streams.agent
        now = agent.clock.now_ms()

        def query(snapshot: Snapshot) -> ChangePage | None:
            actor = self._recheck.now(snapshot, now)
            if actor is None or answer_of(actor, Action.LIST_CASES) is not Permission.ALLOWED:
                return None
            return page_of(snapshot, actor, self._number, _PAGE)

        try:
            page = await agent.store.read(query)
        except ChangesGone:
            return None
        if page is None:
            return None
        events = [
            b"id: %d\nevent: change\ndata: %s\n\n"
            % (row.number, msgspec.json.encode(change_answer(row)))
            for row in page.changes
        ]
        if page.next > self._number and (not page.changes or page.changes[-1].number < page.next):
            # An event without data is not told to the reader, and moves its last id.
            events.append(b"id: %d\n\n" % page.next)
        self._number = page.next
        return b"".join(events) or _HEARTBEAT


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _owner(recheck: ActorRecheck) -> object:
    return recheck.session or recheck.actor.name
