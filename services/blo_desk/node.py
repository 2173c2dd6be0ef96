"""What a node serves: the API under ``/v1`` with its list of problems, and the pages beside it."""

from __future__ import annotations

from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from blo_agent.api.app import Entrance, api_behind
from blo_desk.app import desk_pages

_API: Final = ("/v1/", "/problems", "/schema")


def api_and_pages(door: Entrance) -> ASGIApp:
    """The API and the pages of a node, behind one entrance.

    Two applications, because all of their answers differ: errors as JSON or as pages, programs or
    browsers, headers.
    """
    api, pages = api_behind(door), desk_pages(door)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] != ScopeType.HTTP or scope["path"].startswith(_API)
        await (api if is_api else pages)(scope, receive, send)

    return answer
