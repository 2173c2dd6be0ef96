"""Handlers that change something: commands, disclosures, the check of a link, the simulated clock.

A refusal is answered with 409, by the application.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from blo_agent.agent import Agent
from blo_agent.api.draft_types import DraftAnswer, draft_answer
from blo_agent.api.idempotency import MAY_RETRY, AnsweredBefore, RetriedRequest, again
from blo_agent.api.identity import acting_name, actions, actor_of, for_everybody_known
from blo_agent.api.parse import known_link, read_command, read_disclosure
from blo_agent.api.request_errors import BadRequest
from blo_agent.api.request_types import (
    ClockRequest,
    CommandRequest,
    DisclosureRequest,
    EmptyRequest,
    LineRequest,
    ResumeRequest,
)
from blo_agent.api.response_types import (
    AcceptedAnswer,
    DisclosureAnswer,
    ReplayAnswer,
    ResumedAnswer,
)
from blo_agent.commands.accept import Accepted, accept
from blo_agent.commands.disclose import disclose
from blo_agent.drafts.lifecycle import submit_for_approval
from blo_agent.drafts.policy import is_approval_needed
from blo_agent.people.access import Actor, check_allowed, check_case, check_opening
from blo_agent.store.connection import Snapshot
from blo_agent.verify_link import replay
from blo_domain.people.approval import drafted_step
from blo_domain.people.permissions import Action
from blo_runtime.clock import ManualClock
from blo_schemas.approvals import DraftedStep
from blo_schemas.bundle import SIGNED_DISCLOSURE
from blo_schemas.ids import CaseId
from blo_schemas.instants import local, unix_ms

Req = Request[Any, Any, State]


@post(
    "/v1/commands",
    opt={**actions(Action.SEND_ROUTINE_STEP), MAY_RETRY: True},
    responses={202: ResponseSpec(DraftAnswer, generate_examples=False)},
)
async def commands(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[CommandRequest]
) -> Response[AcceptedAnswer]:
    """Accept a command: 201 when it is on disk; 202 when a program's step waits for approval."""
    body, actor = await request.body(), actor_of(request)
    name = acting_name(request, wanted.actor)
    command = await read_command(agent, wanted, name)
    drafted = drafted_step(agent.office.id, command.link, command.case, command.command)
    needs_approval = await agent.store.read(
        lambda snapshot: _needs_approval(snapshot, actor, drafted)
    )
    if wanted.at is not None:
        _set_time(agent, unix_ms(wanted.at))
    now = agent.clock.now_ms()
    retried = RetriedRequest(request, body, name, now)
    try:
        if not needs_approval:
            work = partial(accept, agent.office, command, now)
            job = retried.job(work, 201, _accepted_answer)
            return Response(_accepted_answer(await agent.submit(command, job)), status_code=201)
        submit = partial(submit_for_approval, actor, drafted, body, now)
        draft = await agent.store.write(retried.job(submit, 202, draft_answer))
        return Response[Any](draft_answer(draft), status_code=202)
    except AnsweredBefore as before:
        return again(before)


def _needs_approval(snapshot: Snapshot, actor: Actor, drafted: DraftedStep) -> bool:
    """Whether the step is to wait for approval.

    Raises:
        PeopleRefused: The actor does not reach the case, or is a person, who makes a draft first.
    """
    case = None if drafted.case is None else CaseId(drafted.case)
    if case is not None:
        check_case(snapshot, actor, drafted.link, case, drafted.kind)
    else:
        check_opening(actor, drafted.link, drafted.kind)
    if actor.needs_no_approval or not is_approval_needed(snapshot, drafted):
        return False
    if actor.scope is None:
        check_allowed(actor, Action.SEND_APPROVED_STEP)
    return True


def _accepted_answer(accepted: Accepted) -> AcceptedAnswer:
    return AcceptedAnswer(
        accepted.event.hex(), accepted.case.hex(), accepted.oseq, accepted.expected_version
    )


@post("/v1/links/{link:str}/verify", status_code=200, opt=actions(Action.VERIFY_LINK))
async def verify(
    agent: NamedDependency[Agent], link: FromPath[str], wanted: NamedDependency[EmptyRequest]
) -> ReplayAnswer:
    """Replay a link from its first record and compare with the live views."""
    result = await replay(agent.office, agent.store, agent.log, known_link(agent, link))
    return ReplayAnswer(
        size=result.size,
        equal=result.equal,
        live_digest=result.live_digest.hex(),
        rebuilt_digest=result.rebuilt_digest.hex(),
        records=result.size,
        verified=result.verified,
        rejected=result.rejected,
    )


@post("/v1/links/{link:str}/disclosures", opt=actions(Action.DISCLOSE))
async def disclosures(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    wanted: NamedDependency[DisclosureRequest],
) -> DisclosureAnswer:
    """Disclose events: 201 when that is in the journal."""
    state = known_link(agent, link)
    name, now = acting_name(request, wanted.actor), agent.clock.now_ms()
    check_allowed(actor_of(request), Action.DISCLOSE)
    made = await disclose(
        agent.office, agent.store, agent.log, state, read_disclosure(wanted, name), now
    )
    return DisclosureAnswer(SIGNED_DISCLOSURE.encode(made.signed), made.events, made.closed)


@post("/v1/links/{link:str}/resume", status_code=200, opt=actions(Action.RESUME_LINK))
async def resume(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    wanted: NamedDependency[ResumeRequest],
) -> ResumedAnswer:
    """Lift the halts of a link: 200 when that is in the journal."""
    state = known_link(agent, link)
    name = acting_name(request, wanted.actor)
    check_allowed(actor_of(request), Action.RESUME_LINK)
    return ResumedAnswer(await agent.resume(state.link, wanted.reason, name))


@post("/v1/line", status_code=200, opt=for_everybody_known())
async def line(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[LineRequest]
) -> dict[str, bool]:
    """Take the line up or down; only with simulated time."""
    agent.line.set(up=wanted.up)
    agent.sender.wake()
    return {"up": wanted.up}


@post("/v1/clock", status_code=200, opt=for_everybody_known())
async def clock(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[ClockRequest]
) -> dict[str, datetime]:
    """Move the clock forward; only with simulated time."""
    _set_time(agent, unix_ms(wanted.now))
    return {"now": local(agent.clock.now_ms())}


def _set_time(agent: Agent, at: int) -> None:
    if not isinstance(agent.clock, ManualClock):
        raise BadRequest("this agent runs on real time; leave `at` out", pointer="/at")
    agent.clock.set(max(at, agent.clock.now_ms()))


HANDLERS = (commands, verify, disclosures, resume)
SIMULATION_HANDLERS = (line, clock)
