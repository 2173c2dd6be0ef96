"""Ids that do not belong together in one request are refused, for every pair that a route takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blo_agent.api.app import openapi_text
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import drafts as stored
from blo_domain.people.drafts import DraftState
from blo_log.memory import MemoryCluster, MemoryLog
from blo_runtime.http import serve
from blo_schemas.ids import LinkId, OfficeId
from tests.agents.office_socket import as_office
from tests.agents.test_api import Client
from tests.agents.world import LINK, A, two_offices

C = OfficeId("la-c")
SECOND = LinkId("vn-a~la-c")
IDS = {"link", "case", "event", "events", "draft", "file"}
BODIES: dict[str, dict[str, Any]] = {
    "commands": {
        "step": "withdraw",
        "on": "2025-02-20",
        "reason": "(fictional)",
        "kind": "verification_request",
    },
    "edit": {"request": {}, "revision": 1},
    "begin": {"request": {}},
    "begin_upload": {"name": "a.txt", "size": 1},
    "disclosures": {"reason": "(fictional)", "recipient": "(fictional)"},
    "add_note": {"words": "(fictional)"},
}
"""What a body holds beside its ids."""


def pairs() -> Iterator[tuple[str, str, Any, str]]:
    """Operations that take a link and something that lies on a link, with the name of that."""
    schema = json.loads(openapi_text())
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            named = {row["name"] for row in operation.get("parameters", ())}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            shape = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
            named |= set(schema["components"]["schemas"].get(shape, {}).get("properties", ()))
            if "link" in named:
                for name in sorted(named & (IDS - {"link"})):
                    yield method.upper(), path, operation, name


PAIRS = list(pairs())


def test_the_routes_have_pairs() -> None:
    named = {operation["operationId"] for _, _, operation, _ in PAIRS}
    assert {"commands", "begin", "one_case", "notes", "add_note", "disclosures"} <= named


@pytest.mark.parametrize(
    ("method", "path", "operation", "name"),
    PAIRS,
    ids=[f"{operation['operationId']}-{name}" for _, _, operation, name in PAIRS],
)
async def test_what_lies_on_another_link_is_refused(
    tmp_path: Path, method: str, path: str, operation: Any, name: str
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish(links=2)
        running = await world.agent(A)
        await running.read(0)
        await world.publish([world.certify(C), world.agree(SECOND, (A, C), 1)], links=2)
        await running.has_desk(SECOND)
        server = await serve(as_office(running.agent))
        try:
            client = Client(server.url, running)
            case = await client.opened()
            await running.read(1)
            event = (await client.ask(f"/v1/links/{LINK}/cases/{case}"))[1]["events"][0]["event"]
            known = {
                "link": SECOND,
                "case": case,
                "event": event,
                "events": [event],
                "draft": "00" * 16,
            }
            filled = path
            for word in ("link", "case", "event", "draft"):
                filled = filled.replace(f"{{{word}}}", str(known[word]))
            body: dict[str, Any] | None = None
            if "requestBody" in operation:
                body = dict(BODIES.get(operation["operationId"], {}))
                if "{link}" not in path:
                    body["link"] = SECOND
                if f"{{{name}}}" not in path:
                    body[name] = known[name]
            elif f"{{{name}}}" not in path:
                return  # A filter beside a path that is refused already.
            status, answer = await client.ask(filled, body, method=method)
            assert status in {403, 404, 409}, answer

            def open_drafts(snapshot: Snapshot) -> int:
                return len(stored.in_state(snapshot, DraftState.DRAFT))

            assert await running.agent.store.read(open_drafts) == 0
        finally:
            await server.stop()
