"""Papers over real HTTP: from a handover to minutes whose code proves their place in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
import typst
import zxingcpp
from argon2 import PasswordHasher
from PIL import Image
from pypdf import PdfReader

from blo_agent.api.app import office_api
from blo_agent.config import API_SOCKET
from blo_agent.people import passwords
from blo_agent.store.tables import checkpoints
from blo_cli.client import AgentClient
from blo_cli.main import run
from blo_log.memory import MemoryCluster
from blo_log.topics import exchange_topic
from blo_runtime.http import serve
from blo_schemas.ids import CaseId, EventId
from blo_schemas.people import OfficeRole
from blo_schemas.summary import Kind, Step
from blo_schemas.trust import Role
from blo_sealing.tlog import (
    NoteKey,
    SignatureType,
    SignedCheckpoint,
    read_receipt,
    signatories,
    vkey_of,
)
from tests.agents.started import begin
from tests.agents.world import CORRIDOR, LINK, A, B, RunningAgent, World, all_read
from tests.audit.world import RunningWitness, directory_of, witnessed_world
from tests.patience import PATIENCE_S
from tests.people.test_people_api import Browser, OfficeUnderTest

FICTIONAL = {"name": "Nguyễn Văn A (hư cấu)", "nationality": "vn"}


async def has_quorum(running: RunningAgent) -> bool:
    quorum = await running.ask(lambda tx: checkpoints.get_quorum(tx, LINK))
    return quorum is not None and quorum.size == 5


def signing_keys(world: World, merged: SignedCheckpoint) -> list[NoteKey]:
    return [
        NoteKey(
            signer.subject,
            SignatureType.ED25519 if signer.role is Role.WITNESS else SignatureType.COSIGNATURE,
            signer.certificates[0].certificate.signing_key,
        )
        for signer in signatories(merged, directory_of(world))
    ]


class Printing(NamedTuple):
    """Two offices, a handover whose minutes both have signed, and a witness."""

    office: OfficeUnderTest
    chief: Browser
    counterpart: RunningAgent
    case: CaseId
    opened: EventId
    keys: list[str]
    value: bytes


@pytest.fixture
async def printing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Printing]:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("a password that nobody has"))
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await begin(world, A, B)
        witness = RunningWitness(world)
        opened = await a.submit(
            Kind.HANDOVER, Step.OPEN, fields={"person": FICTIONAL}, number="527/BC"
        )
        await all_read([a, b], 1)
        case = opened.case

        async def step(agent: RunningAgent, step: Step, size: int, **fields: object) -> None:
            await agent.until(
                lambda: agent.view(case) is not None and agent.content_key(case) is not None
            )
            await agent.submit(Kind.HANDOVER, step, case, fields=fields)
            await all_read([a, b], size)

        await step(b, Step.ACKNOWLEDGE, 2, local_number="88/LA")
        await step(b, Step.SCHEDULE, 3, gate="gate (fictional)", time="2025-03-01T09:00:00+07:00")
        await step(b, Step.SIGN_MINUTES, 4, signatory={"name": "Khamla (fictional)"})
        await step(a, Step.SIGN_MINUTES, 5, signatory={"name": "Lê B (hư cấu)"})
        merged = await witness.quorum(5)
        await a.until_true(lambda: has_quorum(a))
        keys = [vkey_of(key) for key in signing_keys(world, merged)]
        (value,) = (
            record.value
            for record in cluster.records(exchange_topic(CORRIDOR), 0)
            if record.offset == 4
        )
        assert value is not None
        server = await serve(office_api(a.agent), socket_file=tmp_path / API_SOCKET)
        try:
            office = OfficeUnderTest(a, server.port, AgentClient("a", tmp_path / API_SOCKET))
            chief = await office.add("chief", OfficeRole.CHIEF)
            yield Printing(office, chief, b, case, opened.event, keys, value)
        finally:
            await server.stop()
            await witness.kill()


class Sheet(NamedTuple):
    """A paper as the node gave it."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def text(self) -> str:
        if self.headers["content-type"] == "application/pdf":
            pages = PdfReader(BytesIO(self.data)).pages
            return " ".join("".join(page.extract_text() for page in pages).split())
        return " ".join(self.data.decode().split())


async def sheet(printing: Printing, browser: Browser | None = None, **query: str) -> Sheet:
    """Ask for a paper of the case."""
    asking = browser or printing.chief
    path = f"/v1/links/{LINK}/cases/{printing.case.hex()}/printout?{urlencode(query)}"

    def call() -> Sheet:
        connection = HTTPConnection("127.0.0.1", asking.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers=asking.headers)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Sheet(answer.status, headers, answer.read())
        finally:
            connection.close()

    return await asyncio.to_thread(call)


def scanned(pdf: bytes, folder: Path) -> str:
    """What a reader sees on the pages of a paper, drawn at 200 dots an inch."""
    (folder / "paper.pdf").write_bytes(pdf)
    page = '#set page(margin: 0mm)\n#image("paper.pdf", page: int(sys.inputs.page), width: 100%)'
    (folder / "page.typ").write_text(page)
    seen = []
    for number in range(1, len(PdfReader(BytesIO(pdf)).pages) + 1):
        picture = typst.compile(
            str(folder / "page.typ"), format="png", ppi=200.0, sys_inputs={"page": f"{number}"}
        )
        assert isinstance(picture, bytes)
        seen += [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(picture)))]
    (letters,) = seen
    return letters


async def test_the_code_on_minutes_is_verified_by_command(
    printing: Printing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await sheet(printing, paper="minutes", language="vi")
    assert made.status == 200
    assert "Khamla (fictional)" in made.text
    assert "Lê B (hư cấu)" in made.text
    assert "527/BC" in made.text
    assert "88/LA" in made.text
    letters = scanned(made.data, tmp_path)
    receipt = read_receipt(letters)
    assert receipt.position == 4
    text, record = tmp_path / "scanned.txt", tmp_path / "record"
    text.write_text(letters)
    record.write_bytes(printing.value)
    keys = [word for key in printing.keys for word in ("--key", key)]
    arguments = ["--origin", receipt.origin, *keys, "--record", str(record)]
    assert run(["audit", "proof", "verify", "--qr", str(text), *arguments]) == 0
    said = capsys.readouterr().out
    assert f"proved: its event is {receipt.event.hex()}" in said
    assert "stands at position 4 of the 5 records" in said


async def test_each_paper_is_given_as_pdf_and_as_text_and_noted_before(printing: Printing) -> None:
    case = await sheet(printing, language="lo")
    dispatch = await sheet(printing, paper="dispatch", event=printing.opened.hex())
    text = await sheet(printing, paper="case", form="txt", language="vi")
    assert case.data.startswith(b"%PDF")
    assert b"pdfaid" in case.data
    assert case.headers["content-disposition"].startswith("attachment; filename=")
    assert case.headers["x-content-type-options"] == "nosniff"
    assert "(fictional) about a fictional person" in dispatch.text
    assert "stands at position 0 of the log" in dispatch.text
    assert "Nguyễn Văn A (hư cấu)" in text.text
    assert "Asia/" in text.text or "UTC" in text.text
    noted = [action for actor, action in await printing.office.actions() if actor == "chief"]
    assert [action for action in noted if action.startswith("print")] == [
        "print case",
        "print dispatch",
        "print case",
    ]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"paper": "novel"}, 400),
        ({"language": "tlh"}, 400),
        ({"form": "docx"}, 400),
        ({"paper": "dispatch"}, 400),
        ({"paper": "case", "event": "00" * 32}, 400),
        ({"paper": "dispatch", "event": "00" * 32}, 404),
        ({"paper": "dispatch", "event": "x"}, 400),
    ],
)
async def test_what_can_not_be_printed_is_told(
    printing: Printing, query: dict[str, str], status: int
) -> None:
    answer = await sheet(printing, None, **query)
    assert answer.status == status, answer.data
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_who_may_not_export_gets_no_paper(printing: Printing) -> None:
    for role in (OfficeRole.OPERATOR, OfficeRole.OFFICE_AUDITOR):
        browser = await printing.office.add(role.value.replace("_", "-"), role)
        answer = await sheet(printing, browser)
        assert answer.status == 403
    nobody = Browser(printing.office.port)
    assert (await sheet(printing, nobody)).status == 401
