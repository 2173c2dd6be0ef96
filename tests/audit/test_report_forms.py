"""A report for people: as a paper and as a workbook, the same each time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from blo_domain.reports.document import amount_text
from blo_domain.reports.figure_rules import RULES
from blo_domain.translations import FIGURES, LANGUAGES, UNITS, translated
from blo_printout.amounts import day_text, figure_rows, hours, hours_text, number_text
from blo_printout.model import PaperHeading, PaperTable
from blo_printout.office_report import ReportSetting, ReportSignature, report_paper
from blo_printout.pdf import pdf_of
from blo_printout.report_sheets import report_sheets
from blo_printout.text import text_of
from blo_printout.workbook import Sheet, workbook_of
from blo_schemas.reports import SignedReport, report_digest, signed_report
from tests.audit.frozen import Given, freeze
from tests.audit.papers import instant


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return freeze(tmp_path_factory.mktemp("frozen"))


def setting(given: Given, language: Any = "en", **changes: Any) -> ReportSetting:
    fields: dict[str, Any] = {
        "language": language,
        "times": instant,
        "directory": given.directory,
        "signature": ReportSignature.GOOD,
    }
    return ReportSetting(**fields | changes)


def book_of(signed: SignedReport, how: ReportSetting) -> bytes:
    return workbook_of(report_sheets(signed, how), how.language, "vn-a")


def opened(data: bytes) -> Workbook:
    return load_workbook(BytesIO(data))


def cells(data: bytes) -> list[Any]:
    return [cell for sheet in opened(data).worksheets for row in sheet.iter_rows() for cell in row]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_report_gives_the_same_text_pdf_and_workbook(given: Given, language: Any) -> None:
    again = signed_report(given.data)
    how = setting(given, language)
    paper = report_paper(given.signed, how)
    assert text_of(paper) == text_of(report_paper(again, how))
    assert pdf_of(paper) == pdf_of(report_paper(again, how))
    assert book_of(given.signed, how) == book_of(again, how)
    with ZipFile(BytesIO(book_of(again, how))) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_the_paper_has_names_period_people_figures_pages_of_events_and_the_annex(
    given: Given,
) -> None:
    paper = report_paper(given.signed, setting(given, "vi"))
    text = " ".join(text_of(paper, 300).split())
    name = given.directory.name(given.report.office, given.report.last, "vi")
    assert paper.subtitle == name
    order = [
        "Báo cáo từ 01/11/2024 đến 31/10/2025",
        f"văn phòng {name}",
        f"mã văn phòng {given.report.office}",
        "người tổng hợp officer",
        "người thẩm tra deputy",
        "người ký chief",
        report_digest(given.report),
        "Chữ ký của văn phòng đã được kiểm tra.",
        "Số liệu",
        "Phụ lục: chứng minh",
        given.signed.signature,
    ]
    places = [text.find(words) for words in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    pages = [block for block in paper.blocks if isinstance(block, PaperHeading) and block.new_page]
    with_events = [figure for figure in given.report.figures if figure.events]
    assert [page.text for page in pages[:-1]] == [
        translated(FIGURES, figure.indicator, "vi") for figure in with_events
    ]


def test_each_number_stands_with_its_unit_and_its_events_with_date_link_and_number(
    given: Given,
) -> None:
    paper = report_paper(given.signed, setting(given))
    tables = [block for block in paper.blocks if isinstance(block, PaperTable)]
    figures = {row[0]: row for row in tables[0].rows}
    assert figures["overstay penalties"] == ("overstay penalties", "3", "persons", "3")
    assert figures["seizures: crystal methamphetamine"][1:3] == ("38.5", "kg")
    assert figures["arrests: Lao"][1:3] == ("1", "persons")
    events = {event.event: event for event in given.report.events}
    with_events = [figure for figure in given.report.figures if figure.events]
    lists = [table for table in tables if table.heads[:2] == ("no.", "date")]
    for figure, table in zip(with_events, lists, strict=True):
        for contribution, row in zip(figure.events, table.rows, strict=True):
            event = events[contribution.event]
            assert row[1:4] == (contribution.on.isoformat(), event.link, event.number or "")
    short = text_of(report_paper(given.signed, setting(given, events=False)))
    assert report_digest(given.report) in short.replace("\n", "").replace(" ", "")
    assert "Annex" not in short


def test_a_report_carries_the_writers_own_numbers_of_its_documents(given: Given) -> None:
    assert "12/BC-BLO" in {event.number for event in given.report.events}
    assert "12/BC-BLO" in text_of(report_paper(given.signed, setting(given)))


def test_without_trust_documents_the_paper_says_that_the_signature_was_not_verified(
    given: Given,
) -> None:
    how = setting(given, directory=None, signature=ReportSignature.UNCHECKED)
    paper = report_paper(given.signed, how)
    assert paper.subtitle == given.report.office
    assert "NOT verified" in text_of(paper)
    bad = setting(given, signature=ReportSignature.BAD)
    assert "believe nothing" in text_of(report_paper(given.signed, bad))


def test_the_workbook_has_a_sheet_for_people_first_with_title_header_in_view_and_print_area(
    given: Given,
) -> None:
    how = setting(given)
    book = opened(book_of(given.signed, how))
    first = book.worksheets[0]
    assert str(first["A1"].value).startswith("Report 2024-11-01 to 2025-10-31")
    assert first["A2"].value == given.directory.name(given.report.office, given.report.last, "en")
    for sheet in book.worksheets:
        assert sheet.freeze_panes == "A5"
        assert sheet.print_area
        assert sheet.print_title_rows == "$4:$4"
        assert sheet.page_setup.fitToHeight == 0
        assert getattr(sheet.sheet_properties.pageSetUpPr, "fitToPage", False)
        assert all(cell.font.bold for cell in sheet[4] if cell.value)
    names = ["Report", "events", "Response times", "Notes"]
    assert book.sheetnames[:4] == names
    short = opened(book_of(given.signed, setting(given, events=False)))
    assert short.sheetnames == ["Report", "Response times", "Notes"]


def test_numbers_are_numbers_and_dates_are_dates(given: Given) -> None:
    book = opened(book_of(given.signed, setting(given, "vi")))
    values = {row[0].value: row for row in book.worksheets[0].iter_rows(min_row=5)}
    penalties = values[translated(FIGURES, "overstay_penalties", "vi")]
    assert (penalties[1].value, penalties[1].data_type) == (3, "n")
    seized = values["thu giữ: ma túy đá"]
    assert (seized[1].value, seized[2].value) == (38.5, "kg")
    assert values["từ"][1].value == datetime(2024, 11, 1)  # noqa: DTZ001 - a cell has no zone
    assert values["từ"][1].number_format == "dd/mm/yyyy"
    events = book.worksheets[1]
    assert all(
        getattr(row[1], "is_date", False) for row in events.iter_rows(min_row=5) if row[0].value
    )


@pytest.mark.parametrize("text", ["=1+1", "=HYPERLINK(0)", "+1", "@now", "http://a.example", "007"])
def test_what_looks_like_a_formula_is_written_as_text(given: Given, text: str) -> None:
    def edit(frozen: dict[str, Any]) -> None:
        frozen["steps"][1]["by"] = text

    data = book_of(signed_report(given.edited(edit)), setting(given))
    there = [cell for cell in cells(data) if str(cell.value).startswith(text)]
    assert there
    assert {cell.data_type for cell in there} == {"s"}
    assert not [cell for cell in cells(data) if cell.data_type == "f" or cell.hyperlink]


def test_no_name_makes_a_workbook_that_no_program_opens() -> None:
    names = [
        "a/b",
        "[x]:*?\\",
        "=cmd|'/c calc'!A1",
        "'",
        "",
        "\x1b\n",
        "n" * 40,
        "N" * 41,
        "history",
    ]
    sheets = [
        Sheet(name=name, title=name, heads=(name, "n"), rows=((name, 2**53), (name, 10**40)))
        for name in names
    ]
    book = opened(workbook_of(sheets, "en", "\x00"))
    assert len(book.sheetnames) == len(names)
    assert len({name.casefold() for name in book.sheetnames}) == len(names)
    for sheet in book.worksheets:
        assert len(sheet.title) <= 31
        assert sheet["B5"].value == str(2**53) or float(sheet["B5"].value) == float(2**53)
        assert sheet["B6"].value == str(10**40)


def test_a_text_that_no_cell_can_hold_is_cut_and_says_so() -> None:
    sheet = Sheet(name="a", title="", heads=("a",), rows=(("x" * 40_000,), (date(1850, 1, 1),)))
    page = opened(workbook_of([sheet], "en", "")).worksheets[0]
    assert str(page["A5"].value).endswith("x…")
    assert page["A6"].value == "1850-01-01"


def test_every_figure_and_unit_of_the_rules_has_a_word() -> None:
    assert all(rule.indicator in FIGURES and rule.unit in UNITS for rule in RULES)
    assert translated(FIGURES, "of_no_list", "vi") == "of no list"


def test_amounts_dates_and_spans_are_told_as_the_language_writes_them(given: Given) -> None:
    assert [amount_text(one) for one in (0, 18_000)] == ["0", "18000"]
    assert [hours(one) for one in (None, 0, 3_600_000)] == [None, 0, 1]
    assert [hours_text(one, "en") for one in (None, 0, 5_430_000)] == ["", "0.00", "1.50"]
    assert number_text(Decimal("18000.5"), "vi") == "18.000,5"
    assert number_text(Decimal("18000.5"), "zh") == "18,000.5"
    assert day_text(date(2025, 3, 1), "zh") == "2025年3月1日"
    assert day_text(date(2025, 3, 1), "lo") == "01/03/2025"
    for language in LANGUAGES:
        for figure in given.report.figures:
            assert figure_rows(figure, language)
