"""A report for people: as text and as a workbook, the same each time."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

from blo_audit.reports.text import hours, text_of
from blo_audit.reports.words import LANGUAGES, word
from blo_audit.reports.workbook import sheets_of
from blo_domain.reports.document import amount_text
from blo_domain.reports.figure_rules import RULES
from blo_schemas.reports import report_digest, signed_report
from tests.audit.frozen import Given, freeze

_CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return freeze(tmp_path_factory.mktemp("frozen"))


def workbook(data: bytes) -> dict[str, ET.Element]:
    with ZipFile(BytesIO(data)) as parts:
        names = [name for name in parts.namelist() if name.endswith(".xml")]
        return {name: ET.fromstring(parts.read(name)) for name in names}


def texts(data: bytes) -> list[str]:
    shared = workbook(data)["xl/sharedStrings.xml"]
    return ["".join(one.itertext()) for one in shared.iter(f"{_CELLS}si")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_report_gives_the_same_text_and_the_same_workbook(
    given: Given, language: str
) -> None:
    again = signed_report(given.data)
    assert text_of(given.signed, language) == text_of(again, language)
    assert sheets_of(given.signed, language) == sheets_of(again, language)
    with ZipFile(BytesIO(sheets_of(again, language))) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_the_text_lists_the_events_of_each_number_with_their_places(given: Given) -> None:
    lines = text_of(given.signed).splitlines()
    assert report_digest(given.report) in lines[1]
    (row,) = [line.split() for line in lines if line.startswith("  overstay penalties")]
    assert row == ["overstay", "penalties", "3", "persons", "3"]
    (seized,) = [line.split() for line in lines if "crystal methamphetamine" in line]
    assert seized[-3:] == ["38.5", "kg", "1"]
    for figure in given.report.figures:
        for one in figure.events:
            assert any(
                one.event in line and f"/{_position(given, one.event)} " in line for line in lines
            )
    short = text_of(given.signed, events=False)
    assert report_digest(given.report) in short
    assert len(short.splitlines()) < len(lines)


def _position(given: Given, event: str) -> int:
    return next(one.position for one in given.report.events if one.event == event)


def test_vietnamese_readers_get_vietnamese_words(given: Given) -> None:
    text = text_of(given.signed, "vi")
    for expected in ("Báo cáo", "chuyên án chung", "ma túy đá", "bánh", "lượt người"):
        assert expected in text
    assert all(word(rule.indicator, "vi") != word(rule.indicator, "en") for rule in RULES)


def test_what_has_no_word_in_a_language_has_its_english_one() -> None:
    assert word("joint_cases", "lo") == "ຄະດີຮ່ວມ"
    assert word("arrests", "zh") == "arrests"
    assert word("of_no_list", "vi") == "of no list"


def test_every_figure_has_a_sheet_with_its_events(given: Given) -> None:
    data = sheets_of(given.signed)
    names = [
        str(one.get("name")) for one in workbook(data)["xl/workbook.xml"].iter(f"{_CELLS}sheet")
    ]
    figures = [figure.indicator for figure in given.report.figures]
    assert names == ["figures", "response times", "notes", "logs", *figures]
    assert max(map(len, names)) <= 31
    told = texts(data)
    assert {one.event for figure in given.report.figures for one in figure.events} <= set(told)
    penalties = workbook(data)[f"xl/worksheets/sheet{names.index('overstay_penalties') + 1}.xml"]
    assert len(list(penalties.iter(f"{_CELLS}row"))) == 1 + 3


@pytest.mark.parametrize("text", ["=1+1", "=HYPERLINK(0)", "+1", "@now", "http://a.example", "007"])
def test_what_looks_like_a_formula_is_written_as_text(given: Given, text: str) -> None:
    def edit(frozen: dict[str, Any]) -> None:
        frozen["steps"][1]["by"] = text

    data = sheets_of(signed_report(given.edited(edit)))
    assert text in texts(data)
    sheets = [root for name, root in workbook(data).items() if "worksheets" in name]
    assert not [cell for root in sheets for cell in root.iter(f"{_CELLS}f")]
    assert not [link for root in sheets for link in root.iter(f"{_CELLS}hyperlink")]


def test_amounts_and_spans_are_told_exactly() -> None:
    assert [amount_text(one) for one in (0, 18_000)] == ["0", "18000"]
    assert [hours(one) for one in (None, 0, 3_600_000, 5_430_000)] == ["", "0.00", "1.00", "1.50"]
