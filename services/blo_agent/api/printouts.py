"""Handlers that print: a case, one exchange document, the minutes, each as PDF/A or as text.

Who prints what is in the access log before the paper is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from blo_agent.agent import Agent
from blo_agent.api.access_notes import write_noted
from blo_agent.api.identity import acting_name, actions, actor_of
from blo_agent.api.parse import known_link, listed_word, read_id
from blo_agent.api.request_errors import BadRequest, RequestRefusal, RequestRefused
from blo_agent.office.access_log import note_print
from blo_agent.office.printed_cases import print_setting, printed_case
from blo_agent.office.receipts import event_receipt
from blo_agent.office.viewer import viewer
from blo_agent.people.access import check_case
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases as stored_cases
from blo_domain.people.permissions import Action
from blo_printout.case_record import case_paper
from blo_printout.dispatch import dispatch_paper
from blo_printout.errors import NotPrintable
from blo_printout.minutes import minutes_paper, minutes_signatures
from blo_printout.model import LANGUAGES, Paper, PaperLanguage
from blo_printout.pdf import pdf_of
from blo_printout.printed_case import OWN_LANGUAGE, CaseSetting, PrintedCase
from blo_printout.text import text_of
from blo_schemas.ids import CaseId, EventId, LinkId, country_of

Req = Request[Any, Any, State]


class PrintoutKind(StrEnum):
    """What is printed of a case."""

    CASE = "case"
    DISPATCH = "dispatch"
    MINUTES = "minutes"


_KINDS: Final = {kind.value: kind for kind in PrintoutKind}
_LANGUAGES: Final[Mapping[str, PaperLanguage]] = {name: name for name in LANGUAGES}
_FORMS: Final[Mapping[str, tuple[str, Callable[[Paper], bytes]]]] = {
    "pdf": ("application/pdf", pdf_of),
    "txt": ("text/plain; charset=utf-8", lambda paper: text_of(paper).encode()),
}


@get("/v1/links/{link:str}/cases/{case:str}/printout", opt=actions(Action.EXPORT_CASE))
async def printout(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    case: FromPath[str],
    paper: FromQuery[str] = PrintoutKind.CASE.value,
    event: FromQuery[str | None] = None,
    language: FromQuery[str] = "en",
    form: Annotated[str, QueryParameter(name="form")] = "pdf",
) -> Response[bytes]:
    """A paper of a case: ``case``, the ``dispatch`` of one event, or its ``minutes``.

    Minutes are in the reader's language and in those of both offices. Dispatches and minutes carry
    the receipt as a QR code. ``form`` is ``pdf`` (PDF/A) or ``txt``.
    """
    kind = listed_word(_KINDS, paper, "paper")
    reader = listed_word(_LANGUAGES, language, "language")
    media_type, write = listed_word(_FORMS, form, "form")
    known, wanted = known_link(agent, link).link, CaseId(read_id(case))
    chosen = None if event is None else EventId(read_id(event))
    if (kind is PrintoutKind.DISPATCH) is (chosen is None):
        raise BadRequest(
            "event: name the event of a dispatch, and of no other paper", parameter="event"
        )
    actor, name, now = actor_of(request), acting_name(request), agent.clock.now_ms()

    def query(snapshot: Snapshot) -> Paper | None:
        view = stored_cases.get(snapshot, known, wanted)
        check_case(snapshot, actor, known, wanted, None if view is None else view.kind)
        at = viewer(agent.office)
        printed = printed_case(at, snapshot, known, wanted)
        if printed is None:
            return None
        setting = print_setting(at, known, _languages(kind, reader, printed), now, name)
        if kind is PrintoutKind.CASE:
            return case_paper(printed, setting)
        if chosen is not None:
            return _dispatch(snapshot, known, printed, chosen, setting)
        return _minutes(snapshot, known, printed, setting)

    try:
        made = await agent.store.read(query)
    except NotPrintable as error:
        raise RequestRefused(RequestRefusal.NOT_FOUND, f"{error}") from error
    if made is None:
        raise RequestRefused(RequestRefusal.NOT_FOUND, f"no case {case} is known on {link}")
    await write_noted(request, agent, lambda tx: note_print(tx, name, kind, known, wanted, now))
    # The typesetter takes some hundred milliseconds, and lets other threads run meanwhile.
    data = await asyncio.to_thread(write, made)
    file_name = f"{kind}-{(chosen or wanted).hex()[:12]}.{form}"
    return Response(
        data,
        media_type=media_type,
        headers={
            "content-disposition": f'attachment; filename="{file_name}"',
            "x-content-type-options": "nosniff",
        },
    )


def _languages(
    kind: PrintoutKind, reader: PaperLanguage, case: PrintedCase
) -> tuple[PaperLanguage, ...]:
    if kind is not PrintoutKind.MINUTES:
        return (reader,)
    own = (OWN_LANGUAGE.get(country_of(office), "en") for office in case.parties)
    return tuple(dict.fromkeys((reader, *own)))


def _dispatch(
    snapshot: Snapshot, link: LinkId, case: PrintedCase, chosen: EventId, setting: CaseSetting
) -> Paper:
    for event in case.events:
        if event.event == chosen:
            receipt = event_receipt(snapshot, link, event.position, event.event)
            return dispatch_paper(case, event, receipt, setting)
    raise NotPrintable(f"the case has no event {chosen.hex()}")


def _minutes(snapshot: Snapshot, link: LinkId, case: PrintedCase, setting: CaseSetting) -> Paper:
    receipts = {
        event.event: event_receipt(snapshot, link, event.position, event.event)
        for event in minutes_signatures(case)[-1:]
    }
    return minutes_paper(case, receipts, setting)


HANDLERS: Final = (printout,)
