"""``blo agent report``, ``blo audit report`` and ``blo audit journal``, as people type them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from blo_agent.api.app import office_api
from blo_agent.config import API_SOCKET
from blo_cli.main import run
from blo_runtime.http import serve as serve_api
from blo_schemas.codec import encode
from blo_schemas.hashes import document_id
from blo_schemas.reports import signed_report
from tests.agents.test_api import two_clients
from tests.audit.frozen import Given, freeze
from tests.patience import PATIENCE_S

AGENT = """
office = "vn-a"
[store]
path = "office.db"
key = "office.key"
[trust.pins]
[kafka]
bootstrap = "127.0.0.1:1"
[api]
socket_acts_as = "office"
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return freeze(tmp_path_factory.mktemp("frozen"))


class Inspector:
    """Types commands in a folder with a report, the trust documents and heads."""

    def __init__(self, folder: Path, given: Given, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.report = folder / "report.json"
        self.report.write_bytes(given.data)
        self.heads = folder / "heads.txt"
        self.heads.write_text("".join(f"{encode(one).hex()}\n" for one in given.heads))
        documents = folder / "trust"
        documents.mkdir()
        for one in given.world.documents:
            name = document_id(one.payload).hex()[:16]
            (documents / f"{name}.blo").write_bytes(encode(one))
        self.trust = ["--trust", str(documents)]
        for country, pin in given.world.pins.items():
            self.trust += ["--pin", f"{country}={pin.hex()}"]
        self._capsys = capsys

    def types(self, *arguments: object) -> tuple[int, str]:
        code = run(["audit", *map(str, arguments)])
        captured = self._capsys.readouterr()
        return code, captured.out + captured.err


@pytest.fixture
def inspector(tmp_path: Path, given: Given, capsys: pytest.CaptureFixture[str]) -> Inspector:
    return Inspector(tmp_path, given, capsys)


def test_verify_says_what_was_checked_and_what_was_not(inspector: Inspector) -> None:
    code, told = inspector.types("report", "verify", inspector.report)
    assert code == 2
    assert told.splitlines()[0].partition(": ")[2].startswith("vn-province, 2024-11-01 to")
    assert "WHOSE IT IS WAS NOT CHECKED" in told.splitlines()[0]
    assert "otherwise: nothing wrong in what was checked" in told
    assert "not checked: the office's signature" in told
    code, told = inspector.types("report", "verify", "--unsigned-ok", inspector.report)
    assert code == 0
    assert "WHOSE IT IS WAS NOT CHECKED" in told.splitlines()[0]
    code, told = inspector.types("report", "verify", inspector.report, *inspector.trust)
    assert code == 0
    assert "signed by it, nothing wrong" in told.splitlines()[0]
    assert "checked: the signature of vn-province" in told
    code, told = inspector.types("report", "verify", "--json", inspector.report, *inspector.trust)
    assert code == 0
    (verified,) = json.loads(told)["reports"]
    assert (verified["signed"], verified["clean"], verified["findings"]) == (True, True, [])
    code, told = inspector.types(
        "report", "verify", inspector.report, *inspector.trust, "--heads", inspector.heads
    )
    assert code == 0


def test_verify_names_an_edited_number_and_ends_with_code_1(
    inspector: Inspector, given: Given
) -> None:
    def edit(frozen: dict[str, Any]) -> None:
        figures = frozen["report"]["figures"]
        one = next(one for one in figures if one["indicator"] == "overstay_penalties")
        one["totals"][0]["amount"] = "9"

    other = inspector.folder / "other.json"
    other.write_bytes(given.edited(edit, signed_again=True))
    code, told = inspector.types("report", "verify", inspector.report, other, *inspector.trust)
    assert code == 1
    assert "report_contradicts_itself overstay_penalties: number_edited" in told
    assert "reports_contradict vn-province" in told
    code, told = inspector.types("report", "compare", inspector.report, other)
    assert code == 0
    assert "overstay_penalties: 3 → 9" in told


def test_show_prints_the_figures_with_their_events_or_writes_a_workbook(
    inspector: Inspector,
) -> None:
    code, told = inspector.types("report", "show", "--language", "vi", inspector.report)
    assert code == 0
    assert "chuyên án chung" in told
    assert "vn-a~la-b" in told
    assert "CHƯA được kiểm tra" in told
    code, told = inspector.types("report", "show", inspector.report, *inspector.trust)
    assert code == 0
    assert "The signature of the office was verified." in told
    paper = inspector.folder / "report.pdf"
    language = ("--language", "lo", "--paper", paper)
    assert inspector.types("report", "show", *language, inspector.report)[0] == 0
    assert paper.read_bytes().startswith(b"%PDF-")
    book = inspector.folder / "report.xlsx"
    assert inspector.types("report", "show", "--xlsx", book, inspector.report)[0] == 0
    assert book.read_bytes()[:2] == b"PK"
    code, told = inspector.types("report", "show", "--xlsx", book, inspector.report)
    assert code == 2
    assert "is there already" in told


def test_a_report_with_a_bad_signature_is_shown_says_so_and_ends_with_1(
    inspector: Inspector, given: Given
) -> None:
    def edit(frozen: dict[str, Any]) -> None:
        frozen["steps"][1]["by"] = "somebody else (fictional)"

    other = inspector.folder / "other.json"
    other.write_bytes(given.edited(edit))
    code, told = inspector.types("report", "show", other, *inspector.trust)
    assert code == 1
    assert "The signature is NOT the office's over this report" in told


def test_what_is_no_report_is_told_in_words(inspector: Inspector) -> None:
    wrong = inspector.folder / "wrong.json"
    wrong.write_text("{}")
    for command in ("verify", "show"):
        code, told = inspector.types("report", command, wrong)
        assert code == 2
        assert "is no frozen report" in told
        assert "blo agent report export" in told


def test_heads_that_nobody_vouches_for_are_not_taken(inspector: Inspector) -> None:
    journal = inspector.folder / "journal.jsonl"
    journal.write_text(
        '{"journal":"vn-a","v":1,"exported_at":1,"entries":0,"hash":"' + "0" * 64 + '"}\n'
    )
    code, told = inspector.types("journal", journal, "--heads", inspector.heads)
    assert code == 2
    assert "whose heads are these" in told
    code, told = inspector.types("journal", journal, "--heads", inspector.heads, *inspector.trust)
    assert code == 1
    assert "truncated the whole journal" in told
    inspector.heads.write_text("00\n")
    code, told = inspector.types("journal", journal, "--heads", inspector.heads, *inspector.trust)
    assert code == 2
    assert "line 1: is no head" in told


# What an office types, to the agent that runs there.


@contextmanager
def agent_running(folder: Path) -> Iterator[None]:
    """An agent in a thread of its own, with the files by which the command finds it."""
    up, down = Event(), Event()

    async def serve() -> None:
        async with two_clients(folder / "stores") as (_, client, _other):
            await client.opened()
            await client.running.read(1)
            api = office_api(client.running.agent, socket_is_office=True)
            server = await serve_api(api, socket_file=folder / API_SOCKET)
            (folder / "office.db").touch()
            (folder / "agent.toml").write_text(AGENT)
            up.set()
            try:
                await asyncio.to_thread(down.wait)
            finally:
                await server.stop()

    (folder / "stores").mkdir()
    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(PATIENCE_S)
        yield
    finally:
        down.set()
        thread.join()


def test_an_office_freezes_exports_and_compares_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ("--config", str(tmp_path / "agent.toml"))

    def types(*arguments: str, code: int = 0) -> str:
        assert run(["agent", "report", *arguments]) == code
        captured = capsys.readouterr()
        assert not code or captured.err
        return captured.err if code else captured.out

    with agent_running(tmp_path):
        period = ("--from", "2024-11-01", "--to", "2025-10-31")
        digest = types("compute", *config, "--actor", "officer", *period).strip()
        refused = types("freeze", *config, "--actor", "chief", digest, code=2)
        assert "It was not reviewed yet" in refused
        for act, actor in (("review", "phó (fictional)"), ("sign", "chief"), ("freeze", "chief")):
            assert act in types(act, *config, "--actor", actor, digest)
        assert f"{digest} 2024-11-01 2025-10-31 freeze" in types("list", *config)
        output = tmp_path / "report.json"
        types("export", *config, "--actor", "chief", digest, str(output))
        assert signed_report(output.read_bytes()).frozen.steps[1].by == "phó (fictional)"
        assert run(["audit", "report", "verify", str(output), "--unsigned-ok"]) == 0
        assert "nothing wrong" in capsys.readouterr().out
        told = types("compare", *config, "--actor", "inspector", digest)
        assert "reproduced: the same bytes" in told
        assert "no figure differs" in told
        exported = tmp_path / "journal.jsonl"
        name = ("--actor", "Thanh tra (fictional)")
        assert run(["agent", "journal", "export", *config, *name, str(exported)]) == 0
        capsys.readouterr()
        assert run(["audit", "journal", "--entries", str(exported)]) == 0
        told = capsys.readouterr().out
    assert "phó (fictional): report review" in told
    assert "Thanh tra (fictional): export journal" in told
    assert "which no head or heartbeat covers yet" in told


def test_a_node_that_does_not_run_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text(AGENT)
    (tmp_path / "office.db").touch()
    config = str(tmp_path / "agent.toml")
    assert run(["agent", "report", "list", "--config", config]) == 2
    assert "does not run" in capsys.readouterr().err
