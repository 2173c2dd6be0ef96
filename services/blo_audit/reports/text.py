"""A report as text for people; the same report gives the same text, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

from blo_audit.reports.words import word
from blo_schemas.instants import local
from blo_schemas.plain_text import plain
from blo_schemas.reports import (
    FrozenReport,
    Measured,
    PeriodReport,
    ReportFigure,
    SignedReport,
    report_digest,
)

_HOUR_MS = 3_600_000
_UNICODE = "16.0.0"
"""The version by which columns are counted: a fixed one, for the same bytes on every machine."""


def text_of(signed: SignedReport, language: str = "en", *, events: bool = True) -> str:
    """The report as text.

    Args:
        signed: The frozen report.
        language: One of ``LANGUAGES``.
        events: Whether each figure's events are listed.
    """
    return "\n".join(map(plain, _frozen(signed.frozen, language, events=events))) + "\n"


def rows_of(figure: ReportFigure, language: str) -> list[tuple[str, str, str]]:
    """Name, value and unit of each line that a figure takes."""
    name = word(figure.indicator, language)
    if figure.indicator == "seizures":
        return [
            (f"{name}: {word(total.of[0], language)}", total.amount, word(total.of[1], language))
            for total in figure.totals
            if len(total.of) == 2
        ] or [(name, "0", "")]
    unit = word(figure.unit, language)
    plain = next((total.amount for total in figure.totals if not total.of), None)
    parts = [total for total in figure.totals if total.of]
    if plain is not None or not parts:
        return [(name, plain or "0", unit)]
    return [(f"{name}: {_of(total, language)}", total.amount, unit) for total in parts]


def amounts_text(amounts: Iterable[Measured]) -> str:
    """Amounts on one line."""
    return ", ".join(
        " ".join((amount.amount, *(part or "?" for part in amount.of))) for amount in amounts
    )


def hours(milliseconds: int | None) -> str:
    """A span in hours with two decimals; nothing where there is none."""
    if milliseconds is None:
        return ""
    hundredths = milliseconds * 100 // _HOUR_MS
    return f"{hundredths // 100}.{hundredths % 100:02}"


def instant(at: int) -> str:
    """An instant in UTC."""
    return local(at).isoformat(timespec="seconds")


def _of(total: Measured, language: str) -> str:
    return " ".join(word(part, language) for part in total.of)


def _frozen(frozen: FrozenReport, language: str, *, events: bool) -> Iterator[str]:
    yield from _report(frozen.report, language, events=events)
    yield ""
    for step in frozen.steps:
        yield f"{step.act}: {step.by}, {instant(step.at)}"
    yield f"signed with the key of certificate {frozen.kid}"


def _report(report: PeriodReport, language: str, *, events: bool) -> Iterator[str]:
    title = word("report", language)
    yield f"{title}: {report.office}, {report.first} – {report.last}"
    yield f"digest {report_digest(report)}, counting rules {report.rules}"
    for link in report.links:
        yield f"{link.link}: {link.size} records, log hash {link.log_hash}"
        tables = ", ".join(map(str, link.holidays)) or "none"
        yield f"  working days by public holidays of table version {tables}"
    yield ""
    heads = [word(heading, language) for heading in ("figure", "value", "unit", "events")]
    rows = [
        (*row, str(len(figure.events)))
        for figure in report.figures
        for row in rows_of(figure, language)
    ]
    yield from _table(heads, rows, right=(1, 3))
    if report.response_times:
        yield from ("", word("response times", language))
        yield from _times(report)
    if report.notes:
        yield from ("", word("notes", language))
        for note in report.notes:
            yield f"  {note.about} {note.link}/{note.position} {note.event or '-'}: {note.words}"
    if events:
        yield from _events(report, language)


def _times(report: PeriodReport) -> Iterator[str]:
    heads = ("link", "office", "clock", "met", "missed", "open", "median h", "p90 h")
    rows = [
        (
            row.link,
            row.office,
            row.clock,
            str(row.met),
            str(row.missed),
            str(row.open),
            hours(row.median_ms),
            hours(row.p90_ms),
        )
        for row in report.response_times
    ]
    yield from _table(heads, rows, right=(3, 4, 5, 6, 7))


def _events(report: PeriodReport, language: str) -> Iterator[str]:
    events = {event.event: event for event in report.events}
    for figure in report.figures:
        if not figure.events:
            continue
        yield ""
        yield word(figure.indicator, language)
        for contribution in figure.events:
            event = events.get(contribution.event)
            place = "?" if event is None else f"{event.link}/{event.position}"
            remarks = [f"also {other}" for other in contribution.also_reported]
            remarks += [f"corrected by {other}" for other in contribution.corrections]
            tail = f" ({'; '.join(remarks)})" if remarks else ""
            yield f"  {contribution.on} {place} {contribution.event} {amounts_text(contribution.amounts)}{tail}"


def _table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int]
) -> Iterator[str]:
    widths = [
        max(cell_len(cell, _UNICODE) for cell in column)
        for column in zip(heads, *rows, strict=True)
    ]
    for row in (heads, *rows):
        cells = [
            _pad(cell, width, right=index in right)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(cells)).rstrip()


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(text, _UNICODE))
    return space + text if right else text + space
