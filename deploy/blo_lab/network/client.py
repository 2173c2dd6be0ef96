"""An agent of the lab: its API, the simulated line and clock, and its admin listener."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from blo_agent.api.request_types import ClockRequest, LineRequest
from blo_cli.client import AgentClient
from blo_lab.network.admin import AdminClient
from blo_schemas.instants import local


class LabAgentClient(AgentClient):
    """The API and the admin listener of one office's agent.

    Args:
        office: The office's id.
        socket_file: The agent's Unix socket.
        admin_port: The admin listener's port.
    """

    def __init__(self, office: str, socket_file: Path, *, admin_port: int) -> None:
        super().__init__(office, socket_file)
        self._admin = AdminClient(f"the agent of {office}", admin_port)

    def line(self, *, up: bool) -> None:
        """Cuts or restores the simulated connection to Kafka."""
        self._post_or_raise("/v1/line", LineRequest(up), dict[str, bool])

    def clock(self, now_ms: int) -> None:
        """Sets the simulated clock, in Unix milliseconds."""
        self._post_or_raise("/v1/clock", ClockRequest(local(now_ms)), dict[str, datetime])

    def metrics(self) -> str:
        """The metrics of the admin listener, in Prometheus text."""
        return self._admin.metrics()

    def ready(self) -> bool:
        """Whether the agent is reachable and reports that it is ready."""
        return self._admin.ready()
