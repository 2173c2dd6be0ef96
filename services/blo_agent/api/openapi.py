"""The OpenAPI 3.1 document of the office's API, made from its handlers and their structs.

Litestar says which addresses and parameters there are, msgspec gives the schemas of the bodies; here
the two are put together, with who may ask, and what is refused. Nothing in it depends on an office.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, get_args, get_origin

import msgspec
from litestar import Litestar, Response, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute

from blo_agent.api.expectations import expectation_of
from blo_agent.api.idempotency import HEADER
from blo_agent.api.identity import COOKIE, CSRF_HEADER, for_anybody
from blo_agent.api.problem_types import PROBLEM_JSON, ProblemDetails
from blo_agent.api.request_input import JSON, body_type_of
from blo_agent.api.retries import is_retriable

API_VERSION: Final = "1"
_REFERENCE: Final = "#/components/schemas/{name}"
_IDS: Final = {"case": 64, "event": 64, "digest": 64, "session": 64, "draft": 32, "file": 32}
"""Hexadecimal digits of the ids in paths."""

_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_ABOUT: Final = """\
What an office's node does for its people and for the systems of its agencies. Times are RFC 3339 with \
an offset, ids are lower-case hexadecimal, bytes are base64, `fields` are those of the scenario files. \
Unknown fields and query parameters are refused.
"""
_SECURITY: Final = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"A person's session, from `POST /v1/login`. What changes something carries "
        f"the session's secret in the header `{CSRF_HEADER}`.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A system's token, from `POST /v1/systems`.",
    },
}


def document(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    """The document of these handlers."""
    app = _bare(handlers)
    schema = app.openapi_schema.to_schema()
    rows = sorted(_operations(app), key=lambda row: row[:2])
    kinds: dict[Any, None] = dict.fromkeys([ProblemDetails])
    for _, _, handler in rows:
        kinds.update(
            dict.fromkeys(filter(None, (body_type_of(handler), *_answers(handler).values())))
        )
    shapes, components = msgspec.json.schema_components(
        kinds, schema_hook=_any_value, ref_template=_REFERENCE
    )
    shape_of = dict(zip(kinds, shapes, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, handler in rows:
        listed = schema["paths"][path][method].get("parameters", [])
        paths.setdefault(path, {})[method] = _operation(handler, listed, shape_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Office node of the BLO exchange",
            "version": API_VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: _tidy(shape) for name, shape in sorted(components.items())},
            "securitySchemes": _SECURITY,
        },
    }


def encoded(schema: Mapping[str, Any]) -> bytes:
    """The document as a file has it, the same on every machine."""
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"


def _any_value(kind: type) -> dict[str, Any]:
    """The schema of what may be any JSON value."""
    if kind is object:
        return {"description": "any JSON value"}
    raise NotImplementedError(f"no JSON for {kind}")


class _Nothing:
    """Stands for what an office provides; nobody asks the application that has it."""

    def __call__(self) -> None:
        """Provides nothing."""


def _bare(handlers: Iterable[HTTPRouteHandler]) -> Litestar:
    """The handlers without an office, only to be looked at."""
    handlers = list(handlers)
    needed = {
        name
        for handler in handlers
        for name, field in handler.parsed_fn_signature.parameters.items()
        if field.is_di_field
    }

    return Litestar(
        handlers,
        dependencies={name: Provide(_Nothing(), sync_to_thread=False) for name in needed},
        openapi_config=OpenAPIConfig(title="", version=API_VERSION, path="/not-served"),
    )


def _operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if "actions" in handler.opt:
                    for method in handler.http_methods:
                        yield route.path_format, method.lower(), handler


def _operation(
    handler: HTTPRouteHandler, listed: list[Any], shape_of: Mapping[Any, Any]
) -> dict[str, Any]:
    summary, _, about = inspect.cleandoc(handler.fn.__doc__ or "").partition("\n")
    parameters = [_parameter(row) for row in listed]
    if is_retriable(handler, handler.http_methods):
        parameters.append(
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "description": "The same key gets the same answer for seven days.",
                "schema": {"type": "string", "pattern": "^[!-~]{8,128}$"},
            }
        )
    operation: dict[str, Any] = {
        "operationId": handler.fn.__name__,
        "summary": summary.rstrip("."),
        "security": [] if handler.opt.get("is_open") else [{name: []} for name in _SECURITY],
        "responses": {
            **{str(status): _response(handler, status, shape_of) for status in _answers(handler)},
            "default": {
                "description": "Refused, and why; docs/problems.md lists all problems",
                "content": {PROBLEM_JSON: {"schema": shape_of[ProblemDetails]}},
            },
        },
    }
    if about.strip():
        operation["description"] = about.strip()
    if parameters:
        operation["parameters"] = parameters
    body = body_type_of(handler)
    if body is not None:
        kind = msgspec.inspect.type_info(body)
        assert isinstance(kind, msgspec.inspect.StructType)
        content = {"schema": shape_of[body], "example": expectation_of(kind).example}
        is_needed = any(field.required for field in kind.fields)
        operation["requestBody"] = {"required": is_needed, "content": {JSON: content}}
    elif isinstance(media := handler.opt.get("takes_bytes"), str):
        bytes_of_file = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {media: bytes_of_file}}
    return operation


def _parameter(row: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter without what Litestar says by default, and without a null that cannot be sent."""
    shape = dict(row["schema"])
    options = [option for option in shape.get("oneOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del shape["oneOf"]
        shape |= options[0]
    if row["in"] == "path" and row["name"] in _IDS:
        shape["pattern"] = f"^[0-9a-f]{{{_IDS[row['name']]}}}$"
    known = {"name": row["name"], "in": row["in"], "required": row["required"], "schema": shape}
    return {**known, "description": row["description"]} if row.get("description") else known


def _response(
    handler: HTTPRouteHandler, status: int, shape_of: Mapping[Any, Any]
) -> dict[str, Any]:
    kind = _answers(handler)[status]
    media = str(getattr(handler.media_type, "value", handler.media_type) or JSON)
    text = inspect.cleandoc(getattr(kind, "__doc__", None) or "").partition("\n")[0]
    is_struct = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    answer: dict[str, Any] = {"description": text if is_struct else "Done"}
    if kind is bytes:
        answer["content"] = {"*/*" if media == JSON else media: {}}
    elif kind is not None:
        answer["content"] = {media: {"schema": shape_of[kind]}}
    return answer


def _answers(handler: HTTPRouteHandler) -> dict[int, Any]:
    """The types of the answers of a handler, by their status."""
    kind = handler.parsed_fn_signature.return_type.annotation
    if get_origin(kind) is Response:
        (kind,) = get_args(kind)
    if inspect.isclass(kind) and issubclass(kind, Response):
        kind = bytes
    further = {code: spec.data_container for code, spec in (handler.responses or {}).items()}
    return {handler.status_code: None if kind in (None, type(None)) else kind, **further}


def _tidy(shape: Any) -> Any:
    """A schema with the words of a docstring where they belong, and patterns that others read."""
    if isinstance(shape, list):
        return [_tidy(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    tidy = {key: _tidy(value) for key, value in shape.items()}
    if isinstance(tidy.get("pattern"), str):
        tidy["pattern"] = tidy["pattern"].removesuffix(r"(?!\n)")
    if tidy.get("format") == "decimal":
        tidy["type"] = ["string", "number"]
    text, properties = tidy.get("description"), tidy.get("properties")
    if isinstance(text, str):
        about, _, attributes = inspect.cleandoc(text).partition("\n\nAttributes:\n")
        tidy["description"] = about
        for name, words in _ATTRIBUTE.findall(attributes):
            if isinstance(properties, dict) and name in properties:
                properties[name].setdefault("description", " ".join(words.split()))
    return tidy


@get("/schema", opt=for_anybody())
async def schema(openapi: NamedDependency[bytes]) -> Response[bytes]:
    """This document."""
    return Response(openapi, media_type=JSON)


HANDLERS = (schema,)
