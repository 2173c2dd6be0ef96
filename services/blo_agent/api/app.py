"""The API's application: handlers, who may ask, refusals as problems."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from blo_agent.agent import Agent
from blo_agent.api import (
    access,
    changes,
    commands,
    custody,
    drafts,
    files,
    inbox,
    log_in,
    openapi,
    people,
    printouts,
    problems,
    queries,
    reports,
    search,
    webhooks,
)
from blo_agent.api.access_notes import AccessNotes
from blo_agent.api.change_stream import ChangeStreams
from blo_agent.api.identity import Gate, check_handlers
from blo_agent.api.problems import EXCEPTION_HANDLERS
from blo_agent.api.request_input import WANTED, read_wanted
from blo_agent.api.retries import RetryKeeper
from blo_agent.people.log_in import Credentials
from blo_sealing.passkeys import RelyingParty

MAX_BODY: Final = 1024 * 1024
"""Bytes of a body, unless a handler says something else."""

LOOPBACK: Final = RelyingParty("localhost", "http://localhost")


ROOMS: Final = (
    queries,
    inbox,
    changes,
    webhooks,
    search,
    access,
    commands,
    custody,
    reports,
    log_in,
    people,
    drafts,
    files,
    printouts,
    problems,
    openapi,
)
HANDLERS: Final = tuple(handler for room in ROOMS for handler in room.HANDLERS)
"""All handlers but those of simulated time."""


@cache
def openapi_text() -> bytes:
    """The OpenAPI document of the API, as a JSON file."""
    return openapi.encoded(openapi.document(HANDLERS))


class Entrance(NamedTuple):
    """Who may ask a node, and how its people log in: one for its API and for its pages.

    Attributes:
        agent: The office's agent.
        gate: Finds the actor of a request.
        credentials: The log-in.
        streams: The open streams of changes, and their bounds.
    """

    agent: Agent
    gate: Gate
    credentials: Credentials
    streams: ChangeStreams


def entrance(
    agent: Agent,
    *,
    party: RelyingParty = LOOPBACK,
    socket_is_office: bool = False,
    streams: ChangeStreams | None = None,
) -> Entrance:
    """The entrance to a node.

    Args:
        agent: The office's agent.
        party: For whom passkeys are made: the domain and address of the node's pages.
        socket_is_office: Whether the node's socket stands for the whole office (``identity.Gate``).
        streams: The streams of changes and their bounds; made if it is left out.
    """
    gate = Gate(agent, socket_is_office=socket_is_office)
    credentials = Credentials(agent.office.id, agent.store, agent.clock, party)
    return Entrance(agent, gate, credentials, streams or ChangeStreams(agent))


def office_api(
    agent: Agent,
    *,
    party: RelyingParty = LOOPBACK,
    socket_is_office: bool = False,
) -> Litestar:
    """The application, for ``blo_runtime.http.serve``; the arguments are those of ``entrance``."""
    return api_behind(entrance(agent, party=party, socket_is_office=socket_is_office))


def api_behind(door: Entrance) -> Litestar:
    """The application behind an entrance that the node's pages use too."""
    agent, credentials, streams = door.agent, door.credentials, door.streams
    handlers: list[ControllerRouterHandler] = [*HANDLERS]
    if agent.options.simulated_time:
        handlers.extend(commands.SIMULATION_HANDLERS)
    check_handlers(handlers)
    retries = RetryKeeper(agent)
    notes = AccessNotes(agent)
    return Litestar(
        handlers,
        guards=[door.gate],
        before_request=retries.before,
        middleware=[retries.middleware],
        request_max_body_size=MAX_BODY,
        before_send=[notes.before_send],
        after_exception=[notes.after_exception],
        dependencies={
            WANTED: Provide(read_wanted),
            "openapi": Provide(openapi_text, sync_to_thread=True),
            "agent": Provide(lambda: agent, sync_to_thread=False),
            "credentials": Provide(lambda: credentials, sync_to_thread=False),
            "streams": Provide(lambda: streams, sync_to_thread=False),
        },
        openapi_config=None,
        logging_config=None,
        exception_handlers=EXCEPTION_HANDLERS,
    )
