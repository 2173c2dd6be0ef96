"""Handlers of what has changed: asked by number, or streamed (docs/changes.md)."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.change_stream import ChangeStream, ChangeStreams
from blo_agent.api.identity import actions, actor_of, recheck_of
from blo_agent.api.pages import LARGEST_PAGE, PAGE
from blo_agent.api.request_errors import BadRequest
from blo_agent.changes.answers import ChangesAnswer, changes_answer
from blo_agent.changes.visible import page_of
from blo_agent.store.tables import changes as stored
from blo_domain.people.permissions import Action

Req = Request[Any, Any, State]

LAST_NUMBER = 2**62


@get("/v1/changes", opt=actions(Action.LIST_CASES))
async def changes(
    request: Req,
    agent: NamedDependency[Agent],
    after: Annotated[int, QueryParameter(ge=0, le=LAST_NUMBER)],
    limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = PAGE,
) -> ChangesAnswer:
    """What has changed behind a number; ``after=0`` begins with the first change that is kept.

    410 if the changes behind the number are not kept any more.
    """
    actor = actor_of(request)
    return await agent.store.read(
        lambda snapshot: changes_answer(page_of(snapshot, actor, after, limit))
    )


@get("/v1/changes/newest", opt=actions(Action.LIST_CASES))
async def newest(agent: NamedDependency[Agent]) -> dict[str, int]:
    """The number of the newest change: from where on to follow after the lists were read."""
    bounds = await agent.store.read(stored.bounds)
    return {"newest": bounds.newest}


@get("/v1/changes/stream", opt={**actions(Action.LIST_CASES), "is_background": True})
async def stream(
    request: Req,
    agent: NamedDependency[Agent],
    streams: NamedDependency[ChangeStreams],
    after: Annotated[int | None, QueryParameter(ge=0, le=LAST_NUMBER)] = None,
) -> ChangeStream:
    """Server-sent events: each change as it comes, from now on or behind ``Last-Event-ID``.

    410 if the changes behind that number are not kept any more. The stream ends with the session or
    the token, with the node, and when its reader is too slow.
    """
    shown = request.headers.get("last-event-id")
    number = after if shown is None else _number(shown)
    recheck = recheck_of(request)
    if number is None:
        number = (await agent.store.read(stored.bounds)).newest
    else:
        start = number
        await agent.store.read(lambda snapshot: page_of(snapshot, recheck.actor, start, 1))
    return streams.open(recheck, number)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LAST_NUMBER):
        raise BadRequest(
            "this names no change",
            parameter="Last-Event-ID",
            expected="the number of a change",
            example="42",
        )
    return int(text)


HANDLERS = (changes, newest, stream)
