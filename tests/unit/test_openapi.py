"""The OpenAPI document says of every handler what it takes, what it answers, and who may ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from blo_agent.api.app import HANDLERS, openapi_text
from blo_agent.api.request_input import body_type_of


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(openapi_text())


def operations(schema: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_file_is_what_the_handlers_say(project_root: Path) -> None:
    file = project_root / "schemas/openapi.json"
    assert file.read_bytes() == openapi_text(), "run make schemas"


def test_every_handler_is_described_with_what_it_takes_answers_and_refuses(schema: Any) -> None:
    described = dict(operations(schema))
    assert len(described) == sum(len(handler.http_methods) for handler in HANDLERS)
    names = [operation["operationId"] for operation in described.values()]
    assert len(set(names)) == len(names)
    for place, operation in described.items():
        assert operation["summary"], place
        assert "application/problem+json" in operation["responses"]["default"]["content"], place
        assert any(status.startswith("2") for status in operation["responses"]), place
        in_path = {row["name"] for row in operation.get("parameters", ()) if row["in"] == "path"}
        assert all(f"{{{name}}}" in place for name in in_path), place
        assert len(in_path) == place.count("{"), place
    bodies = [
        handler
        for handler in HANDLERS
        if body_type_of(handler) is not None or handler.opt.get("takes_bytes")
    ]
    assert sum("requestBody" in row for row in described.values()) == len(bodies)


def test_who_may_ask_is_said_of_every_operation(schema: Any) -> None:
    known = set(schema["components"]["securitySchemes"])
    assert known == {"session", "token"}
    for place, operation in operations(schema):
        named = {name for row in operation["security"] for name in row}
        is_open = place.split()[1].split("/")[1] in {"problems", "schema"} or "/login" in place
        assert named == (set() if is_open else known), place


def test_every_schema_is_one_and_every_reference_leads_somewhere(schema: Any) -> None:
    schemas = schema["components"]["schemas"]
    for shape in schemas.values():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape}
        )
    referred: set[str] = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            referred.update({node["$ref"]} if "$ref" in node else ())
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for value in node:
                look(value)

    look(schema)
    assert referred == {f"#/components/schemas/{name}" for name in schemas}
