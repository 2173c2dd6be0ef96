"""An agent's API, as a desk would use it.

One connection a request: on loopback that costs a fraction of a millisecond, and a kept connection
that the agent closes at the wrong moment would leave open whether a command was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from blo_agent.api import response_types as api
from blo_agent.config import AgentSettings
from blo_cli.errors import AgentAnswerError, CliError
from blo_schemas.errors import WireError
from blo_schemas.reports import ReportAct
from blo_schemas.texts import from_json

T = TypeVar("T")

_TIMEOUT_S = 90.0


class AgentClient:
    """The API of one office's agent.

    Args:
        office: The office's id.
        host: Where it listens.
        api_port: Its port.
        token: Its bearer token.
    """

    def __init__(self, office: str, *, host: str = "127.0.0.1", api_port: int, token: str) -> None:
        self.office = office
        self._host = host
        self._api_port = api_port
        self._headers = {"Authorization": f"Bearer {token}", "Connection": "close"}

    @property
    def api_url(self) -> str:
        """Where the API listens."""
        return f"http://{self._host}:{self._api_port}"

    def submit(self, command: Mapping[str, Any]) -> api.AcceptedAnswer | api.RefusedAnswer:
        """Submits a command; the agent has it on disk when this returns.

        Raises:
            AgentAnswerError: The agent does not take it for a command, or does not answer.
        """
        status, body = self._request("POST", "/v1/commands", command)
        if status == 409:
            return self._read(body, api.RefusedAnswer)
        return self._read(self._expect(status, body), api.AcceptedAnswer)

    def links(self) -> list[api.LinkAnswer]:
        """How each of the office's links stands.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        return self._get("/v1/links", list[api.LinkAnswer])

    def await_size(self, link: str, size: int, timeout_s: float) -> api.LinkAnswer:
        """Waits until the office has read ``size`` records of a link, or the time is over.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        query = urlencode({"min_size": size, "timeout": f"{timeout_s:g}"})
        return self._get(f"/v1/links/{quote(link)}?{query}", api.LinkAnswer, timeout_s)

    def cases(self, link: str) -> list[api.CaseAnswer]:
        """All cases of a link.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        return self._get(f"/v1/links/{quote(link)}/cases", list[api.CaseAnswer])

    def case(self, link: str, case: str) -> api.CaseHistory:
        """A case's view and its events on a link.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        path = f"/v1/links/{quote(link)}/cases/{quote(case)}"
        return self._get(path, api.CaseHistory)

    def verify(self, link: str) -> api.ReplayAnswer:
        """Has the agent fold a link from its first record and compare with what it shows.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        status, body = self._request("POST", f"/v1/links/{quote(link)}/verify", {})
        return self._read(self._expect(status, body), api.ReplayAnswer)

    def disclose(
        self, link: str, wanted: Mapping[str, Any]
    ) -> api.DisclosureAnswer | api.RefusedAnswer:
        """Has the agent disclose events; that is in its journal when this returns.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        status, body = self._request("POST", f"/v1/links/{quote(link)}/disclosures", wanted)
        if status == 409:
            return self._read(body, api.RefusedAnswer)
        return self._read(self._expect(status, body), api.DisclosureAnswer)

    def resume(self, link: str, reason: str, actor: str) -> api.ResumedAnswer | api.RefusedAnswer:
        """Has the agent lift the halts of a link; that is in its journal when this returns.

        Raises:
            AgentAnswerError: The agent does not answer as it should.
        """
        wanted = {"reason": reason, "actor": actor}
        status, body = self._request("POST", f"/v1/links/{quote(link)}/resume", wanted)
        if status == 409:
            return self._read(body, api.RefusedAnswer)
        return self._read(self._expect(status, body), api.ResumedAnswer)

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

    def _get(self, path: str, kind: type[T], extra_s: float = 0.0) -> T:
        status, body = self._request("GET", path, extra_s=extra_s)
        return self._read(self._expect(status, body), kind)

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        extra_s: float = 0.0,
    ) -> tuple[int, bytes]:
        connection = HTTPConnection(self._host, self._api_port, timeout=_TIMEOUT_S + extra_s)
        headers = dict(self._headers)
        data = None
        if body is not None:
            data = msgspec.json.encode(body)
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            raise self._error(f"does not answer {method} {path} ({error})") from error
        finally:
            connection.close()

    def _expect(self, status: int, body: bytes) -> bytes:
        if 200 <= status < 300:
            return body
        raise self._error(f"answered {status}: {body[:500].decode('utf-8', 'replace')}")

    def _read(self, body: bytes, kind: type[T]) -> T:
        try:
            return from_json(body, kind)
        except WireError as error:
            raise self._error(
                f"answered what this command does not know ({error.detail})"
            ) from error

    def _error(self, what: str) -> AgentAnswerError:
        return AgentAnswerError(
            f"the agent of {self.office} at {self._host}:{self._api_port}",
            what,
            todo="Its log says why",
        )

    def _as(self, actor: str, path: str) -> bytes:
        # Names of people have letters that a header can't carry.
        self._headers["Blo-Actor"] = quote(actor)
        return self._expect(*self._request("GET", path))

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        status, answer = self._request("POST", path, body)
        if status == 409:
            refused = self._read(answer, api.RefusedAnswer)
            raise CliError(
                f"the agent of {self.office}",
                f"refuses ({refused.refused})",
                todo=refused.words[:1].upper() + refused.words[1:],
            )
        return self._read(self._expect(status, answer), dict[str, Any])


def client_of(settings: AgentSettings) -> AgentClient:
    """A client of the agent that runs with this configuration.

    Raises:
        CliError: It does not run.
    """
    run_file = settings.store.path.parent / "run.json"
    try:
        ports = from_json(run_file.read_bytes(), dict[str, int])
        token = settings.api.token.read_text().strip()
    except FileNotFoundError as error:
        raise CliError(
            f"the agent of {settings.office}",
            f"does not run ({error.filename} is missing)",
            todo="Start it with: blo agent run",
        ) from None
    except WireError as error:
        raise CliError(
            str(run_file),
            f"does not say where the agent listens ({error.detail})",
            todo="Stop the agent and start it again: blo agent run",
        ) from None
    return AgentClient(
        settings.office,
        host=settings.api.host,
        api_port=ports["api_port"],
        token=token,
    )
