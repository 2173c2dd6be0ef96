"""New exchanges, drafts with autosave, and their approval."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from blo_agent.agent import Agent
from blo_agent.api import drafts as api
from blo_agent.api.draft_types import DraftAnswer, draft_answer
from blo_agent.api.identity import actions, in_form
from blo_agent.api.parse import listed_word
from blo_agent.api.people_types import PasskeyAnswer
from blo_agent.api.problem_table import PROBLEMS
from blo_agent.api.response_types import AcceptedAnswer
from blo_agent.drafts.errors import DraftStepRefused
from blo_agent.people.log_in import Credentials
from blo_agent.store.errors import ActionRefused
from blo_desk.api_calls import call, posted
from blo_desk.draft_forms import draft_form, read_draft, urgencies
from blo_desk.forms import Form, fields_of, from_base64url, read_form, see
from blo_desk.pages import message, page
from blo_desk.reader import Reader, reader_of
from blo_desk.routes.board import today
from blo_desk.words import REASONS, REFUSALS
from blo_domain.people.drafts import DraftState
from blo_domain.people.permissions import Action
from blo_domain.translations import KINDS
from blo_schemas.bodies import KIND_WORDS
from blo_schemas.summary import Kind
from blo_schemas.texts import from_hex, from_json, from_object

Req = Request[Any, Any, State]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_LISTED: Final = (DraftState.SUBMITTED, DraftState.RETURNED, DraftState.APPROVED, DraftState.DRAFT)
_DRAFTING: Final = actions(Action.DRAFT)
_READING: Final = actions(Action.DRAFT, Action.APPROVE)
_EDITABLE: Final = {DraftState.DRAFT.value, DraftState.RETURNED.value}


class BeginForm(Form, frozen=True):
    """What is to be drafted: an opening of a kind, or a step of a case."""

    link: Word
    kind: Annotated[str, msgspec.Meta(max_length=64)] = ""
    case: Annotated[str, msgspec.Meta(max_length=64)] = ""
    step: Word = "open"


class ApproveForm(Form, frozen=True):
    """An approval: a code, or what a passkey has answered, bytes in base64url."""

    revision: Annotated[int, msgspec.Meta(ge=1)]
    code: Annotated[str, msgspec.Meta(max_length=64)] = ""
    credential: Annotated[str, msgspec.Meta(max_length=6_000)] = ""
    authenticator_data: Annotated[str, msgspec.Meta(max_length=6_000)] = ""
    client_data: Annotated[str, msgspec.Meta(max_length=6_000)] = ""
    signature: Annotated[str, msgspec.Meta(max_length=6_000)] = ""

    def answer(self) -> PasskeyAnswer:
        """What the passkey has answered."""
        return PasskeyAnswer(
            credential=from_base64url(self.credential),
            authenticator_data=from_base64url(self.authenticator_data),
            client_data=from_base64url(self.client_data),
            signature=from_base64url(self.signature),
        )


class StepOfDraftForm(Form, frozen=True):
    """A step of a draft, on the revision that was shown."""

    do: Literal["return", "take-back", "send", "discard"]
    revision: Annotated[int, msgspec.Meta(ge=1)]
    reason: Annotated[str, msgspec.Meta(max_length=5_000)] = ""


@get("/new", opt=_DRAFTING)
async def new_page(
    request: Req, agent: NamedDependency[Agent], link: FromQuery[str] = ""
) -> Response[Any]:
    """Choose with whom, and what kind of exchange."""
    return page(
        reader_of(request),
        "new.html",
        links=sorted(agent.office.links),
        link=link,
        kinds=list(KINDS),
    )


@post("/drafts", opt=in_form(_DRAFTING))
async def begin(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """Begin a draft, and go on to its form."""
    form, reader = await read_form(request, BeginForm), reader_of(request)
    wanted = {"link": form.link, "step": form.step, "on": today(reader).isoformat()}
    if form.case:
        wanted["case"] = form.case
    if form.kind:
        wanted["kind"] = form.kind
    body = api.DraftRequest(request=dict(wanted), link=form.link, case=form.case or None)
    made: DraftAnswer = await call(api.begin, posted(request, body), agent=agent)
    return see(f"/drafts/{made.draft}")


@get("/drafts", opt=_READING)
async def drafts_page(request: Req, agent: NamedDependency[Agent]) -> Response[Any]:
    """All open drafts: what waits for approval first."""
    listed = {
        state.value: await call(api.drafts, request, agent=agent, draft_state=state.value)
        for state in _LISTED
    }
    return page(
        reader_of(request),
        "drafts.html",
        listed={state: [(row, _filled(row)) for row in rows] for state, rows in listed.items()},
    )


@get("/drafts/{draft:str}", opt=_READING)
async def draft_page(
    request: Req,
    agent: NamedDependency[Agent],
    credentials: NamedDependency[Credentials],
    draft: FromPath[str],
    done: FromQuery[str] = "",
) -> Response[Any]:
    """A draft: its form while it can be edited, else what it says and what can be done."""
    row: DraftAnswer = await call(api.one_draft, request, agent=agent, draft=draft)
    return _shown(request, agent, credentials, row, done=done)


@post("/drafts/{draft:str}", opt=in_form(_DRAFTING))
async def save(
    request: Req,
    agent: NamedDependency[Agent],
    credentials: NamedDependency[Credentials],
    draft: FromPath[str],
) -> Response[Any]:
    """Save what is filled in; then, if asked for, send it or hand it in for approval."""
    fields = dict(await fields_of(request))
    act, revision = fields.pop("do", "save"), fields.pop("revision", "")
    row: DraftAnswer = await call(api.one_draft, request, agent=agent, draft=draft)
    try:
        row = await _saved(request, agent, row, revision, fields)
        if act == "send":
            return await _sent(request, agent, row)
    except ActionRefused as refusal:
        if isinstance(refusal, DraftStepRefused) and refusal.current is not None:
            row = draft_answer(refusal.current)
        return _shown(request, agent, credentials, row, refusal=refusal)
    return see(f"/drafts/{draft}?done=saved")


@post("/drafts/{draft:str}/autosave", opt=in_form(_DRAFTING))
async def autosave(
    request: Req, agent: NamedDependency[Agent], draft: FromPath[str]
) -> Response[Any]:
    """Save while somebody types; answers with the new revision, or why it was not saved."""
    fields = dict(await fields_of(request))
    fields.pop("do", "")
    revision = fields.pop("revision", "")
    row: DraftAnswer = await call(api.one_draft, request, agent=agent, draft=draft)
    problem = ""
    try:
        row = await _saved(request, agent, row, revision, fields)
        revision = str(row.revision)
    except ActionRefused as refusal:
        problem = _words(reader_of(request), refusal)
    return page(
        reader_of(request), "saved.html", revision=revision, problem=problem, at=row.changed_at
    )


@post("/drafts/{draft:str}/step", opt=in_form(_READING))
async def step_of_draft(
    request: Req,
    agent: NamedDependency[Agent],
    credentials: NamedDependency[Credentials],
    draft: FromPath[str],
) -> Response[Any]:
    """Return a draft with a reason, take it back, discard it, or send an approved one."""
    form = await read_form(request, StepOfDraftForm)
    row: DraftAnswer = await call(api.one_draft, request, agent=agent, draft=draft)
    handlers = {"return": api.return_draft, "take-back": api.take_back, "discard": api.discard}
    body = api.DraftStepRequest(revision=form.revision, reason=form.reason or None)
    try:
        if form.do == "send":
            accepted = await call(api.send, posted(request, body), agent=agent, draft=draft)
            return see(f"/cases/{row.link}/{_accepted(accepted).case}?done=step")
        await call(handlers[form.do], posted(request, body), agent=agent, draft=draft)
    except ActionRefused as refusal:
        return _shown(request, agent, credentials, row, refusal=refusal)
    return see("/drafts" if form.do in ("discard", "return") else f"/drafts/{draft}")


@post("/drafts/{draft:str}/approve", opt=in_form(actions(Action.APPROVE)))
async def approve(
    request: Req,
    agent: NamedDependency[Agent],
    credentials: NamedDependency[Credentials],
    draft: FromPath[str],
) -> Response[Any]:
    """Approve a draft by passkey or one-time code."""
    form = await read_form(request, ApproveForm)
    row: DraftAnswer = await call(api.one_draft, request, agent=agent, draft=draft)
    try:
        passkey = form.answer() if form.credential else None
        body = api.ApprovalRequest(
            revision=form.revision, passkey=passkey, code=None if passkey else form.code or "-"
        )
        await call(
            api.approve_draft,
            posted(request, body),
            agent=agent,
            credentials=credentials,
            draft=draft,
        )
    except ActionRefused as refusal:
        return _shown(request, agent, credentials, row, refusal=refusal)
    return see(f"/drafts/{draft}?done=approved")


async def _saved(
    request: Req, agent: Agent, row: DraftAnswer, revision: str, fields: dict[str, str]
) -> DraftAnswer:
    before = _filled(row)
    content = read_draft(reader_of(request), _kind(row), before, fields)
    seen = int(revision) if revision.isascii() and revision.isdigit() else 0
    body = api.DraftRequest(request=content, revision=seen or None)
    saved: DraftAnswer = await call(api.edit, posted(request, body), agent=agent, draft=row.draft)
    return saved


async def _sent(request: Req, agent: Agent, row: DraftAnswer) -> Response[Any]:
    """Send the draft; where the step needs approval, hand it in instead."""
    body = api.DraftStepRequest(revision=row.revision)
    try:
        accepted = await call(api.send, posted(request, body), agent=agent, draft=row.draft)
    except ActionRefused as refusal:
        if refusal.reason != "not_possible_now":
            raise
        await call(api.submit, posted(request, body), agent=agent, draft=row.draft)
        return see(f"/drafts/{row.draft}?done=submitted")
    return see(f"/cases/{row.link}/{_accepted(accepted).case}?done=step")


def _accepted(answer: Any) -> AcceptedAnswer:
    return answer if isinstance(answer, AcceptedAnswer) else from_object(answer, AcceptedAnswer)


def _shown(
    request: Req,
    agent: Agent,
    credentials: Credentials,
    row: DraftAnswer,
    *,
    done: str = "",
    refusal: ActionRefused | None = None,
) -> Response[str]:
    reader, filled = reader_of(request), _filled(row)
    return page(
        reader,
        "draft.html",
        status=200 if refusal is None else PROBLEMS[refusal.reason].status,
        draft=row,
        filled=filled,
        form=draft_form(reader, _kind(row), filled),
        is_editable=row.state in _EDITABLE and reader.may(Action.DRAFT),
        is_author=reader.person in row.authors,
        urgencies=urgencies(),
        challenge=b64encode(from_hex(row.challenge or "")).decode("ascii"),
        party=credentials.party.id,
        may_approve=reader.may(Action.APPROVE),
        problem="" if refusal is None else _words(reader, refusal),
        detail="" if refusal is None else refusal.words,
        done=done,
    )


def _kind(row: DraftAnswer) -> Kind:
    """The kind of the case that a draft is about; the form of every draft of the desk names it.

    Raises:
        BadRequest: The draft was begun elsewhere, and names none.
    """
    return listed_word(KIND_WORDS, str(_filled(row).get("kind")), "/kind")


def _words(reader: Reader, refusal: ActionRefused) -> str:
    known = REFUSALS.get(refusal.reason) or REASONS.get(refusal.reason)
    return refusal.words if known is None else message(reader, known)


def _filled(row: DraftAnswer) -> dict[str, Any]:
    """What is filled in of a draft."""
    return from_json(bytes(row.request), dict[str, Any])


HANDLERS = (new_page, begin, drafts_page, draft_page, save, autosave, step_of_draft, approve)
