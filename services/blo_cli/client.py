"""A client of an agent's API, on the API's own types.

It asks over the agent's Unix socket: no secret is sent, and the kernel says which user answers.
Each request opens a connection of its own. That costs a fraction of a millisecond, and a kept
connection that the agent closes at the wrong moment would leave open whether it accepted a command.
"""

from __future__ import annotations

import os
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from blo_agent.api import custody_types as custody_api
from blo_agent.api import people_types as people_api
from blo_agent.api import request_types as requests
from blo_agent.api import response_types as api
from blo_agent.api.problem_types import ProblemDetails
from blo_agent.api.report_types import ReportAnswer
from blo_agent.api.search_types import RebuildAnswer
from blo_agent.api.webhooks import WebhookAnswer, WebhookRequest
from blo_agent.config import API_SOCKET, AgentSettings
from blo_cli.errors import AgentAnswerError, CliError
from blo_domain.reports.difference import ReportComparison
from blo_runtime import unix_socket
from blo_runtime.config import load
from blo_schemas.errors import WireError
from blo_schemas.reports import ReportAct
from blo_schemas.texts import from_json

T = TypeVar("T")

_TIMEOUT_S: Final = 90.0
_REFUSALS: Final = {401, 403, 404, 409, 422, 429}
"""The statuses of problems that are about what was asked, and not about how."""

_SHOWN_ANSWER: Final = 500
"""So many bytes of an unexpected answer are shown."""


class AgentClient:
    """The API of one office's agent.

    Every method raises ``AgentAnswerError`` if the agent does not answer, or answers with an error
    or with another shape than expected.

    Args:
        office: The office's id.
        socket_file: The agent's Unix socket.
        owner: The user as whom the agent runs; default: the one who asks.
    """

    def __init__(self, office: str, socket_file: Path, *, owner: int | None = None) -> None:
        self.office = office
        self._socket_file = socket_file
        self._owner = os.geteuid() if owner is None else owner

    def submit(self, command: requests.CommandRequest) -> api.AcceptedAnswer | ProblemDetails:
        """Submits a command; an accepted one is on the agent's disk when this returns."""
        return self._post("/v1/commands", command, api.AcceptedAnswer)

    def links(self) -> list[api.LinkAnswer]:
        """The status of each of the office's links."""
        return self._get("/v1/links", list[api.LinkAnswer])

    def await_size(self, link: str, size: int, timeout_s: float) -> api.LinkAnswer:
        """Waits until the office has read ``size`` records of a link, or the time is over."""
        query = urlencode({"min_size": size, "timeout": f"{timeout_s:g}"})
        return self._get(f"/v1/links/{quote(link)}?{query}", api.LinkAnswer, timeout_s)

    def cases(self, link: str) -> list[api.CaseAnswer]:
        """All cases of a link, page by page."""
        cases: list[api.CaseAnswer] = []
        cursor: str | None = ""
        while cursor is not None:
            after = f"?after={quote(cursor, safe='')}" if cursor else ""
            page = self._get(f"/v1/links/{quote(link)}/cases{after}", api.CasesAnswer)
            cases += page.cases
            cursor = page.next
        return cases

    def case(self, link: str, case: str) -> api.CaseHistory:
        """A case's view and its events on a link."""
        return self._get(f"/v1/links/{quote(link)}/cases/{quote(case)}", api.CaseHistory)

    def verify(self, link: str) -> api.ReplayAnswer:
        """Has the agent fold a link from its first record and compare with its live views."""
        return self._post_or_raise(f"/v1/links/{quote(link)}/verify", None, api.ReplayAnswer)

    def disclose(
        self, link: str, request: requests.DisclosureRequest
    ) -> api.DisclosureAnswer | ProblemDetails:
        """Has the agent disclose events; the disclosure is in its journal when this returns."""
        return self._post(f"/v1/links/{quote(link)}/disclosures", request, api.DisclosureAnswer)

    def resume(self, link: str, reason: str, actor: str) -> api.ResumedAnswer | ProblemDetails:
        """Has the agent lift the halts of a link; that is in its journal when this returns."""
        request = requests.ResumeRequest(reason, actor)
        return self._post(f"/v1/links/{quote(link)}/resume", request, api.ResumedAnswer)

    def backup(self, request: custody_api.BackupRequest) -> custody_api.BackupAnswer:
        """Has the agent make a backup; it was verified when this returns.

        Raises:
            CliError: The agent refuses.
        """
        return self._post_or_raise("/v1/backups", request, custody_api.BackupAnswer)

    def certificates(self) -> custody_api.CertificatesAnswer:
        """The office's certificates."""
        return self._get("/v1/certificates", custody_api.CertificatesAnswer)

    def renew(self, request: custody_api.RenewalRequest) -> custody_api.RenewalAnswer:
        """The request for the office's next certificate; its keys are on disk when this returns.

        Raises:
            CliError: The agent refuses.
        """
        path = "/v1/certificates/request"
        return self._post_or_raise(path, request, custody_api.RenewalAnswer)

    def check_certificate(self, document: bytes) -> custody_api.CertificateAnswer:
        """Has the agent check a certificate before it is published.

        Raises:
            CliError: It does not fit.
        """
        form = custody_api.CertificateForm(document)
        return self._post_or_raise("/v1/certificates/check", form, custody_api.CertificateAnswer)

    def regrant(self, link: str, request: custody_api.RegrantRequest) -> custody_api.RegrantAnswer:
        """Has the agent grant a link's keys again; that is in its journal when this returns.

        Raises:
            CliError: The agent refuses.
        """
        path = f"/v1/links/{quote(link)}/regrants"
        return self._post_or_raise(path, request, custody_api.RegrantAnswer)

    def regrants(self) -> list[custody_api.RegrantAnswer]:
        """How far the granting of keys has come."""
        return self._get("/v1/regrants", list[custody_api.RegrantAnswer])

    def journal(self, actor: str) -> bytes:
        """The journal's file; its last entry is this export."""
        return self._file("/v1/journal", actor)

    def rebuild_search(self) -> RebuildAnswer:
        """Has the agent empty the index of its search, and fill it again in the background."""
        return self._post_or_raise("/v1/search/rebuild", None, RebuildAnswer)

    def reports(self) -> list[ReportAnswer]:
        """All reports of the office."""
        return self._get("/v1/reports", list[ReportAnswer])

    def compute_report(self, request: requests.ReportRequest) -> ReportAnswer:
        """Has the agent compute a report.

        Raises:
            CliError: The agent refuses.
        """
        return self._post_or_raise("/v1/reports", request, ReportAnswer)

    def advance_report(self, digest: str, act: ReportAct, actor: str) -> ReportAnswer:
        """Takes a further step with a report.

        Raises:
            CliError: The agent refuses.
        """
        request = requests.StepRequest(actor)
        return self._post_or_raise(f"/v1/reports/{digest}/{act}", request, ReportAnswer)

    def compare_report(self, digest: str, actor: str) -> ReportComparison:
        """Has the agent reproduce a frozen report and compare it with the log as it is now.

        Raises:
            CliError: The agent refuses.
        """
        request = requests.StepRequest(actor)
        return self._post_or_raise(f"/v1/reports/{digest}/compare", request, ReportComparison)

    def report_file(self, digest: str, actor: str) -> bytes:
        """The file of a report."""
        return self._file(f"/v1/reports/{digest}", actor)

    def people(self) -> list[people_api.PersonAnswer]:
        """All accounts of the office."""
        return self._get("/v1/people", list[people_api.PersonAnswer])

    def add_person(self, request: people_api.NewPersonRequest) -> people_api.InvitationAnswer:
        """Adds a person.

        Raises:
            CliError: The agent refuses.
        """
        return self._post_or_raise("/v1/people", request, people_api.InvitationAnswer)

    def choose_password(self, request: people_api.FirstPasswordRequest) -> None:
        """Sets a person's first password by the token of the one-time link.

        Raises:
            CliError: The agent refuses.
        """
        self._post_or_raise("/v1/login/first", request, dict[str, str])

    def invite_person(self, person: str) -> people_api.InvitationAnswer:
        """Makes a new one-time link for a person.

        Raises:
            CliError: The agent refuses.
        """
        path = f"/v1/people/{quote(person, safe='')}/invite"
        return self._post_or_raise(path, None, people_api.InvitationAnswer)

    def confirm_person(self, person: str) -> None:
        """Agrees to an account.

        Raises:
            CliError: The agent refuses.
        """
        self._post_or_raise(f"/v1/people/{quote(person, safe='')}/confirm", None, dict[str, bool])

    def add_system(self, request: people_api.SystemRequest) -> people_api.TokenAnswer:
        """Gives a program a token.

        Raises:
            CliError: The agent refuses.
        """
        return self._post_or_raise("/v1/systems", request, people_api.TokenAnswer)

    def revoke_system(self, system: str) -> None:
        """Ends the token of a program."""
        self._expect(*self._request("DELETE", f"/v1/systems/{quote(system, safe='')}"))

    def systems(self) -> list[people_api.SystemAnswer]:
        """All programs with a token."""
        return self._get("/v1/systems", list[people_api.SystemAnswer])

    def webhooks(self) -> list[WebhookAnswer]:
        """All webhooks of programs."""
        return self._get("/v1/webhooks", list[WebhookAnswer])

    def set_webhook(self, system: str, url: str) -> WebhookAnswer:
        """Sends the changes of a program to an address from now on."""
        body = msgspec.json.encode(WebhookRequest(url))
        headers = {"Content-Type": "application/json"}
        answer = self._request("PUT", _webhook_path(system), body, headers=headers)
        return self._read(self._expect(*answer), WebhookAnswer)

    def resume_webhook(self, system: str) -> WebhookAnswer:
        """Sends again what was given up.

        Raises:
            CliError: The agent refuses.
        """
        return self._post_or_raise(f"{_webhook_path(system)}/resume", None, WebhookAnswer)

    def remove_webhook(self, system: str) -> None:
        """Sends nothing to a program any more."""
        self._expect(*self._request("DELETE", _webhook_path(system)))

    def _get(self, path: str, kind: type[T], extra_s: float = 0.0) -> T:
        return self._read(self._expect(*self._request("GET", path, extra_s=extra_s)), kind)

    def _file(self, path: str, actor: str) -> bytes:
        # A header cannot carry all letters of people's names.
        return self._expect(*self._request("GET", path, headers={"Blo-Actor": quote(actor)}))

    def _post(
        self, path: str, request: requests.StrictRequest | None, kind: type[T]
    ) -> T | ProblemDetails:
        body = msgspec.json.encode({} if request is None else request)
        status, answer = self._request(
            "POST", path, body, headers={"Content-Type": "application/json"}
        )
        if status in _REFUSALS:
            return self._read(answer, ProblemDetails)
        return self._read(self._expect(status, answer), kind)

    def _post_or_raise(self, path: str, request: requests.StrictRequest | None, kind: type[T]) -> T:
        answer = self._post(path, request, kind)
        if isinstance(answer, ProblemDetails):
            raise CliError(
                f"the agent of {self.office}",
                f"refuses ({answer.name})",
                todo=answer.detail[:1].upper() + answer.detail[1:],
            )
        return answer

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        extra_s: float = 0.0,
    ) -> tuple[int, bytes]:
        connection = _SocketConnection(self._socket_file, self._owner, _TIMEOUT_S + extra_s)
        try:
            connection.request(method, path, body, {"Connection": "close"} | (headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (FileNotFoundError, ConnectionRefusedError):
            raise AgentAnswerError(
                f"the agent of {self.office}",
                f"does not run (nobody listens on {self._socket_file})",
                todo="Start it with: blo agent run",
            ) from None
        except PermissionError:
            raise AgentAnswerError(
                f"the agent of {self.office}",
                f"is not yours to ask ({self._socket_file})",
                todo="Run the command as the user as whom the agent runs",
            ) from None
        except _OtherUser as error:
            raise AgentAnswerError(
                f"the agent of {self.office}",
                f"does not answer on {self._socket_file}: {error}",
                todo="Find out whose program that is before you start the agent again",
            ) from None
        except (OSError, HTTPException) as error:
            raise self._error(f"does not answer {method} {path} ({error})") from error
        finally:
            connection.close()

    def _expect(self, status: int, body: bytes) -> bytes:
        if 200 <= status < 300:
            return body
        try:
            problem = from_json(body, ProblemDetails)
        except WireError:
            shown = body[:_SHOWN_ANSWER].decode("utf-8", "replace")
        else:
            place = problem.pointer or problem.parameter
            shown = f"{place}: {problem.detail}" if place else problem.detail
        raise self._error(f"answered {status}: {shown}")

    def _read(self, body: bytes, kind: type[T]) -> T:
        try:
            return from_json(body, kind)
        except WireError as error:
            raise self._error(
                f"answered what this command does not know ({error.detail})"
            ) from error

    def _error(self, what: str) -> AgentAnswerError:
        return AgentAnswerError(
            f"the agent of {self.office}", what, todo="The agent's log says why"
        )


class _OtherUser(Exception):
    """Another user's program listens on the agent's socket."""


class _SocketConnection(HTTPConnection):
    def __init__(self, socket_file: Path, owner: int, timeout_s: float) -> None:
        super().__init__("agent", timeout=timeout_s)
        self._socket_file = socket_file
        self._owner = owner
        self._timeout_s = timeout_s

    def connect(self) -> None:
        self.sock = unix_socket.connect(self._socket_file, self._timeout_s)
        peer = unix_socket.peer_of(self.sock)
        if peer.uid != self._owner:
            raise _OtherUser(f"a program of user {peer.uid} listens there, not of {self._owner}")


def configured_client(config: Path) -> AgentClient:
    """A client of the agent that runs with a configuration file.

    Raises:
        CliError: The office was not set up.
        ConfigurationError: The file cannot be used.
    """
    return client_of(load(config, AgentSettings))


def client_of(settings: AgentSettings) -> AgentClient:
    """A client of the agent that runs with a configuration.

    Raises:
        CliError: The office was not set up.
    """
    store = settings.store.path
    try:
        owner = store.stat().st_uid
    except OSError as error:
        raise CliError(
            f"the office {settings.office}",
            f"has no store ({store}: {error.strerror or error})",
            todo="Make it with: blo agent init",
        ) from None
    return AgentClient(settings.office, store.parent / API_SOCKET, owner=owner)


def _webhook_path(system: str) -> str:
    return f"/v1/systems/{quote(system, safe='')}/webhook"
