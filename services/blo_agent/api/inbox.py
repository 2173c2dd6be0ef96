"""The handler of the inbox: what must be done next, by whom, by when (docs/inbox.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery

from blo_agent.agent import Agent
from blo_agent.api.case_filters import asked_filter, case_filter
from blo_agent.api.identity import actions, actor_of
from blo_agent.api.inbox_sources import INBOX_KEY, KINDS, InboxQuestion, InboxReader
from blo_agent.api.inbox_types import InboxAnswer
from blo_agent.api.pages import PageRequest
from blo_agent.api.parse import known_link, listed_word
from blo_agent.api.present_inbox import InboxPresenter
from blo_agent.office.viewer import viewer
from blo_agent.people.access import check_link, sees_link
from blo_agent.store.connection import Snapshot
from blo_domain.inbox.entries import InboxKind
from blo_domain.people.permissions import Action
from blo_schemas.instants import local

Req = Request[Any, Any, State]

_WORDS = {kind.value: kind for kind in InboxKind}


@get("/v1/inbox", opt=actions(Action.LIST_CASES, Action.DRAFT, Action.APPROVE))
async def inbox(
    request: Req,
    agent: NamedDependency[Agent],
    kind: FromQuery[list[str] | None] = None,
    link: FromQuery[str | None] = None,
    case_kind: FromQuery[str | None] = None,
    owed_by: FromQuery[str | None] = None,
    due_before: FromQuery[datetime | None] = None,
    limit: FromQuery[int | None] = None,
    after: FromQuery[str | None] = None,
) -> InboxAnswer:
    """What must be done next, by whom, by when.

    Filters: ``kind`` (of entries, may come several times), ``link``, ``case_kind``, ``owed_by``
    (an office, or ``us``) and ``due_before``; with one of the last two only entries with a task of
    a case are shown. ``limit`` bounds the page, ``after`` is ``next`` of the page before.
    """
    actor, now = actor_of(request), agent.clock.now_ms()
    words = sorted(set(kind or _WORDS))
    wanted = {listed_word(_WORDS, word, "kind") for word in words}
    if link is not None:
        check_link(actor, known_link(agent, link).link)
    filtered = asked_filter(
        agent.office.id,
        case_kind=None if case_kind is None else ("case_kind", case_kind),
        owed_by=owed_by,
        due_before=due_before,
    )
    page = PageRequest(
        "inbox",
        (words, link, case_kind, filtered.owed_by, filtered.due_before),
        INBOX_KEY,
        limit,
        after,
    )
    behind = [known for known in agent.office.links if not agent.is_read_to_end(known)]

    def query(snapshot: Snapshot) -> InboxAnswer:
        at = viewer(agent.office)
        links = tuple(
            known for known in at.links if sees_link(actor, known) and link in (None, known)
        )
        question = InboxQuestion(
            actor,
            tuple(known for known in KINDS if known in wanted),
            case_filter(actor, links, filtered),
            links,
            filtered.owed_by is not None or filtered.due_before is not None,
            now,
        )
        reader = InboxReader(at, snapshot, question)
        items = reader.items(page.after, page.limit + 1)
        presenter = InboxPresenter(at, snapshot, question)
        return InboxAnswer(
            now=local(now),
            entries=[presenter.entry(KINDS[key[0]], item) for key, item in items[: page.limit]],
            counts={counted.value: count for counted, count in reader.counts().items()},
            next=page.next([key for key, _ in items]),
            links_behind=[known for known in links if known in behind],
        )

    return await agent.store.read(query)


HANDLERS = (inbox,)
