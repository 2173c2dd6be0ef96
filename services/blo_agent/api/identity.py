"""Who asks: every request has an actor before its handler runs, and every handler names its actions.

The actor comes from the kernel (the node's socket), from a program's token, or from a session's
cookie, and from nothing else that a request says. A handler names in ``actions`` what it does; an
application with a handler that names nothing is not made. ``access_notes`` notes refusals.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from typing import Any, Final, cast
from urllib.parse import unquote

from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from blo_agent.agent import Agent
from blo_agent.api.request_errors import BadRequest, RequestRefusal
from blo_agent.api.request_input import QueryCheck, check_body_declared
from blo_agent.people.access import (
    AT_NODE,
    NODE,
    WHOLE_OFFICE,
    Actor,
    answer_of,
    check_allowed,
)
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.people.recheck import ActorRecheck
from blo_agent.people.sessions import ActiveSession, SessionKeeper
from blo_agent.people.systems import needs_noting, system_actor
from blo_agent.store.tables import systems
from blo_domain.people.permissions import Action, Permission
from blo_runtime.http_connections import PEER
from blo_runtime.unix_socket import PeerCredentials

Connection = ASGIConnection[Any, Any, Any, Any]

ACTOR: Final = "blo.actor"
SESSION: Final = "blo.session"
TOKEN: Final = "blo.token"  # noqa: S105 - a key of the scope
"""The keys of an ASGI scope with the ``Actor``, the ``ActiveSession`` of a log-in's cookie, and the
token of a program."""

COOKIE: Final = "__Host-blo-session"
PLAIN_COOKIE: Final = "blo-session"
"""The session's cookie, and the beginning of its name without TLS, where browsers refuse the other.

Without TLS the port follows (``cookie_name``): browsers share cookies between all ports of one host,
and a laboratory has an office on each.
"""

ACTOR_HEADER: Final = "blo-actor"
SOMEBODY: Final = "duty-officer"
"""Who acts for the whole office where a request names nobody."""

MAX_ACTOR: Final = 64
CSRF_HEADER: Final = "blo-csrf"
CSRF_FIELD: Final = "csrf"
"""Where a request that changes something carries the secret of its session: in this header, or in
this field of a form (``in_form``)."""

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_SAME_SITE: Final = {"same-origin", "none"}
_SUPERUSER: Final = 0
_OPEN_TO_ALL: Final[tuple[Action, ...]] = ()


class Gate:
    """Finds the actor of a request, and lets through what the actor may do.

    Args:
        agent: The office's agent.
        socket_is_office: Whether whoever uses the node's socket acts for the whole office, as in a
            laboratory, and not as the operator alone.
    """

    def __init__(self, agent: Agent, *, socket_is_office: bool) -> None:
        self._agent = agent
        self._sessions = SessionKeeper(agent.store, agent.clock)
        self._at_socket = WHOLE_OFFICE if socket_is_office else AT_NODE
        self._check_query = QueryCheck()
        self._own = {os.geteuid(), _SUPERUSER}

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """The guard of the application.

        Raises:
            BadRequest: The query has a parameter that the handler does not know.
            PeopleRefused: Nobody is recognised, or the actor may not.
        """
        self._check_query(connection, handler)
        actions: tuple[Action, ...] = handler.opt["actions"]
        if not actions and handler.opt.get("is_open"):
            return
        actor = await self._identify(connection, handler.opt)
        _scope(connection)[ACTOR] = actor
        if actions and all(answer_of(actor, act) is Permission.REFUSED for act in actions):
            check_allowed(actor, actions[0])

    async def _identify(self, connection: Connection, opt: Mapping[str, Any]) -> Actor:
        peer: PeerCredentials | None = _scope(connection).get(PEER)
        if peer is not None:
            if peer.uid in self._own:
                return self._at_socket
            raise refused(
                PeopleRefusal.NOT_LOGGED_IN,
                f"user {peer.uid} may not use the socket; run the command as the agent's user",
            )
        kind, _, token = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            _scope(connection)[TOKEN] = token.strip()
            return await self._program(token.strip())
        cookie = connection.cookies.get(cookie_name(connection))
        if cookie:
            return await self._person(connection, cookie, opt)
        raise refused(
            PeopleRefusal.NOT_LOGGED_IN, "log in, or send the token of a program of this office"
        )

    async def _program(self, token: str) -> Actor:
        store, now = self._agent.store, self._agent.clock.now_ms()
        actor = await store.read(lambda snapshot: system_actor(snapshot, token, now))
        if actor is None:
            raise refused(
                PeopleRefusal.NOT_LOGGED_IN,
                "this token is unknown, not confirmed yet, revoked or over; ask the operator",
            )
        if await store.read(lambda snapshot: needs_noting(snapshot, actor.name, now)):
            await store.write(lambda tx: systems.set_used(tx, actor.name, now))
        return actor

    async def _person(self, connection: Connection, cookie: str, opt: Mapping[str, Any]) -> Actor:
        session = await self._sessions.find(cookie, is_use=not opt.get("is_background"))
        scope = _scope(connection)
        scope[SESSION] = session
        if scope["method"] not in _SAFE:
            shown = await _secret_in_form(connection) if opt.get("is_form") else None
            check_same_site(connection, session, shown)
        return session.actor


def cookie_name(connection: Connection) -> str:
    """The name of the session's cookie in a request, and in the answer to it."""
    scope = _scope(connection)
    if scope["scheme"] == "https":
        return COOKIE
    server = scope.get("server")
    return PLAIN_COOKIE if not server or server[1] is None else f"{PLAIN_COOKIE}-{server[1]}"


async def _secret_in_form(connection: Connection) -> str:
    """The secret that a form carries in its field; of a request that is none the header counts."""
    fields = await cast("Request[Any, Any, Any]", connection).form()
    shown = fields.get(CSRF_FIELD)
    return shown if isinstance(shown, str) else connection.headers.get(CSRF_HEADER, "")


def check_same_site(
    connection: Connection, session: ActiveSession, shown: str | None = None
) -> None:
    """Refuse a request that another site may have made the person's browser send.

    Args:
        connection: The request.
        session: Its session.
        shown: The secret of the session's forms, where a form carries it; else the header counts.

    Raises:
        PeopleRefused: The secret is missing or wrong, or the browser says that it is another site.
    """
    secret = shown if shown is not None else connection.headers.get(CSRF_HEADER, "")
    site = connection.headers.get("sec-fetch-site", "same-origin")
    if site not in _SAME_SITE or not compare_digest(
        secret.encode("utf-8", "replace"), session.row.csrf.hex().encode()
    ):
        raise refused(
            PeopleRefusal.NOT_ALLOWED, "this request does not come from the node's own pages"
        )


def actor_of(connection: Connection) -> Actor:
    """The actor of a request that the gate has let through."""
    actor: Actor = _scope(connection)[ACTOR]
    return actor


def acting_name(
    connection: Connection, named: str | None = None, *, must_name: bool = False
) -> str:
    """The actor for the journal.

    Only where the node's socket stands for the whole office does a request say who acts: in its
    body, or percent-encoded in the header ``blo-actor``.

    Args:
        connection: The request.
        named: Whom its body names.
        must_name: Whether a request for the whole office must name somebody, because later another
            person than that one has to act.

    Raises:
        BadRequest: The request names somebody else, nobody who could be a person, or nobody though
            it must.
    """
    actor = actor_of(connection)
    name = named or unquote(connection.headers.get(ACTOR_HEADER, ""))
    if actor.is_office:
        if len(name) > MAX_ACTOR:
            raise BadRequest(f"a name has {MAX_ACTOR} characters at most", parameter=ACTOR_HEADER)
        if must_name and not name:
            raise BadRequest(
                "`actor` is missing; name who does this",
                RequestRefusal.MISSING_FIELD,
                pointer="/actor",
            )
        return name or SOMEBODY
    if actor == AT_NODE and named:
        # Whom the node's user names is worth noting, and not believed.
        return f"{NODE}: {named}"
    if named not in (None, actor.name):
        raise BadRequest("the node knows who asks; leave `actor` out", pointer="/actor")
    return actor.name


def session_of(connection: Connection) -> ActiveSession | None:
    """The session of a request, if a log-in's cookie came with it."""
    session: ActiveSession | None = _scope(connection).get(SESSION)
    return session


def recheck_of(connection: Connection) -> ActorRecheck:
    """What a long answer looks up again: as whom the request goes on."""
    session = session_of(connection)
    return ActorRecheck(
        actor_of(connection),
        None if session is None else session.row.token_hash,
        _scope(connection).get(TOKEN),
    )


def actions(*needed: Action) -> dict[str, Any]:
    """The ``opt`` of a handler that does one of these things; it checks further what it must."""
    return {"actions": needed}


def for_everybody_known() -> dict[str, Any]:
    """The ``opt`` of a handler that every known actor may ask."""
    return {"actions": _OPEN_TO_ALL}


def for_anybody() -> dict[str, Any]:
    """The ``opt`` of a handler that answers without a log-in: the log-in itself."""
    return {"actions": _OPEN_TO_ALL, "is_open": True}


def in_form(opt: dict[str, Any]) -> dict[str, Any]:
    """The ``opt`` of a handler to which a page posts a form, with the session's secret in it."""
    return {**opt, "is_form": True}


def check_handlers(handlers: Iterable[ControllerRouterHandler]) -> None:
    """Refuse to make an application with a handler that does not say what it does, or takes.

    Raises:
        TypeError: A handler has no ``actions``, or does not say what it takes.
    """
    for handler in handlers:
        if isinstance(handler, HTTPRouteHandler) and "actions" not in handler.opt:
            raise TypeError(f"the handler of {sorted(handler.paths)} names no actions")
        if isinstance(handler, HTTPRouteHandler):
            check_body_declared(handler)


def _scope(connection: Connection) -> dict[str, Any]:
    """The ASGI scope, with the keys of this program."""
    return cast("dict[str, Any]", connection.scope)
