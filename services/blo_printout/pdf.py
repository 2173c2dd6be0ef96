"""A paper as PDF/A; the same paper gives the same bytes on every machine.

Typst sets it, with the fonts that lie here and no others, and loads nothing from elsewhere. It gets
the texts as data, so no text can be an instruction. A character that no font here has is shown as an
escape, so nothing is left out without a trace.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from blo_printout.errors import PaperFailed
from blo_printout.model import Paper
from blo_printout.qr_code import qr_svg
from blo_schemas.instants import local
from blo_schemas.plain_text import plain

_HERE: Final = Path(__file__).parent
_FONTS: Final = _HERE / "fonts"
_TEMPLATE: Final = _HERE / "printout.typ"
_STANDARD: Final = "a-2u"


def pdf_of(paper: Paper) -> bytes:
    """The paper as PDF.

    Raises:
        PaperFailed: It can't be set.
        CodeTooLarge: A QR code has too many letters.
    """
    # Only a PDF pays for its library.
    import typst

    made = local(paper.date)
    inputs = {
        "paper": msgspec.json.encode(_shown(msgspec.to_builtins(paper))).decode(),
        "date": msgspec.json.encode(
            [made.year, made.month, made.day, made.hour, made.minute, made.second]
        ).decode(),
    }
    try:
        pdf = typst.compile(
            str(_TEMPLATE),
            root=str(_HERE),
            font_paths=[str(_FONTS)],
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards=_STANDARD,
        )
    except typst.TypstError as error:
        raise PaperFailed(str(error)) from error
    assert isinstance(pdf, bytes)
    return pdf


def _shown(value: Any) -> Any:
    """A value with all texts as the fonts can show them."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        shown = {name: _shown(part) for name, part in value.items()}
        if value.get("type") == "code":
            shown["svg"] = qr_svg(value["letters"])
        return shown
    if isinstance(value, list | tuple):
        return [_shown(part) for part in value]
    return value


def printable(text: str) -> str:
    """A text in which what acts, and what no font here has, is shown as an escape."""
    return "".join(char if _has_glyph(ord(char)) else _escape(char) for char in plain(text))


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _has_glyph(code: int) -> bool:
    starts, ends = _covered()
    at = bisect_right(starts, code) - 1
    return at >= 0 and code <= ends[at]


@cache
def _covered() -> tuple[list[int], list[int]]:
    """The first and the last character of each range that the fonts have."""
    ranges = [line.split("-") for line in (_FONTS / "coverage.txt").read_text("ascii").split()]
    return [int(first, 16) for first, _ in ranges], [int(last, 16) for _, last in ranges]
