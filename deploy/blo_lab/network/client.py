"""An agent of the lab: its API, the simulated line and clock, and its admin listener."""

from __future__ import annotations

from blo_cli.client import AgentClient
from blo_lab.network.admin import AdminClient


class LabAgentClient(AgentClient):
    """The API and the admin listener of one office's agent.

    Args:
        office: The office's id.
        host: Where both listen.
        api_port: The API's port.
        admin_port: The admin listener's port.
        token: The API's bearer token.
    """

    def __init__(
        self, office: str, *, host: str = "127.0.0.1", api_port: int, admin_port: int, token: str
    ) -> None:
        super().__init__(office, host=host, api_port=api_port, token=token)
        self._admin = AdminClient(f"the agent of {office}", admin_port, host)

    @property
    def admin_url(self) -> str:
        """Where the admin listener listens."""
        return self._admin.url

    def line(self, *, up: bool) -> None:
        """Cuts the simulated line, or gives it back.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        self._expect(*self._request("POST", "/v1/line", {"up": up}))

    def clock(self, now_ms: int) -> None:
        """Sets the simulated clock, in Unix milliseconds.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        self._expect(*self._request("POST", "/v1/clock", {"now": now_ms}))

    def metrics(self) -> str:
        """What the admin listener exposes, in Prometheus text.

        Raises:
            AgentAnswerError: The listener does not answer as it should.
        """
        return self._admin.metrics()

    def ready(self) -> bool:
        """Whether the agent says that it is ready; an agent that can't be reached is not."""
        return self._admin.ready()
