"""People: accounts with their roles, one-time links, delegations."""

from __future__ import annotations

from datetime import datetime, time
from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from blo_agent.agent import Agent
from blo_agent.api.identity import actions, actor_of, for_everybody_known, in_form
from blo_agent.people import accounts
from blo_agent.people.access import answer_of
from blo_agent.people.errors import PeopleRefusal, PeopleRefused, refused
from blo_agent.people.log_in import Credentials
from blo_agent.people.overview import staff_of
from blo_desk.forms import Form, read_form, see
from blo_desk.pages import message, page
from blo_desk.reader import Reader, reader_of
from blo_desk.words import AGENCIES, REFUSALS, ROLES
from blo_domain.people.permissions import Action, Permission
from blo_domain.people.roles import roles_of
from blo_schemas.errors import WireError
from blo_schemas.fields import Name
from blo_schemas.instants import unix_ms
from blo_schemas.people import (
    Agency,
    Appointment,
    DeputyDelegation,
    OfficeRole,
    PersonId,
    StaffMember,
)
from blo_schemas.texts import day_from

Req = Request[Any, Any, State]
MANAGING: Final = actions(Action.MANAGE_PEOPLE)
_DAY_MS: Final = 86_400_000
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$(?!\n)")]
OptionalDay = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$(?!\n)")]


class NewPersonForm(Form, frozen=True):
    """A new account with its first role."""

    person: PersonId
    name: Name
    role: OfficeRole
    choice: Literal["vi", "lo", "zh", "en"]
    agency: Agency | Literal[""] = ""
    start: OptionalDay = ""
    end: OptionalDay = ""


class RoleForm(Form, frozen=True):
    """A further role of a person."""

    role: OfficeRole
    agency: Agency | Literal[""] = ""
    start: OptionalDay = ""
    end: OptionalDay = ""


class EndedRoleForm(Form, frozen=True):
    """A role that ends now: its place in the list of the person's appointments."""

    place: Annotated[int, msgspec.Meta(ge=0, lt=accounts.MOST_APPOINTMENTS)]


class DelegationForm(Form, frozen=True):
    """From the first to the last day the deputy acts as chief."""

    deputy: PersonId
    start: Day
    end: Day


@get("/people", opt=MANAGING)
async def people_page(
    request: Req, agent: NamedDependency[Agent], done: FromQuery[str] = ""
) -> Response[Any]:
    """All accounts."""
    return await _shown(request, agent, done=done)


@post("/people", opt=in_form(MANAGING))
async def add_person(
    request: Req, agent: NamedDependency[Agent], credentials: NamedDependency[Credentials]
) -> Response[Any]:
    """Add an account; the one-time link is shown once."""
    form, reader = await read_form(request, NewPersonForm), reader_of(request)
    appointment = _appointment(reader, form.role, form.agency, form.start, form.end)
    member = StaffMember(
        id=form.person, name=form.name, language=form.choice, appointments=(appointment,)
    )
    actor, now = actor_of(request), agent.clock.now_ms()
    try:
        made = await agent.store.write(partial(accounts.add_person, actor, member, now))
    except PeopleRefused as refusal:
        return await _shown(request, agent, refusal=refusal, filled=form)
    return _link_shown(reader, made, credentials)


@get("/people/{person:str}", opt=MANAGING)
async def person_page(
    request: Req, agent: NamedDependency[Agent], person: FromPath[str], done: FromQuery[str] = ""
) -> Response[Any]:
    """One account: its roles, past and coming ones too, and what can be done."""
    return await _person_shown(request, agent, person, done=done)


@post("/people/{person:str}/roles", opt=in_form(MANAGING))
async def add_role(
    request: Req, agent: NamedDependency[Agent], person: FromPath[str]
) -> Response[Any]:
    """Give a person a further role."""
    form, reader = await read_form(request, RoleForm), reader_of(request)
    added = _appointment(reader, form.role, form.agency, form.start, form.end)
    before = await agent.store.read(lambda s: accounts.account_of(s, person).member.appointments)
    return await _appointed(request, agent, person, (*before, added))


@post("/people/{person:str}/roles/end", opt=in_form(MANAGING))
async def end_role(
    request: Req, agent: NamedDependency[Agent], person: FromPath[str]
) -> Response[Any]:
    """End a role of a person now; one that has not begun is taken back."""
    form, now = await read_form(request, EndedRoleForm), agent.clock.now_ms()
    before = await agent.store.read(lambda s: accounts.account_of(s, person).member.appointments)
    after = [
        row if place != form.place else msgspec.structs.replace(row, end=now)
        for place, row in enumerate(before)
        if place != form.place or row.start < now
    ]
    return await _appointed(request, agent, person, tuple(after))


@post("/people/{person:str}/invite", opt=in_form(MANAGING))
async def invite(
    request: Req,
    agent: NamedDependency[Agent],
    credentials: NamedDependency[Credentials],
    person: FromPath[str],
) -> Response[Any]:
    """Make a new one-time link; the person's old credentials end."""
    actor, now = actor_of(request), agent.clock.now_ms()
    try:
        made = await agent.store.write(partial(accounts.invite, actor, person, now))
    except PeopleRefused as refusal:
        return await _person_shown(request, agent, person, refusal=refusal)
    return _link_shown(reader_of(request), made, credentials)


@post("/people/{person:str}/confirm", opt=in_form(MANAGING))
async def confirm(
    request: Req, agent: NamedDependency[Agent], person: FromPath[str]
) -> Response[Any]:
    """Agree to an account, or to new credentials, that the operator has made."""
    actor, now = actor_of(request), agent.clock.now_ms()
    try:
        await agent.store.write(partial(accounts.confirm_person, actor, person, now))
    except PeopleRefused as refusal:
        return await _person_shown(request, agent, person, refusal=refusal)
    return see("/people?done=confirmed")


@post("/people/{person:str}/end", opt=in_form(MANAGING))
async def end_account(
    request: Req, agent: NamedDependency[Agent], person: FromPath[str]
) -> Response[Any]:
    """End an account."""
    actor, now = actor_of(request), agent.clock.now_ms()
    try:
        await agent.store.write(partial(accounts.disable_person, actor, person, now))
    except PeopleRefused as refusal:
        return await _person_shown(request, agent, person, refusal=refusal)
    return see("/people?done=ended")


@post("/delegations", opt=in_form(actions(Action.DELEGATE)))
async def delegate(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """Let the deputy act as chief for some days."""
    form, reader = await read_form(request, DelegationForm), reader_of(request)
    delegation = DeputyDelegation(
        chief=reader.person,
        deputy=form.deputy,
        start=_midnight(reader, form.start),
        end=_midnight(reader, form.end) + _DAY_MS,
    )
    actor, now = actor_of(request), agent.clock.now_ms()
    try:
        await agent.store.write(partial(accounts.delegate, actor, delegation, now))
    except PeopleRefused as refusal:
        return await _shown(request, agent, refusal=refusal)
    return see("/people?done=delegated")


@post("/delegations/{deputy:str}/end", opt=in_form(for_everybody_known()))
async def end_delegation(
    request: Req, agent: NamedDependency[Agent], deputy: FromPath[str]
) -> Response[Any]:
    """End what is delegated to a deputy, as the chief or as that deputy."""
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.write(partial(accounts.end_delegation, actor, deputy, now))
    return see("/people?done=delegation_ended" if actor.person != deputy else "/login")


async def _appointed(
    request: Req, agent: Agent, person: PersonId, rows: tuple[Appointment, ...]
) -> Response[Any]:
    actor, now = actor_of(request), agent.clock.now_ms()
    job = partial(accounts.change_person, actor, person, now, appointments=rows)
    try:
        await agent.store.write(job)
    except PeopleRefused as refusal:
        return await _person_shown(request, agent, person, refusal=refusal)
    return see(f"/people/{person}?done=roles")


async def _shown(
    request: Req,
    agent: Agent,
    *,
    done: str = "",
    refusal: PeopleRefused | None = None,
    filled: NewPersonForm | None = None,
) -> Response[str]:
    reader = reader_of(request)
    staff = await agent.store.read(staff_of)
    deputies = [
        account.member
        for account in staff.accounts
        if OfficeRole.STANDING_DEPUTY in roles_of(account.member, reader.now)
    ]
    return page(
        reader,
        "people.html",
        status=200 if refusal is None else 422,
        accounts=[account for account in staff.accounts if account.disabled_at is None],
        ended=[account for account in staff.accounts if account.disabled_at is not None],
        roles_now=lambda member: sorted(roles_of(member, reader.now)),
        delegations=[row for row in staff.delegations if row.end > reader.now],
        deputies=deputies,
        may_delegate=answer_of(actor_of(request), Action.DELEGATE) is Permission.ALLOWED,
        may_alone=answer_of(actor_of(request), Action.MANAGE_PEOPLE) is Permission.ALLOWED,
        all_roles=list(ROLES),
        all_agencies=list(AGENCIES),
        filled=filled,
        done=done,
        problem="" if refusal is None else message(reader, REFUSALS[refusal.reason]),
    )


async def _person_shown(
    request: Req,
    agent: Agent,
    person: PersonId,
    *,
    done: str = "",
    refusal: PeopleRefused | None = None,
) -> Response[str]:
    reader = reader_of(request)
    account = await agent.store.read(lambda snapshot: accounts.account_of(snapshot, person))
    return page(
        reader,
        "person.html",
        status=200 if refusal is None else 422,
        account=account,
        may_alone=answer_of(actor_of(request), Action.MANAGE_PEOPLE) is Permission.ALLOWED,
        all_roles=list(ROLES),
        all_agencies=list(AGENCIES),
        done=done,
        problem="" if refusal is None else message(reader, REFUSALS[refusal.reason]),
    )


def _link_shown(
    reader: Reader, made: accounts.Invitation, credentials: Credentials
) -> Response[str]:
    address = f"{credentials.party.origin}/first?token={made.token}"
    return page(reader, "invitation.html", made=made, address=address)


def _appointment(
    reader: Reader, role: OfficeRole, agency: Agency | Literal[""], start: str, end: str
) -> Appointment:
    return Appointment(
        role=role,
        agency=agency or None,
        start=_midnight(reader, start) if start else reader.now,
        end=_midnight(reader, end) + _DAY_MS if end else None,
    )


def _midnight(reader: Reader, day: str) -> int:
    """The beginning of a day by the office's clocks.

    Raises:
        PeopleRefused: There is no such day.
    """
    try:
        parsed = day_from(day)
    except WireError as error:
        raise refused(PeopleRefusal.APPOINTMENT_REFUSED, f"{day} is no date") from error
    return unix_ms(datetime.combine(parsed, time(), reader.zone))


HANDLERS = (
    people_page,
    add_person,
    person_page,
    add_role,
    end_role,
    invite,
    confirm,
    end_account,
    delegate,
    end_delegation,
)
