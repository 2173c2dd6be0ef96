"""The access log of requests: whoever sees contents, or is refused, has an entry before the answer.

No handler has to think of it. What a handler does stands in its ``actions``; ``ENTRIES`` says of each
action whether it is a look. A look that is answered gets its entry here, with the link and the case of
the request's path, unless the handler has written one with more in it (``write_noted``). So does each
refusal of somebody who is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Message, Scope

from blo_agent.agent import Agent
from blo_agent.api.identity import ACTOR, Connection, acting_name
from blo_agent.office.access_log import EXPORT_JOURNAL, SEARCH, VIEW_CASE, note_look
from blo_agent.people.access import Actor, note_refusal
from blo_agent.people.errors import PeopleRefused
from blo_agent.store.writer import Job
from blo_domain.people.permissions import Action
from blo_schemas.errors import WireError
from blo_schemas.ids import HASH_SIZE, CaseId, LinkId
from blo_schemas.texts import from_hex

T = TypeVar("T")

ENTRIES: Final[Mapping[Action, str | None]] = {
    Action.LIST_CASES: None,
    Action.READ_CONTENTS: VIEW_CASE,
    Action.SEARCH: SEARCH,
    Action.KEEP_NOTES: None,
    Action.DRAFT: None,
    Action.SEND_ROUTINE_STEP: None,
    Action.SEND_APPROVED_STEP: None,
    Action.APPROVE: None,
    Action.HAND_OVER_SHIFT: None,
    Action.EXPORT_CASE: "export case",
    Action.DISCLOSE: None,
    Action.READ_FIGURES: None,
    Action.COMPUTE_REPORT: None,
    Action.REVIEW_REPORT: None,
    Action.SIGN_REPORT: None,
    Action.READ_JOURNAL: "read access log",
    Action.EXPORT_JOURNAL: EXPORT_JOURNAL,
    Action.VERIFY_LINK: None,
    Action.RESUME_LINK: None,
    Action.SEE_HEALTH: None,
    Action.MANAGE_KEYS: None,
    Action.MANAGE_PEOPLE: None,
    Action.MANAGE_SYSTEMS: None,
    Action.DELEGATE: None,
    Action.SET_POLICY: None,
}
"""The entry of each action that shows contents or takes them out; ``None``: it shows none, or it
changes something, and the change itself is in the journal."""

_NOTED: Final = "blo.noted"
_REFUSED_FROM: Final = 400


class AccessNotes:
    """Writes the access log of an application's requests.

    Args:
        agent: The office's agent.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def before_send(self, message: Message, scope: Scope) -> None:
        """Note a look before the first byte of its answer; a hook of the application."""
        if message["type"] != "http.response.start" or message["status"] >= _REFUSED_FROM:
            return
        keys = _keys(scope)
        word = look_of(keys.get("route_handler"))
        if word is None or ACTOR not in keys or keys.get(_NOTED):
            return
        keys[_NOTED] = True
        name, now = acting_name(_connection(scope)), self._agent.clock.now_ms()
        link, case = self._place(scope)
        await self._agent.store.write(lambda tx: note_look(tx, name, word, link, case, now))

    async def after_exception(self, error: Exception, scope: Scope) -> None:
        """Note a refusal of somebody who is known; a hook of the application."""
        keys = _keys(scope)
        actor: Actor | None = keys.get(ACTOR)
        if not isinstance(error, PeopleRefused) or actor is None:
            return
        handler: BaseRouteHandler = keys["route_handler"]
        actions: tuple[Action, ...] = handler.opt["actions"]
        what = actions[0] if actions else error.reason
        now = self._agent.clock.now_ms()
        link, case = self._place(scope)
        await self._agent.store.write(
            lambda tx: note_refusal(tx, actor.name, what, now, link, case)
        )

    def _place(self, scope: Scope) -> tuple[LinkId | None, CaseId | None]:
        """The link and the case that a path names, if there are such."""
        path: dict[str, Any] = scope.get("path_params", {})
        link = LinkId(str(path.get("link", "")))
        try:
            case = CaseId(from_hex(str(path.get("case", "")), HASH_SIZE))
        except WireError:
            case = None
        return (link if link in self._agent.office.links else None), case


async def write_noted(connection: Connection, agent: Agent, job: Job[T]) -> T:
    """Carry out a job that writes the entry of this request into the access log."""
    made = await agent.store.write(job)
    _keys(connection.scope)[_NOTED] = True
    return made


def look_of(handler: BaseRouteHandler | None) -> str | None:
    """The entry that a handler's answers need; ``None``: none.

    A handler that also lets in who only drafts shows nothing but what the drafter has written.
    """
    actions: tuple[Action, ...] = () if handler is None else handler.opt.get("actions", ())
    words = [ENTRIES[action] for action in actions]
    return words[0] if words and None not in words else None


def _keys(scope: Scope) -> dict[str, Any]:
    return cast("dict[str, Any]", scope)


def _connection(scope: Scope) -> Connection:
    return ASGIConnection(scope)
