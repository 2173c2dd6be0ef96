"""Bundles made to harm whoever verifies them: memory, files, terminals."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from blo_audit.bundle import limits
from blo_audit.bundle.reader import MAGIC
from blo_audit.bundle.verify import verify_bundle
from blo_audit.printout.audit_result import bundle_paper
from blo_cli.audit.forms import bundle_form
from blo_cli.terminal import json_text
from blo_domain.trust.model import ParsedDocument
from blo_printout.text import text_of
from blo_schemas.bundle import Scope
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.ids import OfficeId
from blo_schemas.plain_text import plain
from blo_schemas.summary import Step
from blo_schemas.trust import Agreement, DocumentSignature, SignedDocument
from blo_sealing.statements import sign_disclosure
from tests.agents.world import NOW, A
from tests.audit.bundling import (
    FIRST,
    Corpus,
    digest_of,
    frames_of,
    joined,
    manifest,
    write_bundle,
)
from tests.audit.papers import paper_setting

pytestmark = pytest.mark.slow

LIMIT = 512 * 1024 * 1024
CORPUS = Corpus()
CONFINED = Path(__file__).with_name("confined.py")
NESTED = 0x91


def confined(
    data: bytes, folder: Path, *more: str, corpus: Corpus = CORPUS
) -> subprocess.CompletedProcess[str]:
    """Verifies in a process that can only read and compute, in 512 MiB, in an unwritable folder."""
    file = folder / "given.bundle"
    file.write_bytes(data)
    nowhere = folder / "nowhere"
    nowhere.mkdir(mode=0o500)
    before = sorted(path.name for path in folder.iterdir())
    pins = [f"--pin={country}={one.hex()}" for country, one in corpus.world.pins.items()]
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run(
        [sys.executable, "-B", str(CONFINED), str(LIMIT), str(file), *pins, *more],
        capture_output=True,
        text=True,
        cwd=nowhere,
        env={"PYTHONPATH": f"{root}/schemas:{root}/services", "LC_ALL": "C.UTF-8"},
        timeout=300,
        check=False,
    )
    assert sorted(path.name for path in folder.iterdir()) == before
    assert list(nowhere.iterdir()) == []
    assert file.read_bytes() == data
    return found


def many_documents() -> bytes:
    """As many bytes of documents as there may be, made of the smallest things in them."""
    honest = next(one for one in CORPUS.world.documents if b"agreement" in one.payload)
    agreement = ParsedDocument(honest).document
    assert isinstance(agreement, Agreement)
    signed = []
    for number in range(62):
        offices = tuple(OfficeId(f"vn-{at:05}") for at in range(14_000))
        wide = msgspec.structs.replace(agreement, version=number + 2, offices=offices)
        signed.append(encode(SignedDocument(encode(wide), honest.signatures)))
    return _with_documents(signed)


def many_signatures() -> bytes:
    """Documents that decode, with as many signatures as there is room for."""
    payload = CORPUS.world.documents[0].payload
    signed = []
    for number in range(60):
        rows = tuple(
            DocumentSignature(struct.pack(">QQQQ", number, 0, 0, at), bytes(64))
            for at in range(1200)
        )
        signed.append(encode(SignedDocument(payload, rows)))
    return _with_documents(signed)


def _with_documents(signed: list[bytes]) -> bytes:
    papers = CORPUS.papers()
    frames = frames_of(CORPUS.case_bundle(1, papers))
    count = len(papers.documents)
    found = sorted({*frames[1 : 1 + count], *signed})
    head = msgspec.msgpack.decode(frames[0])
    head[10][0] = len(found)
    return joined([encode(head), *found, *frames[1 + count :]])


def records_that_are_none(count: int) -> bytes:
    values = (LogRecord(at, FIRST, b"\xc1") for at in range(count))
    return write_bundle(manifest(Scope.LINK, count), CORPUS.papers(), values)


def wide_chunk() -> bytes:
    """A chunk whose bytes are all list entries."""
    times = b"\xdd" + struct.pack(">I", 1_900_000) + bytes(1_900_000)
    return joined([*_link_head(1_000_000), b"\x92" + times + b"\x90"])


def chunk_of_empty_values() -> bytes:
    values = b"\xdc" + struct.pack(">H", 65_535) + b"\xc4\x00" * 65_535
    times = b"\xdc" + struct.pack(">H", 65_535) + bytes(65_535)
    return joined([*_link_head(65_535), b"\x92" + times + values])


def deep_chunk() -> bytes:
    return joined([*_link_head(1), bytes([NESTED]) * 2_000_000])


def deep_manifest() -> bytes:
    return joined([bytes([NESTED]) * 1000])


def _link_head(records: int) -> list[bytes]:
    frames = frames_of(CORPUS.link_bundle())
    head = msgspec.msgpack.decode(frames[0])
    head[4] = head[10][4] = records
    return [encode(head), *frames[1:-1]]


def declared_giant() -> bytes:
    return MAGIC + b"\x7f\xff\xff\xff" + b"x"


def wordy_manifest() -> bytes:
    return joined([encode(["word"] * 150)])


def many_disclosures() -> bytes:
    """Each event disclosed as often as there is room for."""
    papers = CORPUS.papers(*(CORPUS.disclosure(A, *range(at % 12, 12)) for at in range(12)))
    return CORPUS.link_bundle(papers)


def large_records() -> bytes:
    """Records as large as a log takes."""
    values = [LogRecord(at, FIRST, b"\xc6" + bytes(1_000_000)) for at in range(40)]
    return write_bundle(manifest(Scope.LINK, 40), CORPUS.papers(), values)


REFUSED = {
    "a length of two gigabytes": declared_giant,
    "a manifest of arrays": deep_manifest,
    "a manifest of words": wordy_manifest,
    "a chunk of times": wide_chunk,
    "a chunk of empty values": chunk_of_empty_values,
    "a chunk nested two million deep": deep_chunk,
}
JUDGED: dict[str, Callable[[], bytes]] = {
    "many documents": many_documents,
    "many signatures": many_signatures,
    "many disclosures": many_disclosures,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_bundle_may_have_is_refused_in_small_memory(name: str, tmp_path: Path) -> None:
    found = confined(REFUSED[name](), tmp_path)
    assert found.returncode == 2, found.stderr
    assert found.stderr.startswith("blo: ")
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("name", JUDGED)
def test_as_much_as_a_bundle_may_have_is_judged_in_small_memory(name: str, tmp_path: Path) -> None:
    found = confined(JUDGED[name](), tmp_path, "--json")
    assert found.returncode in (0, 1), found.stderr
    assert json.loads(found.stdout)["scope"] in ("case", "link")


@pytest.mark.parametrize("form", ["--json", "in words"])
def test_wide_contents_are_shown_in_small_memory_and_the_rest_is_counted(
    form: str, tmp_path: Path
) -> None:
    corpus = Corpus(records=0, cases=1)
    for _ in range(12):
        corpus.put(corpus.sealed(A, 0, questions=["à"] * 80_000))
    events = tuple(corpus.keys_of(at, office=A) for at in range(12))
    disclosure = sign_disclosure(corpus.author(A), A, NOW, events)
    data = corpus.link_bundle(corpus.papers(disclosure))
    more = [form] if form == "--json" else []
    found = confined(data, tmp_path, *more, corpus=corpus)
    assert found.returncode == 0, found.stderr
    assert "8 disclosed events were opened and checked, and are too large" in " ".join(
        found.stdout.split()
    )


@pytest.mark.slow
def test_as_many_records_that_are_none_as_there_may_be_fit_into_small_memory(
    tmp_path: Path,
) -> None:
    peaks = []
    counts = (20_000, 120_000)
    for count in counts:
        folder = tmp_path / str(count)
        folder.mkdir()
        found = confined(records_that_are_none(count), folder, "--json")
        assert found.returncode == 1, found.stderr
        report = json.loads(found.stdout)
        assert report["whole"]["records"] == count
        assert len(report["findings"]) < 100
        peaks.append(int(found.stderr.split()[-2]) << 20)
    # A million take half a minute; what memory grows by is the same for each record.
    grows = (peaks[1] - peaks[0]) / (counts[1] - counts[0])
    assert peaks[1] + grows * (limits.LINK_RECORDS.count - counts[1]) < LIMIT


@pytest.mark.slow
def test_the_largest_records_are_judged_in_small_memory(tmp_path: Path) -> None:
    found = confined(large_records(), tmp_path, "--json")
    assert found.returncode == 1, found.stderr
    assert json.loads(found.stdout)["whole"]["records"] == 40


def test_honest_bundles_are_verified_where_nothing_can_be_written_or_reached(
    tmp_path: Path,
) -> None:
    for number, data in enumerate((CORPUS.case_bundle(1), CORPUS.link_bundle())):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = confined(data, folder)
        assert found.returncode == 0, found.stderr
        assert "Nothing is wrong." in found.stdout


@pytest.mark.parametrize(
    "deed",
    [
        "open('made', 'w')",
        "import os; os.mkdir('made')",
        "import socket; socket.socket().connect(('127.0.0.1', 9))",
        "import subprocess, sys; subprocess.run([sys.executable, '-V'])",
        "import tempfile; tempfile.TemporaryFile()",
    ],
)
def test_the_confinement_catches_what_a_verifier_must_not_do(deed: str, tmp_path: Path) -> None:
    script = f"import sys; import confined; sys.addaudithook(confined.forbid); {deed}"
    found = subprocess.run(
        [sys.executable, "-B", "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(CONFINED.parent)},
        capture_output=True,
        check=False,
    )
    assert found.returncode == 99
    assert list(tmp_path.iterdir()) == []


def test_a_content_that_would_command_the_terminal_is_shown_and_not_obeyed(
    tmp_path: Path,
) -> None:
    corpus = Corpus()
    evil = "\x1b[2J\x1b]0;owned\x07 \u202eesrever [bold]x[/bold] \x9b31m"
    corpus.write(A, 0, text=evil)
    draft = manifest(Scope.CASE, 13, case=corpus.case(0))
    papers = corpus.papers(corpus.disclosure(A, 12))
    path = tmp_path / "given.bundle"
    path.write_bytes(write_bundle(draft, papers, [corpus.proven(12)]))
    report = verify_bundle(path, corpus.world.pins)
    assert report.disclosing.contents[0].body["subject"] == evil
    text = text_of(bundle_paper(report, paper_setting(corpus.world.pins)))
    shown = json_text(bundle_form(report))
    for char in "\x1b\x07\u202e\x9b":
        assert char not in text
        assert char not in shown
    assert "[bold]x[/bold]" in text
    assert json.loads(shown)["disclosing"]["contents"][0]["body"]["subject"] == evil


@pytest.mark.parametrize("form", ["--json", "in words"])
def test_a_disclosed_body_that_no_decoder_can_read_is_shown_without_it(
    form: str, tmp_path: Path
) -> None:
    corpus = Corpus(records=0, cases=1)
    no_utc = encode({"called_at": "0001-01-01T00:00:00+23:59"})
    corpus.put(corpus.sealed(A, 0, step=Step.URGE, body=no_utc))
    disclosure = sign_disclosure(corpus.author(A), A, NOW, (corpus.keys_of(0, office=A),))
    data = corpus.link_bundle(corpus.papers(disclosure))
    path = tmp_path / "given.bundle"
    path.write_bytes(data)
    (shown,) = verify_bundle(path, corpus.world.pins).disclosing.contents
    assert (shown.step, shown.body) == ("urge", None)
    more = [form] if form == "--json" else []
    assert confined(data, tmp_path, *more, corpus=corpus).returncode == 0


def test_texts_of_the_offices_languages_are_shown_as_they_are() -> None:
    for text in ("Văn phòng liên lạc qua biên giới", "ຫ້ອງການປະສານງານຊາຍແດນ", "边境联络官办公室"):
        assert plain(text) == text
    assert plain("a\nb\tc\u200b") == "a\\nb\\tc\\u200b"


def test_a_digest_that_fits_protects_nobody() -> None:
    """Whoever makes a hostile bundle gives it the right digest; all of the above have one."""
    data = deep_chunk()
    assert data[-32:] == digest_of(frames_of(data))
