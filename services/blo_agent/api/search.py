"""Handlers of the search; each search is in the access log before its answer is given."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.datastructures import State as LitestarState
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.access_notes import write_noted
from blo_agent.api.identity import acting_name, actions, actor_of
from blo_agent.api.pages import PageRequest
from blo_agent.api.parse import known_link, listed_word
from blo_agent.api.request_errors import BadRequest
from blo_agent.api.request_types import EmptyRequest
from blo_agent.api.response_types import moment
from blo_agent.api.search_types import (
    ExcerptAnswer,
    RebuildAnswer,
    SearchAnswer,
    SearchHitAnswer,
)
from blo_agent.office.access_log import note_rebuild, note_search
from blo_agent.people.access import check_link
from blo_agent.search.answer import SEARCH_PLACE, SearchFilter, SearchHit, search_page
from blo_agent.store.connection import Snapshot
from blo_domain.people.handling_codes import restrictions
from blo_domain.people.permissions import Action
from blo_domain.search.query import SearchRefused, parse_query
from blo_schemas.bodies import KIND_WORDS
from blo_schemas.content import CONTENT
from blo_schemas.views import State

Req = Request[Any, Any, LitestarState]
PAGE: Final = 20
"""Hits of a page, unless asked otherwise."""
_STATES: Final = {state.value: state.value for state in State}


@get("/v1/search", opt=actions(Action.SEARCH))
async def search(
    request: Req,
    agent: NamedDependency[Agent],
    q: FromQuery[str],
    link: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    case_state: Annotated[str | None, QueryParameter(name="state")] = None,
    first: Annotated[date | None, QueryParameter(name="from")] = None,
    last: Annotated[date | None, QueryParameter(name="until")] = None,
    limit: FromQuery[int | None] = None,
    after: FromQuery[str | None] = None,
) -> SearchAnswer:
    """What answers a query in contents and notes that the actor reaches.

    Texts with the accents that were typed come first, the newest first. Filters: ``link``,
    ``kind``, ``state`` (of the case now), and business dates ``from`` and ``until``. ``limit``
    bounds the page, ``after`` is ``next`` of the page before.
    """
    actor, name, now = actor_of(request), acting_name(request), agent.clock.now_ms()
    try:
        query = parse_query(q)
    except SearchRefused as error:
        raise BadRequest(f"{error}", parameter="q") from error
    wanted = SearchFilter(
        None if link is None else known_link(agent, link).link,
        None if kind is None else listed_word(KIND_WORDS, kind, "kind"),
        None if case_state is None else listed_word(_STATES, case_state, "state"),
        first,
        last,
    )
    size = PAGE if limit is None else limit
    asked = PageRequest("search", (q, wanted), SEARCH_PLACE, size, after)
    if wanted.link is not None:
        check_link(actor, wanted.link)
    await write_noted(request, agent, lambda tx: note_search(tx, name, q, wanted.link, now))

    def ask(snapshot: Snapshot) -> SearchAnswer:
        page = search_page(snapshot, actor, query, wanted, asked.after, asked.limit)
        rest = None if page.next is None else asked.cursor(page.next)
        return SearchAnswer([_hit_answer(hit) for hit in page.hits], rest, page.due)

    return await agent.store.read(ask)


@post("/v1/search/rebuild", status_code=202, opt=actions(Action.MANAGE_KEYS))
async def rebuild(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[EmptyRequest]
) -> RebuildAnswer:
    """Empty the index of the search, and have it filled again in the background: 202."""
    name, now = acting_name(request), agent.clock.now_ms()
    await agent.store.write(lambda tx: note_rebuild(tx, name, now))
    return RebuildAnswer(await agent.indexer.rebuild())


def _hit_answer(hit: SearchHit) -> SearchHitAnswer:
    match, event, note = hit.match, hit.event, hit.note
    opened = None if event is None else event.content
    dispatch = None if opened is None else CONTENT.decode(opened).dispatch
    at = event.at if event is not None else None if note is None else note.at
    return SearchHitAnswer(
        link=match.link,
        case=match.case.hex(),
        kind=None if match.kind is None else match.kind.word,
        state=match.state,
        event=None if event is None else event.event_id.hex(),
        step=None if event is None else event.step.word,
        office=None if event is None else event.office,
        version=None if event is None else event.version,
        on=None if event is None else event.on,
        note=None if note is None else note.seq,
        person=None if note is None else note.person,
        at=moment(at),
        handling=() if dispatch is None else restrictions([dispatch]),
        excerpts=[
            ExcerptAnswer(text.field, text.excerpt.text, [*text.excerpt.spans])
            for text in hit.texts
        ],
    )


HANDLERS = (search, rebuild)
