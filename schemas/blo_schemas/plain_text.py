"""Texts from outside as they may be shown: in a terminal, a pipe, a log or a file.

Shown as escapes are controls (C0, C1, DEL and with them ESC, tab and newline), characters that turn
the direction of a text, those without a width, the ends of lines and paragraphs, tags, halves of
surrogates, and private and unassigned ones. So no value begins a line, moves the cursor, or looks
like another value.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f]"
)
"""Fillers, joiners and variation selectors, which Unicode counts as letters or marks."""

_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_SHOWN_AS_ESCAPES: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SHORT: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def plain(value: object) -> str:
    """A value's text in one line; what must not act is shown as an escape.

    A backslash stays as it is, so an escape is for people's eyes: it does not give the text back.
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def control_in(text: str) -> str | None:
    """The first character that a text of one line must not hold, as ``U+000A``.

    Those are controls, ends of lines and paragraphs, and what turns the direction of a text. The
    joiners and the space without width stay allowed: Lao, Khmer and Burmese are written with them.
    """
    match = _CONTROL.search(text)
    return None if match is None else f"U+{ord(match[0]):04X}"


def is_plain(text: str) -> bool:
    """Whether a text is shown as it is."""
    return plain(text) == text


def _shown(char: str) -> str:
    if unicodedata.category(char) not in _SHOWN_AS_ESCAPES and not _INVISIBLE.match(char):
        return char if char == " " or not char.isspace() else _escape(char)
    return _SHORT.get(char) or _escape(char)


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
