"""One folding for everything that people type: when two spellings are one word.

``identity`` folds codes, so that two offices that write one code in two ways report one thing. In
this order:

1. Code points that nobody sees are left out (Unicode's ``Default_Ignorable_Code_Point``).
2. NFKC, case folding, and NFKC again: full width, ligatures and letter case make no difference.
3. Tone marks of Vietnamese move to the end of their vowels: ``hòa`` and ``hoà`` are one word.
4. A run of spaces and dashes, whichever they are, is one hyphen; none stands at either end.

The result is the same on every version of Python: code points that Unicode 3.2 does not know are
kept as they are, and Unicode never changes the folding of those that it knows (its stability
policy; Python ships the 3.2 data for this use). So two nodes never count differently.

``skeleton`` is coarser: it also takes letters that look alike for one, and drops every accent and
all punctuation. It tells whether two names may be one person's, where a wrong "yes" costs a question
and a wrong "no" costs the second pair of eyes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from blo_domain.look_alikes import LOOK_ALIKES

FOLDING_VERSION: Final = 1
"""Counts up with every change of ``identity``. The version of the counting rules goes with it."""

_IGNORABLE_RANGES: Final = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Unicode 15.1, ``DerivedCoreProperties.txt``: code points that are shown as nothing."""

_DASHES: Final = (
    "\u002d\u02d7\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e17"
    "\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010ead"
)
"""Unicode 15.1: category Pd, and minus, modifier minus and hyphen bullet, which look the same."""

_SPACES: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f\x20\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u2800\u3000"
)
"""Unicode's white space, the separators of ASCII, and the empty Braille cell."""


def _range_class() -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in _IGNORABLE_RANGES)


_IGNORABLE: Final = re.compile(f"[{_range_class()}]+")
_SEPARATORS: Final = re.compile(f"[{re.escape(_DASHES + _SPACES)}]+")
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
"""Grave, acute, tilde, hook above, dot below: the five tones that Vietnamese writes."""

_VOWELS: Final = re.compile("(?:[aeiouy][\u0300-\u036f]*){2,}")
_ACCENTS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_ONE_STROKE: Final = str.maketrans("l1|0", "iiio")
"""A small L, a one and a bar look like the letter I in one typeface or another, a zero like O."""


_AFTER_CASED: Final = 0x20000
"""No letter that has two cases, and no key of ``LOOK_ALIKES``, lies from here on."""


def visible(text: str) -> str:
    """The text without the code points that are shown as nothing."""
    return _IGNORABLE.sub("", text)


def with_hidden_as(text: str, sign: str) -> str:
    """The text with one sign for each code point that is shown as nothing, so that places stay."""
    return _IGNORABLE.sub(lambda run: sign * len(run.group()), text)


def identity(text: str) -> str:
    """A code as people mean it; two codes are one if this gives one text."""
    return _SEPARATORS.sub("-", _stable(visible(text))).strip("-")


def skeleton(text: str) -> str:
    """A name as it looks at a glance; two names may be one person's if this gives one text."""
    letters = without_accents(look_alike(text)).casefold().translate(_ONE_STROKE)
    kept = (" " if unicodedata.category(char)[0] in "CPSZ" else char for char in letters)
    return " ".join("".join(kept).split())


def look_alike(text: str) -> str:
    """The text decomposed, with Latin letters for those that look like them; case is kept."""
    return decomposed(text).translate(latin_letters())


def decomposed(text: str) -> str:
    """What is visible of a text, in Unicode's compatibility form, decomposed."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFD", visible(unicodedata.normalize("NFKC", visible(text))))


def without_accents(text: str) -> str:
    """A decomposed text without accents; vowel signs of other scripts are no accents."""
    return _ACCENTS.sub("", text)


@cache
def latin_letters() -> dict[int, str]:
    """The Latin letter of every code point that looks like one, in the same case."""
    letters = {}
    for code in range(0x80, _AFTER_CASED):
        char = chr(code)
        upper = char.upper()
        latin = LOOK_ALIKES.get(char) or LOOK_ALIKES.get(upper)
        if latin is not None:
            letters[code] = latin.upper() if char == upper else latin
    return letters


def _stable(text: str) -> str:
    """The folding of what Unicode 3.2 knows, run by run; anything else as it is."""
    runs: list[str] = []
    run: list[str] = []
    for char in text:
        if _is_known(char):
            run.append(char)
        else:
            runs += _folded("".join(run)), char
            run = []
    return "".join((*runs, _folded("".join(run))))


def _is_known(char: str) -> bool:
    return unicodedata.ucd_3_2_0.category(char) != "Cn"


def _folded(text: str) -> str:
    small = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return tones_last(visible(small))


def tones_last(text: str) -> str:
    """A text in lower case with each tone of Vietnamese at the end of its vowels, composed."""
    parted = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", _VOWELS.sub(_tones_last, parted))


def _tones_last(match: re.Match[str]) -> str:
    vowels = match.group()
    tones = "".join(char for char in vowels if char in _TONES)
    return "".join(char for char in vowels if char not in _TONES) + tones
