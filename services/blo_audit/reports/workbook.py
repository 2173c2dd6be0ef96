"""A report as a workbook (XLSX); the same report gives the same bytes.

Every cell of text is written as text: what looks like a formula is none, so a document's number
such as ``=1+1`` can do nothing in whoever opens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from blo_audit.reports.text import amounts_text, hours, instant, rows_of
from blo_audit.reports.words import word
from blo_schemas.reports import PeriodReport, ReportFigure, SignedReport, report_digest

_WIDTH: Final = 24
_LONGEST_NAME: Final = 31
_NO_TIME: Final = datetime(1980, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_EXACT: Final = 10**15
"""A workbook's numbers have 15 digits; larger ones are written as text."""

Cell = str | int | Decimal


def sheets_of(signed: SignedReport, language: str = "en") -> bytes:
    """The workbook: figures, response times, notes, the cut, and a sheet of events per figure.

    Args:
        signed: The frozen report.
        language: Of the figures' names; one of ``LANGUAGES``.
    """
    report = signed.frozen.report
    target = BytesIO()
    # In memory, so that the parts get a fixed time, and nothing lies about in a temporary folder.
    book = Workbook(target, {"in_memory": True, **_AS_TEXT})
    book.set_properties({"created": _NO_TIME, "author": report.office})
    _write(book, "figures", _figures(signed, language))
    _write(book, "response times", _times(report))
    _write(book, "notes", _notes(report))
    _write(book, "logs", _logs(report))
    for figure in report.figures:
        _write(book, figure.indicator, _events(report, figure))
    book.close()
    return target.getvalue()


def _write(book: Workbook, name: str, rows: Iterable[Sequence[Cell]]) -> None:
    sheet: Worksheet = book.add_worksheet(name[:_LONGEST_NAME])
    sheet.set_column(0, 9, _WIDTH)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if not isinstance(cell, str) and -_EXACT < cell < _EXACT:
                sheet.write_number(row, column, cell)
            else:
                sheet.write_string(row, column, str(cell))


def _figures(signed: SignedReport, language: str) -> Iterable[Sequence[Cell]]:
    report = signed.frozen.report
    yield word("report", language), report.office, report.first.isoformat(), report.last.isoformat()
    yield "digest", report_digest(report)
    yield "signature", signed.signature
    for step in signed.frozen.steps:
        yield step.act.value, step.by, instant(step.at)
    yield ()
    yield tuple(word(heading, language) for heading in ("figure", "value", "unit", "events"))
    for figure in report.figures:
        for name, amount, unit in rows_of(figure, language):
            yield name, Decimal(amount), unit, len(figure.events)


def _times(report: PeriodReport) -> Iterable[Sequence[Cell]]:
    yield "link", "office", "clock", "met", "missed", "open", "median hours", "p90 hours"
    for row in report.response_times:
        spans = [_number(hours(row.median_ms)), _number(hours(row.p90_ms))]
        yield row.link, row.office, row.clock.value, row.met, row.missed, row.open, *spans


def _number(text: str) -> Cell:
    return Decimal(text) if text else ""


def _notes(report: PeriodReport) -> Iterable[Sequence[Cell]]:
    yield "about", "link", "position", "event", "words"
    for note in report.notes:
        yield note.about.value, note.link, note.position, note.event or "", note.words


def _logs(report: PeriodReport) -> Iterable[Sequence[Cell]]:
    yield "link", "records", "log hash", "tree root", "public holidays, table version"
    for link in report.links:
        tables = ", ".join(map(str, link.holidays))
        yield link.link, link.size, link.log_hash, link.tree_root, tables


def _events(report: PeriodReport, figure: ReportFigure) -> Iterable[Sequence[Cell]]:
    events = {event.event: event for event in report.events}
    yield (
        "event",
        "date",
        "link",
        "position",
        "office",
        "kind",
        "step",
        "counts",
        "also",
        "corrected",
    )
    for contribution in figure.events:
        event = events.get(contribution.event)
        place: Sequence[Cell] = ("", "", "", "", "")
        if event is not None:
            place = event.link, event.position, event.office, event.kind, event.step
        also, corrected = " ".join(contribution.also_reported), " ".join(contribution.corrections)
        counts = amounts_text(contribution.amounts)
        yield contribution.event, contribution.on.isoformat(), *place, counts, also, corrected


_AS_TEXT: Final = {
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
