"""The pages' application: handlers, who may read, errors as pages."""

from __future__ import annotations

from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from blo_agent.api.access_notes import AccessNotes
from blo_agent.api.app import Entrance
from blo_agent.api.identity import check_handlers
from blo_agent.api.problem_table import PROBLEMS
from blo_agent.people.errors import PeopleRefusal
from blo_agent.store.errors import ActionRefused, StoreError
from blo_desk import assets
from blo_desk.forms import MAX_BODY, own_path, see
from blo_desk.languages import NAMES, catalog
from blo_desk.pages import message, page
from blo_desk.policy import add_headers, allowed_hosts, for_hosts
from blo_desk.reader import PageGuard, Reader, reader_of
from blo_desk.routes import account, board, case, drafts, log_in, people
from blo_desk.words import REASONS, REFUSALS
from blo_log.errors import LogError
from blo_projection.errors import ProjectionError
from blo_runtime.incidents import report_incident

Req = Request[Any, Any, State]
_INTERNAL: Final = 500
_UNAVAILABLE: Final = 503
_SMALLEST_COMPRESSED: Final = 1_000


def desk_pages(door: Entrance) -> ASGIApp:
    """The application of the pages behind an entrance.

    Args:
        door: The entrance, which the API uses too.

    Raises:
        CatalogBroken: The messages of a language cannot be read.
    """
    for language in NAMES:
        catalog(language)
    handlers = [
        handler
        for room in (log_in, board, case, drafts, account, people, assets)
        for handler in room.HANDLERS
    ]
    check_handlers(handlers)
    guard = PageGuard(door)
    notes = AccessNotes(door.agent)
    app = Litestar(
        handlers,
        guards=[guard],
        dependencies={
            "agent": Provide(lambda: door.agent, sync_to_thread=False),
            "credentials": Provide(lambda: door.credentials, sync_to_thread=False),
        },
        before_send=[add_headers, notes.before_send],
        after_exception=[notes.after_exception],
        compression_config=CompressionConfig(backend="gzip", minimum_size=_SMALLEST_COMPRESSED),
        request_max_body_size=MAX_BODY,
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
    return for_hosts(app, allowed_hosts(door.credentials.party.id))


def refusal_words(reader: Reader, refusal: ActionRefused) -> str:
    """The reason of a refusal in the reader's language; the node's own words where it has none."""
    known = REFUSALS.get(refusal.reason) or REASONS.get(refusal.reason)
    return refusal.words if known is None else message(reader, known)


def _on_refusal(request: Req, refusal: ActionRefused) -> Response[Any]:
    if refusal.reason == PeopleRefusal.NOT_LOGGED_IN and request.method == "GET":
        return see(log_in.address_for(own_path(reader_of(request).path)))
    status = PROBLEMS[refusal.reason].status
    words = refusal_words(reader_of(request), refusal)
    return _error_page(request, status, words, detail=refusal.words)


def _on_http_error(request: Req, error: HTTPException) -> Response[Any]:
    if error.status_code >= _INTERNAL:
        return _on_incident(request, error)
    return _error_page(request, error.status_code, "", detail=error.detail)


def _on_failure(request: Req, error: Exception) -> Response[Any]:
    """The log or the store can't serve now; the error says what to do."""
    return _error_page(request, _UNAVAILABLE, "", detail=str(error))


def _on_incident(request: Req, error: Exception) -> Response[Any]:
    """Whatever a request has made go wrong ends that request alone."""
    known = getattr(error, "incident", None)  # A job that was rolled back has reported it.
    incident = known if isinstance(known, str) else report_incident("a page", error)
    return _error_page(request, _INTERNAL, "", incident=incident)


def _error_page(
    request: Req, status: int, words: str, *, detail: str = "", incident: str = ""
) -> Response[str]:
    return page(
        reader_of(request),
        "error.html",
        status=status,
        code=status,
        words=words,
        detail=detail,
        incident=incident,
    )
