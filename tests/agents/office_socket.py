"""An office's API as the node's own socket shows it, where that stands for the whole office."""

from __future__ import annotations

import os
from typing import Any

from blo_agent.agent import Agent
from blo_agent.api.app import office_api
from blo_runtime.http_connections import PEER
from blo_runtime.unix_socket import PeerCredentials


def as_office(agent: Agent) -> Any:
    """The API, to which every request comes as from the node's user."""
    app = office_api(agent, socket_is_office=True)

    async def asked(scope: Any, receive: Any, send: Any) -> None:
        scope[PEER] = PeerCredentials(os.getpid(), os.geteuid(), os.getegid())
        await app(scope, receive, send)

    return asked
