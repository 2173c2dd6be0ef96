"""The handler of the access log: who saw, searched, took out, changed, and was refused what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.access_types import AccessEntryAnswer, AccessLogAnswer
from blo_agent.api.identity import actions
from blo_agent.api.pages import PageRequest
from blo_agent.api.parse import known_link, read_id
from blo_agent.api.request_errors import BadRequest
from blo_agent.office.access_log import SEARCH, AccessFilter, access_entries
from blo_agent.store.connection import Snapshot
from blo_domain.people.permissions import Action
from blo_schemas.codec import Codec
from blo_schemas.fields import Count
from blo_schemas.ids import CaseId
from blo_schemas.instants import LAST_INSTANT, local, unix_ms
from blo_schemas.journal import SEARCHED_WORDS, JournalEntry

Req = Request[Any, Any, State]


class _AccessPlace(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    before: Count


_PLACE: Final = Codec(_AccessPlace)
_END: Final = (1 << 53) - 1


@get("/v1/access-log", opt=actions(Action.READ_JOURNAL))
async def access_log(
    agent: NamedDependency[Agent],
    link: FromQuery[str | None] = None,
    case: FromQuery[str | None] = None,
    actor: FromQuery[str | None] = None,
    action: FromQuery[str | None] = None,
    first: Annotated[datetime | None, QueryParameter(name="from")] = None,
    end: Annotated[datetime | None, QueryParameter(name="before")] = None,
    limit: FromQuery[int | None] = None,
    after: FromQuery[str | None] = None,
) -> AccessLogAnswer:
    """The access log, the newest entry first.

    Filters: ``link``, ``case`` (with its link), ``actor``, ``action``, and instants ``from`` and
    ``before``. ``limit`` bounds the page, ``after`` is ``next`` of the page before.
    """
    known = None if link is None else known_link(agent, link).link
    if case is not None and known is None:
        raise BadRequest("a case is looked for on its link; name the link too", parameter="link")
    about = None if case is None or known is None else (known, CaseId(read_id(case)))
    wanted = AccessFilter(
        about,
        known,
        actor,
        action,
        0 if first is None else _instant(first, "from"),
        LAST_INSTANT + 1 if end is None else _instant(end, "before"),
    )
    page = PageRequest("access log", wanted, _PLACE, limit, after)
    before = _END if page.after is None else page.after.before

    def query(snapshot: Snapshot) -> AccessLogAnswer:
        entries, rest = access_entries(snapshot, wanted, before, page.limit)
        return AccessLogAnswer(
            [_entry_answer(entry) for entry in entries],
            None if rest is None else page.cursor(_AccessPlace(rest)),
        )

    return await agent.store.read(query)


def _instant(moment: datetime, name: str) -> int:
    if moment.tzinfo is None:
        raise BadRequest(
            "is without an offset", parameter=name, example="2025-03-14T17:00:00+07:00"
        )
    return unix_ms(moment)


def _entry_answer(entry: JournalEntry) -> AccessEntryAnswer:
    words = SEARCHED_WORDS.decode(entry.detail).words if entry.action == SEARCH else None
    return AccessEntryAnswer(
        entry.seq,
        local(entry.at),
        entry.actor,
        entry.action,
        entry.link,
        None if entry.case is None else entry.case.hex(),
        words,
    )


HANDLERS = (access_log,)
