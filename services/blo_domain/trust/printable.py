"""Texts of trust documents must be what they look like: every program prints them as they are.

Refused are control characters, those that turn the direction of a text, and those that nobody sees.
The list is fixed, and not taken from Unicode's categories, so that all nodes admit the same. The
joiners and the space without width stay allowed: Lao, Khmer and Burmese are written with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_HIDDEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # without a width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction
    "\u2028\u2029"  # ends of lines and paragraphs
    "\u2060-\u2065\u206a-\u206f\ufeff\ufff0-\ufffb"  # without a width, or deprecated
    "\ufdd0-\ufdef\ufffe\uffff"  # not characters
    "\U000e0000-\U000e0fff"  # tags and variations
    "]"
)


def hidden_in(value: object) -> str | None:
    """The first character in any text of a struct that must not be there, as ``U+202E``.

    Args:
        value: A struct, or what stands in one.
    """
    for text in _texts(value):
        hidden = _HIDDEN.search(text)
        if hidden is not None:
            return f"U+{ord(hidden[0]):04X}"
    return None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    else:
        for name in getattr(value, "__struct_fields__", ()):
            yield from _texts(getattr(value, name))
