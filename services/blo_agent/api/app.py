"""The API's application: handlers, who may ask, errors as JSON."""

from __future__ import annotations

import os
from collections.abc import Callable
from hmac import compare_digest
from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from blo_agent.agent import Agent
from blo_agent.api import commands, queries, reports
from blo_agent.api.error_types import ErrorAnswer, IncidentAnswer, RefusedAnswer
from blo_agent.reports.errors import ReportRefusal
from blo_agent.store.errors import ActionRefused, StoreError
from blo_log.errors import LogError
from blo_projection.errors import ProjectionError
from blo_runtime.http_connections import PEER
from blo_runtime.incidents import report_incident
from blo_runtime.unix_socket import PeerCredentials

_SUPERUSER: Final = 0


def office_api(agent: Agent, token: str) -> Litestar:
    """The application, for ``blo_runtime.http.serve``.

    Args:
        agent: The office's agent.
        token: What every request has to show, except over the node's own socket.
    """
    handlers = [*queries.HANDLERS, *commands.HANDLERS, *reports.HANDLERS]
    if agent.options.simulated_time:
        handlers.extend(commands.SIMULATION_HANDLERS)
    return Litestar(
        handlers,
        guards=[_guard(token)],
        dependencies={"agent": Provide(lambda: agent, sync_to_thread=False)},
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


def _guard(token: str) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]:
    expected = f"Bearer {token}".encode()
    own = {os.geteuid(), _SUPERUSER}

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        peer: PeerCredentials | None = connection.scope.get(PEER)  # type: ignore[assignment]
        if peer is not None:
            if peer.uid not in own:
                raise NotAuthorizedException(
                    f"user {peer.uid} may not use the socket; run the command as the agent's user"
                )
            return
        shown = connection.headers.get("authorization", "")
        if not compare_digest(shown.encode(), expected):
            raise NotAuthorizedException("the token is missing or wrong; it is in the token file")

    return guard


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
) -> Response[ErrorAnswer] | Response[RefusedAnswer]:
    if refusal.reason == ReportRefusal.UNKNOWN_REPORT:
        return Response(ErrorAnswer(refusal.words), status_code=404)
    return Response(RefusedAnswer(refusal.reason, refusal.words), status_code=409)


def _on_failure(_: Request[Any, Any, State], error: Exception) -> Response[ErrorAnswer]:
    """The log or the store can't serve now; the error says what to do."""
    return Response(ErrorAnswer(str(error)), status_code=503)


def _on_incident(_: Request[Any, Any, State], error: Exception) -> Response[IncidentAnswer]:
    """Whatever a request has made go wrong ends that request alone."""
    known = getattr(error, "incident", None)  # A job that was rolled back has reported it.
    incident = known if isinstance(known, str) else report_incident("a request", error)
    words = f"an unexpected error; the log file has it as incident {incident}, report it"
    return Response(IncidentAnswer(words, incident), status_code=HTTP_500_INTERNAL_SERVER_ERROR)
