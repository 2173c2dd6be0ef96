"""The API's application: handlers, who may ask, refusals as problems."""

from __future__ import annotations

from typing import Final

from litestar import Litestar
from litestar.di import Provide

from blo_agent.agent import Agent
from blo_agent.api import (
    commands,
    custody,
    drafts,
    inbox,
    log_in,
    people,
    problems,
    queries,
    reports,
    search,
)
from blo_agent.api.identity import Gate, check_handlers
from blo_agent.api.problems import EXCEPTION_HANDLERS
from blo_agent.people.log_in import Credentials
from blo_sealing.passkeys import RelyingParty

LOOPBACK: Final = RelyingParty("localhost", "http://localhost")


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
    rooms = (
        queries,
        inbox,
        search,
        commands,
        custody,
        reports,
        log_in,
        people,
        drafts,
        problems,
    )
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
        exception_handlers=EXCEPTION_HANDLERS,
    )
