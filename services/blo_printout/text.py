"""A paper as text: the same paper and width give the same text, byte for byte."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from blo_printout.model import (
    Paper,
    PaperBlock,
    PaperCode,
    PaperEntries,
    PaperFacts,
    PaperHeading,
    PaperList,
    PaperParagraph,
    PaperSignatures,
    PaperTable,
)
from blo_schemas.plain_text import plain

WIDTH: Final = 80
"""Cells of a line where nothing else is asked for."""

_UNICODE: Final = "16.0.0"
"""The version by which cells are counted: a fixed one, for the same bytes on every machine."""

_GAP: Final = 2
_NARROWEST: Final = 8
_LONGEST_WORD: Final = 24
"""A longer piece is no word but a hash or an id, and may be broken."""

_CLOSING: Final = frozenset("，。、；：！？）」』》】”’,.;:!?)]}")
"""No line begins with one of these."""


def text_of(paper: Paper, width: int = WIDTH) -> str:
    """The paper as text.

    Args:
        paper: The paper.
        width: How many cells a line may have.
    """
    return "\n".join(line.rstrip() for line in _paper(paper, width)) + "\n"


def cells(text: str) -> int:
    """How many cells a text takes."""
    return cell_len(text, _UNICODE)


def _paper(paper: Paper, width: int) -> Iterator[str]:
    if paper.mark:
        yield from wrap(f"[ {paper.mark} ]", width)
        yield ""
    yield from wrap(paper.title, width)
    yield "=" * min(width, cells(plain(paper.title)))
    if paper.subtitle:
        yield from wrap(paper.subtitle, width)
    for block in paper.blocks:
        yield ""
        yield from _block(block, width)


def _block(block: PaperBlock, width: int) -> Iterator[str]:
    match block:
        case PaperHeading():
            yield from wrap(block.text, width)
            yield ("=" if block.level == 1 else "-") * min(width, cells(plain(block.text)))
        case PaperParagraph():
            yield from wrap(block.text, width)
        case PaperFacts():
            yield from _facts(block.rows, width)
        case PaperList():
            yield from _list(block, width)
        case PaperEntries():
            yield from _entries(block, width)
        case PaperTable():
            yield from _table(block, width)
        case PaperCode() | PaperSignatures():
            for line in _lines(block):
                yield from wrap(line, width)


def _list(block: PaperList, width: int) -> Iterator[str]:
    for item in block.items:
        yield from wrap(item, width, first="- ", further="  ")


def _lines(block: PaperCode | PaperSignatures) -> Iterator[str]:
    if isinstance(block, PaperCode):
        yield from block.lines
    else:
        yield from (f"{place}: ______________________  {name}" for place, name in block.places)


def _facts(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    column = min(max((cells(plain(name)) for name, _ in rows), default=0), width // 3)
    for name, value in rows:
        names = list(wrap(name, column))
        values = list(wrap(value, width - column - _GAP))
        for index in range(max(len(names), len(values))):
            left = names[index] if index < len(names) else ""
            right = values[index] if index < len(values) else ""
            yield _padded(left, column) + " " * _GAP + right


def _entries(block: PaperEntries, width: int) -> Iterator[str]:
    column = max((len(str(entry.number)) for entry in block.entries), default=1) + 2
    for entry in block.entries:
        first = f"{entry.number}.".ljust(column)
        yield from wrap(entry.lead, width, first=first, further=" " * column)
        for line in entry.lines:
            yield from wrap(line, width, first=" " * column, further=" " * (column + 2))


def _table(table: PaperTable, width: int) -> Iterator[str]:
    widths = _widths(table, width)
    rule = ["-" * column for column in widths]
    for row in (table.heads, rule, *table.rows):
        columns = [list(wrap(cell, column)) for cell, column in zip(row, widths, strict=True)]
        for index in range(max(map(len, columns), default=0)):
            shown = [
                _padded(lines[index] if index < len(lines) else "", column, right=at in table.right)
                for at, (lines, column) in enumerate(zip(columns, widths, strict=True))
            ]
            yield (" " * _GAP).join(shown)


def _widths(table: PaperTable, width: int) -> list[int]:
    """Each column as wide as its widest cell; where that is too much, the widest ones give.

    A column gives no more than its longest word leaves, as long as others can give.
    """
    columns = [
        [plain(cell) for cell in column] for column in zip(table.heads, *table.rows, strict=True)
    ]
    widths = [max(map(cells, column)) for column in columns]
    words = [_longest_word(column) for column in columns]
    over = sum(widths) + _GAP * (len(widths) - 1) - width
    for floors in (words, [min(word, _NARROWEST) for word in words]):
        while over > 0:
            giving = [at for at, floor in enumerate(floors) if widths[at] > floor]
            if not giving:
                break
            widths[max(giving, key=lambda at: widths[at])] -= 1
            over -= 1
    return widths


def _longest_word(column: Sequence[str]) -> int:
    """The cells of the longest piece that need not be broken; of a longer one than that some."""
    pieces = (cells(piece.rstrip()) for text in column for piece in _pieces(text))
    return min(max(pieces, default=0), _LONGEST_WORD)


def wrap(text: str, width: int, *, first: str = "", further: str = "") -> Iterator[str]:
    """Breaks a text into lines.

    Args:
        text: The text; it is shown as one, newlines in it are escapes.
        width: How many cells a line may have.
        first: What the first line begins with.
        further: What further lines begin with; both count for the width.
    """
    line, before = "", first
    for piece in _pieces(plain(text)):
        room = max(width - cells(before), 1)
        if cells(line + piece.rstrip(" ")) > room and line:
            yield before + line.rstrip(" ")
            line, before, piece = "", further, piece.lstrip(" ")
            room = max(width - cells(before), 1)
        while cells(piece.rstrip(" ")) > room:
            at = _cut(piece, room)
            yield before + piece[:at]
            before, piece = further, piece[at:]
            room = max(width - cells(before), 1)
        line += piece
    yield before + line.rstrip(" ")


def _pieces(text: str) -> Iterator[str]:
    """The parts of a text between which a line may end."""
    start = 0
    for at in range(1, len(text)):
        if _may_break(text[at - 1], text[at]):
            yield text[start:at]
            start = at
    yield text[start:]


def _may_break(before: str, after: str) -> bool:
    if before == " ":
        return after != " "
    if after in _CLOSING or after == " ":
        return False
    return cells(before) == 2 or cells(after) == 2


def _cut(piece: str, room: int) -> int:
    """Where a piece that is too long ends: never between a letter and its marks."""
    at = 1
    while at < len(piece) and cells(piece[: at + 1]) <= room:
        at += 1
    end = at
    while 0 < at < len(piece) and unicodedata.category(piece[at]).startswith("M"):
        at -= 1
    return at or end


def _padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - cells(text))
    return space + text if right else text + space
