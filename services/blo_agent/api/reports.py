"""Handlers of the office's reports and of its journal; each request leaves a journal entry."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from blo_agent.agent import Agent
from blo_agent.api.access_notes import write_noted
from blo_agent.api.identity import acting_name, actions, actor_of
from blo_agent.api.parse import read_id
from blo_agent.api.report_types import ReportAnswer
from blo_agent.api.request_errors import BadRequest, RequestRefusal, RequestRefused
from blo_agent.api.request_types import ReportRequest, StepRequest
from blo_agent.office.access_log import journal_of, note_export
from blo_agent.people.access import check_allowed
from blo_agent.reports import service
from blo_agent.reports.lifecycle import ReportAction
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import reports as stored
from blo_domain.people.permissions import Action
from blo_domain.reports.difference import ReportComparison
from blo_schemas.reports import ReportAct

Req = Request[Any, Any, State]

_JSON: Final = "application/json"
_NEEDED: Final = {
    ReportAct.REVIEW: Action.REVIEW_REPORT,
    ReportAct.SIGN: Action.SIGN_REPORT,
    ReportAct.FREEZE: Action.SIGN_REPORT,
}
_LATER: Final = {act.value: act for act in ReportAct if act is not ReportAct.COMPUTE}


@post("/v1/reports", opt=actions(Action.COMPUTE_REPORT))
async def compute(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[ReportRequest]
) -> Response[ReportAnswer]:
    """Compute a report as of now and keep it: 201."""
    if wanted.last < wanted.first:
        raise BadRequest(f"{wanted.last} lies before {wanted.first}", pointer="/last")
    filed = await service.compute(
        agent, wanted.first, wanted.last, acting_name(request, wanted.actor, must_name=True)
    )
    return Response(_answer(filed), status_code=201)


@get("/v1/reports", opt=actions(Action.READ_FIGURES))
async def reports(agent: NamedDependency[Agent]) -> list[ReportAnswer]:
    """All reports of the office, the oldest first."""

    def query(snapshot: Snapshot) -> list[ReportAnswer]:
        return [_answer(ReportAction(row)) for row in stored.all_of(snapshot)]

    return await agent.store.read(query)


@get("/v1/reports/{digest:str}", opt=actions(Action.READ_FIGURES))
async def report(
    request: Req, agent: NamedDependency[Agent], digest: FromPath[str]
) -> Response[bytes]:
    """The file of a report: the signed one if it is frozen."""
    data = await service.export(agent, read_id(digest, "digest"), acting_name(request))
    return Response(data, media_type=_JSON)


@post("/v1/reports/{digest:str}/compare", status_code=200, opt=actions(Action.READ_FIGURES))
async def compare(
    request: Req,
    agent: NamedDependency[Agent],
    digest: FromPath[str],
    wanted: NamedDependency[StepRequest],
) -> Response[ReportComparison]:
    """Compute a frozen report anew at its cut, and say what has come since."""
    compared = await service.compare(
        agent, read_id(digest, "digest"), acting_name(request, wanted.actor, must_name=True)
    )
    return Response(compared)


@post(
    "/v1/reports/{digest:str}/{act:str}",
    status_code=200,
    opt=actions(Action.REVIEW_REPORT, Action.SIGN_REPORT),
)
async def step(
    request: Req,
    agent: NamedDependency[Agent],
    digest: FromPath[str],
    act: FromPath[str],
    wanted: NamedDependency[StepRequest],
) -> Response[ReportAnswer]:
    """Review, sign or freeze a report: 200."""
    if act not in _LATER:
        known = ", ".join(_LATER)
        raise RequestRefused(
            RequestRefusal.NOT_FOUND, f"{act} is no step; the steps are {known}", parameter="act"
        )
    check_allowed(actor_of(request), _NEEDED[_LATER[act]])
    filed = await service.act(
        agent,
        read_id(digest, "digest"),
        _LATER[act],
        acting_name(request, wanted.actor, must_name=True),
    )
    return Response(_answer(filed))


@get("/v1/journal", media_type="application/jsonl", opt=actions(Action.EXPORT_JOURNAL))
async def journal(request: Req, agent: NamedDependency[Agent]) -> Response[bytes]:
    """The journal as a file; that it was taken out is its last entry."""
    actor, now = acting_name(request), agent.clock.now_ms()
    stands = await write_noted(request, agent, lambda tx: note_export(tx, actor, now))

    def query(snapshot: Snapshot) -> bytes:
        return journal_of(snapshot, agent.office.id, stands, now)

    return Response(await agent.store.read(query), media_type="application/jsonl")


def _answer(filed: ReportAction) -> ReportAnswer:
    digest = filed.digest.hex()
    return ReportAnswer(digest, filed.first, filed.last, filed.state.value, filed.steps)


HANDLERS = (compute, reports, report, compare, step, journal)
