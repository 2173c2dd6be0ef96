"""Whatever is written can be read: one codec with one limit at both ends."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import pytest

from blo_agent.store.connection import Transaction
from blo_agent.store.tables import cases, journal
from blo_schemas import (
    bundle,
    clocks,
    content,
    event,
    grants,
    heads,
    outputs,
    reports,
    trust,
    views,
)
from blo_schemas.codec import MAX_RECORD_SIZE, Codec
from blo_schemas.errors import TooLarge, WireError
from blo_schemas.ids import CaseId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.journal import JOURNAL_ENTRY, MAX_DETAIL_SIZE, MAX_ENTRY_SIZE
from blo_schemas.outputs import DEAD_LETTER, MAX_ERROR_TEXT, DeadLetter
from blo_schemas.reports import MAX_REPORT_STEPS, STEPS, ReportAct, ReportStep
from tests.unit.domain.test_full_cases import largest_view
from tests.unit.schemas.structs import sample_of
from tests.unit.store.journal_chain import verify_journal
from tests.unit.store.samples import LINK, OFFICE

HASHED_OR_COMPARED: Final = frozenset(
    {
        "blo_agent/oversight/compare.py",
        "blo_agent/verify_link.py",
        "blo_agent/reports/service.py",
        "blo_agent/oversight/apply_outputs.py",
        "blo_agent/store/content_digest.py",
        "blo_audit/bundle/reader.py",
        "blo_audit/replay/processor_outputs.py",
        "blo_audit/reports/verify.py",
        "blo_domain/trust/writers.py",
        "blo_projection/case_views.py",
        "blo_processors/outputs/encode.py",
        "blo_sealing/key_wrap.py",
        "blo_sealing/outputs.py",
    }
)
"""What these encode is hashed, bound or compared, and never read again."""
BOUNDED_OTHERWISE: Final = {
    "blo_agent/inbound/checkpoints.py": "a detail of the journal, which bounds it",
    "blo_agent/commands/disclose.py": "a detail of the journal, which bounds it",
    "blo_agent/shredding/delete.py": "a detail of the journal, which bounds it",
    "blo_agent/office/halts.py": "a detail of the journal, which bounds it",
    "blo_agent/inbound/heads.py": "two signed heads, each written by its codec",
    "blo_agent/inbound/truncated_topics.py": "places, hashes and one signed head",
    "blo_domain/commands.py": "a body, bounded with the content that it is put into",
    "blo_domain/people/approval.py": "a body, bounded with the drafted step that it is put into",
    "blo_sealing/seal_event.py": "a content, bounded with the record that it is sealed into",
}


def _importers(root: Path) -> Iterator[str]:
    """The modules that can encode without a codec, and so without a limit."""
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.module != "blo_schemas.codec":
                continue
            if "encode" in {name.name for name in node.names}:
                yield path.relative_to(root).as_posix()


def test_what_is_stored_or_sent_is_written_with_the_codec_that_reads_it(
    project_root: Path,
) -> None:
    without = {name for root in ("services", "deploy") for name in _importers(project_root / root)}
    assert without == HASHED_OR_COMPARED | set(BOUNDED_OTHERWISE)


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (one, value)
        for module in (
            bundle,
            clocks,
            content,
            event,
            grants,
            heads,
            outputs,
            reports,
            trust,
            views,
        )
        for one in vars(module).values()
        if isinstance(one, Codec)
        for value in [b"x" * one.limit]
    ],
    ids=lambda one: getattr(getattr(one, "kind", None), "__name__", ""),
)
def test_every_codec_refuses_to_write_what_it_would_refuse_to_read(
    codec: Codec[object], value: bytes
) -> None:
    with pytest.raises(TooLarge):
        codec.encode(value)
    with pytest.raises(TooLarge):
        codec.decode(msgspec.msgpack.encode(value))


def test_the_largest_view_is_read_back_from_the_store(tx: Transaction) -> None:
    view = largest_view()
    cases.put(tx, view)
    assert cases.get(tx, view.link, CaseId(view.case)) == view


@pytest.mark.parametrize("size", [0, MAX_DETAIL_SIZE, MAX_DETAIL_SIZE + 1, 5 * 1024 * 1024])
def test_a_journal_with_details_of_any_size_is_read_and_verified(
    tx: Transaction, size: int
) -> None:
    word = "\N{LATIN SMALL LETTER A WITH CIRCUMFLEX AND ACUTE}" * 200
    journal.append(
        tx,
        at=LAST_INSTANT,
        actor=word,
        action=word,
        link=LINK,
        case=CaseId(bytes(32)),
        detail=bytes(size),
    )
    (entry,) = journal.entries(tx)
    assert len(entry.detail) == size or f"{size} bytes" in entry.detail.decode()
    assert len(JOURNAL_ENTRY.encode(entry)) < MAX_ENTRY_SIZE
    assert verify_journal(tx) == journal.head(tx)


@pytest.mark.parametrize("actor", ["", "x" * 201])
def test_a_journal_takes_no_word_that_it_could_not_read(tx: Transaction, actor: str) -> None:
    with pytest.raises(WireError):
        journal.append(tx, at=0, actor=actor, action="view")
    assert list(journal.entries(tx)) == []


def test_the_steps_of_a_report_are_read_back_however_many_there_can_be() -> None:
    by = "\N{CJK UNIFIED IDEOGRAPH-20000}" * 200
    steps = (ReportStep(act=ReportAct.COMPUTE, by=by, at=LAST_INSTANT),) * MAX_REPORT_STEPS
    assert STEPS.decode(STEPS.encode(steps)) == steps


def test_a_report_that_could_not_be_read_when_it_is_frozen_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = reports.PeriodReport(
        v=1, rules=1, office=OFFICE, branches=(), first=date(2025, 1, 1), last=date(2025, 1, 31),
        after=0, until=1, as_of=1, links=(), heads=(), figures=(), response_times=(), notes=(),
        events=(),
    )  # fmt: skip
    reports.check_size(report)
    monkeypatch.setattr(reports, "MAX_REPORT_SIZE", 1024 * 1024)
    with pytest.raises(TooLarge):
        reports.check_size(report)


def test_the_largest_dead_letter_is_read_back() -> None:
    letter = DeadLetter(
        1, LINK, OFFICE, "blo.exchange.la-vn", 2**53, 2**53, LAST_INSTANT, bytes(MAX_RECORD_SIZE),
        "\N{CJK UNIFIED IDEOGRAPH-20000}" * MAX_ERROR_TEXT, 2**53,
    )  # fmt: skip
    assert DEAD_LETTER.decode(DEAD_LETTER.encode(letter)) == letter


def test_the_size_of_a_file_is_that_of_its_text_within_some_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = sample_of(reports.PeriodReport)
    report = msgspec.structs.replace(report, figures=report.figures * 9, events=report.events * 30)
    frozen = reports.FrozenReport(v=1, kid="00" * 8, steps=(), report=report)
    size = len(reports.to_json(reports.SignedReport(frozen=frozen, signature="00" * 64)))
    monkeypatch.setattr(reports, "_STEPS_ROOM", 0)
    monkeypatch.setattr(reports, "MAX_REPORT_SIZE", size - 1)
    with pytest.raises(TooLarge):
        reports.check_size(report)
    monkeypatch.setattr(reports, "MAX_REPORT_SIZE", size + 64)
    reports.check_size(report)
