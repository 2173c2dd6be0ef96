"""Handlers that change nothing. Readers' threads answer them, so none holds up the writer.

Who opens a case is noted in the journal before the answer is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.identity import acting_name, actions
from blo_agent.api.parse import known_link, read_id
from blo_agent.api.present_alerts import open_alerts
from blo_agent.api.present_cases import case_history, event_status, link_answer, list_cases
from blo_agent.api.response_types import (
    CaseAnswer,
    CaseHistory,
    EventStatus,
    LinkAnswer,
    OpenAlertAnswer,
)
from blo_agent.office.access_log import note_view
from blo_agent.office.viewer import Viewer, link_role, viewer
from blo_agent.store.connection import Snapshot
from blo_schemas.ids import CaseId, EventId

Req = Request[Any, Any, State]
T = TypeVar("T")
LONGEST_WAIT_S: Final = 60.0
"""How long a request may wait for a link to be read, in seconds."""


async def _ask(agent: Agent, question: Callable[[Viewer, Snapshot], T]) -> T:
    """Have a reader's thread answer, of the last committed state."""

    def query(snapshot: Snapshot) -> T:
        return question(viewer(agent.office), snapshot)

    return await agent.store.read(query)


@get("/v1/links", opt=actions(Action.LIST_CASES, Action.SEE_HEALTH))
async def links(agent: NamedDependency[Agent]) -> list[LinkAnswer]:
    """All links of the office."""
    ends = dict(agent.receiver.high_watermarks)
    return await _ask(
        agent,
        lambda at, snapshot: [
            link_answer(at, snapshot, role, ends.get(role.link, 0)) for role in at.roles
        ],
    )


@get("/v1/links/{link:str}", opt=actions(Action.LIST_CASES, Action.SEE_HEALTH))
async def one_link(
    agent: NamedDependency[Agent],
    link: FromPath[str],
    min_size: FromQuery[int] = 0,
    wait_s: Annotated[float, QueryParameter(name="timeout", ge=0)] = 0,
) -> LinkAnswer:
    """One link; waits until it has been read up to ``min_size``, or for ``timeout`` seconds."""
    state = known_link(agent, link)
    # A number that is none compares with nothing.
    await agent.wait_for(
        state.link, min_size, wait_s if 0 <= wait_s <= LONGEST_WAIT_S else LONGEST_WAIT_S
    )
    end = agent.receiver.high_watermarks.get(state.link, 0)
    return await _ask(agent, lambda at, snapshot: link_answer(at, snapshot, link_role(state), end))


@get("/v1/cases", opt=actions(Action.LIST_CASES))
async def cases(agent: NamedDependency[Agent]) -> list[CaseAnswer]:
    """The cases of all links."""
    now = agent.clock.now_ms()
    return await _ask(agent, lambda at, snapshot: list_cases(at, snapshot, at.links, now))


@get("/v1/links/{link:str}/cases", opt=actions(Action.LIST_CASES))
async def cases_of_link(agent: NamedDependency[Agent], link: FromPath[str]) -> list[CaseAnswer]:
    """The cases of one link."""
    wanted = known_link(agent, link).link
    now = agent.clock.now_ms()
    return await _ask(agent, lambda at, snapshot: list_cases(at, snapshot, [wanted], now))


@get("/v1/links/{link:str}/cases/{case:str}", opt=actions(Action.READ_CONTENTS))
async def one_case(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], case: FromPath[str]
) -> CaseHistory:
    """A case with everything that happened in it; first, who sees it is noted in the journal."""
    known = known_link(agent, link).link
    wanted = CaseId(read_id(case))
    actor, now = acting_name(request), agent.clock.now_ms()
    is_read = agent.is_read_to_end(known)
    answer = await _ask(
        agent,
        lambda at, snapshot: case_history(at, snapshot, known, wanted, now, is_read=is_read),
    )
    if answer is None:
        raise NotFoundException(f"no case {case} is known on {link}")
    if answer.view is not None:
        await agent.store.write(lambda tx: note_view(tx, actor, known, wanted, now))
    return answer


@get("/v1/events/{event:str}", opt=actions(Action.LIST_CASES))
async def one_event(agent: NamedDependency[Agent], event: FromPath[str]) -> EventStatus:
    """How far an event has come."""
    wanted = EventId(read_id(event))
    answer = await _ask(agent, lambda at, snapshot: event_status(at, snapshot, wanted))
    if answer is None:
        raise NotFoundException(f"no event {event} is known here")
    return answer


@get("/v1/alerts", opt=actions(Action.LIST_CASES))
async def alerts(
    agent: NamedDependency[Agent], link: FromQuery[str | None] = None
) -> list[OpenAlertAnswer]:
    """What stands open for the office, on one link or on all, the earliest deadline first."""
    wanted = None if link is None else [known_link(agent, link).link]
    return await _ask(
        agent,
        lambda at, snapshot: open_alerts(at, snapshot, at.links if wanted is None else wanted),
    )


HANDLERS = (links, one_link, cases, cases_of_link, one_case, one_event, alerts)
