"""Logging in and out, and the one-time link with which a person begins."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.identity import (
    cookie_name,
    for_anybody,
    for_everybody_known,
    in_form,
    session_of,
)
from blo_agent.api.log_in import session_cookie
from blo_agent.people.errors import PeopleRefused
from blo_agent.people.log_in import Credentials
from blo_agent.people.sessions import SessionOpened, end_session
from blo_desk.forms import Form, from_base64url, own_path, read_form, see
from blo_desk.pages import menu_of, message, page
from blo_desk.reader import LANGUAGE_FIELD, Reader, reader_of
from blo_desk.words import DIFFERENT, REFUSALS
from blo_schemas.approvals import PasskeyAssertion
from blo_sealing.passkeys import RelyingParty

Req = Request[Any, Any, State]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Encoded = Annotated[str, msgspec.Meta(min_length=1, max_length=6_000)]
Path = Annotated[str, msgspec.Meta(max_length=1_000)]
Language = FromQuery[str]
"""The language of a page for somebody who is not logged in; ``Reader`` has it already."""

CLEARED: Final = '"cache", "cookies", "storage"'
CLEARED_ON_LOOPBACK: Final = '"cache", "storage"'
"""What a browser forgets at a log-out; on loopback other offices of a laboratory share the cookies."""


class NameForm(Form, frozen=True):
    """A name and a password."""

    person: Secret
    password: Secret
    next: Path = "/"


class CodeForm(Form, frozen=True):
    """A one-time code for a log-in that was begun."""

    ticket: Secret
    code: Secret
    next: Path = "/"


class PasskeyForm(Form, frozen=True):
    """What a passkey has answered; a script fills it in, bytes in base64url."""

    ticket: Secret
    credential: Encoded
    authenticator_data: Encoded
    client_data: Encoded
    signature: Encoded
    next: Path = "/"

    def assertion(self, party: RelyingParty) -> PasskeyAssertion:
        """The answer as the node checks it; it knows the public key."""
        return PasskeyAssertion(
            rp_id=party.id,
            origin=party.origin,
            credential=from_base64url(self.credential),
            public_key=b"",
            authenticator_data=from_base64url(self.authenticator_data),
            client_data=from_base64url(self.client_data),
            signature=from_base64url(self.signature),
        )


class FirstForm(Form, frozen=True):
    """The token of a one-time link, and the password that is chosen, twice."""

    token: Secret
    password: Secret
    again: Secret


def address_for(path: str) -> str:
    """The address of the log-in that leads to a page afterwards."""
    return "/login" if path == "/" else f"/login?{urlencode({'next': path})}"


@get("/", opt=for_everybody_known())
async def first_of_all(request: Req) -> Response[Any]:
    """The first page of the reader's menu."""
    return see(menu_of(reader_of(request))[0].path)


@get("/login", opt=for_anybody())
async def log_in_page(
    request: Req,
    wanted: Annotated[str, QueryParameter(name="next")] = "/",
    done: FromQuery[str] = "",
    language: Language = "",
) -> Response[Any]:
    """The log-in."""
    return _shown(reader_of(request), wanted, done=done)


@post("/login", opt=in_form(for_anybody()))
async def log_in(
    request: Req, credentials: NamedDependency[Credentials], language: Language = ""
) -> Response[Any]:
    """Check a name and a password; ask for a code, if the person has codes."""
    form, reader = await read_form(request, NameForm), reader_of(request)
    try:
        step = await credentials.begin(form.person, form.password, _client(request))
    except PeopleRefused as refusal:
        return _shown(reader, form.next, refusal=refusal, person=form.person)
    if step.opened is not None:
        return _opened(request, step.opened, form.next)
    return _asks_code(reader, step.ticket, form.next, "totp" in step.factors)


@post("/login/code", opt=in_form(for_anybody()))
async def log_in_by_code(
    request: Req, credentials: NamedDependency[Credentials], language: Language = ""
) -> Response[Any]:
    """Finish a log-in with a one-time code."""
    form, reader = await read_form(request, CodeForm), reader_of(request)
    try:
        opened = await credentials.finish_code(form.ticket, form.code, _client(request))
    except PeopleRefused as refusal:
        if credentials.is_begun(form.ticket):
            return _asks_code(reader, form.ticket, form.next, has_codes=True, refusal=refusal)
        return _shown(reader, form.next, refusal=refusal)
    return _opened(request, opened, form.next)


@post("/login/passkey", opt=in_form(for_anybody()))
async def log_in_by_passkey(
    request: Req, credentials: NamedDependency[Credentials], language: Language = ""
) -> Response[Any]:
    """Log in with a passkey."""
    form = await read_form(request, PasskeyForm)
    answer = form.assertion(credentials.party)
    try:
        opened = await credentials.finish_passkey(form.ticket, answer, _client(request))
    except PeopleRefused as refusal:
        return _shown(reader_of(request), form.next, refusal=refusal)
    return _opened(request, opened, form.next)


@get("/first", opt=for_anybody())
async def first_page(
    request: Req, token: FromQuery[str] = "", language: Language = ""
) -> Response[Any]:
    """Where a one-time link leads: choose a password."""
    return page(reader_of(request), "first.html", token=token, problem="")


@post("/first", opt=in_form(for_anybody()))
async def choose_password(
    request: Req, credentials: NamedDependency[Credentials], language: Language = ""
) -> Response[Any]:
    """Set the first password; the link ends with it."""
    form, reader = await read_form(request, FirstForm), reader_of(request)
    if form.password != form.again:
        problem = message(reader, DIFFERENT)
        return page(reader, "first.html", status=422, token=form.token, problem=problem)
    try:
        await credentials.choose_password(form.token, form.password)
    except PeopleRefused as refusal:
        problem = message(reader, REFUSALS[refusal.reason])
        return page(reader, "first.html", status=422, token=form.token, problem=problem)
    return see(f"/login?{urlencode({'done': 'password', LANGUAGE_FIELD: reader.language})}")


@post("/logout", opt=in_form(for_everybody_known()))
async def log_out(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """End the session, and have the browser forget all of the desk."""
    session, now = session_of(request), agent.clock.now_ms()
    assert session is not None
    await agent.store.write(partial(end_session, session.actor, session.row.token_hash, now))
    is_secure = request.url.scheme == "https"
    answer = see(f"/login?{urlencode({LANGUAGE_FIELD: reader_of(request).language})}")
    answer.headers["clear-site-data"] = CLEARED if is_secure else CLEARED_ON_LOOPBACK
    answer.cookies.append(
        Cookie(
            key=cookie_name(request),
            value="",
            path="/",
            max_age=0,
            httponly=True,
            secure=is_secure,
            samesite="strict",
        )
    )
    return answer


def _shown(
    reader: Reader,
    wanted: str,
    *,
    refusal: PeopleRefused | None = None,
    person: str = "",
    done: str = "",
) -> Response[str]:
    problem = "" if refusal is None else message(reader, REFUSALS[refusal.reason])
    return page(
        reader,
        "log_in.html",
        status=200 if refusal is None else 401,
        next=own_path(wanted),
        problem=problem,
        person=person,
        done=done,
    )


def _asks_code(
    reader: Reader,
    ticket: str,
    wanted: str,
    has_codes: bool,
    refusal: PeopleRefused | None = None,
) -> Response[str]:
    problem = "" if refusal is None else message(reader, REFUSALS[refusal.reason])
    return page(
        reader,
        "second_factor.html",
        status=200 if refusal is None else 401,
        ticket=ticket,
        next=own_path(wanted),
        has_codes=has_codes,
        problem=problem,
    )


def _opened(request: Req, opened: SessionOpened, wanted: str) -> Response[Any]:
    answer = see(own_path(wanted))
    answer.cookies.append(session_cookie(request, opened.token))
    return answer


def _client(request: Req) -> str:
    return request.headers.get("user-agent", "")


HANDLERS = (
    first_of_all,
    log_in_page,
    log_in,
    log_in_by_code,
    log_in_by_passkey,
    first_page,
    choose_password,
    log_out,
)
