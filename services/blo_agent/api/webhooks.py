"""Handlers of webhooks: where the changes are sent for a program (docs/changes.md)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from blo_agent.agent import Agent
from blo_agent.api.identity import actions, actor_of
from blo_agent.api.request_types import EmptyRequest, StrictRequest
from blo_agent.api.response_types import moment
from blo_agent.people import webhooks as rules
from blo_agent.people.webhooks import WebhookState
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import webhooks as stored
from blo_domain.people.permissions import Action
from blo_schemas.fields import Line

Req = Request[Any, Any, State]


class WebhookRequest(StrictRequest, frozen=True):
    """Sets the address of a webhook: ``https``, or ``http`` on loopback."""

    url: Line


class WebhookAnswer(msgspec.Struct, frozen=True):
    """A webhook of a program.

    Attributes:
        system: The program.
        url: Where its changes are sent.
        public_key: The Ed25519 key that verifies its requests, in hex.
        key_id: By what the requests name that key.
        confirmed: Whether the chief has agreed to the address.
        after: The number up to which changes were taken.
        delivered_at: When a request was taken last.
        failing_since: Since when none was taken; ``None``: the last was.
        failures: How many were not taken since then.
        paused_at: When sending was given up; ``None``: it goes on.
        trouble: What was wrong last, in words.
    """

    system: str
    url: str
    public_key: str
    key_id: str
    confirmed: bool
    after: int
    delivered_at: datetime | None
    failing_since: datetime | None
    failures: int
    paused_at: datetime | None
    trouble: str


@get("/v1/webhooks", opt=actions(Action.MANAGE_SYSTEMS))
async def webhooks(agent: NamedDependency[Agent]) -> list[WebhookAnswer]:
    """All webhooks, by program: at most as many as there are programs."""

    def query(snapshot: Snapshot) -> list[WebhookAnswer]:
        return [_answer(rules.state_of(row)) for row in stored.everything(snapshot)]

    return await agent.store.read(query)


@put("/v1/systems/{system:str}/webhook", opt=actions(Action.MANAGE_SYSTEMS))
async def set_webhook(
    request: Req,
    agent: NamedDependency[Agent],
    system: FromPath[str],
    wanted: NamedDependency[WebhookRequest],
) -> WebhookAnswer:
    """Send a program's changes to an address from now on, signed by a new key."""
    actor, now = actor_of(request), agent.clock.now_ms()
    job = partial(rules.set_webhook, actor, system, wanted.url, now)
    return _answer(await agent.store.write(job))


@post(
    "/v1/systems/{system:str}/webhook/resume", status_code=200, opt=actions(Action.MANAGE_SYSTEMS)
)
async def resume_webhook(
    request: Req,
    agent: NamedDependency[Agent],
    system: FromPath[str],
    wanted: NamedDependency[EmptyRequest],
) -> WebhookAnswer:
    """Send again what was given up."""
    actor, now = actor_of(request), agent.clock.now_ms()
    return _answer(await agent.store.write(partial(rules.resume_webhook, actor, system, now)))


@delete("/v1/systems/{system:str}/webhook", opt=actions(Action.MANAGE_SYSTEMS))
async def remove_webhook(
    request: Req, agent: NamedDependency[Agent], system: FromPath[str]
) -> None:
    """Send nothing to a program any more."""
    actor, now = actor_of(request), agent.clock.now_ms()
    await agent.store.write(partial(rules.remove_webhook, actor, system, now))


def _answer(state: WebhookState) -> WebhookAnswer:
    row = state.row
    return WebhookAnswer(
        system=row.system,
        url=row.url,
        public_key=state.public_key.hex(),
        key_id=state.key_id,
        confirmed=row.confirmed,
        after=row.after,
        delivered_at=moment(row.delivered_at),
        failing_since=moment(row.failing_since),
        failures=row.failures,
        paused_at=moment(row.paused_at),
        trouble=row.trouble,
    )


HANDLERS = (webhooks, set_webhook, resume_webhook, remove_webhook)
