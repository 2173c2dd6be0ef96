"""The tokens of a text for an index: one for each word, Chinese character and Lao cluster.

A token has two forms. ``exact`` keeps the accents that people type; ``folded`` drops them, so that
``duong`` finds both ``đường`` and ``dương``. Both forms are folded by compatibility (NFKC) and case,
and write a tone of Vietnamese at the end of its vowels, so that ``hòa`` and ``hoà`` are one word.
Lao vowels and tones that are typed in another order are one cluster.

A document number such as ``527/BC-UBND`` gives the tokens ``527``, ``bc`` and ``ubnd``, whatever the
separators are. ``compounds`` gives it as ``527bcubnd`` too, for those who type none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from blo_domain.text_fold import tones_last, visible, with_hidden_as, without_accents

MAX_TOKEN: Final = 64
"""Characters of a longer word that count; no word of the four languages has so many."""

TOKENS_VERSION: Final = 1
"""Counts up with every change of the tokens; an index of another version is built anew."""

_LAO_LEADING: Final = "\u0ec0-\u0ec4"
_LAO_LETTERS: Final = "\u0e81-\u0eae\u0edc-\u0edf"
_LAO_BASE: Final = f"(?:\u0eab[\u0e99\u0ea1]|[{_LAO_LETTERS}])"
"""A consonant; HO NO and HO MO are one, whether they are typed as one letter or two."""

_LAO_MARKS: Final = "\u0eb0-\u0ebd\u0ec8-\u0ecd"
_IDEOGRAPHS: Final = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"

_UNITS: Final = re.compile(
    f"(?P<lao>[{_LAO_LEADING}]?{_LAO_BASE}[{_LAO_MARKS}]*)"
    f"|(?P<ideograph>[{_IDEOGRAPHS}])"
    rf"|(?P<number>\d+)"
    rf"|(?P<word>(?:[^\W\d_{_IDEOGRAPHS}{_LAO_LEADING}{_LAO_LETTERS}][\u0300-\u036f]*)+)"
)
_COMPOUND: Final = re.compile(r"[^\s,;:()\[\]{}<>\"“”‘’「」]+")
_LAO_TONES: Final = re.compile("[\u0ec8-\u0ecb]")
_STROKES: Final = str.maketrans("đðøłħ", "ddolh")
"""Letters whose stroke Unicode does not decompose."""


class TextToken(NamedTuple):
    """A word, number, Chinese character or Lao cluster of a text.

    Attributes:
        start: Where it begins, in characters of the text.
        end: The first character after it.
        exact: Its form with accents.
        folded: Its form without accents.
    """

    start: int
    end: int
    exact: str
    folded: str


def tokens(text: str) -> Iterator[TextToken]:
    """The tokens of a text, in order.

    Args:
        text: Any text; signs that are shown as nothing do not part a word.
    """
    for match in _UNITS.finditer(_spaced_marks(text)):
        exact, folded = _forms(match.group())
        if exact:
            yield TextToken(match.start(), match.end(), exact[:MAX_TOKEN], folded[:MAX_TOKEN])


def compounds(text: str) -> Iterator[str]:
    """What stands together and holds a digit, without its separators: ``527/BC-UBND`` as ``527bcubnd``."""
    for match in _COMPOUND.finditer(text):
        if not any(map(str.isnumeric, match.group())):
            continue
        parts = [token.folded for token in tokens(match.group())]
        joined = "".join(parts)
        if len(parts) > 1 and any(char.isdigit() for char in joined):
            yield joined[:MAX_TOKEN]


def _spaced_marks(text: str) -> str:
    """The text with invisible characters inside words as combining marks, so that places stay.

    A zero-width space or joiner neither parts a word nor belongs to it.
    """
    return text if text.isascii() else with_hidden_as(text, "\u034f")


def rough_form(text: str) -> str:
    """The whole text folded at once: it holds the folded form of each of its words.

    Lao clusters and numbers are left as they are typed, so their tokens may not be in it.
    """
    small = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible(text)).casefold())
    return without_accents(unicodedata.normalize("NFD", small)).translate(_STROKES)


def is_in_rough_form(folded: str) -> bool:
    """Whether a folded token is in the rough form of every text that has it."""
    return not any("\u0e80" <= char <= "\u0eff" or char.isnumeric() for char in folded)


@lru_cache(maxsize=8192)
def _forms(unit: str) -> tuple[str, str]:
    if unit.isascii():
        small = unit.casefold()
        return small, small
    small = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible(unit)).casefold())
    small = "".join(_digit(char) for char in small)
    if _is_lao(small):
        ordered = _ordered(small)
        return ordered, _LAO_TONES.sub("", ordered)
    exact = tones_last(small)
    plain = without_accents(unicodedata.normalize("NFD", exact)).translate(_STROKES)
    return exact, plain


def _is_lao(unit: str) -> bool:
    return any("\u0e80" <= char <= "\u0eff" for char in unit)


def _ordered(cluster: str) -> str:
    """A Lao cluster with its marks in one order: vowels below and above, then tones, then the rest."""
    head = re.match(f"[{_LAO_LEADING}]?{_LAO_BASE}", cluster)
    if head is None:
        return cluster
    marks = cluster[head.end() :]
    return head.group() + "".join(sorted(marks, key=_mark_order))


def _mark_order(mark: str) -> tuple[int, str]:
    spacing = unicodedata.category(mark) != "Mn"
    return (2 if spacing else 1 if _LAO_TONES.match(mark) else 0, mark)


def _digit(char: str) -> str:
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)
