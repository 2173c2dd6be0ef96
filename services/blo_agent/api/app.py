"""The API's application: handlers, who may ask, errors as JSON."""

from __future__ import annotations

from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from blo_agent.agent import Agent
from blo_agent.api import commands, drafts, inbox, log_in, people, queries, reports, search
from blo_agent.api.draft_types import ConflictAnswer, draft_answer
from blo_agent.api.error_types import ErrorAnswer, IncidentAnswer, RefusedAnswer
from blo_agent.api.identity import Gate, check_handlers
from blo_agent.drafts.errors import DraftRefusal, DraftStepRefused
from blo_agent.people.errors import PeopleRefusal
from blo_agent.people.log_in import Credentials
from blo_agent.reports.errors import ReportRefusal
from blo_agent.store.errors import ActionRefused, StoreError
from blo_log.errors import LogError
from blo_projection.errors import ProjectionError
from blo_runtime.incidents import report_incident
from blo_sealing.passkeys import RelyingParty

LOOPBACK: Final = RelyingParty("localhost", "http://localhost")
_UNKNOWN: Final = {
    ReportRefusal.UNKNOWN_REPORT,
    PeopleRefusal.UNKNOWN_PERSON,
    DraftRefusal.UNKNOWN_DRAFT,
}
_STATUSES: Final[dict[str, int]] = {
    PeopleRefusal.NOT_LOGGED_IN: 401,
    PeopleRefusal.LOG_IN_FAILED: 401,
    PeopleRefusal.NOT_ALLOWED: 403,
    PeopleRefusal.MAY_MORE: 403,
    PeopleRefusal.TOO_MANY_ATTEMPTS: 429,
}
"""What a refusal is in HTTP; others are conflicts with what is there."""


def office_api(
    agent: Agent,
    *,
    party: RelyingParty = LOOPBACK,
    socket_is_office: bool = False,
) -> Litestar:
    """The application, for ``blo_runtime.http.serve``.

    Args:
        agent: The office's agent.
        party: For whom passkeys are made: the domain and address of the node's pages.
        socket_is_office: Whether the node's socket stands for the whole office (``identity.Gate``).
    """
    rooms = (queries, inbox, commands, reports, log_in, people, drafts, search)
    handlers = [handler for room in rooms for handler in room.HANDLERS]
    credentials = Credentials(agent.office.id, agent.store, agent.clock, party)
    if agent.options.simulated_time:
        handlers.extend(commands.SIMULATION_HANDLERS)
    check_handlers(handlers)
    return Litestar(
        handlers,
        guards=[Gate(agent, socket_is_office=socket_is_office)],
        dependencies={
            "agent": Provide(lambda: agent, sync_to_thread=False),
            "credentials": Provide(lambda: credentials, sync_to_thread=False),
        },
        openapi_config=None,
        logging_config=None,
        exception_handlers={
            HTTPException: _on_http_error,
            LogError: _on_failure,
            ProjectionError: _on_failure,
            StoreError: _on_failure,
            ActionRefused: _on_refusal,
            Exception: _on_incident,
        },
    )


def _on_http_error(
    request: Request[Any, Any, State], error: HTTPException
) -> Response[ErrorAnswer] | Response[IncidentAnswer]:
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return _on_incident(request, error)
    wrong = [
        f"{problem.get('key', 'request')}: {problem.get('message', '')}"
        for problem in (error.extra if isinstance(error.extra, list) else ())
        if isinstance(problem, dict)
    ]
    return Response(ErrorAnswer("; ".join(wrong) or error.detail), status_code=error.status_code)


def _on_refusal(
    _: Request[Any, Any, State], refusal: ActionRefused
) -> Response[ErrorAnswer] | Response[RefusedAnswer] | Response[ConflictAnswer]:
    if isinstance(refusal, DraftStepRefused) and refusal.current is not None:
        answer = ConflictAnswer(refusal.reason, refusal.words, draft_answer(refusal.current))
        return Response(answer, status_code=409)
    if refusal.reason in _UNKNOWN:
        return Response(ErrorAnswer(refusal.words), status_code=404)
    status = _STATUSES.get(refusal.reason, 409)
    return Response(RefusedAnswer(refusal.reason, refusal.words), status_code=status)


def _on_failure(_: Request[Any, Any, State], error: Exception) -> Response[ErrorAnswer]:
    """The log or the store can't serve now; the error says what to do."""
    return Response(ErrorAnswer(str(error)), status_code=503)


def _on_incident(_: Request[Any, Any, State], error: Exception) -> Response[IncidentAnswer]:
    """Whatever a request has made go wrong ends that request alone."""
    known = getattr(error, "incident", None)  # A job that was rolled back has reported it.
    incident = known if isinstance(known, str) else report_incident("a request", error)
    words = f"an unexpected error; the log file has it as incident {incident}, report it"
    return Response(IncidentAnswer(words, incident), status_code=HTTP_500_INTERNAL_SERVER_ERROR)
