"""Handlers of drafts, approvals and internal notes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from blo_agent.agent import Agent
from blo_agent.api.draft_types import DraftAnswer, draft_answer
from blo_agent.api.idempotency import MAY_RETRY, AnsweredBefore, RetriedRequest, again
from blo_agent.api.identity import actions, actor_of
from blo_agent.api.parse import decode, known_link, read_command, read_id
from blo_agent.api.people_types import PasskeyAnswer, Secret, assertion_of
from blo_agent.api.request_errors import BadRequest, RequestRefusal, RequestRefused
from blo_agent.api.request_types import CommandRequest, Hex32, StrictRequest, Word
from blo_agent.api.response_types import AcceptedAnswer
from blo_agent.commands.accept import Accepted, OfficeCommand
from blo_agent.drafts import approve, lifecycle
from blo_agent.drafts.rows import known_draft, sees_draft
from blo_agent.office.viewer import kind_of
from blo_agent.people.access import Actor, check_case, check_opening, sees_link
from blo_agent.people.log_in import Credentials
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import drafts as stored
from blo_domain.people.approval import command_of, drafted_step
from blo_domain.people.drafts import DraftState
from blo_domain.people.permissions import Action
from blo_schemas.approvals import DRAFTED_STEP, DraftedStep
from blo_schemas.fields import Text
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.instants import local
from blo_schemas.texts import from_hex, from_json

Req = Request[Any, Any, State]
Revision = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_STATES = {state.value: state for state in DraftState}


class DraftRequest(StrictRequest, frozen=True):
    """Begins a draft, or saves it.

    Attributes:
        link: The link; needed to begin.
        case: The case's id in hex; left out, it opens one.
        revision: The revision on which the change was made; needed to save.
        request: What is filled in so far, as ``POST /v1/commands`` takes it.
    """

    request: dict[str, object]
    link: Word | None = None
    case: Hex32 | None = None
    revision: Revision | None = None


class DraftStepRequest(StrictRequest, frozen=True):
    """A step of a draft: on which revision, and for a return why."""

    revision: Revision
    reason: Text | None = None


class ApprovalRequest(StrictRequest, frozen=True):
    """An approval, with a passkey's answer to the challenge, or a one-time code."""

    revision: Revision
    passkey: PasskeyAnswer | None = None
    code: Secret | None = None


class NoteRequest(StrictRequest, frozen=True):
    """An internal note."""

    words: Annotated[str, msgspec.Meta(min_length=1, max_length=5_000)]


@post("/v1/drafts", opt=actions(Action.DRAFT))
async def begin(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[DraftRequest]
) -> DraftAnswer:
    """Begin a draft: 201."""
    if wanted.link is None:
        raise BadRequest(
            "`link` is missing; name the link on which it is to be sent",
            RequestRefusal.MISSING_FIELD,
            pointer="/link",
        )
    link, actor, now = known_link(agent, wanted.link).link, actor_of(request), agent.clock.now_ms()
    case = None if wanted.case is None else CaseId(from_hex(wanted.case))
    await agent.store.read(lambda snapshot: _check_reach(snapshot, actor, link, case))
    data = msgspec.json.encode(wanted.request)
    return draft_answer(
        await agent.store.write(partial(lifecycle.begin, actor, link, case, data, now))
    )


@get("/v1/drafts", opt=actions(Action.DRAFT, Action.APPROVE))
async def drafts(
    request: Req, agent: NamedDependency[Agent], draft_state: FromQuery[str] = "draft"
) -> list[DraftAnswer]:
    """The drafts of a state that the actor reaches, the one that was changed last first."""
    state, actor = _STATES.get(draft_state), actor_of(request)
    if state is None:
        known = f"one of {', '.join(_STATES)}"
        raise BadRequest(
            f"{draft_state!r} is not {known}",
            parameter="draft_state",
            expected=known,
            example=DraftState.DRAFT.value,
        )

    def query(snapshot: Snapshot) -> list[DraftAnswer]:
        return [
            draft_answer(row)
            for row in stored.in_state(snapshot, state)
            if sees_draft(snapshot, actor, row)
        ]

    return await agent.store.read(query)


@get("/v1/drafts/{draft:str}", opt=actions(Action.DRAFT, Action.APPROVE))
async def one_draft(
    request: Req, agent: NamedDependency[Agent], draft: FromPath[str]
) -> DraftAnswer:
    """A draft."""
    return draft_answer(await _reached(request, agent, draft))


@put("/v1/drafts/{draft:str}", opt=actions(Action.DRAFT))
async def edit(
    request: Req,
    agent: NamedDependency[Agent],
    draft: FromPath[str],
    wanted: NamedDependency[DraftRequest],
) -> DraftAnswer:
    """Save a draft; 409 with the other version if somebody else has changed it."""
    if wanted.revision is None:
        raise BadRequest(
            "`revision` is missing; name the revision that you have changed",
            RequestRefusal.MISSING_FIELD,
            pointer="/revision",
        )
    row = await _reached(request, agent, draft)
    if wanted.link not in (None, row.link):
        raise BadRequest("a draft keeps its link; begin another one", pointer="/link")
    if wanted.case is not None and (row.case is None or row.case.hex() != wanted.case):
        raise BadRequest("a draft keeps its case; begin another one", pointer="/case")
    data = msgspec.json.encode(wanted.request)
    actor, now = actor_of(request), agent.clock.now_ms()
    job = partial(lifecycle.edit, actor, row.id, wanted.revision, data, now)
    return draft_answer(await agent.store.write(job))


@post("/v1/drafts/{draft:str}/submit", status_code=200, opt=actions(Action.DRAFT))
async def submit(
    request: Req,
    agent: NamedDependency[Agent],
    draft: FromPath[str],
    wanted: NamedDependency[DraftStepRequest],
) -> DraftAnswer:
    """Ask for approval."""
    row = await _reached(request, agent, draft)
    actor, now = actor_of(request), agent.clock.now_ms()
    step = await _drafted(agent, row, actor)
    job = partial(lifecycle.submit, actor, row.id, wanted.revision, step, now)
    return draft_answer(await agent.store.write(job))


@post("/v1/drafts/{draft:str}/take-back", status_code=200, opt=actions(Action.DRAFT))
async def take_back(
    request: Req,
    agent: NamedDependency[Agent],
    draft: FromPath[str],
    wanted: NamedDependency[DraftStepRequest],
) -> DraftAnswer:
    """Make a submitted or approved draft editable again."""
    row = await _reached(request, agent, draft)
    job = partial(
        lifecycle.take_back, actor_of(request), row.id, wanted.revision, agent.clock.now_ms()
    )
    return draft_answer(await agent.store.write(job))


@post("/v1/drafts/{draft:str}/return", status_code=200, opt=actions(Action.APPROVE))
async def return_draft(
    request: Req,
    agent: NamedDependency[Agent],
    draft: FromPath[str],
    wanted: NamedDependency[DraftStepRequest],
) -> DraftAnswer:
    """Return a draft with a reason."""
    row = await _reached(request, agent, draft)
    actor, now = actor_of(request), agent.clock.now_ms()
    job = partial(
        approve.return_to_author, actor, row.id, wanted.revision, wanted.reason or "", now
    )
    return draft_answer(await agent.store.write(job))


@post("/v1/drafts/{draft:str}/approve", status_code=200, opt=actions(Action.APPROVE))
async def approve_draft(
    request: Req,
    agent: NamedDependency[Agent],
    credentials: NamedDependency[Credentials],
    draft: FromPath[str],
    wanted: NamedDependency[ApprovalRequest],
) -> DraftAnswer:
    """Approve a draft by passkey or one-time code."""
    if (wanted.passkey is None) == (wanted.code is None):
        raise BadRequest("send either `passkey` or `code`")
    row = await _reached(request, agent, draft)
    party = credentials.party
    proof = wanted.code if wanted.passkey is None else assertion_of(wanted.passkey, party)
    assert proof is not None
    job = partial(
        approve.approve,
        actor_of(request),
        row.id,
        wanted.revision,
        proof,
        party,
        agent.clock.now_ms(),
    )
    return draft_answer(await agent.store.write(job))


@post(
    "/v1/drafts/{draft:str}/send",
    opt={**actions(Action.SEND_ROUTINE_STEP), MAY_RETRY: True},
)
async def send(
    request: Req,
    agent: NamedDependency[Agent],
    draft: FromPath[str],
    wanted: NamedDependency[DraftStepRequest],
) -> Response[AcceptedAnswer]:
    """Send a draft that was approved, or that needs no approval: 201."""
    body = await request.body()
    row = await _reached(request, agent, draft)
    actor, now = actor_of(request), agent.clock.now_ms()
    step = await _drafted(agent, row, actor)
    if row.state is DraftState.APPROVED and row.drafted is not None:
        step = DRAFTED_STEP.decode(row.drafted)
    work = partial(lifecycle.send, agent.office, actor, row.id, wanted.revision, step, now)
    job = RetriedRequest(request, body, actor.name, now).job(work, 201, _accepted_answer)
    command = OfficeCommand(row.link, row.case, command_of(step), actor.name)
    try:
        return Response(_accepted_answer(await agent.submit(command, job)), status_code=201)
    except AnsweredBefore as before:
        return again(before)


@post("/v1/drafts/{draft:str}/discard", status_code=200, opt=actions(Action.DRAFT))
async def discard(
    request: Req,
    agent: NamedDependency[Agent],
    draft: FromPath[str],
    wanted: NamedDependency[DraftStepRequest],
) -> DraftAnswer:
    """Discard a draft."""
    row = await _reached(request, agent, draft)
    actor, now = actor_of(request), agent.clock.now_ms()
    job = partial(lifecycle.discard, actor, row.id, wanted.revision, now)
    return draft_answer(await agent.store.write(job))


class NoteAnswer(msgspec.Struct, frozen=True):
    """An internal note: its number, who wrote it, when, and the words."""

    note: int
    person: str
    at: datetime
    words: str


@post("/v1/links/{link:str}/cases/{case:str}/notes", opt=actions(Action.KEEP_NOTES))
async def add_note(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    case: FromPath[str],
    wanted: NamedDependency[NoteRequest],
) -> dict[str, int]:
    """Add an internal note, which never leaves the office: 201."""
    known, key = known_link(agent, link).link, CaseId(read_id(case))
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.read(lambda snapshot: _check_reach(snapshot, actor, known, key))
    number = await agent.store.write(
        lambda tx: stored.add_note(tx, known, key, actor.name, now, wanted.words)
    )
    return {"note": number}


@get("/v1/links/{link:str}/cases/{case:str}/notes", opt=actions(Action.READ_CONTENTS))
async def notes(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], case: FromPath[str]
) -> list[NoteAnswer]:
    """The internal notes on a case, the oldest first."""
    known, key, actor = known_link(agent, link).link, CaseId(read_id(case)), actor_of(request)

    def query(snapshot: Snapshot) -> list[NoteAnswer]:
        _check_reach(snapshot, actor, known, key)
        return [
            NoteAnswer(row.seq, row.person, local(row.at), row.words)
            for row in stored.notes_of(snapshot, known, key)
        ]

    return await agent.store.read(query)


async def _reached(request: Req, agent: Agent, draft: str) -> stored.DraftRow:
    """The draft that a path names.

    Raises:
        BadRequest: The path names no draft.
        DraftStepRefused: There is no such draft.
        PeopleRefused: It lies beyond what the actor reaches.
    """
    key = read_id(draft, "draft", lifecycle.ID_SIZE)
    actor = actor_of(request)

    def query(snapshot: Snapshot) -> stored.DraftRow:
        row = known_draft(snapshot, key)
        if actor.name not in row.authors:
            _check_reach(snapshot, actor, row.link, row.case)
        return row

    return await agent.store.read(query)


def _check_reach(snapshot: Snapshot, actor: Actor, link: LinkId, case: CaseId | None) -> None:
    """Refuse what the actor does not reach, and a case that is not on the link.

    Raises:
        PeopleRefused: It lies beyond what the actor reaches.
        RequestRefused: The link has no such case.
    """
    if case is None:
        if not sees_link(actor, link):
            check_case(snapshot, actor, link, CaseId(bytes(32)), None)
        return
    kind = kind_of(snapshot, link, case)
    check_case(snapshot, actor, link, case, kind)
    if kind is None:
        raise RequestRefused(
            RequestRefusal.UNKNOWN_CASE, f"no case {case.hex()} is known on {link}"
        )


async def _drafted(agent: Agent, row: stored.DraftRow, actor: Actor) -> DraftedStep:
    """What a draft's request says, with its own link and case.

    Raises:
        BadRequest: Something is missing or wrong; names the field.
        PeopleRefused: It opens a case beyond a token's scope.
    """
    filled = from_json(row.request, dict[str, object])
    filled |= {"link": row.link}
    filled.pop("case", None)
    if row.case is not None:
        filled["case"] = row.case.hex()
    wanted = decode(msgspec.json.encode(filled), CommandRequest)
    if wanted.at is not None or wanted.actor is not None:
        raise BadRequest("the node knows `at` and `actor`; leave them out", pointer="/request")
    command = await read_command(agent, wanted, actor.name)
    if row.case is None:
        check_opening(actor, row.link, command.command.kind)
    return drafted_step(agent.office.id, row.link, row.case, command.command)


def _accepted_answer(accepted: Accepted) -> AcceptedAnswer:
    return AcceptedAnswer(
        accepted.event.hex(), accepted.case.hex(), accepted.oseq, accepted.expected_version
    )


HANDLERS = (
    begin,
    drafts,
    one_draft,
    edit,
    submit,
    take_back,
    return_draft,
    approve_draft,
    send,
    discard,
    add_note,
    notes,
)
