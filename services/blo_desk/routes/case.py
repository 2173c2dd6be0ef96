"""A case: what is owed, what may be done now, and one timeline of everything that happened in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import inspect

from blo_agent.agent import Agent
from blo_agent.api import commands, drafts, queries
from blo_agent.api.alert_types import AlertAnswer
from blo_agent.api.identity import actions, in_form
from blo_agent.api.request_types import CommandRequest
from blo_agent.api.response_types import (
    CaseHistory,
    EventAnswer,
    EventStatus,
    RejectedAnswer,
    UnderWayAnswer,
)
from blo_desk.api_calls import call, posted
from blo_desk.forms import Form, read_form, see
from blo_desk.pages import page
from blo_desk.reader import Reader, reader_of
from blo_desk.routes.board import today
from blo_domain.lifecycle import NEEDS_DISPATCH, NEEDS_REASON
from blo_domain.people.permissions import Action
from blo_schemas.bodies import KIND_WORDS, STEP_WORDS, body_type
from blo_schemas.content import Dispatch
from blo_schemas.instants import local, unix_ms
from blo_schemas.summary import Kind, Step

Req = Request[Any, Any, State]
MOST_STATUSES: Final = 40
"""Own events of a case, the last ones, whose receipts are shown."""

NOT_OFFERED: Final = frozenset({Step.SUPERSEDE, Step.CONFIRM_SHREDDING})
"""Steps that have no form here: a correction is made from the step that it corrects, and the
confirmation of a shredding is the node's own."""


class NoteForm(Form, frozen=True):
    """An internal note."""

    words: Annotated[str, msgspec.Meta(min_length=1, max_length=5_000)]


class StepForm(Form, frozen=True):
    """A step without anything to fill in."""

    step: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class TimelineEntry(NamedTuple):
    """Something that happened in a case.

    Attributes:
        at: When: by the log, or by the clock of who says it.
        kind: ``event``, ``rejected``, ``under_way``, ``alert`` or ``note``.
        what: It.
        status: How far an own event has come.
    """

    at: datetime
    kind: str
    what: EventAnswer | RejectedAnswer | UnderWayAnswer | AlertAnswer | drafts.NoteAnswer
    status: EventStatus | None = None


class PossibleStep(NamedTuple):
    """A step that is possible now.

    Attributes:
        word: Its name.
        is_plain: Whether nothing needs to be filled in.
        has_fields: Whether something can be.
    """

    word: str
    is_plain: bool
    has_fields: bool


@get("/cases/{link:str}/{case:str}", opt=actions(Action.READ_CONTENTS))
async def case_page(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    case: FromPath[str],
    done: FromQuery[str] = "",
) -> Response[Any]:
    """A case; the journal notes who has opened it."""
    history: CaseHistory = await call(queries.one_case, request, agent=agent, link=link, case=case)
    notes: list[drafts.NoteAnswer] = await call(
        drafts.notes, request, agent=agent, link=link, case=case
    )
    reader = reader_of(request)
    own = [event.event for event in history.events if event.office == reader.office_id]
    statuses = {
        event: await call(queries.one_event, request, agent=agent, event=event)
        for event in own[-MOST_STATUSES:]
    }
    view = history.view
    first = next((event for event in history.events if event.dispatch is not None), None)
    return page(
        reader,
        "case.html",
        link=link,
        case=case,
        view=view,
        history=history,
        subject="" if first is None or first.dispatch is None else first.dispatch.subject,
        basis=_basis(history.events),
        numbers=_numbers(reader, history.events),
        timeline=_timeline(history, notes, statuses),
        steps=[] if view is None else _steps(KIND_WORDS[view.kind], view.may_do),
        dispatch_of=_dispatch,
        done=done,
        ms=unix_ms,
    )


@post("/cases/{link:str}/{case:str}/steps", opt=in_form(actions(Action.SEND_ROUTINE_STEP)))
async def take_step(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """Take a step that needs nothing to be filled in."""
    form, reader = await read_form(request, StepForm), reader_of(request)
    wanted = CommandRequest(link=link, case=case, step=form.step, on=today(reader))
    await call(commands.commands, posted(request, wanted), agent=agent)
    return see(f"/cases/{link}/{case}?done=step")


@post("/cases/{link:str}/{case:str}/notes", opt=in_form(actions(Action.KEEP_NOTES)))
async def add_note(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """Add an internal note, which never leaves the office."""
    form = await read_form(request, NoteForm)
    asked = posted(request, drafts.NoteRequest(words=form.words))
    await call(drafts.add_note, asked, agent=agent, link=link, case=case)
    return see(f"/cases/{link}/{case}?done=note#timeline")


def _dispatch(dispatch: Dispatch) -> dict[str, Any]:
    """The common fields that are filled in; the instant of a call or letter as an instant."""
    fields: dict[str, Any] = {
        name: value
        for name, value in msgspec.to_builtins(dispatch).items()
        if value not in (None, (), [])
    }
    if dispatch.channel_at is not None:
        fields["channel_at"] = local(dispatch.channel_at).isoformat()
    return fields


def _steps(kind: Kind, words: Iterable[str]) -> list[PossibleStep]:
    steps = (STEP_WORDS[word] for word in words)
    return [_possible(kind, step) for step in steps if step not in NOT_OFFERED]


def _possible(kind: Kind, step: Step) -> PossibleStep:
    shape = inspect.type_info(body_type(kind, step))
    assert isinstance(shape, inspect.StructType)
    needs_words = step in NEEDS_REASON | NEEDS_DISPATCH or step is Step.PAUSE
    is_plain = not needs_words and not any(field.required for field in shape.fields)
    return PossibleStep(step.word, is_plain, bool(shape.fields) or not is_plain)


def _timeline(
    history: CaseHistory, notes: list[drafts.NoteAnswer], statuses: dict[str, EventStatus]
) -> list[TimelineEntry]:
    """Everything in the order of the log, the newest first; what is under way before all."""
    log_times = {event.position: event.log_time for event in history.events}
    entries = [
        TimelineEntry(event.log_time, "event", event, statuses.get(event.event))
        for event in history.events
    ]
    entries += [
        TimelineEntry(_at_position(log_times, row.position), "rejected", row)
        for row in history.rejected
    ]
    entries += [TimelineEntry(alert.since, "alert", alert) for alert in history.alerts]
    for note in notes:
        assert isinstance(note.at, datetime)
        entries.append(TimelineEntry(note.at, "note", note))
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return [TimelineEntry(row.at, "under_way", row) for row in history.under_way] + entries


def _at_position(log_times: dict[int, datetime], position: int) -> datetime:
    """The log time of the last known record before a position."""
    before = [at for known, at in sorted(log_times.items()) if known <= position]
    return (
        before[-1] if before else min(log_times.values(), default=datetime.max.replace(tzinfo=UTC))
    )


def _basis(events: Iterable[EventAnswer]) -> str:
    """The legal basis that the newest document names."""
    bases = [event.dispatch.legal_basis for event in events if event.dispatch is not None]
    return next((basis for basis in reversed(bases) if basis), "")


def _numbers(reader: Reader, events: Iterable[EventAnswer]) -> dict[str, str]:
    """The newest document number of each office."""
    numbers = {}
    for event in events:
        if event.dispatch is not None and event.dispatch.local_number:
            numbers[event.office] = event.dispatch.local_number
    own = numbers.pop(reader.office_id, None)
    return {**({reader.office_id: own} if own else {}), **numbers}


HANDLERS = (case_page, take_step, add_note)
