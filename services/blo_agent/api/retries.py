"""Every request that changes something may carry an ``Idempotency-Key``, and then counts once.

The key is noted before the handler runs, and the answer before it is given. A node that stops between
the two leaves a key without an answer: the retry is told so, and nothing is done twice. A handler that
keeps its answer in the transaction of its own work says so (``MAY_RETRY``), and leaves no such gap.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from litestar import Request, Response
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from blo_agent.agent import Agent
from blo_agent.api.idempotency import (
    HEADER,
    MAY_RETRY,
    RetriedRequest,
    RetryRefusal,
    RetryRefused,
    repeated,
)
from blo_agent.api.identity import actor_of

SHOWS_SECRET: Final = "shows_secret"  # noqa: S105 - a name, not a password
"""The key in a handler's ``opt``: its answer holds a secret that is shown once, and is not kept."""

_BEGUN: Final = "blo.retry"
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}


def is_retriable(handler: BaseRouteHandler, methods: Iterable[str]) -> bool:
    """Whether requests to a handler may carry a key; a log-in and the parts of a file need none."""
    opt = handler.opt
    return not (
        opt.get("is_open") or opt.get("takes_bytes") or opt.get("is_form") or _SAFE & {*methods}
    )


class RetryKeeper:
    """Notes keys and answers.

    Args:
        agent: The office's agent.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def before(self, request: Request[Any, Any, State]) -> Response[Any] | None:
        """The answer that a request got before; ``None``: it is to be carried out.

        Raises:
            BadRequest: The key is none.
            RetryRefused: The key came with another request, or has no answer that can be repeated.
        """
        handler = request.route_handler
        if request.headers.get(HEADER) is None or handler.opt.get(MAY_RETRY):
            return None
        if not is_retriable(handler, [request.method]):
            return None
        now = self._agent.clock.now_ms()
        retried = RetriedRequest(request, await request.body(), actor_of(request).name, now)
        kept = await self._agent.store.write(retried.begin)
        if kept is None:
            cast("dict[str, Any]", request.scope)[_BEGUN] = retried
            return None
        if handler.opt.get(SHOWS_SECRET):
            raise RetryRefused(
                RetryRefusal.SHOWN_ONCE,
                "this was carried out before, and its answer held a secret that is shown once",
            )
        return repeated(kept)

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """The application, whose answers are kept before they are given."""

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            started: list[Message] = []
            body: list[bytes] = []

            async def sent(message: Message) -> None:
                begun = scope.get(_BEGUN)
                if not isinstance(begun, RetriedRequest):
                    await send(message)
                elif message["type"] == "http.response.start":
                    started.append(message)
                elif message["type"] == "http.response.body":
                    body.append(message.get("body", b""))
                    if not message.get("more_body"):
                        await self._keep(scope, begun, started[0], b"".join(body))
                        await send(started[0])
                        await send({**message, "body": b"".join(body)})

            try:
                await app(scope, receive, sent)
            except BaseException:
                begun = scope.get(_BEGUN)
                if isinstance(begun, RetriedRequest):
                    await self._agent.store.write(begun.forget)
                raise

        return asked

    async def _keep(
        self, scope: Scope, begun: RetriedRequest, started: Message, body: bytes
    ) -> None:
        status = int(cast("dict[str, Any]", started)["status"])
        handler = cast("HTTPScope", scope)["route_handler"]
        kept = b"" if handler.opt.get(SHOWS_SECRET) else body
        del cast("dict[str, Any]", scope)[_BEGUN]
        await self._agent.store.write(lambda tx: begun.finish(tx, status, kept))
