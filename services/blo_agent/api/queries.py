"""Handlers that change nothing. Readers' threads answer them, so none holds up the writer.

Who opens a case is noted in the journal before the answer is given.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.alert_types import OpenAlertAnswer, OpenAlertsAnswer
from blo_agent.api.case_filters import asked_filter, case_filter
from blo_agent.api.identity import actions, actor_of
from blo_agent.api.pages import PageRequest
from blo_agent.api.parse import known_link, listed_word, read_id
from blo_agent.api.present_alerts import open_alerts
from blo_agent.api.present_cases import (
    case_history,
    case_of_event,
    event_status,
    link_answer,
    list_cases,
)
from blo_agent.api.request_errors import RequestRefusal, RequestRefused
from blo_agent.api.response_types import (
    CaseHistory,
    CasesAnswer,
    EventStatus,
    LinkAnswer,
    SignedHeadAnswer,
)
from blo_agent.office.viewer import Viewer, link_role, viewer
from blo_agent.people.access import (
    Actor,
    check_case,
    check_link,
    sees_case,
    sees_link,
)
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases as stored_cases
from blo_agent.store.tables import receipts
from blo_agent.store.tables.case_lists import CaseFilter, CaseOrder, CasePlace
from blo_domain.people.permissions import Action
from blo_schemas.codec import Codec
from blo_schemas.ids import CaseId, EventId, LinkId
from blo_schemas.instants import LAST_INSTANT, local, unix_ms
from blo_schemas.texts import from_hex

Req = Request[Any, Any, State]


class AlertPlace(NamedTuple):
    """The place of an alert in the list: its deadline, link, case and id."""

    due: int
    link: str
    case: str
    alert: str


CASE_PLACE: Final = Codec(CasePlace)
ALERT_PLACE: Final = Codec(AlertPlace)
_ORDERS: Final = {order.value: order for order in CaseOrder}
T = TypeVar("T")
LONGEST_WAIT_S: Final = 60.0
"""How long a request may wait for a link to be read, in seconds."""


async def _ask(agent: Agent, question: Callable[[Viewer, Snapshot], T]) -> T:
    """Have a reader's thread answer, of the last committed state."""

    def query(snapshot: Snapshot) -> T:
        return question(viewer(agent.office), snapshot)

    return await agent.store.read(query)


@get("/v1/links", opt=actions(Action.LIST_CASES, Action.SEE_HEALTH))
async def links(request: Req, agent: NamedDependency[Agent]) -> list[LinkAnswer]:
    """All links of the office that the actor reaches."""
    ends, actor = dict(agent.receiver.high_watermarks), actor_of(request)
    return await _ask(
        agent,
        lambda at, snapshot: [
            link_answer(at, snapshot, role, ends.get(role.link, 0), agent.unsent_because())
            for role in at.roles
            if sees_link(actor, role.link)
        ],
    )


@get("/v1/links/{link:str}", opt=actions(Action.LIST_CASES, Action.SEE_HEALTH))
async def one_link(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    min_size: FromQuery[int] = 0,
    wait_s: Annotated[float, QueryParameter(name="timeout", ge=0)] = 0,
) -> LinkAnswer:
    """One link; waits until it has been read up to ``min_size``, or for ``timeout`` seconds."""
    state = known_link(agent, link)
    check_link(actor_of(request), state.link)
    # A number that is none compares with nothing.
    await agent.wait_for(
        state.link, min_size, wait_s if 0 <= wait_s <= LONGEST_WAIT_S else LONGEST_WAIT_S
    )
    end = agent.receiver.high_watermarks.get(state.link, 0)
    why = agent.unsent_because()
    return await _ask(
        agent, lambda at, snapshot: link_answer(at, snapshot, link_role(state), end, why)
    )


@get("/v1/links/{link:str}/heads/{head:str}", opt=actions(Action.LIST_CASES, Action.SEE_HEALTH))
async def one_head(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], head: FromPath[str]
) -> SignedHeadAnswer:
    """The signed head that is the receipt for some events."""
    known, wanted = known_link(agent, link).link, read_id(head, "head")
    check_link(actor_of(request), known)
    row = await agent.store.read(lambda snapshot: receipts.get(snapshot, wanted))
    if row is None or row.link != known:
        raise RequestRefused(
            RequestRefusal.UNKNOWN_HEAD,
            f"no head {head} is the receipt for events of {known}",
            parameter="head",
        )
    return SignedHeadAnswer(head, row.office, row.size, local(row.at), row.head)


@get("/v1/cases", opt=actions(Action.LIST_CASES))
async def cases(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    case_state: Annotated[str | None, QueryParameter(name="state")] = None,
    owed_by: FromQuery[str | None] = None,
    due_before: FromQuery[datetime | None] = None,
    sort: FromQuery[str] = CaseOrder.CASE.value,
    limit: FromQuery[int | None] = None,
    after: FromQuery[str | None] = None,
) -> CasesAnswer:
    """The cases that the actor reaches, page by page.

    Filters: ``link``, ``kind``, ``state``, ``owed_by`` (an office, or ``us``) and ``due_before``.
    ``sort`` is ``case`` (by link and id), ``moved`` (the last step, the newest first) or ``due``
    (only cases in which somebody owes something, the earliest deadline first).
    """
    now, actor = agent.clock.now_ms(), actor_of(request)
    order = listed_word(_ORDERS, sort, "sort")
    filtered = asked_filter(
        agent.office.id,
        case_kind=None if kind is None else ("kind", kind),
        state=case_state,
        owed_by=owed_by,
        due_before=due_before,
    )
    page = PageRequest("cases", (link, filtered, sort), CASE_PLACE, limit, after)
    if link is not None:
        check_link(actor, known_link(agent, link).link)

    def query(at: Viewer, snapshot: Snapshot) -> CasesAnswer:
        links = tuple(
            reached for reached in at.links if sees_link(actor, reached) and link in (None, reached)
        )
        return list_cases(at, snapshot, case_filter(actor, links, filtered), order, page, now)

    return await _ask(agent, query)


@get("/v1/links/{link:str}/cases", opt=actions(Action.LIST_CASES))
async def cases_of_link(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    limit: FromQuery[int | None] = None,
    after: FromQuery[str | None] = None,
) -> CasesAnswer:
    """The cases of one link that the actor reaches, page by page, by their ids."""
    known, now, actor = known_link(agent, link).link, agent.clock.now_ms(), actor_of(request)
    page = PageRequest("cases of a link", link, CASE_PLACE, limit, after)
    links = (known,) if sees_link(actor, known) else ()
    wanted = case_filter(actor, links, CaseFilter())
    return await _ask(
        agent,
        lambda at, snapshot: list_cases(at, snapshot, wanted, CaseOrder.CASE, page, now),
    )


@get("/v1/links/{link:str}/cases/{case:str}", opt=actions(Action.READ_CONTENTS))
async def one_case(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], case: FromPath[str]
) -> CaseHistory:
    """A case with everything that happened in it; first, who sees it is noted in the journal."""
    known = known_link(agent, link).link
    wanted = CaseId(read_id(case))
    now, actor = agent.clock.now_ms(), actor_of(request)
    is_read = agent.is_read_to_end(known)

    def query(at: Viewer, snapshot: Snapshot) -> CaseHistory | None:
        view = stored_cases.get(snapshot, known, wanted)
        check_case(snapshot, actor, known, wanted, None if view is None else view.kind)
        return case_history(at, snapshot, known, wanted, now, is_read=is_read)

    answer = await _ask(agent, query)
    if answer is None:
        raise RequestRefused(RequestRefusal.UNKNOWN_CASE, f"no case {case} is known on {link}")
    return answer


@get("/v1/events/{event:str}", opt=actions(Action.LIST_CASES))
async def one_event(
    request: Req, agent: NamedDependency[Agent], event: FromPath[str]
) -> EventStatus:
    """How far an event has come."""
    wanted, actor = EventId(read_id(event, "event")), actor_of(request)

    def query(at: Viewer, snapshot: Snapshot) -> EventStatus | None:
        place = case_of_event(snapshot, wanted)
        if place is not None:
            view = stored_cases.get(snapshot, *place)
            check_case(snapshot, actor, *place, None if view is None else view.kind)
        return event_status(at, snapshot, wanted)

    answer = await _ask(agent, query)
    if answer is None:
        raise RequestRefused(RequestRefusal.UNKNOWN_EVENT, f"no event {event} is known here")
    return answer


@get("/v1/alerts", opt=actions(Action.LIST_CASES))
async def alerts(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
    after: FromQuery[str | None] = None,
) -> OpenAlertsAnswer:
    """What stands open for the office, on one link or on all, the earliest deadline first."""
    wanted, actor = None if link is None else [known_link(agent, link).link], actor_of(request)
    page = PageRequest("alerts", link, ALERT_PLACE, limit, after)

    def query(at: Viewer, snapshot: Snapshot) -> OpenAlertsAnswer:
        answers = open_alerts(at, snapshot, at.links if wanted is None else wanted)
        placed = [(_place_of_alert(row), row) for row in answers]
        behind = [
            (place, row)
            for place, row in placed
            if (page.after is None or place > page.after) and _sees_alert(snapshot, actor, row)
        ]
        return OpenAlertsAnswer(
            [row for _, row in behind[: page.limit]], page.next([place for place, _ in behind])
        )

    return await _ask(agent, query)


def _place_of_alert(answer: OpenAlertAnswer) -> AlertPlace:
    due = answer.alert.due
    return AlertPlace(
        LAST_INSTANT if due is None else unix_ms(due),
        answer.link,
        answer.case or "",
        answer.alert.alert,
    )


def _sees_alert(snapshot: Snapshot, actor: Actor, answer: OpenAlertAnswer) -> bool:
    """Whether an alert is about a case, or a link, that the actor reaches."""
    link = LinkId(answer.link)
    if answer.case is None:
        return sees_link(actor, link)
    case = CaseId(from_hex(answer.case))
    view = stored_cases.get(snapshot, link, case)
    return sees_case(snapshot, actor, link, case, None if view is None else view.kind)


HANDLERS = (links, one_link, one_head, cases, cases_of_link, one_case, one_event, alerts)
