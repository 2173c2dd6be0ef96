"""My account: language, password, one-time codes, passkeys, sessions."""

from __future__ import annotations

import io
from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery
from markupsafe import Markup

from blo_agent.agent import Agent
from blo_agent.api.identity import actor_of, for_everybody_known, in_form, session_of
from blo_agent.api.parse import read_id
from blo_agent.people.accounts import change_person
from blo_agent.people.errors import PeopleRefused
from blo_agent.people.log_in import Credentials
from blo_agent.people.overview import OwnAccount, own_account, remove_passkey
from blo_agent.people.sessions import end_session
from blo_desk.forms import Form, from_base64url, read_form, see
from blo_desk.pages import message, page
from blo_desk.reader import person_of, reader_of
from blo_desk.routes.log_in import Encoded, Secret
from blo_desk.words import DIFFERENT, REFUSALS
from blo_schemas.fields import Name

Req = Request[Any, Any, State]
KNOWN: Final = for_everybody_known()
_PIXELS: Final = 5


class LanguageForm(Form, frozen=True):
    """The language of the pages."""

    choice: Literal["vi", "lo", "zh", "en"]


class PasswordForm(Form, frozen=True):
    """The own password and its successor, twice."""

    old: Secret
    new: Secret
    again: Secret


class FirstCodeForm(Form, frozen=True):
    """A first code of a new secret."""

    ticket: Secret
    code: Secret
    address: Annotated[str, msgspec.Meta(max_length=512)]


class NewPasskeyForm(Form, frozen=True):
    """A passkey that was made; a script fills it in, bytes in base64url."""

    ticket: Secret
    name: Name
    credential: Encoded
    attestation: Encoded
    client_data: Encoded


class OldPasskeyForm(Form, frozen=True):
    """A passkey that is removed."""

    credential: Encoded


class SessionForm(Form, frozen=True):
    """A session that is ended."""

    session: Secret


@get("/account", opt=KNOWN)
async def account_page(
    request: Req, agent: NamedDependency[Agent], done: FromQuery[str] = ""
) -> Response[Any]:
    """The own account."""
    return await _shown(request, agent, done=done)


@post("/account/language", opt=in_form(KNOWN))
async def choose_language(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """Choose the language of the pages and papers."""
    form = await read_form(request, LanguageForm)
    actor, person, now = actor_of(request), person_of(request), agent.clock.now_ms()
    await agent.store.write(partial(change_person, actor, person, now, language=form.choice))
    return see("/account?done=language")


@post("/account/password", opt=in_form(KNOWN))
async def change_password(
    request: Req, agent: NamedDependency[Agent], credentials: NamedDependency[Credentials]
) -> Response[Any]:
    """Change the own password."""
    form, reader = await read_form(request, PasswordForm), reader_of(request)
    if form.new != form.again:
        return await _shown(request, agent, problem=message(reader, DIFFERENT))
    try:
        await credentials.change_password(person_of(request), form.old, form.new)
    except PeopleRefused as refusal:
        return await _shown(request, agent, refusal=refusal)
    return see("/account?done=password")


@post("/account/codes", opt=in_form(KNOWN))
async def begin_codes(request: Req, credentials: NamedDependency[Credentials]) -> Response[Any]:
    """Show a new secret for an authenticator app."""
    ticket, address = credentials.begin_codes(person_of(request))
    return _secret_shown(request, ticket, address)


@post("/account/codes/confirm", opt=in_form(KNOWN))
async def finish_codes(request: Req, credentials: NamedDependency[Credentials]) -> Response[Any]:
    """Keep the secret, by a first code of it."""
    form = await read_form(request, FirstCodeForm)
    try:
        await credentials.finish_codes(person_of(request), form.ticket, form.code)
    except PeopleRefused as refusal:
        if not credentials.is_begun(form.ticket):
            raise
        return _secret_shown(request, form.ticket, form.address, refusal)
    return see("/account?done=codes")


@post("/account/passkeys", opt=in_form(KNOWN))
async def add_passkey(
    request: Req, agent: NamedDependency[Agent], credentials: NamedDependency[Credentials]
) -> Response[Any]:
    """Keep a passkey that the person's authenticator has made."""
    form = await read_form(request, NewPasskeyForm)
    parts = map(from_base64url, (form.credential, form.attestation, form.client_data))
    try:
        await credentials.add_passkey(person_of(request), form.ticket, form.name, *parts)
    except PeopleRefused as refusal:
        return await _shown(request, agent, refusal=refusal)
    return see("/account?done=passkey")


@post("/account/passkeys/remove", opt=in_form(KNOWN))
async def drop_passkey(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """Remove a passkey."""
    form = await read_form(request, OldPasskeyForm)
    credential, now = from_base64url(form.credential), agent.clock.now_ms()
    await agent.store.write(partial(remove_passkey, person_of(request), credential, now))
    return see("/account?done=passkey_removed")


@post("/account/sessions/end", opt=in_form(KNOWN))
async def end_own_session(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """End a session of the own."""
    form = await read_form(request, SessionForm)
    actor, key, now = actor_of(request), read_id(form.session), agent.clock.now_ms()
    await agent.store.write(partial(end_session, actor, key, now))
    return see("/account?done=session")


async def _shown(
    request: Req,
    agent: Agent,
    *,
    done: str = "",
    problem: str = "",
    refusal: PeopleRefused | None = None,
) -> Response[str]:
    reader, person = reader_of(request), person_of(request)
    own: OwnAccount = await agent.store.read(lambda snapshot: own_account(snapshot, person))
    this = session_of(request)
    if refusal is not None:
        problem = message(reader, REFUSALS[refusal.reason])
    return page(
        reader,
        "account.html",
        status=422 if problem else 200,
        account=own.account,
        passkeys=own.passkeys,
        sessions=own.sessions,
        this_session=None if this is None else this.row.token_hash,
        done=done,
        problem=problem,
    )


def _secret_shown(
    request: Req, ticket: str, address: str, refusal: PeopleRefused | None = None
) -> Response[str]:
    reader = reader_of(request)
    secret = parse_qs(urlsplit(address).query).get("secret", [""])[0]
    return page(
        reader,
        "codes.html",
        status=200 if refusal is None else 422,
        ticket=ticket,
        address=address,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=_picture(address),
        problem="" if refusal is None else message(reader, REFUSALS[refusal.reason]),
    )


def _picture(address: str) -> Markup:
    """A QR code as SVG, of which the policy of contents lets nothing run."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", scale=_PIXELS, xmldecl=False, svgns=False, nl=False, omitsize=False
    )
    # segno writes paths of numbers alone; the address itself is not in the text.
    return Markup(drawn.getvalue().decode("ascii"))  # noqa: S704


HANDLERS = (
    account_page,
    choose_language,
    change_password,
    begin_codes,
    finish_codes,
    add_passkey,
    drop_passkey,
    end_own_session,
)
