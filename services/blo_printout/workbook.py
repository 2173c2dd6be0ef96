"""Tables as a workbook (XLSX); the same tables give the same bytes.

Numbers and dates are numbers and dates. Every text is written as text: what looks like a formula is
none, so a document's number such as ``=1+1`` can do nothing in whoever opens it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import msgspec
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from blo_printout.model import PaperLanguage
from blo_schemas.plain_text import plain

_LONGEST_NAME: Final = 31
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\]")
_LONGEST_TEXT: Final = 32_000
"""A cell has 32,767 characters at most."""

_NO_TIME: Final = datetime(1980, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FIRST_DATE: Final = date(1900, 3, 1)
"""Workbooks count days wrongly before this one."""

_EXACT: Final = 10**15
"""A workbook's numbers have 15 digits; larger ones are written as text."""

_HEADER_ROW: Final = 3
_A4: Final = 9
_NARROWEST, _WIDEST = 8, 60
_ROWS_LOOKED_AT: Final = 200

Cell = str | int | Decimal | date | None


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A table on a sheet of its own.

    Attributes:
        name: The sheet's name; made safe and unique.
        title: The line above the table.
        subtitle: The line below the title.
        heads: The columns' headings.
        rows: The cells of each row.
        facts: Names with their values, below the table.
    """

    name: str
    title: str
    subtitle: str = ""
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    facts: tuple[tuple[str, Cell], ...] = ()


def workbook_of(sheets: Sequence[Sheet], language: PaperLanguage, author: str) -> bytes:
    """The workbook: on each sheet a title, a table whose header stays in view, and facts.

    Args:
        sheets: The sheets; the first is for people, the others are its annex.
        language: Dates are shown as this language writes them.
        author: Whose workbook it is.
    """
    target = BytesIO()
    # In memory, so that the parts get a fixed time, and nothing lies about in a temporary folder.
    book = Workbook(target, {"in_memory": True, **_AS_TEXT})
    book.set_properties({"created": _NO_TIME, "author": plain(author)})
    formats = _Formats(book, language)
    names: list[str] = []
    for sheet in sheets:
        names.append(_safe_name(sheet.name, names))
        _write(book.add_worksheet(names[-1]), sheet, formats)
    book.close()
    return target.getvalue()


class _Formats:
    def __init__(self, book: Workbook, language: PaperLanguage) -> None:
        days = "yyyy-mm-dd" if language in ("en", "zh") else "dd/mm/yyyy"
        top = {"valign": "top"}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.subtitle = book.add_format({"italic": True})
        self.head = book.add_format(
            {"bold": True, "bottom": 1, "bg_color": "#E8EDF3", "text_wrap": True, **top}
        )
        self.text = book.add_format({"text_wrap": True, **top})
        self.number = book.add_format({"num_format": "#,##0.###", **top})
        self.whole = book.add_format({"num_format": "#,##0", **top})
        self.day = book.add_format({"num_format": days, "align": "left", **top})
        self.label = book.add_format({"bold": True, **top})


def _write(page: Worksheet, sheet: Sheet, formats: _Formats) -> None:
    page.write_string(0, 0, _text(sheet.title), formats.title)
    page.write_string(1, 0, _text(sheet.subtitle), formats.subtitle)
    for column, head in enumerate(sheet.heads):
        page.write_string(_HEADER_ROW, column, _text(head), formats.head)
    first = _HEADER_ROW + 1
    for row, cells in enumerate(sheet.rows, start=first):
        for column, cell in enumerate(cells):
            _put(page, row, column, cell, formats)
    below = first + len(sheet.rows) + 1
    for row, (name, value) in enumerate(sheet.facts, start=below):
        page.write_string(row, 0, _text(name), formats.label)
        _put(page, row, 1, value, formats)
    end = below + len(sheet.facts) - 1
    for column, width in enumerate(_widths(sheet)):
        page.set_column(column, column, width)
    page.freeze_panes(_HEADER_ROW + 1, 0)
    page.repeat_rows(_HEADER_ROW)
    page.print_area(0, 0, end, max(len(sheet.heads) - 1, 1))
    page.set_paper(_A4)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&R&P / &N")


def _put(page: Worksheet, row: int, column: int, cell: Cell, formats: _Formats) -> None:
    if cell is None:
        page.write_blank(row, column, None, formats.text)
    elif isinstance(cell, date) and cell >= _FIRST_DATE:
        page.write_datetime(row, column, datetime.combine(cell, time()), formats.day)
    elif isinstance(cell, int | Decimal) and -_EXACT < cell < _EXACT:
        whole = isinstance(cell, int) or cell == cell.to_integral_value()
        page.write_number(row, column, cell, formats.whole if whole else formats.number)
    else:
        page.write_string(row, column, _text(str(cell)), formats.text)


def _text(value: str) -> str:
    text = plain(value)
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def _widths(sheet: Sheet) -> list[float]:
    widths = []
    for column, head in enumerate(sheet.heads):
        cells = [row[column] for row in sheet.rows[:_ROWS_LOOKED_AT]]
        longest = max((len(str(cell)) for cell in (head, *cells) if cell is not None), default=0)
        widths.append(float(min(max(longest + 2, _NARROWEST), _WIDEST)))
    return widths


def _safe_name(name: str, others: Sequence[str]) -> str:
    """A name that every program takes: short, without signs that mean something, not used yet."""
    safe = _FORBIDDEN.sub("-", plain(name)).strip("' ")[:_LONGEST_NAME] or "-"
    used = {other.casefold() for other in others} | {"history"}
    number = 2
    unique = safe
    while unique.casefold() in used:
        suffix = f" {number}"
        unique = safe[: _LONGEST_NAME - len(suffix)] + suffix
        number += 1
    return unique


_AS_TEXT: Final[dict[str, Any]] = {
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
