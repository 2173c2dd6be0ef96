"""Handlers of the log-in, of the own account, and of sessions."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.params import FromPath

from blo_agent.agent import Agent
from blo_agent.api.identity import (
    actor_of,
    cookie_name,
    for_anybody,
    for_everybody_known,
    session_of,
)
from blo_agent.api.parse import read_id
from blo_agent.api.people_types import (
    AccountAnswer,
    ChallengeAnswer,
    CodeRequest,
    CodesAnswer,
    FirstPasswordRequest,
    LoginAnswer,
    LoginRequest,
    NewPasskeyRequest,
    PasskeyRequest,
    PasswordRequest,
    SessionAnswer,
    assertion_of,
    session_answer,
)
from blo_agent.api.request_types import EmptyRequest
from blo_agent.api.retries import SHOWS_SECRET
from blo_agent.people.access import answer_of
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.people.log_in import Credentials
from blo_agent.people.sessions import LONGEST_MS, SessionOpened, end_session
from blo_agent.store.tables import sessions as stored
from blo_domain.people.permissions import Action, Permission
from blo_schemas.people import PersonId

Req = Request[Any, Any, State]
_CLIENT: Final = "user-agent"


@post("/v1/login", opt=for_anybody())
async def login(
    request: Req, credentials: NamedDependency[Credentials], wanted: NamedDependency[LoginRequest]
) -> Response[LoginAnswer]:
    """Log in with a name and a password: 201 with a cookie, or with what is needed next."""
    step = await credentials.begin(wanted.person, wanted.password, _client(request))
    if step.opened is not None:
        return _opened(request, step.opened)
    return Response(LoginAnswer(logged_in=False, ticket=step.ticket, factors=step.factors))


@post("/v1/login/code", opt=for_anybody())
async def login_code(
    request: Req, credentials: NamedDependency[Credentials], wanted: NamedDependency[CodeRequest]
) -> Response[LoginAnswer]:
    """Finish a log-in with a one-time code."""
    opened = await credentials.finish_code(wanted.ticket, wanted.code, _client(request))
    return _opened(request, opened)


@post("/v1/login/challenge", opt=for_anybody())
async def login_challenge(
    credentials: NamedDependency[Credentials], wanted: NamedDependency[EmptyRequest]
) -> ChallengeAnswer:
    """A challenge for a log-in with a passkey."""
    ticket, challenge = credentials.challenge("passkey")
    return ChallengeAnswer(ticket, challenge, credentials.party.id)


@post("/v1/login/passkey", opt=for_anybody())
async def login_passkey(
    request: Req, credentials: NamedDependency[Credentials], wanted: NamedDependency[PasskeyRequest]
) -> Response[LoginAnswer]:
    """Log in with a passkey."""
    answer = assertion_of(wanted.answer, credentials.party)
    opened = await credentials.finish_passkey(wanted.ticket, answer, _client(request))
    return _opened(request, opened)


@post("/v1/login/first", status_code=200, opt=for_anybody())
async def first_password(
    request: Req,
    credentials: NamedDependency[Credentials],
    wanted: NamedDependency[FirstPasswordRequest],
) -> dict[str, PersonId]:
    """Choose a password with the token of a one-time link."""
    return {"person": await credentials.choose_password(wanted.token, wanted.password)}


@get("/v1/account", opt=for_everybody_known())
async def account(request: Req) -> AccountAnswer:
    """Who asks, and what that actor may do."""
    actor, session = actor_of(request), session_of(request)
    answers = {action: answer_of(actor, action) for action in Action}
    return AccountAnswer(
        person=actor.name,
        roles=tuple(sorted(actor.roles)),
        allowed=tuple(act for act, answer in answers.items() if answer is Permission.ALLOWED),
        needs_approval=tuple(
            act for act, answer in answers.items() if answer is Permission.NEEDS_APPROVAL
        ),
        csrf="" if session is None else session.row.csrf.hex(),
    )


@post("/v1/account/password", status_code=200, opt=for_everybody_known())
async def change_password(
    request: Req,
    credentials: NamedDependency[Credentials],
    wanted: NamedDependency[PasswordRequest],
) -> dict[str, bool]:
    """Change the own password."""
    await credentials.change_password(_own(request), wanted.old, wanted.new)
    return {"changed": True}


@post("/v1/account/codes", status_code=200, opt={**for_everybody_known(), SHOWS_SECRET: True})
async def begin_codes(
    request: Req, credentials: NamedDependency[Credentials], wanted: NamedDependency[EmptyRequest]
) -> CodesAnswer:
    """A new secret for one-time codes; it counts once a first code was sent."""
    return CodesAnswer(*credentials.begin_codes(_own(request)))


@post("/v1/account/codes/confirm", status_code=200, opt=for_everybody_known())
async def finish_codes(
    request: Req, credentials: NamedDependency[Credentials], wanted: NamedDependency[CodeRequest]
) -> dict[str, bool]:
    """Keep a secret, by a first code of it."""
    await credentials.finish_codes(_own(request), wanted.ticket, wanted.code)
    return {"added": True}


@post(
    "/v1/account/passkeys/challenge",
    status_code=200,
    opt={**for_everybody_known(), SHOWS_SECRET: True},
)
async def begin_passkey(
    request: Req, credentials: NamedDependency[Credentials], wanted: NamedDependency[EmptyRequest]
) -> ChallengeAnswer:
    """A challenge for a new passkey."""
    ticket, challenge = credentials.challenge("new passkey", _own(request))
    return ChallengeAnswer(ticket, challenge, credentials.party.id)


@post("/v1/account/passkeys", opt=for_everybody_known())
async def add_passkey(
    request: Req,
    credentials: NamedDependency[Credentials],
    wanted: NamedDependency[NewPasskeyRequest],
) -> dict[str, bool]:
    """Keep a new passkey."""
    await credentials.add_passkey(
        _own(request),
        wanted.ticket,
        wanted.name,
        wanted.credential,
        wanted.attestation,
        wanted.client_data,
    )
    return {"added": True}


@get("/v1/sessions", opt=for_everybody_known())
async def sessions(request: Req, agent: NamedDependency[Agent]) -> list[SessionAnswer]:
    """The own sessions; for the operator those of everybody."""
    actor, session = actor_of(request), session_of(request)
    this = None if session is None else session.row.token_hash
    rows = await agent.store.read(
        stored.everybody
        if actor.person is None and actor.scope is None
        else lambda snapshot: stored.of_person(snapshot, actor.name)
    )
    return [session_answer(row, this) for row in rows]


@delete("/v1/sessions/{session:str}", opt=for_everybody_known())
async def remove_session(
    request: Req, agent: NamedDependency[Agent], session: FromPath[str]
) -> None:
    """End a session; the own one is a log-out."""
    actor, key, now = actor_of(request), read_id(session, "session"), agent.clock.now_ms()
    if actor.scope is not None:
        raise refused(PeopleRefusal.NOT_ALLOWED, "a program has no sessions")
    await agent.store.write(lambda tx: end_session(actor, key, now, tx))


def _own(request: Req) -> PersonId:
    """The person whose account a request changes.

    Raises:
        PeopleRefused: No person is logged in.
    """
    actor = actor_of(request)
    if actor.person is None:
        raise refused(PeopleRefusal.NOT_LOGGED_IN, "only a person who is logged in has an account")
    return actor.person


def _client(request: Req) -> str:
    return request.headers.get(_CLIENT, "")


def session_cookie(request: Req, token: str) -> Cookie:
    """The cookie that carries a session's token."""
    return Cookie(
        key=cookie_name(request),
        value=token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        max_age=LONGEST_MS // 1000,
    )


def _opened(request: Req, opened: SessionOpened) -> Response[LoginAnswer]:
    answer = LoginAnswer(logged_in=True, csrf=opened.row.csrf.hex())
    return Response(answer, cookies=[session_cookie(request, opened.token)])


HANDLERS = (
    login,
    login_code,
    login_challenge,
    login_passkey,
    first_password,
    account,
    change_password,
    begin_codes,
    finish_codes,
    begin_passkey,
    add_passkey,
    sessions,
    remove_session,
)
