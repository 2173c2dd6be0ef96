"""Papers: the same source as text and as PDF, in four languages, the same bytes everywhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from blo_audit.bundle.disclosures import ShownContent
from blo_audit.bundle.verify import verify_bundle
from blo_audit.findings.findings import Finding
from blo_audit.printout.audit_result import bundle_paper, replay_paper
from blo_audit.printout.contents import content_blocks
from blo_audit.replay.statement import ReplayStatement
from blo_cli.main import run
from blo_domain.translations import (
    FIELDS,
    FIGURES,
    KINDS,
    LANGUAGES,
    PAPERS,
    STATES,
    STEPS,
    UNITS,
    URGENCIES,
    VALUES,
    translated,
)
from blo_printout.model import (
    Paper,
    PaperEntries,
    PaperFacts,
    PaperHeading,
    PaperList,
    PaperTable,
)
from blo_printout.pdf import pdf_of, printable
from blo_printout.text import cells, text_of, wrap
from blo_schemas.bodies import BODIES
from blo_schemas.bundle import Scope
from blo_schemas.content import Dispatch
from blo_schemas.errors import WrongType
from blo_schemas.ids import CountryId, DocumentId, LinkId, OfficeId
from blo_schemas.measures import Substance, Unit
from blo_schemas.plain_text import plain
from blo_schemas.policy import DeadlinePolicy
from blo_schemas.summary import Kind, Step, Urgency
from blo_schemas.views import State
from tests.agents.world import A
from tests.audit.bundling import Corpus, manifest, write_bundle
from tests.audit.exhibits import audit
from tests.audit.papers import DATE, instant, paper_setting, sample
from tests.audit.scene import scene

PINS = {CountryId("vn"): DocumentId(b"\x01" * 32), CountryId("la"): DocumentId(b"\x02" * 32)}
MIXED = "Nguyễn Thị Hòa (hư cấu) ນ້ຳ ເຈົ້າໜ້າທີ່ 边境联络官 ñ 1/2"
EVIL = "\x1b[8m\u202e\u2028x *b* #panic() <i> $x$ _u_ \\ @a `c` = h\n+ [red]:smiley:"


ALL_WORDS = [FIELDS, FIGURES, KINDS, PAPERS, STATES, STEPS, UNITS, URGENCIES, VALUES]


def texts_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


# Text.


@given(st.text(st.sampled_from("ab Đ核ນ້ຳ。-\n\u200b"), max_size=200), st.integers(8, 40))
def test_no_line_is_wider_than_it_may_be_and_nothing_is_lost(text: str, width: int) -> None:
    lines = list(wrap(text, width, first="1. ", further="   "))
    assert all(cells(line) <= width for line in lines)
    assert all(line.startswith("   ") for line in lines[1:])
    shown = "".join(line[3:] for line in lines)
    assert shown.replace(" ", "") == plain(text).replace(" ", "")


def test_further_lines_hang_below_the_first_words() -> None:
    lines = text_of(sample("word " * 60)).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("1. word"))
    assert lines[at + 1].startswith("   word")
    items = [number for number, line in enumerate(lines) if line.startswith("- word")]
    assert lines[items[0] + 1].startswith("  word")


def test_a_table_stays_within_the_width_and_keeps_every_word() -> None:
    words = " ".join(f"w{number}" for number in range(80))
    for width in (40, 60, 80, 200):
        shown = text_of(sample(words), width)
        assert all(cells(line) <= width for line in shown.splitlines())
        assert all(f"w{number}" in shown for number in range(80))


def test_a_mark_is_never_parted_from_its_letter() -> None:
    text = "ນ້ຳ" * 40
    for width in range(8, 20):
        for line in wrap(text, width):
            assert not line.startswith(("້", "ຳ")) or line.startswith("ຳ")
        assert "".join(wrap(text, width)) == text


def test_what_would_act_is_shown_in_text_and_pdf() -> None:
    paper = sample(EVIL)
    text = text_of(paper, 400)
    pages = "".join(texts_of(pdf_of(paper)))
    for shown in (text, pages):
        assert not set("\x1b\u202e\u2028") & set(shown)
        assert "*b* #panic() <i> $x$ _u_ \\ @a `c` = h\\n+ [red]:smiley:" in shown.replace(
            "\n", " "
        )


# PDF.


def test_a_pdf_is_the_same_in_every_process_and_is_pdf_a() -> None:
    made = pdf_of(sample(MIXED, "lo"))
    code = (
        "import sys\n"
        "from blo_printout.pdf import pdf_of\n"
        "from tests.audit.papers import sample\n"
        f"sys.stdout.buffer.write(pdf_of(sample({MIXED!r}, 'lo')))\n"
    )
    root = Path(__file__).resolve().parents[2]
    again = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        check=True,
        cwd=root,
        env={
            "TZ": "Asia/Vientiane",
            "LC_ALL": "C",
            "SOURCE_DATE_EPOCH": "1",
            # Python itself reads no path of the checkout in this locale, if it is not in ASCII.
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    assert again.stdout == made
    assert b"pdfaid" in made
    assert str(PdfReader(io.BytesIO(made)).metadata["/CreationDate"]).startswith(  # type: ignore[index]
        "D:20250219212000"
    )


def test_letters_of_all_four_languages_have_their_fonts() -> None:
    (page, *_) = texts_of(pdf_of(sample(MIXED)))
    assert "Nguyễn Thị Hòa (hư cấu)" in page
    assert "边境联络官" in page
    for language in LANGUAGES:
        for words in ALL_WORDS:
            for name in words:
                text = translated(words, name, language)
                assert printable(text) == text


def test_a_letter_without_a_font_is_shown_as_an_escape() -> None:
    assert printable("a\U0001f600ก\ufffd") == "a\\U0001f600\\u0e01\\ufffd"
    assert "\\U0001f600" in "".join(texts_of(pdf_of(sample("\U0001f600"))))


# Words.


@pytest.mark.parametrize("words", ALL_WORDS)
def test_every_word_is_there_in_every_language(words: dict[str, tuple[str, ...]]) -> None:
    for name, translations in words.items():
        if name != "language_note":
            assert all(translations), name
        assert len(translations) == len(LANGUAGES)


def fields_of(type_: type[Any]) -> Iterator[str]:
    """All names of fields in a struct and in what stands in it."""
    seen: set[Any] = set()
    waiting = [msgspec.inspect.type_info(type_)]
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            # The deadlines of an agreement's draft keep the names of the network file.
            if info.cls in seen or info.cls is DeadlinePolicy:
                continue
            seen.add(info.cls)
            for field in info.fields:
                yield field.name
                waiting.append(field.type)
        waiting += list(getattr(info, "types", ()))
        item = getattr(info, "item_type", None) or getattr(info, "type", None)
        waiting += [item] if item is not None else []


def test_kinds_steps_and_all_fields_of_contents_have_a_word() -> None:
    assert {kind.word for kind in Kind} == set(KINDS)
    assert {step.word for step in Step} == set(STEPS)
    assert {state.value for state in State} == set(STATES)
    assert {urgency.word for urgency in Urgency} == set(URGENCIES)
    assert {unit.value for unit in Unit} <= set(UNITS)
    assert {substance.value for substance in Substance} <= set(FIGURES)
    needed = set(fields_of(Dispatch))
    for kind in Kind:
        for step in Step:
            try:
                needed |= set(fields_of(BODIES.schema(kind, step).current))
            except WrongType:
                continue
    assert needed - set(FIELDS) == set()


def content(**changes: Any) -> ShownContent:
    fields: dict[str, Any] = {
        "position": 12,
        "event": "ab" * 32,
        "office": OfficeId("vn-a"),
        "disclosed_by": (OfficeId("la-b"),),
        "at": DATE,
        "kind": "wanted_person",
        "step": "open",
        "on": date(2025, 3, 1),
        "reason": None,
        "dispatch": {"subject": "(hư cấu)", "channel": "phone", "channel_at": DATE},
        "body": {
            "person": {"name": "Nguyễn Văn A", "sex": "male", "other_names": ["B", "C"]},
            "decision_number": "7/QĐ",
            "questions": ["một?"],
        },
    }
    return ShownContent(**fields | changes)


def rows(shown: ShownContent, language: Any) -> dict[str, str]:
    (facts,) = [
        block for block in content_blocks(shown, language, instant) if isinstance(block, PaperFacts)
    ]
    return dict(facts.rows)


def test_contents_are_shown_by_the_names_of_their_fields_in_the_readers_language() -> None:
    told = rows(content(), "vi")
    assert told["loại việc"] == "đối tượng truy nã"
    assert told["trích yếu"] == "(hư cấu)"
    assert told["kênh"] == "điện thoại (phone)"
    assert told["thời gian trên kênh"] == instant(DATE)
    assert told["đối tượng · họ tên"] == "Nguyễn Văn A"
    assert told["đối tượng · giới tính"] == "nam (male)"
    assert told["đối tượng · tên gọi khác 2"] == "C"
    assert told["nội dung cần xác minh"] == "một?"
    for language in LANGUAGES:
        shown = rows(content(), language)
        assert len(shown) == len(told)
        assert not any(mark in "".join(shown.values()) for mark in "{}[]'")
    assert "Its fields do not fit its kind and step." in rows(content(body=None), "en").values()


# The paper of an audit.


def report(count: int = 2) -> ReplayStatement:
    return audit(scene().exhibit, links=[LinkId(f"link-{number}") for number in range(count)])


def lines_of(paper: Paper) -> str:
    return " ".join(text_of(paper, 500).split())


def test_an_audits_paper_names_its_circumstances_first_and_the_summary_before_the_links() -> None:
    setting = paper_setting(PINS, auditor=OfficeId("vn-inspector"), auditor_key=b"\x07" * 32)
    text = text_of(replay_paper(report(), setting), 120)
    order = [
        "Audit of a log",
        f"date of the audit   {instant(DATE)}",
        "blo 0.1.0",
        "02" * 32,
        "01" * 32,
        "vn-inspector",
        "07" * 32,
        "Summary",
        "breach         0  Proof that a rule was broken.",
        "Nothing is wrong.",
        "Findings",
        "1. note end_uncovered link-0",
        "2. note end_uncovered link-1",
        "Links",
        "For all links",
        "\nlink-0\n",
        "hash of the log",
        "\nlink-1\n",
    ]
    places = [text.find(words) for words in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_what_is_not_proved_of_any_link_is_told_once_and_what_is_of_one_with_it() -> None:
    exhibit = scene().exhibit
    paper = replay_paper(report(), paper_setting(PINS))
    text = lines_of(paper)
    assert text.count("Whether what the offices wrote is true.") == 1
    single = replay_paper(report(1), paper_setting(PINS))
    assert lines_of(single).count("Whether what the offices wrote is true.") == 1
    assert "For all links" not in lines_of(single)
    assert exhibit is scene().exhibit


def test_findings_are_numbered_through_the_gravest_first() -> None:
    made = report()
    codes = [finding.code for finding in made.findings]
    other = [msgspec.structs.replace(finding, position=1) for finding in made.findings]
    doubled = msgspec.structs.replace(made, findings=(*made.findings, *other))
    paper = replay_paper(doubled, paper_setting(PINS))
    (entries,) = [block for block in paper.blocks if isinstance(block, PaperEntries)]
    assert [entry.number for entry in entries.entries] == [1, 2, 3, 4]
    assert all(code in entry.lead for code, entry in zip(codes * 2, entries.entries, strict=True))
    assert isinstance(made.findings[0], Finding)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bundles_paper_tells_file_digest_scope_and_the_disclosed_contents(
    language: Any, tmp_path: Path
) -> None:
    corpus = Corpus()
    corpus.write(A, 0, text=MIXED)
    draft = manifest(Scope.CASE, 13, case=corpus.case(0))
    papers = corpus.papers(corpus.disclosure(A, 12))
    path = tmp_path / "given.bundle"
    path.write_bytes(write_bundle(draft, papers, [corpus.proven(12)]))
    bundle = verify_bundle(path, corpus.world.pins)
    paper = bundle_paper(bundle, paper_setting(corpus.world.pins, language))
    text = lines_of(paper)
    for words in ("given.bundle", bundle.digest, f"case {corpus.case(0).hex()}", MIXED):
        assert words in text
    subject = {"en": "subject", "vi": "trích yếu", "lo": "ເລື່ອງ", "zh": "事由"}[language]
    assert subject in text
    assert pdf_of(paper) == pdf_of(paper)
    kinds = [type(block) for block in paper.blocks]
    assert {PaperHeading, PaperTable, PaperList, PaperFacts} <= set(kinds)


# The command.


@pytest.fixture
def config(tmp_path: Path) -> Path:
    corpus = Corpus()
    (tmp_path / "given.bundle").write_bytes(corpus.link_bundle())
    pins = "".join(f'{country} = "{pin.hex()}"\n' for country, pin in corpus.world.pins.items())
    path = tmp_path / "auditor.toml"
    path.write_text(f'auditor = "vn-inspector"\nkeys = "auditor.key"\n[trust.pins]\n{pins}')
    return path


def test_the_command_writes_signed_papers_the_same_each_time(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "init", "--config", str(config)]) == 0
    bundle = str(tmp_path / "given.bundle")
    capsys.readouterr()
    made = []
    for folder in ("a", "b"):
        outputs = [str(tmp_path / folder / f"paper{suffix}") for suffix in (".txt", ".pdf")]
        options = [word for path in outputs for word in ("--paper", path)]
        dated = ["--dated", "2025-03-01T08:00:00+07:00", "--zone", "Asia/Vientiane"]
        arguments = ["audit", "verify", bundle, "--config", str(config), "--language", "vi"]
        assert run([*arguments, *options, *dated, "--json"]) == 0
        captured = capsys.readouterr()
        assert json.loads(captured.out)["clean"] is True
        assert "signed by vn-inspector: paper.pdf.sig" in captured.err
        made.append([Path(path).read_bytes() for path in outputs])
        assert run(["audit", "paper", "verify", *outputs, "--config", str(config)]) == 0
        assert "signed by vn-inspector, its own key" in capsys.readouterr().out
        assert run([*arguments, *options]) == 2
        assert "is there already" in capsys.readouterr().err
    assert made[0] == made[1]
    assert b"2025-03-01 08:00:00 Asia/Vientiane (01:00:00 UTC)" in made[0][0]


def test_a_paper_that_was_changed_or_that_nobody_vouches_for_is_told(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "init", "--config", str(config)]) == 0
    paper = tmp_path / "paper.txt"
    bundle = str(tmp_path / "given.bundle")
    arguments = ["audit", "verify", bundle, "--config", str(config), "--paper", str(paper)]
    assert run(arguments) == 0
    paper.write_bytes(paper.read_bytes().replace(b"Nothing", b"Nothink"))
    trust = tmp_path / "trust"
    trust.mkdir()
    for number, signed in enumerate(Corpus().world.documents):
        (trust / f"{number}.blo").write_bytes(msgspec.msgpack.encode(signed))
    verify = ["audit", "paper", "verify", str(paper), "--config", str(config)]
    capsys.readouterr()
    assert run([*verify, "--trust", str(trust)]) == 1
    assert "NOT SIGNED by vn-inspector" in capsys.readouterr().out
    (tmp_path / "paper.txt.sig").write_text("00")
    assert run([*verify, "--trust", str(trust)]) == 2
    assert "is no signature" in capsys.readouterr().err
    (tmp_path / "paper.txt.sig").unlink()
    assert run(verify) == 2
    assert "Take the file of the signature" in capsys.readouterr().err


def test_a_form_that_is_not_known_is_refused_before_the_work(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ["--paper", str(tmp_path / "paper.docx")]
    assert run(["audit", "verify", "nowhere", "--config", str(config), *output]) == 2
    assert "name a file that ends in .txt or .pdf" in capsys.readouterr().err
