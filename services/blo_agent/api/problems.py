"""From an exception to the answer that says so (RFC 9457), and the pages of all problems."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from blo_agent.api.draft_types import draft_answer
from blo_agent.api.identity import for_anybody
from blo_agent.api.problem_table import PROBLEMS
from blo_agent.api.problem_types import PROBLEM_JSON, PROBLEM_PATH, ProblemDetails
from blo_agent.api.request_errors import RequestRefusal, RequestRefused
from blo_agent.drafts.errors import DraftStepRefused
from blo_agent.store.errors import ActionRefused, StoreError
from blo_log.errors import LogError
from blo_projection.errors import ProjectionError
from blo_runtime.incidents import report_incident

Req = Request[Any, Any, State]

_OF_STATUS: Final = {
    400: RequestRefusal.BAD_REQUEST,
    404: RequestRefusal.NOT_FOUND,
    405: RequestRefusal.METHOD_NOT_ALLOWED,
    413: RequestRefusal.BODY_TOO_LARGE,
    415: RequestRefusal.NO_JSON_BODY,
    503: RequestRefusal.UNAVAILABLE,
}
"""What the framework's own errors are called here."""

_BROKEN: Final = 500


def problem_of(refusal: ActionRefused) -> ProblemDetails:
    """The problem of a refusal; its reason is the problem's name."""
    problem = _problem(refusal.reason, refusal.words)
    if isinstance(refusal, RequestRefused):
        return msgspec.structs.replace(
            problem,
            pointer=refusal.pointer,
            parameter=refusal.parameter,
            expected=refusal.expected,
            example=refusal.example,
        )
    if isinstance(refusal, DraftStepRefused) and refusal.current is not None:
        row = refusal.current
        return msgspec.structs.replace(problem, current=draft_answer(row), by=row.edited_by)
    return problem


def _problem(name: str, detail: str) -> ProblemDetails:
    kind = PROBLEMS[name]
    return ProblemDetails(
        type=f"{PROBLEM_PATH}{name}", title=kind.title, status=kind.status, detail=detail
    )


def _answer(
    problem: ProblemDetails, headers: dict[str, str] | None = None
) -> Response[ProblemDetails]:
    return Response(
        problem, status_code=problem.status, media_type=PROBLEM_JSON, headers=headers or {}
    )


def _on_refusal(_: Req, refusal: ActionRefused) -> Response[ProblemDetails]:
    return _answer(problem_of(refusal))


def _on_http_error(request: Req, error: HTTPException) -> Response[ProblemDetails]:
    """The framework's own errors: no such address, no such method, a parameter of another type."""
    wrong = [row for row in error.extra or () if isinstance(row, dict) and row.get("key")]
    if wrong:
        words = "; ".join(f"{row['key']}: {row.get('message', '')}" for row in wrong)
        problem = _problem(RequestRefusal.WRONG_PARAMETER, words)
        return _answer(msgspec.structs.replace(problem, parameter=str(wrong[0]["key"])))
    name = _OF_STATUS.get(error.status_code)
    if name is None and error.status_code < _BROKEN:
        name = RequestRefusal.BAD_REQUEST
    if name is None:
        return _on_incident(request, error)
    return _answer(_problem(name, error.detail), error.headers)


def _on_failure(_: Req, error: Exception) -> Response[ProblemDetails]:
    """The log or the store can't serve now; the error says what to do."""
    return _answer(_problem(RequestRefusal.UNAVAILABLE, str(error)))


def _on_incident(_: Req, error: Exception) -> Response[ProblemDetails]:
    """Whatever a request has made go wrong ends that request alone."""
    known = getattr(error, "incident", None)  # A job that was rolled back has reported it.
    incident = known if isinstance(known, str) else report_incident("a request", error)
    words = f"an unexpected error; the log file has it as incident {incident}, report it"
    problem = _problem(RequestRefusal.INCIDENT, words)
    return _answer(msgspec.structs.replace(problem, incident=incident))


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    HTTPException: _on_http_error,
    LogError: _on_failure,
    ProjectionError: _on_failure,
    StoreError: _on_failure,
    ActionRefused: _on_refusal,
    Exception: _on_incident,
}

_CLOSED: Final = {"Content-Security-Policy": "default-src 'none'"}


@get("/problems", media_type=MediaType.HTML, opt=for_anybody())
async def problem_list() -> Response[str]:
    """The list of all problems, for people."""
    rows = [
        f'<li><a href="{PROBLEM_PATH}{name}">{name}</a>: {escape(kind.title)}</li>'
        for name, kind in sorted(PROBLEMS.items())
    ]
    return _page("Problems", f"<ul>{''.join(rows)}</ul>")


@get("/problems/{name:str}", media_type=MediaType.HTML, opt=for_anybody())
async def problem_page(name: FromPath[str]) -> Response[str]:
    """What a problem means and what to do, for people."""
    kind = PROBLEMS.get(name)
    if kind is None:
        raise RequestRefused(
            RequestRefusal.NOT_FOUND,
            f"there is no problem {name}; {PROBLEM_PATH} lists all",
            parameter="name",
        )
    body = f"<p>Status {kind.status}, <code>{name}</code>.</p><p>{escape(kind.todo)}</p>"
    return _page(kind.title, body)


def _page(title: str, body: str) -> Response[str]:
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1>{body}</html>\n"
    )
    return Response(text, media_type=MediaType.HTML, headers=_CLOSED)


HANDLERS = (problem_list, problem_page)
