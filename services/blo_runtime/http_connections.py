"""The connections of an HTTP listener: whom they come from, and how long they may wait.

Uvicorn closes a connection that is silent after a response, and no other. Here a connection that
sends nothing, or only a part of a request, is closed too, so nobody can fill the listener up.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from blo_runtime.unix_socket import peer_of

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

PEER: Final = "blo.peer"
"""The key of an ASGI scope with the ``PeerCredentials`` of a request over a Unix socket."""


class ConnectionLimits(msgspec.Struct, frozen=True):
    """The bounds on a listener's connections.

    Attributes:
        head_s: So long, in seconds, a connection may be open without the head of a request.
        body_s: So long, in seconds, the body of a request may take to arrive.
        answer_s: So long, in seconds, the peer may leave an answer lying that waits for it.
        connections: At most so many are open; a further one closes the one that has waited
            longest for a request, or itself if all are at work.
        head_bytes: Bytes of a request's head at most.
    """

    head_s: float = 10.0
    body_s: float = 60.0
    answer_s: float = 60.0
    connections: int = 256
    head_bytes: int = 16 * 1024


class BoundedConnection(H11Protocol):
    """A connection that is closed when it keeps the listener waiting.

    Attributes:
        limits: The bounds; a subclass for each listener sets them.
        waits_since: When it was opened, or its last response ended; loop time in seconds.
    """

    limits = ConnectionLimits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes the peer's credentials, makes room, and starts the first limit."""
        self.waits_since = self.loop.time()
        self._limit: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        # Uvicorn's set of open connections has this one when it returns.
        super().connection_made(transport)
        joined: socket.socket = transport.get_extra_info("socket")
        if joined.family is socket.AF_UNIX:
            self.app = _with_peer(self.app, joined)
        if len(self.connections) > self.limits.connections:
            self._make_room()
        self._give(self.limits.head_s)

    def data_received(self, data: bytes) -> None:
        """Reads; a whole request has no limit any more, a body that has begun has its own."""
        had_head = self._has_head
        super().data_received(data)
        if self.is_answering:
            self._give(None)
        elif self._has_head and not had_head:
            self._give(self.limits.body_s)

    def on_response_complete(self) -> None:
        """Waits for the next request."""
        self.waits_since = self.loop.time()
        super().on_response_complete()
        if not self.is_answering:  # A request that was sent ahead is at work by now.
            self._give(self.limits.body_s if self._has_head else self.limits.head_s)

    def pause_writing(self) -> None:
        """Waits for the peer to take what was sent."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.limits.answer_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The peer has taken enough."""
        self._forget_unread()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the limits."""
        self._give(None)
        self._forget_unread()
        super().connection_lost(exc)

    @property
    def is_answering(self) -> bool:
        """Whether a whole request is at work."""
        return self._has_head and not self.cycle.more_body

    @property
    def _has_head(self) -> bool:
        # Uvicorn declares the cycle as always there; before the first request it is none.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _give(self, seconds: float | None) -> None:
        """Sets how long the peer may take for what is waited for; ``None``: no matter how long."""
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None
        if seconds is not None and not self.transport.is_closing():
            self._limit = self.loop.call_later(seconds, self.transport.abort)

    def _forget_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
        self._unread = None

    def _make_room(self) -> None:
        bounded = [other for other in self.connections if isinstance(other, BoundedConnection)]
        waiting = [other for other in bounded if not other.is_answering]
        min(waiting, key=lambda other: other.waits_since, default=self).transport.abort()


def bounded_by(limits: ConnectionLimits) -> type[BoundedConnection]:
    """The class of a listener's connections."""
    return type("BoundedConnection", (BoundedConnection,), {"limits": limits})


def _with_peer(app: ASGI3Application, joined: socket.socket) -> ASGI3Application:
    peer = peer_of(joined)

    async def with_peer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        scope[PEER] = peer  # type: ignore[typeddict-unknown-key]
        await app(scope, receive, send)

    return with_peer
