"""Files over real HTTP: resumable uploads, downloads in ranges, and who may do what with whose file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from blo_agent.api.app import office_api
from blo_agent.config import API_SOCKET
from blo_agent.files.options import FileOptions
from blo_agent.office.access_log import EXPORT_FILE
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import files, journal
from blo_agent.store.tables.files import FileState
from blo_cli.client import AgentClient
from blo_runtime.http import serve
from blo_schemas.files import CHUNK_SIZE, MAX_FILE_SIZE
from blo_schemas.ids import CaseId
from blo_schemas.people import OfficeRole
from tests.agents.started import both_up
from tests.agents.test_api import Client, two_clients
from tests.agents.world import LINK, REQUEST
from tests.files.enclosed import bytes_of, comes_to
from tests.patience import PATIENCE_S
from tests.people.staff import make_cheap
from tests.people.test_people_api import OPENING, Browser, OfficeUnderTest

DATA = bytes_of(2 * CHUNK_SIZE + 33)
PART = "application/offset+octet-stream"


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    client: Client | Browser,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    cut_at: int | None = None,
    **headers: str,
) -> Answered:
    """One request; ``cut_at``: the connection breaks after so many bytes of the body."""
    own = client.headers if isinstance(client, Browser) else {}
    port = client.port if isinstance(client, Browser) else urlsplit(client.url).port
    sent = {name.replace("_", "-"): value for name, value in headers.items()} | own

    def call() -> Answered:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            if cut_at is not None and body is not None:
                connection.putrequest(method, path)
                for name, value in {**sent, "content-length": str(len(body))}.items():
                    connection.putheader(name, value)
                connection.endheaders()
                connection.send(body[:cut_at])
                return Answered(0, {}, b"")
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answered(answer.status, names, answer.read())
        finally:
            connection.close()

    return await asyncio.to_thread(call)


async def begun(client: Client | Browser, **fields: Any) -> Answered:
    wanted = {"link": LINK, "name": "minutes.pdf", "size": len(DATA), **fields}
    data = json.dumps(wanted).encode()
    return await ask(client, "POST", "/v1/files", data, content_type="application/json")


async def sends(
    client: Client | Browser, file: str, data: bytes, offset: int = 0, cut_at: int | None = None
) -> Answered:
    return await ask(
        client,
        "PATCH",
        f"/v1/files/{file}",
        data,
        cut_at=cut_at,
        upload_offset=str(offset),
        content_type=PART,
    )


async def uploaded(client: Client | Browser, **fields: Any) -> str:
    answer = await begun(client, **fields)
    assert answer.status == 201, answer.body
    file: str = answer.json["file"]
    answer = await sends(client, file, DATA)
    assert (answer.status, answer.json["state"]) == (200, "ready"), answer.body
    return file


async def offset_of(client: Client | Browser, file: str) -> int:
    answer = await ask(client, "HEAD", f"/v1/files/{file}")
    assert answer.status == 200
    assert answer.headers["upload-length"] == str(len(DATA))
    return int(answer.headers["upload-offset"])


def problem(answer: Answered) -> tuple[int, str]:
    return answer.status, answer.json["type"].removeprefix("/problems/")


async def test_a_broken_upload_goes_on_where_it_stands(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, b):
        said = sha256(DATA).hexdigest()
        answer = await begun(a, sha256=said)
        file = answer.json["file"]
        assert answer.headers["location"] == f"/v1/files/{file}"
        await sends(a, file, DATA, cut_at=CHUNK_SIZE + 7)

        async def has_arrived() -> bool:
            return await offset_of(a, file) >= CHUNK_SIZE

        await a.running.until_true(has_arrived)
        at = await offset_of(a, file)
        assert problem(await sends(a, file, DATA[at + 1 :], at + 1)) == (409, "other_offset")
        assert problem(await sends(a, file, DATA[at:] + b"x", at)) == (413, "file_too_long")
        at = await offset_of(a, file)
        answer = await sends(a, file, DATA[at:], at)
        assert (answer.json["state"], answer.json["media_type"]) == ("ready", "application/pdf")
        assert (answer.json["sha256"], answer.json["done"]) == (said, len(DATA))
        answer = await sends(a, file, b"", len(DATA))
        assert answer.json["state"] == "ready", "a retried last part changes nothing"
        opened = await a.command(
            kind="verification_request",
            step="open",
            fields=REQUEST,
            dispatch={"subject": "fictional", "handling": "H1"},
            files=[file],
        )
        assert opened[0] == 201, opened
        case = CaseId(bytes.fromhex(opened[1]["case"]))
        await comes_to(a.running, case, FileState.SENT)
        await comes_to(b.running, case, FileState.WHOLE)
        (told,) = (await ask(b, "GET", f"/v1/links/{LINK}/cases/{case.hex()}/files")).json
        assert (told["state"], told["done"], told["sha256"]) == ("whole", len(DATA), said)
        assert told["handling"] == ["H1: not to be used in court without the provider's permission"]
        await _is_downloaded(b, told["file"])


async def _is_downloaded(client: Client, file: str) -> None:
    """The file comes whole and in ranges, always as a download, with its handling code."""
    path = f"/v1/files/{file}"
    whole = await ask(client, "GET", path)
    assert (whole.status, whole.body) == (200, DATA)
    heads = whole.headers
    assert heads["content-type"] == "application/octet-stream"
    assert heads["x-content-type-options"] == "nosniff"
    assert heads["content-security-policy"] == "sandbox; default-src 'none'"
    assert heads["cache-control"] == "no-store"
    assert unquote(heads["content-disposition"]) == "attachment; filename*=UTF-8''H1 minutes.pdf"
    assert unquote(heads["blo-handling"]).startswith("H1: not to be used in court")
    for wanted, status, first, last in (
        ("bytes=0-0", 206, 0, 0),
        (f"bytes={CHUNK_SIZE - 3}-{CHUNK_SIZE + 3}", 206, CHUNK_SIZE - 3, CHUNK_SIZE + 3),
        ("bytes=-5", 206, len(DATA) - 5, len(DATA) - 1),
        (f"bytes={len(DATA) - 4}-", 206, len(DATA) - 4, len(DATA) - 1),
        (f"bytes={len(DATA)}-", 200, 0, len(DATA) - 1),
        ("bytes=5-1", 200, 0, len(DATA) - 1),
        ("rows=1-2", 200, 0, len(DATA) - 1),
    ):
        part = await ask(client, "GET", path, range=wanted)
        assert (part.status, part.body) == (status, DATA[first : last + 1]), wanted
        if status == 206:
            assert part.headers["content-range"] == f"bytes {first}-{last}/{len(DATA)}"
    part = await ask(client, "GET", path, range="bytes=0-0", if_range='"another"')
    assert part.status == 200
    rows = await client.running.ask(lambda s: list(journal.entries(s)))
    assert EXPORT_FILE in [row.action for row in rows]


async def test_another_hash_than_was_said_begins_the_upload_anew(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        file = (await begun(a, sha256="00" * 32)).json["file"]
        assert problem(await sends(a, file, DATA)) == (422, "other_hash")
        assert await offset_of(a, file) == 0


async def test_what_an_upload_can_not_be_is_refused(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        for fields, expected in (
            ({"size": 0}, (400, "wrong_field")),
            ({"size": MAX_FILE_SIZE + 1}, (400, "wrong_field")),
            ({"link": "no-link"}, (404, "unknown_link")),
            ({"case": "00" * 32}, (404, "unknown_case")),
            ({"path": "/etc/passwd"}, (400, "unknown_field")),
        ):
            assert problem(await begun(a, **fields)) == expected, fields
        answer = await begun(a, name="../../etc/passwd")
        assert answer.json["name"] == "passwd"
        file = answer.json["file"]
        for offset, kind in (("", PART), ("-1", PART), ("0", "a/b")):
            answer = await ask(
                a, "PATCH", f"/v1/files/{file}", b"x", upload_offset=offset, content_type=kind
            )
            assert problem(answer) == (400, "wrong_parameter"), (offset, kind)
        assert problem(await ask(a, "GET", f"/v1/files/{file}")) == (409, "file_not_here")
        assert problem(await ask(a, "GET", f"/v1/files/{'0' * 32}")) == (404, "unknown_file")
        assert problem(await ask(a, "GET", "/v1/files/..%2f..%2fa")) == (404, "not_found")
        assert problem(await ask(a, "GET", "/v1/files/minutes.pdf")) == (400, "wrong_parameter")
        status, answered = await a.command(
            kind="document", step="open", dispatch={"subject": "fictional"}, files=[file]
        )
        assert status == 400, answered
        status, answered = await a.command(
            kind="document", step="open", dispatch={"subject": "fictional"}, files=["0" * 32] * 11
        )
        assert status == 400, answered
        assert (await ask(a, "DELETE", f"/v1/files/{file}")).status == 200
        assert (await ask(a, "HEAD", f"/v1/files/{file}")).status == 404


async def test_a_node_has_room_for_so_many_bytes(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        budget = FileOptions(budget_bytes=len(DATA))
        options = a.running.agent.options
        a.running.agent.options = type(options)(files=budget)
        first = (await begun(a)).json["file"]
        assert problem(await begun(a, size=1)) == (507, "no_room_for_files")
        await ask(a, "DELETE", f"/v1/files/{first}")
        assert (await begun(a)).status == 201
        (waiting,) = (await ask(a, "GET", "/v1/files")).json
        assert (waiting["state"], waiting["done"]) == ("uploading", 0)


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OfficeUnderTest]:
    make_cheap(monkeypatch)
    async with both_up(tmp_path) as (_, a, _):
        server = await serve(office_api(a.agent), socket_file=tmp_path / API_SOCKET)
        try:
            made = OfficeUnderTest(a, server.port, AgentClient("a", tmp_path / API_SOCKET))
            await made.add("chief", OfficeRole.CHIEF)
            yield made
        finally:
            await server.stop()


async def test_the_approval_of_a_draft_covers_its_files(office: OfficeUnderTest) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    digests = set()
    for name in ("a.pdf", "b.pdf"):
        file = await uploaded(duty, name=name)
        request = {**OPENING, "files": [file]}
        draft = await duty.done("POST", "/v1/drafts", {"link": LINK, "request": request})
        path = f"/v1/drafts/{draft['draft']}/submit"
        submitted = await duty.done("POST", path, {"revision": 1})
        digests.add(submitted["digest"])
        chief = await office.browser("chief")
        assert (await ask(chief, "GET", f"/v1/files/{file}")).body == DATA
    assert len(digests) == 2, "the same step with another file has another digest"


async def test_nobody_touches_what_is_not_theirs(office: OfficeUnderTest) -> None:
    duty = await office.add("duty", OfficeRole.DUTY_OFFICER)
    other = await office.add("other", OfficeRole.DUTY_OFFICER)
    operator = await office.add("keeper", OfficeRole.OPERATOR)
    file = (await begun(duty)).json["file"]
    assert problem(await sends(other, file, DATA)) == (403, "not_allowed")
    assert problem(await ask(other, "DELETE", f"/v1/files/{file}")) == (403, "not_allowed")
    assert (await sends(duty, file, DATA)).status == 200
    for method, path in (
        ("GET", f"/v1/files/{file}"),
        ("GET", f"/v1/files/{file}/state"),
        ("GET", "/v1/files"),
        ("DELETE", f"/v1/files/{file}"),
    ):
        assert problem(await ask(operator, method, path)) == (403, "not_allowed"), path
    program = await office.program(submits=True, reads_contents=True, kinds=["patrol"])
    assert problem(await ask(program, "GET", f"/v1/files/{file}")) == (403, "not_allowed")
    assert (await ask(program, "GET", "/v1/files")).json == []
    stranger = Browser(office.port)
    assert (await ask(stranger, "GET", f"/v1/files/{file}")).status == 401

    def owner(snapshot: Snapshot) -> str:
        row = files.get(snapshot, bytes.fromhex(file))
        assert row is not None
        return row.about.actor

    assert await office.running.ask(owner) == "duty"
