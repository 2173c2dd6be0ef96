"""A browser without JavaScript: keeps its cookie, fills in the forms of a page, follows on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.desk.offices import HOST, OfficePages
from tests.patience import PATIENCE_S
from tests.people.staff import PASSWORD

OWN = {"Sec-Fetch-Site": "same-origin"}


class SeenPage(NamedTuple):
    """An answer: its status, headers (lower case), text, and the address it came from."""

    status: int
    headers: dict[str, str]
    text: str
    path: str

    def forms(self, action: str) -> list[dict[str, str]]:
        """What each form with this action says before anybody has filled it in."""
        parser = _Forms()
        parser.feed(self.text)
        return [fields for where, fields in parser.forms if where.partition("?")[0] == action]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._select, self._is_first = "", True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given["action"], {}))
        elif self.forms:
            fields = self.forms[-1][1]
            unchecked = given.get("type") in ("checkbox", "radio") and "checked" not in given
            if tag in ("input", "textarea") and given.get("name") and not unchecked:
                fields[given["name"]] = given.get("value", "")
            elif tag == "select":
                self._select = given["name"]
                self._is_first = True
            elif tag == "option" and ("selected" in given or self._is_first):
                fields[self._select], self._is_first = given.get("value", ""), False


class Visitor:
    """Somebody at an office's pages."""

    def __init__(self, office: OfficePages, **headers: str) -> None:
        self.office = office
        self.headers = {"Accept-Language": "en", **headers}
        self.cookies: dict[str, str] = {}

    async def ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SeenPage:
        """One request, whatever comes."""
        body = None if fields is None else urlencode(fields)
        sent = {**self.headers, **({} if method == "GET" else OWN), **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

        def call() -> SeenPage:
            connection = HTTPConnection(HOST, self.office.server.port, timeout=PATIENCE_S)
            try:
                connection.request(method, path, body, sent)
                answer = connection.getresponse()
                for value in answer.headers.get_all("Set-Cookie", []):
                    name, _, token = value.partition(";")[0].partition("=")
                    self.cookies.pop(name, None)
                    if token.strip('"'):
                        self.cookies[name] = token
                found = {name.lower(): value for name, value in answer.getheaders()}
                return SeenPage(answer.status, found, answer.read().decode(), path)
            finally:
                connection.close()

        return await asyncio.to_thread(call)

    async def see(self, path: str) -> SeenPage:
        """A page, after what it leads on to."""
        return await self._follow(await self.ask("GET", path))

    async def post(self, page: SeenPage, action: str, **fields: str) -> SeenPage:
        """Fill in a form of a page, send it, and follow on."""
        form = {**page.forms(action)[0], **fields}
        return await self._follow(await self.ask("POST", action, form))

    async def send(self, path: str, fields: Sequence[tuple[str, str]]) -> SeenPage:
        """Post fields, of which one may come several times, and follow on."""
        return await self._follow(await self.ask("POST", path, fields))

    async def log_in(self, person: str, password: str = PASSWORD) -> SeenPage:
        """Log in with a name and a password; the page that comes then."""
        return await self.post(await self.see("/login"), "/login", person=person, password=password)

    async def _follow(self, answer: SeenPage) -> SeenPage:
        while answer.status == 303:
            target = urlsplit(answer.headers["location"])
            assert not target.netloc
            answer = await self.ask("GET", answer.headers["location"])
        return answer
