"""Each role, each sort of token, and nobody ask all that the API's description allows, and more.

What comes back is as described, never a fault of the node, and never what the role may not have.
``BLO_FUZZ_EXAMPLES`` says how many requests of each sort a role makes of each operation.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from litestar.handlers import HTTPRouteHandler
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from blo_agent.api.app import HANDLERS, office_api, openapi_text
from blo_agent.config import API_SOCKET
from blo_agent.people.access import Actor, answer_of
from blo_agent.people.systems import system_actor
from blo_cli.client import AgentClient
from blo_domain.people.permissions import Permission
from blo_runtime.http import serve
from blo_schemas.people import Agency, OfficeRole
from tests.agents.started import both_up
from tests.agents.world import LINK
from tests.patience import PATIENCE_S
from tests.people.staff import make_cheap
from tests.people.test_people_api import OPENING, Browser, OfficeUnderTest

EXAMPLES = int(os.environ.get("BLO_FUZZ_EXAMPLES", "1"))
REFUSED = {400, 401, 403, 404, 405, 415}
ENDLESS = {"stream"}
"""Operations whose answers do not end."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BY_NAME: dict[str, HTTPRouteHandler] = {
    handler.fn.__name__: handler for handler in HANDLERS if isinstance(handler, HTTPRouteHandler)
}


@schemathesis.serializer("application/offset+octet-stream")
def part_of_a_file(_: Any, value: Any) -> bytes:
    """A part of a file as it is sent."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


class Asker:
    """One role, or one token, with what its requests carry.

    Attributes:
        is_careless: Whether it also asks what the description does not allow.
    """

    def __init__(self, name: str, browser: Browser, actor: Actor | None) -> None:
        self.name = name
        self.headers = browser.headers
        self.port = browser.port
        self.actor = actor
        self.is_careless = actor is None or actor.scope is not None or "chief" in name
        self.session = requests.Session()
        self.session.trust_env = False

    def may(self, handler: HTTPRouteHandler) -> bool:
        """Whether the table lets this one do anything of what a handler does."""
        if handler.opt.get("is_open"):
            return True
        needed = handler.opt["actions"]
        if self.actor is None:
            return False
        return not needed or any(
            answer_of(self.actor, action) is not Permission.REFUSED for action in needed
        )


class Fuzz:
    """Asks an office all that its API's description allows, and more.

    Attributes:
        asked: How many requests were made.
        last: The last one.
        failures: What was not as it should be, with the request.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self.asked = 0
        self.last = ""
        self.failures: list[tuple[str, BaseException]] = []
        self._known = known

    def run(self, askers: list[Asker]) -> None:
        """Have all ask all; what is not as it should be is raised."""
        schema = schemathesis.openapi.from_dict(json.loads(openapi_text()))
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            name = operation.definition.raw["operationId"]
            if name in ENDLESS:
                continue
            for asker in askers:
                self._ask(operation, BY_NAME[name], asker, GenerationMode.POSITIVE)
                if asker.is_careless:
                    self._ask(operation, BY_NAME[name], asker, GenerationMode.NEGATIVE)

    def _ask(
        self, operation: Any, handler: HTTPRouteHandler, asker: Asker, mode: GenerationMode
    ) -> None:
        places = {
            name: self._known[name] for name in self._known if f"{{{name}}}" in operation.path
        }
        is_good = mode is GenerationMode.POSITIVE
        strategy = operation.as_strategy(
            mode, path_parameters=places if is_good and places else None
        )

        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def ask(case: Any) -> None:
            self.asked += 1
            self.last = f"{asker.name}: {case.method} {case.path}"
            answer = case.call_and_validate(
                base_url=f"http://127.0.0.1:{asker.port}",
                session=asker.session,
                headers={**(case.headers or {}), **asker.headers},
                checks=CHECKS,
                timeout=PATIENCE_S,
            )
            if not asker.may(handler):
                assert answer.status_code in REFUSED, (self.last, answer.status_code)

        try:
            ask()
        except Unsatisfiable:
            """An operation without parameters has nothing that could be wrong."""
        except (AssertionError, FailureGroup, requests.RequestException) as error:
            self.failures.append((self.last, error))


@pytest.mark.slow
async def test_no_role_gets_a_fault_or_what_it_may_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cheap(monkeypatch)
    async with both_up(tmp_path) as (_, a, _):
        server = await serve(office_api(a.agent), socket_file=tmp_path / API_SOCKET)
        try:
            office = OfficeUnderTest(a, server.port, AgentClient("a", tmp_path / API_SOCKET))
            await office.add("chief", OfficeRole.CHIEF)
            askers = [Asker("nobody", Browser(server.port), None)]
            for role in OfficeRole:
                person = f"the-{role.value.replace('_', '-')}"
                agency = Agency.POLICE if role is OfficeRole.AGENCY_MEMBER else None
                browser = await office.add(person, role, agency)
                actor = Actor(person, person, frozenset({role}))
                askers.append(Asker(role.value, browser, actor))
            scopes: tuple[dict[str, Any], ...] = (
                {"submits": True},
                {"reads_contents": True, "links": ["elsewhere"]},
            )
            for number, scope in enumerate(scopes):
                browser = await office.program(system=f"sys-{number}-fictional", **scope)
                token = browser.headers["Authorization"].partition(" ")[2]
                now = a.agent.clock.now_ms()
                actor_of_token = await a.agent.store.read(
                    lambda snapshot, token=token, now=now: system_actor(snapshot, token, now)  # type: ignore[misc]
                )
                askers.append(Asker(f"token {scope}", browser, actor_of_token))
            program = await office.program(submits=True, is_trusted=True)
            opened = await program.done("POST", "/v1/commands", OPENING)
            await a.read(1)
            duty = await office.browser("the-duty-officer")
            draft = await duty.done("POST", "/v1/drafts", {"link": LINK, "request": {}})
            known = {
                "link": LINK,
                "case": opened["case"],
                "event": opened["event"],
                "draft": draft["draft"],
            }
            fuzz = Fuzz(known)
            await asyncio.to_thread(fuzz.run, askers)
            assert fuzz.failures == []
            assert fuzz.asked > 500
            assert a.agent.store.failure is None
            assert (await (await office.browser("chief")).ask("GET", "/v1/links"))[0] == 200
        finally:
            await server.stop()
