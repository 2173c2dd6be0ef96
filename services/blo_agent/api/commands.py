"""Handlers that change something: commands, disclosures, the check of a link, the simulated clock.

A refusal is answered with 409, by the application.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from blo_agent.agent import Agent
from blo_agent.api.parse import BadRequest, decode, known_link, read_command, read_disclosure
from blo_agent.api.request_types import (
    ClockRequest,
    CommandRequest,
    DisclosureRequest,
    LineRequest,
    ResumeRequest,
)
from blo_agent.api.response_types import (
    AcceptedAnswer,
    DisclosureAnswer,
    ReplayAnswer,
    ResumedAnswer,
)
from blo_agent.commands.disclose import disclose
from blo_agent.verify_link import replay
from blo_runtime.clock import ManualClock
from blo_schemas.bundle import SIGNED_DISCLOSURE
from blo_schemas.instants import local, unix_ms

Req = Request[Any, Any, State]


@post("/v1/commands")
async def commands(request: Req, agent: NamedDependency[Agent]) -> AcceptedAnswer:
    """Accept a command: 201 when it is on disk."""
    wanted = decode(await request.body(), CommandRequest)
    command = read_command(agent, wanted)
    if wanted.at is not None:
        _set_time(agent, unix_ms(wanted.at))
    accepted = await agent.submit(command)
    return AcceptedAnswer(
        accepted.event.hex(), accepted.case.hex(), accepted.oseq, accepted.expected_version
    )


@post("/v1/links/{link:str}/verify", status_code=200)
async def verify(agent: NamedDependency[Agent], link: FromPath[str]) -> ReplayAnswer:
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


@post("/v1/links/{link:str}/disclosures")
async def disclosures(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str]
) -> DisclosureAnswer:
    """Disclose events: 201 when that is in the journal."""
    wanted = decode(await request.body(), DisclosureRequest)
    state = known_link(agent, link)
    now = agent.clock.now_ms()
    made = await disclose(agent.office, agent.store, agent.log, state, read_disclosure(wanted), now)
    return DisclosureAnswer(SIGNED_DISCLOSURE.encode(made.signed), made.events, made.closed)


@post("/v1/links/{link:str}/resume", status_code=200)
async def resume(request: Req, agent: NamedDependency[Agent], link: FromPath[str]) -> ResumedAnswer:
    """Lift the halts of a link: 200 when that is in the journal."""
    wanted = decode(await request.body(), ResumeRequest)
    state = known_link(agent, link)
    return ResumedAnswer(await agent.resume(state.link, wanted.reason, wanted.actor))


@post("/v1/line", status_code=200)
async def line(request: Req, agent: NamedDependency[Agent]) -> dict[str, bool]:
    """Take the line up or down; only with simulated time."""
    wanted = decode(await request.body(), LineRequest)
    agent.line.set(up=wanted.up)
    agent.sender.wake()
    return {"up": wanted.up}


@post("/v1/clock", status_code=200)
async def clock(request: Req, agent: NamedDependency[Agent]) -> dict[str, datetime]:
    """Move the clock forward; only with simulated time."""
    wanted = decode(await request.body(), ClockRequest)
    _set_time(agent, unix_ms(wanted.now))
    return {"now": local(agent.clock.now_ms())}


def _set_time(agent: Agent, at: int) -> None:
    if not isinstance(agent.clock, ManualClock):
        raise BadRequest("at: this agent runs on real time; leave it out")
    agent.clock.set(max(at, agent.clock.now_ms()))


HANDLERS = (commands, verify, disclosures, resume)
SIMULATION_HANDLERS = (line, clock)
