"""Whatever stands in the values that a command prints, it begins no line and moves no cursor.

Each command that prints what others wrote is run twice, with a plain text and with a hostile one in
every field. Both outputs have the same number of lines.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from blo_agent.api.custody_types import CertificatesAnswer, RegrantAnswer, RenewalAnswer
from blo_agent.api.people_types import (
    InvitationAnswer,
    PersonAnswer,
    SystemAnswer,
    TokenAnswer,
)
from blo_agent.api.problem_types import ProblemDetails
from blo_agent.api.report_types import ReportAnswer
from blo_agent.api.response_types import LinkAnswer, ReplayAnswer
from blo_agent.api.search_types import RebuildAnswer
from blo_agent.api.webhooks import WebhookAnswer
from blo_audit.bundle.collect import WrittenBundle
from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.findings import Finding
from blo_audit.journal import JournalAudit
from blo_audit.replay.statement import ReplayStatement
from blo_audit.reports.response_times import LinkTimes
from blo_audit.reports.verify import ReportAudit
from blo_cli import topics
from blo_cli.agent import certificate as agent_certificate
from blo_cli.agent import command as agent_command
from blo_cli.agent import people as agent_people
from blo_cli.agent import regrant as agent_regrant
from blo_cli.agent import report as agent_report
from blo_cli.agent import search as agent_search
from blo_cli.doctor.findings import DoctorCheck, bad
from blo_cli.main import run
from blo_cli.parameters import JsonOption
from blo_cli.processors import command as processors
from blo_cli.processors.json_forms import LinkAt, PolicyComparison
from blo_domain.deadlines.responses import Responses
from blo_domain.reports.difference import ReportComparison
from blo_lab.demo import command as demo
from blo_lab.network import command as lab
from blo_log import TopicSpec
from blo_processors.dead_letters import Retried
from blo_schemas.bundle import MANIFEST_VERSION, Counts, Manifest, Scope
from blo_schemas.ids import CorridorId, LinkId
from blo_schemas.journal import JournalEntry
from blo_schemas.journal_file import JournalFileHead
from blo_schemas.outputs import DeadLetter
from blo_schemas.plain_text import plain
from blo_schemas.reports import SignedReport
from tests.unit.cli.every_command import LEAVES, name_of
from tests.unit.cli.filled import filled
from tests.unit.cli.test_terminal import HOSTILE
from tests.unit.cli.trust_scenes import accepted, admitted, fetched, fingerprinted, judged, shown

# The package binds the commands' names to the commands, not to their modules.
bundle, journal, proofs, replay, report, response_times = (
    sys.modules[f"blo_cli.audit.{name}"]
    for name in ("bundle", "journal", "proofs", "replay", "report", "response_times")
)

FORGED = "signed by key 1 of the root of la: good"
EVIL = f"a\n{FORGED}\r{''.join(HOSTILE)}[/x][red][link=https://x]:smiley:"
PLAIN = "a plain text"

Patch = Callable[[object, str, Any], None]


class Scene(NamedTuple):
    """How a command is made to print.

    Attributes:
        prepare: Fills what it reads with a text; gives its arguments.
        code: How it ends.
        folds: Whether it prints tables, whose cells are folded.
    """

    prepare: Callable[[pytest.MonkeyPatch, Path, str], list[str]]
    code: int = 0
    folds: bool = False


def config(folder: Path) -> list[str]:
    path = folder / "given.toml"
    path.write_text("")
    return ["--config", str(path)]


class Client:
    """An agent that answers everything with one text."""

    office = "vn-kyson"

    def __init__(self, text: str) -> None:
        self._text = text

    def links(self) -> Any:
        return [filled(LinkAnswer, self._text)]

    def verify(self, _: str) -> Any:
        return filled(ReplayAnswer, self._text)

    def reports(self) -> Any:
        return [filled(ReportAnswer, self._text)]

    def compare_report(self, *_: str) -> Any:
        return filled(ReportComparison, self._text)

    def certificates(self) -> Any:
        return filled(CertificatesAnswer, self._text)

    def renew(self, _: object) -> Any:
        return filled(RenewalAnswer, self._text)

    def regrant(self, *_: object) -> Any:
        return filled(RegrantAnswer, self._text)

    def compute_report(self, _: object) -> Any:
        return filled(ReportAnswer, self._text)

    def advance_report(self, *_: object) -> Any:
        return filled(ReportAnswer, self._text)

    def people(self) -> Any:
        return [filled(PersonAnswer, self._text)]

    def add_person(self, _: object) -> Any:
        return filled(InvitationAnswer, self._text)

    def invite_person(self, _: str) -> Any:
        return filled(InvitationAnswer, self._text)

    def add_system(self, _: object) -> Any:
        return filled(TokenAnswer, self._text)

    def systems(self) -> Any:
        return [filled(SystemAnswer, self._text)]

    def webhooks(self) -> Any:
        return [filled(WebhookAnswer, self._text)]

    def set_webhook(self, *_: object) -> Any:
        return filled(WebhookAnswer, self._text)

    def rebuild_search(self) -> Any:
        return filled(RebuildAnswer, self._text)

    def resume(self, *_: str) -> Any:
        return filled(ProblemDetails, self._text, current=None, example=self._text)

    def disclose(self, *_: object) -> Any:
        return filled(ProblemDetails, self._text, current=None, example=self._text)


def agent(*words: str, code: int = 0) -> Scene:
    def prepare(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
        for module in (
            agent_certificate,
            agent_command,
            agent_people,
            agent_regrant,
            agent_report,
            agent_search,
        ):
            patch.setattr(module, "configured_client", lambda _: Client(text))
        return [*words, *config(folder)]

    return Scene(prepare, code)


ACTOR = ("--actor", "An")
DIGEST = "ab" * 32


def with_log(*words: str, result: Callable[[str], Any], code: int = 0) -> Scene:
    def prepare(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
        patch.setattr(processors, "_with_log", lambda *_: result(text))
        patch.setattr(processors, "link_at", lambda link, _: link)
        return [*words, *config(folder)]

    return Scene(prepare, code)


def dead_show(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    letter = filled(DeadLetter, text, topic="t", partition=0, offset=0)
    patch.setattr(processors, "_with_log", lambda *_: [letter])
    return ["t/0/0", *config(folder)]


def what_if(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    class Wanted:
        link = "x"
        offices = ()
        policy = None

    class Here:
        place = type("Place", (), {"link": "x"})
        terms = (type("Term", (), {"offices": ()}),)

    patch.setattr(processors, "_wanted", lambda _: Wanted)
    patch.setattr(processors, "_with_log", lambda *_: [Here])
    patch.setattr(processors, "what_if", lambda *_: None)
    patch.setattr(processors, "comparison_of", lambda _: filled(PolicyComparison, text))
    period = ["--from", "2025-01-01T00:00:00Z", "--to", "2025-02-01T00:00:00Z"]
    return ["--policy", str(folder / "p"), *period, *config(folder)]


def plan(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    patch.setattr(topics, "_plan", lambda *_, **__: [filled(TopicSpec, text)])
    return [str(folder)]


def apply(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    async def done(*_: object) -> list[str]:
        return [text]

    patch.setattr(topics, "_plan", lambda *_, **__: [])
    patch.setattr(topics, "_apply", done)
    return [str(folder)]


def proof(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    path = folder / "given.proof"
    path.write_bytes(b"")
    patch.setattr(proofs, "_keys", lambda *_: [])
    patch.setattr(proofs, "_proved", lambda *_: [text])
    return [str(path), "--origin", "x"]


def journaled(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    path = folder / "given.journal"
    path.write_bytes(b"")
    audited = JournalAudit(filled(JournalFileHead, text))
    audited.entries = [filled(JournalEntry, text)]
    audited.findings.add(Code.JOURNAL_EDITED, text, part=text)
    patch.setattr(journal, "read_head", lambda _: audited.head)
    patch.setattr(journal, "audit_journal", lambda *_: audited)
    return [str(path), "--entries", "--zone", "UTC"]


def replayed(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    async def result(*_: object, **__: object) -> Any:
        finding = filled(Finding, text, severity=Severity.BREACH)
        return filled(ReplayStatement, text, findings=(finding,))

    patch.setattr(replay, "_run", result)
    path = folder / "given.toml"
    path.write_text(f'[trust.pins]\nvn = "{"0" * 64}"\n[kafka]\nbootstrap = "127.0.0.1:1"\n')
    return ["--config", str(path)]


def reported(*options: str, files: int = 1, folds: bool = False) -> Scene:
    def prepare(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
        path = folder / "given.report"
        path.write_bytes(b"")
        # A report that was decoded holds no halves of surrogates.
        text = text.encode("utf-8", "ignore").decode()
        signed = filled(SignedReport, text)
        patch.setattr(report, "signed_report", lambda _: signed)
        audited = ReportAudit(signed)
        audited.checked.append(text)
        audited.unchecked.append(text)
        patch.setattr(report, "audit_report", lambda *_, **__: audited)
        return [str(path)] * files + list(options)

    return Scene(prepare, folds=folds)


def times(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    async def read(*_: object) -> list[LinkTimes]:
        row = filled(Responses, text)
        return [LinkTimes(link=text, size=1, waiting=1, rows=(row,))]  # type: ignore[arg-type]

    patch.setattr(response_times, "_read", read)
    path = folder / "given.toml"
    path.write_text(f'[trust.pins]\nvn = "{"0" * 64}"\n[kafka]\nbootstrap = "127.0.0.1:1"\n')
    return ["--config", str(path), "--from", "2025-01-01", "--to", "2025-02-01"]


def bundled(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    async def write(*_: object) -> WrittenBundle:
        manifest = Manifest(
            v=MANIFEST_VERSION,
            scope=Scope.LINK,
            link=LinkId("vn-a~la-b"),
            corridor=CorridorId("la-vn"),
            size=1,
            **dict.fromkeys(("case", "start", "end", "first_day", "last_day")),
            counts=Counts(documents=1, heads=1, checkpoints=1, disclosures=1, records=1),
        )
        made: WrittenBundle = filled(WrittenBundle, text, manifest=manifest)
        return made

    patch.setattr(bundle, "_write", write)
    target = folder / plain(text)[:20]
    pin = f"vn={'0' * 64}"
    return ["--link", "x", "-o", str(target), "--bootstrap", "a:1", "--pin", pin]


def down(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    patch.setattr(lab, "stop_lab", lambda _: False)
    return [str(folder / text.replace("\0", "").replace("/", "").replace("\ud800", ""))]


def played(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    """A scenario whose every label, link and detail is the text."""

    class FakeDemo:
        def __init__(self, *_: object) -> None:
            pass

        def run(self) -> dict[str, Any]:
            figure = {"value": {text: 1}, "unit": text, "events": []}
            row = {"kind": text, "state": text}
            link = {"id": text, "corridor": text, "partition": 1, "records": 1, "log_hash": text}
            count = {"link": text, "office": text, "clock": text, "rung": "warning"}
            standing = {"case": text, "link": text, "clock": text, "must_act": [text]}
            return {
                text: figure,
                "indicators": [text],
                "cases": {text: row},
                "office": text,
                "period": {"from": text, "to": text},
                "links": [link],
                "processors": [],
                "alerts": {
                    "counts": [count | {"cleared": 1, "standing": 1}],
                    "standing": [standing | {"due": None, "rung": None, "since": None}],
                },
                "checks": [{"name": text, "ok": True, "detail": text}],
            }

    patch.setattr(demo, "Demo", FakeDemo)
    patch.setenv("COLUMNS", "500")
    return ["--report", str(folder / "report.json"), "--replace"]


def diagnosed(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    """A doctor that finds what somebody else has named."""
    found = [bad(DoctorCheck.PEERS, text, text)]
    patch.setattr("blo_cli.doctor.command.look", lambda *_: found)
    return config(folder)


SCENES = {
    ("agent", "verify"): agent(),
    ("agent", "resume"): agent("x", "--reason", "x", *ACTOR, code=1),
    ("agent", "disclose"): agent(
        *("--link", "x", "--reason", "x", "--for", "x", "--output", "x", *ACTOR), code=1
    ),
    ("agent", "certificate", "list"): agent(),
    ("agent", "regrant"): agent("x", "--to", "x", "--reason", "x", "--no-wait"),
    ("agent", "certificate", "renew"): agent(),
    ("agent", "people", "add"): agent("an", "--name", "An", "--role", "chief"),
    ("agent", "people", "invite"): agent("an"),
    ("agent", "people", "list"): agent(),
    ("agent", "system", "add"): agent("sys-x", "--days", "1"),
    ("agent", "system", "list"): agent(),
    ("agent", "system", "webhook"): agent("sys-x", "--url", "https://localhost/x"),
    ("agent", "report", "list"): agent(),
    ("agent", "report", "compute"): agent("--from", "2025-01-01", "--to", "2025-02-01", *ACTOR),
    ("agent", "report", "review"): agent(DIGEST, *ACTOR),
    ("agent", "report", "sign"): agent(DIGEST, *ACTOR),
    ("agent", "report", "freeze"): agent(DIGEST, *ACTOR),
    ("agent", "report", "compare"): agent(DIGEST, *ACTOR),
    ("agent", "search", "rebuild"): agent(),
    ("audit", "bundle"): Scene(bundled),
    ("audit", "journal"): Scene(journaled, 1),
    ("audit", "proof", "verify"): Scene(proof),
    ("audit", "replay"): Scene(replayed, 1, folds=True),
    ("audit", "report", "show"): reported(folds=True),
    ("audit", "report", "verify"): reported("--unsigned-ok"),
    ("audit", "report", "compare"): reported(files=2),
    ("audit", "response-times"): Scene(times, folds=True),
    ("demo",): Scene(played, folds=True),
    ("doctor",): Scene(diagnosed, 1),
    ("lab", "down"): Scene(down),
    ("processors", "as-of"): with_log(
        "2025-01-01T00:00:00Z", "--zone", "UTC", result=lambda text: [filled(LinkAt, text)]
    ),
    ("processors", "dead", "list"): with_log(result=lambda text: [filled(DeadLetter, text)]),
    ("processors", "dead", "show"): Scene(dead_show),
    ("processors", "dead", "retry"): with_log(
        result=lambda text: [filled(Retried, text, error=text)], code=1
    ),
    ("processors", "what-if"): Scene(what_if),
    ("topics", "apply"): Scene(apply),
    ("topics", "plan"): Scene(plan),
    ("country", "admit"): Scene(admitted, 0),
    ("link", "accept"): Scene(accepted, 0),
    ("trust", "check"): Scene(judged, 1),
    ("trust", "fetch"): Scene(fetched, 1),
    ("trust", "fingerprint"): Scene(fingerprinted),
    ("trust", "publish"): Scene(judged, 1),
    ("trust", "show"): Scene(shown),
}

NOTHING_FOREIGN = {
    "init", "request", "run", "new", "root", "certificate", "office", "agreement", "revocation",
    "sign", "restore", "up", "heads", "export", "make", "confirm", "revoke",
    "backup", "dashboard", "example", "install", "propose", "protect", "rekey", "replace",
    "rules",
    "unprotect",
}  # fmt: skip
"""Last words of commands that print only numbers, and names that their user has typed."""

ELSEWHERE = {
    ("audit", "verify"): "tests/audit/test_bundle_hostile.py has bundles of all kinds",
    ("audit", "paper", "verify"): "tests/audit/test_papers.py; it prints an auditor's id alone",
}


@pytest.mark.parametrize("words", LEAVES, ids=name_of)
def test_every_command_that_prints_what_others_wrote_has_a_scene(words: tuple[str, ...]) -> None:
    assert words in SCENES or words in ELSEWHERE or words[-1] in NOTHING_FOREIGN


def printed(
    words: tuple[str, ...],
    text: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    *options: str,
) -> str:
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        arguments = SCENES[words].prepare(patch, folder, text)
        code = run([*words, *arguments, *options])
    shown = capsys.readouterr()
    assert code == SCENES[words].code, shown.err
    return shown.out + shown.err


@pytest.mark.parametrize("words", SCENES, ids=name_of)
def test_a_hostile_text_in_every_field_begins_no_line_and_moves_no_cursor(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = printed(words, PLAIN, tmp_path / "usual", capsys)
    hostile = printed(words, EVIL, tmp_path / "hostile", capsys)
    assert not set(hostile) & (set(HOSTILE) - {"\n"})
    assert SCENES[words].folds or len(hostile.split("\n")) == len(usual.split("\n"))
    assert not any(line.strip().startswith(FORGED) for line in hostile.split("\n"))


@pytest.mark.parametrize(
    "words",
    [
        words
        for words in SCENES
        if any(isinstance(each, JsonOption) for each in LEAVES[words].params)
    ],
    ids=name_of,
)
def test_json_is_one_document_in_ascii_of_the_documented_form(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed(words, EVIL, tmp_path / "hostile", capsys, "--json")
    document, _, _ = shown.partition("\nblo: ")
    assert shown.isascii()
    value = json.loads(document)
    (option,) = (each for each in LEAVES[words].params if isinstance(each, JsonOption))
    assert keys_of(value) <= keys_of_schema(option.form)


def keys_of(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    if isinstance(value, dict):
        return {key for key in value if EVIL not in key and "\n" not in key}.union(
            *map(keys_of, value.values())
        )
    return set()


def keys_of_schema(form: Any) -> set[str]:
    import msgspec

    found: set[str] = set()

    def look(schema: Any) -> None:
        if isinstance(schema, dict):
            found.update(schema.get("properties", {}))
            for inner in schema.values():
                look(inner)
        elif isinstance(schema, list):
            for inner in schema:
                look(inner)

    look(msgspec.json.schema(form))
    return found


def test_a_report_is_written_before_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    arguments = played(monkeypatch, tmp_path, "[/x]y")
    monkeypatch.setattr(demo, "show", lambda *_: 1 / 0)
    assert run(["demo", *arguments]) == 70
    assert json.loads((tmp_path / "report.json").read_bytes())["office"] == "[/x]y"
