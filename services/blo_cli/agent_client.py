"""The API of the agent that runs here, found by its configuration; and what an office asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from blo_agent.config import AgentSettings
from blo_cli import answers
from blo_cli.client import AgentClient
from blo_cli.errors import CliError
from blo_schemas.reports import ReportAct

__all__ = ["OfficeClient", "client_of"]

C = TypeVar("C", bound=AgentClient)


def client_of(settings: AgentSettings, kind: type[C]) -> C:
    """A client of the agent that runs with this configuration.

    Raises:
        CliError: It does not run.
    """
    run_file = settings.store.path.parent / "run.json"
    try:
        ports = msgspec.json.decode(run_file.read_bytes())
        token = settings.api.token.read_text().strip()
    except FileNotFoundError as error:
        raise CliError(
            f"the agent of {settings.office}",
            f"does not run ({error.filename} is missing)",
            todo="Start it with: blo agent run",
        ) from None
    return kind(
        settings.office,
        host=settings.api.host,
        api_port=ports["api_port"],
        token=token,
    )


class OfficeClient(AgentClient):
    """The reports and the journal of one office, asked for by somebody."""

    def journal(self, actor: str) -> bytes:
        """The journal's file; that it was taken out is its last entry.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        return self._as(actor, "/v1/journal")

    def reports(self) -> list[dict[str, Any]]:
        """All reports of the office.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        return self._get("/v1/reports", list[dict[str, Any]])

    def compute(self, first: str, last: str, actor: str) -> dict[str, Any]:
        """Has a report computed.

        Raises:
            CliError: It is refused.
        """
        return self._post("/v1/reports", {"first": first, "last": last, "actor": actor})

    def act(self, digest: str, act: ReportAct, actor: str) -> dict[str, Any]:
        """Takes a further step with a report.

        Raises:
            CliError: It is refused.
        """
        return self._post(f"/v1/reports/{digest}/{act}", {"actor": actor})

    def compare(self, digest: str, actor: str) -> dict[str, Any]:
        """Has a frozen report reproduced, and compared with what the log says now.

        Raises:
            CliError: It is refused.
        """
        return self._post(f"/v1/reports/{digest}/compare", {"actor": actor})

    def report_file(self, digest: str, actor: str) -> bytes:
        """The file of a report.

        Raises:
            AgentAnswerError: There is none, or the agent does not answer as it should.
        """
        return self._as(actor, f"/v1/reports/{digest}")

    def _as(self, actor: str, path: str) -> bytes:
        # Names of people have letters that a header can't carry.
        self._headers["Blo-Actor"] = quote(actor)
        return self._expect(*self._request("GET", path))

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        status, answer = self._request("POST", path, body)
        if status == 409:
            refused = self._read(answer, answers.Refused)
            raise CliError(
                f"the agent of {self.office}",
                f"refuses ({refused.refused})",
                todo=refused.words[:1].upper() + refused.words[1:],
            )
        return self._read(self._expect(status, answer), dict[str, Any])
