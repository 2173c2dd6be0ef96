"""Handlers that only look. Their questions run in the store's thread, where the state is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.alerting import open_alerts
from blo_agent.api.answers import case_history, event_status, link_answer, list_cases
from blo_agent.api.requests import BadRequest, actor_of, known_desk, read_id
from blo_agent.api.types import (
    CaseAnswer,
    CaseHistory,
    EventStatus,
    LinkAnswer,
    OpenAlertAnswer,
)
from blo_agent.noting import VIEW_FIGURES, note_view
from blo_agent.reporting import period_report
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal
from blo_schemas.ids import CaseId, EventId, LinkId

Req = Request[Any, Any, State]
T = TypeVar("T")
_LONGEST_WAIT_S = 60.0


async def _ask(agent: Agent, question: Callable[[Snapshot], T]) -> T:
    def job(tx: Transaction) -> T:
        return question(tx)

    return await agent.store.write(job)


@get("/v1/links")
async def links(agent: NamedDependency[Agent]) -> list[LinkAnswer]:
    """All links of the office."""
    return await _ask(
        agent,
        lambda snapshot: [_answer(agent, snapshot, link) for link in sorted(agent.office.desks)],
    )


@get("/v1/links/{link:str}")
async def one_link(
    agent: NamedDependency[Agent],
    link: FromPath[str],
    min_size: FromQuery[int] = 0,
    wait_s: Annotated[float, QueryParameter(name="timeout", ge=0)] = 0,
) -> LinkAnswer:
    """One link; waits until it has been read up to ``min_size``, or for ``timeout`` seconds."""
    desk = known_desk(agent, link)
    await agent.wait_for(desk.link, min_size, min(wait_s, _LONGEST_WAIT_S))
    return await _ask(agent, lambda snapshot: _answer(agent, snapshot, desk.link))


@get("/v1/cases")
async def cases(agent: NamedDependency[Agent]) -> list[CaseAnswer]:
    """The cases of all links."""
    now = agent.clock.now_ms()
    return await _ask(agent, lambda snapshot: list_cases(agent.office, snapshot, None, now))


@get("/v1/links/{link:str}/cases")
async def cases_of_link(agent: NamedDependency[Agent], link: FromPath[str]) -> list[CaseAnswer]:
    """The cases of one link."""
    wanted = known_desk(agent, link).link
    now = agent.clock.now_ms()
    return await _ask(agent, lambda snapshot: list_cases(agent.office, snapshot, wanted, now))


@get("/v1/links/{link:str}/cases/{case:str}")
async def one_case(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], case: FromPath[str]
) -> CaseHistory:
    """A case with everything that happened in it; who has seen it is noted in the journal."""
    desk = known_desk(agent, link)
    wanted = CaseId(read_id(case))
    actor, now = actor_of(request), agent.clock.now_ms()

    def job(tx: Transaction) -> CaseHistory | None:
        is_read = agent.is_read_to_end(desk.link)
        history = case_history(agent.office, tx, desk, wanted, now, is_read=is_read)
        if history is not None and history.view is not None:
            note_view(tx, actor, desk.link, wanted, now)
        return history

    found = await agent.store.write(job)
    if found is None:
        raise NotFoundException(f"no case {case} is known on {link}")
    return found


@get("/v1/events/{event:str}")
async def one_event(agent: NamedDependency[Agent], event: FromPath[str]) -> EventStatus:
    """How far an event has come."""
    wanted = EventId(read_id(event))
    found = await _ask(agent, lambda snapshot: event_status(agent.office, snapshot, wanted))
    if found is None:
        raise NotFoundException(f"no event {event} is known here")
    return found


@get("/v1/report")
async def report(
    request: Req,
    agent: NamedDependency[Agent],
    start: Annotated[date, QueryParameter(name="from")],
    end: Annotated[date, QueryParameter(name="to")],
) -> Response[bytes]:
    """The figures of the office and its branches for a period of business dates."""
    if end < start:
        raise BadRequest(f"to: {end} lies before from: {start}")
    actor, now = actor_of(request), agent.clock.now_ms()

    def job(tx: Transaction) -> dict[str, Any]:
        journal.append(tx, at=now, actor=actor, action=VIEW_FIGURES)
        return period_report(agent.office, tx, start, end, now)

    found = await agent.store.write(job)
    return Response(msgspec.json.encode(found), media_type="application/json")


@get("/v1/alerts")
async def alerts(
    agent: NamedDependency[Agent], link: FromQuery[str | None] = None
) -> list[OpenAlertAnswer]:
    """What stands open for the office, on one link or on all, the earliest deadline first."""
    wanted = None if link is None else known_desk(agent, link).link
    return await _ask(agent, lambda snapshot: open_alerts(agent.office, snapshot, wanted))


def _answer(agent: Agent, snapshot: Snapshot, link: LinkId) -> LinkAnswer:
    known_end = agent.receiver.high_watermarks.get(link, 0)
    return link_answer(agent.office, snapshot, agent.office.desks[link], known_end)


HANDLERS = (links, one_link, cases, cases_of_link, one_case, one_event, alerts, report)

__all__ = ["HANDLERS"]
