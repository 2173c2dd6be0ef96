"""A program's admin listener: readiness and metrics, the same for every kind of program."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from typing import Final

from blo_cli.errors import AgentAnswerError

_TIMEOUT_S: Final = 90.0


class AdminClient:
    """The admin listener of one program of a lab.

    Args:
        title: What the program is called in messages.
        port: Where it listens.
        host: On which address.
    """

    def __init__(self, title: str, port: int, host: str = "127.0.0.1") -> None:
        self._title = title
        self._host = host
        self._port = port

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    def metrics(self) -> str:
        """What it exposes, in Prometheus text.

        Raises:
            AgentAnswerError: It does not answer as it should.
        """
        status, body = self._get("/metrics")
        if status != 200:
            raise self._error(f"answered {status}")
        return body.decode()

    def ready(self) -> bool:
        """Whether the program says that it is ready; one that can't be reached is not."""
        try:
            status, _ = self._get("/readyz")
        except AgentAnswerError:
            return False
        return status == 200

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            raise self._error(f"does not answer GET {path} ({error})") from error
        finally:
            connection.close()

    def _error(self, what: str) -> AgentAnswerError:
        return AgentAnswerError(
            f"{self._title} at {self._host}:{self._port}",
            what,
            todo="Its log says why",
        )
