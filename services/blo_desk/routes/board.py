"""The board: what must be done next, by whom, by when; acknowledge many at once."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery

from blo_agent.agent import Agent
from blo_agent.api import commands, inbox
from blo_agent.api.identity import actions, in_form
from blo_agent.api.inbox_types import InboxAnswer, InboxEntry
from blo_agent.api.request_errors import BadRequest
from blo_agent.api.request_types import CommandRequest
from blo_agent.store.errors import ActionRefused
from blo_desk.api_calls import call, posted
from blo_desk.forms import own_path, see
from blo_desk.pages import page
from blo_desk.reader import Reader, reader_of
from blo_domain.inbox.entries import InboxKind
from blo_domain.people.permissions import Action
from blo_domain.translations import KINDS
from blo_schemas.instants import local, unix_ms

Req = Request[Any, Any, State]
ROWS: Final = 100
MOST_AT_ONCE: Final = 200
"""Cases that are acknowledged by one form."""

_READING: Final = actions(Action.LIST_CASES, Action.DRAFT, Action.APPROVE)


@get("/board", opt=_READING)
async def board_page(
    request: Req,
    agent: NamedDependency[Agent],
    kind: FromQuery[list[str] | None] = None,
    link: FromQuery[str] = "",
    case_kind: FromQuery[str] = "",
    owed_by: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    done: FromQuery[int | None] = None,
    failed: FromQuery[int] = 0,
) -> Response[Any]:
    """The board, filtered as the address says."""
    reader = reader_of(request)
    answer: InboxAnswer = await call(
        inbox.inbox,
        request,
        agent=agent,
        kind=kind,
        link=link or None,
        case_kind=case_kind or None,
        owed_by=owed_by or None,
        due_before=None,
        limit=ROWS,
        after=after,
    )
    everything: InboxAnswer = answer
    if kind:
        # The numbers on the tabs are those of all sections, whichever is open.
        everything = await call(
            inbox.inbox, request, agent=agent, kind=None, link=link or None,
            case_kind=case_kind or None, owed_by=owed_by or None, due_before=None, limit=1,
            after=None,
        )  # fmt: skip
    sections: dict[str, list[InboxEntry]] = defaultdict(list)
    for entry in answer.entries:
        sections[entry.kind].append(entry)
    filters = {"link": link, "case_kind": case_kind, "owed_by": owed_by}
    kept = {name: value for name, value in filters.items() if value}
    return page(
        reader,
        "board.html",
        answer=answer,
        counts=everything.counts,
        sections=sections,
        kinds=[word.value for word in InboxKind],
        chosen=kind[0] if kind and len(kind) == 1 else "",
        filters=filters,
        query=urlencode(kept),
        next_query=urlencode({**kept, "kind": kind or [], "after": answer.next or ""}, doseq=True),
        links=sorted(agent.office.links),
        case_kinds=sorted(KINDS, key=lambda word: KINDS[word]),
        to_acknowledge=_is_to_acknowledge,
        done=done,
        failed=failed,
        now_ms=unix_ms(answer.now),
        ms=unix_ms,
    )


@post("/board/acknowledge", opt=in_form(actions(Action.SEND_ROUTINE_STEP)))
async def acknowledge(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """Acknowledge the chosen cases; those that are not possible any more are counted."""
    reader = reader_of(request)
    form = await request.form()
    chosen = [value for value in form.getall("case", []) if isinstance(value, str)]
    if len(chosen) > MOST_AT_ONCE:
        raise BadRequest(f"{MOST_AT_ONCE} cases are acknowledged at a time")
    failed = 0
    for value in dict.fromkeys(chosen):
        link, _, case = value.rpartition("/")
        wanted = CommandRequest(link=link, case=case, step="acknowledge", on=today(reader))
        try:
            await call(commands.commands, posted(request, wanted), agent=agent)
        except ActionRefused:
            failed += 1
    back = form.get("back", "")
    where = own_path(f"/board?{back}" if isinstance(back, str) else "/board")
    done = len(dict.fromkeys(chosen)) - failed
    joint = "&" if "?" in where and not where.endswith("?") else "?"
    return see(f"{where.rstrip('?')}{joint}done={done}&failed={failed}")


def today(reader: Reader) -> date:
    """The present day by the office's clocks."""
    return local(reader.now, reader.zone).date()


def _is_to_acknowledge(entry: InboxEntry) -> bool:
    """Whether an entry of the board can be acknowledged with others."""
    return entry.case is not None and entry.is_ours and entry.clock == "acknowledge"


HANDLERS = (board_page, acknowledge)
