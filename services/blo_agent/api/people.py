"""Handlers of the office's people, delegations and programs."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from blo_agent.agent import Agent
from blo_agent.api.identity import actions, actor_of, for_everybody_known
from blo_agent.api.people_types import (
    DelegationRequest,
    InvitationAnswer,
    NewPersonRequest,
    PersonAnswer,
    PersonRequest,
    SystemAnswer,
    SystemRequest,
    TokenAnswer,
    appointments_of,
    invitation_answer,
    member_of,
    person_answer,
    system_answer,
)
from blo_agent.api.request_errors import BadRequest
from blo_agent.api.request_types import EmptyRequest
from blo_agent.api.retries import SHOWS_SECRET
from blo_agent.people import accounts
from blo_agent.people.systems import add_system, confirm_system, revoke_system
from blo_agent.people.webhooks import confirm_webhook
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import people as stored
from blo_agent.store.tables import systems
from blo_domain.people.permissions import Action
from blo_schemas.bodies import KIND_WORDS
from blo_schemas.ids import LinkId
from blo_schemas.instants import local, unix_ms
from blo_schemas.people import DeputyDelegation, SystemScope

Req = Request[Any, Any, State]


@get("/v1/people", opt=actions(Action.MANAGE_PEOPLE))
async def people(agent: NamedDependency[Agent]) -> list[PersonAnswer]:
    """All accounts of the office."""
    return [person_answer(row) for row in await agent.store.read(stored.everybody)]


@post("/v1/people", opt={**actions(Action.MANAGE_PEOPLE), SHOWS_SECRET: True})
async def add_person(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[NewPersonRequest]
) -> InvitationAnswer:
    """Add a person: 201 with the token of the one-time link."""
    member = member_of(wanted)
    actor, now = actor_of(request), agent.clock.now_ms()
    made = await agent.store.write(partial(accounts.add_person, actor, member, now))
    return invitation_answer(made)


@patch("/v1/people/{person:str}", opt=for_everybody_known())
async def change_person(
    request: Req,
    agent: NamedDependency[Agent],
    person: FromPath[str],
    wanted: NamedDependency[PersonRequest],
) -> PersonAnswer:
    """Change a person; everybody may change the own name and language."""
    rows = None if wanted.appointments is None else appointments_of(wanted.appointments)
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.write(
        partial(
            accounts.change_person,
            actor,
            person,
            now,
            name=wanted.name,
            language=wanted.language,
            appointments=rows,
        )
    )
    return person_answer(await agent.store.read(lambda s: accounts.account_of(s, person)))


@delete("/v1/people/{person:str}", opt=actions(Action.MANAGE_PEOPLE))
async def disable_person(
    request: Req, agent: NamedDependency[Agent], person: FromPath[str]
) -> None:
    """End an account."""
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.write(partial(accounts.disable_person, actor, person, now))


@post("/v1/people/{person:str}/confirm", status_code=200, opt=actions(Action.MANAGE_PEOPLE))
async def confirm_person(
    request: Req,
    agent: NamedDependency[Agent],
    person: FromPath[str],
    wanted: NamedDependency[EmptyRequest],
) -> dict[str, bool]:
    """Agree to an account, or to new credentials, that the operator has made."""
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.write(partial(accounts.confirm_person, actor, person, now))
    return {"confirmed": True}


@post("/v1/people/{person:str}/invite", opt={**actions(Action.MANAGE_PEOPLE), SHOWS_SECRET: True})
async def invite(
    request: Req,
    agent: NamedDependency[Agent],
    person: FromPath[str],
    wanted: NamedDependency[EmptyRequest],
) -> InvitationAnswer:
    """Make a new one-time link; the person's old credentials end."""
    actor, now = actor_of(request), agent.clock.now_ms()
    return invitation_answer(await agent.store.write(partial(accounts.invite, actor, person, now)))


@post("/v1/delegations", opt=actions(Action.DELEGATE))
async def delegate(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[DelegationRequest]
) -> dict[str, str]:
    """Let the deputy act as chief for a time."""
    actor, now = actor_of(request), agent.clock.now_ms()
    delegation = DeputyDelegation(
        chief=actor.name,
        deputy=wanted.deputy,
        start=unix_ms(wanted.start),
        end=unix_ms(wanted.end),
    )
    await agent.store.write(partial(accounts.delegate, actor, delegation, now))
    return {"deputy": wanted.deputy}


@delete("/v1/delegations/{deputy:str}", opt=for_everybody_known())
async def end_delegation(
    request: Req, agent: NamedDependency[Agent], deputy: FromPath[str]
) -> None:
    """End what is delegated to a deputy."""
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.write(partial(accounts.end_delegation, actor, deputy, now))


@get("/v1/systems", opt=actions(Action.MANAGE_SYSTEMS))
async def programs(agent: NamedDependency[Agent]) -> list[SystemAnswer]:
    """All programs with a token."""
    return [system_answer(row) for row in await agent.store.read(systems.everything)]


@post("/v1/systems", opt={**actions(Action.MANAGE_SYSTEMS), SHOWS_SECRET: True})
async def give_token(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[SystemRequest]
) -> TokenAnswer:
    """Give a program a token: 201, shown once."""
    unknown = [word for word in wanted.kinds if word not in KIND_WORDS]
    if unknown:
        known = f"one of {', '.join(sorted(KIND_WORDS))}"
        raise BadRequest(f"{unknown[0]!r} is not {known}", pointer="/kinds", expected=known)
    scope = SystemScope(
        links=tuple(map(LinkId, wanted.links)),
        kinds=tuple(KIND_WORDS[word] for word in wanted.kinds),
        reads_contents=wanted.reads_contents,
        submits=wanted.submits,
        is_trusted=wanted.is_trusted,
    )
    actor, now = actor_of(request), agent.clock.now_ms()
    made = await agent.store.write(
        partial(add_system, actor, wanted.system, scope, unix_ms(wanted.end), now)
    )
    return TokenAnswer(made.system, made.token, local(made.ends_at))


@post("/v1/systems/{system:str}/confirm", status_code=200, opt=actions(Action.MANAGE_SYSTEMS))
async def confirm_token(
    request: Req,
    agent: NamedDependency[Agent],
    system: FromPath[str],
    wanted: NamedDependency[EmptyRequest],
) -> dict[str, bool]:
    """Agree to a token that the operator has given."""
    actor, now = actor_of(request), agent.clock.now_ms()

    def job(tx: Transaction) -> None:
        confirm_system(actor, system, now, tx)
        confirm_webhook(actor, system, now, tx)

    await agent.store.write(job)
    return {"confirmed": True}


@delete("/v1/systems/{system:str}", opt=actions(Action.MANAGE_SYSTEMS))
async def revoke_token(request: Req, agent: NamedDependency[Agent], system: FromPath[str]) -> None:
    """End the token of a program."""
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.write(partial(revoke_system, actor, system, now))


HANDLERS = (
    people,
    add_person,
    change_person,
    disable_person,
    confirm_person,
    invite,
    delegate,
    end_delegation,
    programs,
    give_token,
    confirm_token,
    revoke_token,
)
