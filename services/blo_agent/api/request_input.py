"""What comes with a request: its body as a struct, and query parameters that the handler knows.

A handler names its body by a parameter ``wanted: NamedDependency[SomeRequest]``, and its query
parameters by ``FromQuery``; whatever else comes is refused. The OpenAPI document reads the same.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from blo_agent.api.parse import decode
from blo_agent.api.request_errors import BadRequest, RequestRefusal, RequestRefused

WANTED: Final = "wanted"
"""The name of the parameter that takes the body."""

JSON: Final = "application/json"
_SHOWN: Final = 64
_UNSAFE: Final = {"POST", "PUT", "PATCH"}


async def read_wanted(request: Request[Any, Any, State]) -> Any:
    """The body as what the handler wants; an empty body is an object without fields.

    Raises:
        BadRequest: It is something else; names the field.
        RequestRefused: It is not declared as JSON.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != JSON:
        raise RequestRefused(
            RequestRefusal.NO_JSON_BODY,
            f"this body is declared as {kind[:_SHOWN] or 'nothing'}",
            parameter="content-type",
            expected=JSON,
            example=JSON,
        )
    return decode(body or b"{}", body_type_of(request.route_handler))


def body_type_of(handler: BaseRouteHandler) -> Any:
    """The struct that a handler takes as its body; ``None``: it takes none."""
    field = handler.parsed_fn_signature.parameters.get(WANTED)
    return None if field is None else field.annotation


def check_body_declared(handler: HTTPRouteHandler) -> None:
    """Refuse to make an application with a handler whose body nobody checks.

    Raises:
        TypeError: The handler changes something, and says neither what it takes nor that it takes
            bytes (``opt={"takes_bytes": MEDIA_TYPE}``) or a form (``in_form``).
    """
    if (
        _UNSAFE.isdisjoint(handler.http_methods)
        or handler.opt.get("takes_bytes")
        or handler.opt.get("is_form")
    ):
        return
    if body_type_of(handler) is None:
        raise TypeError(f"the handler of {sorted(handler.paths)} names no body: `{WANTED}`")


class QueryCheck:
    """Refuses query parameters that a handler does not know, and those that come twice."""

    def __init__(self) -> None:
        self._known: dict[BaseRouteHandler, dict[str, bool]] = {}

    def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Check a request.

        Raises:
            BadRequest: It has such a parameter.
        """
        query = connection.query_params
        if not query:
            return
        known = self._known.get(handler)
        if known is None:
            model = handler.create_kwargs_model(path_parameters={})
            known = {row.field_alias: row.is_sequence for row in model.expected_query_params}
            self._known[handler] = known
        for name in query:
            if name not in known:
                names = ", ".join(sorted(known)) or "none"
                raise _refused(name, f"there is no such query parameter; there are: {names}")
            if len(query.getall(name)) > 1 and not known[name]:
                raise _refused(name, "this query parameter comes once at most")


def _refused(name: str, words: str) -> BadRequest:
    return BadRequest(words, RequestRefusal.UNKNOWN_PARAMETER, parameter=name[:_SHOWN])
