"""Markings of state secrets, which the channel refuses however they are written (docs/domain.md §6).

A *marking line* is a line of a text that consists of a marking or begins with one. Ordinary prose
that speaks of secrets is none: ``bí mật`` inside a sentence, ``Mật ong``, ``Tôi mất hộ chiếu``,
``秘密制毒``. What counts as the same writing: letters that look alike, full width, traditional
characters, whatever nobody sees inside, letters spaced out or parted by dots, accents left out.

Where a marking's words also begin ordinary sentences, what follows decides:

- nothing but punctuation, or a label before it (``Độ mật: …``): a marking;
- a separator such as ``:``, ``-`` or ``★``, or a number: a marking;
- further words: a marking if it is written in capitals, or if no ordinary sentence begins so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from blo_domain.text_fold import decomposed, latin_letters


@dataclass(frozen=True, slots=True)
class Marking:
    """One marking.

    Attributes:
        text: As it is written.
        is_ordinary: Whether sentences begin with its words too.
        before: What may follow and make it a marking all the same, e.g. ``级`` after ``秘密``.
        never_before: Words that make another word of it, e.g. ``ong`` after ``Mật``: honey.
    """

    text: str
    is_ordinary: bool = False
    before: tuple[str, ...] = ()
    never_before: tuple[str, ...] = ()


_OTHER_WORDS: Final = (
    *("ong", "độ", "khẩu", "thiết", "mã", "vụ", "danh", "báo", "phục", "thám", "thư", "nghị"),
    *("hiệu", "lệnh", "đàm", "gấu", "mía", "lợn", "bò", "hoa", "thất", "tín", "ước", "trình"),
)
"""Words that begin with ``mật`` and are no markings: honey, density, password, ambush, bile …"""

STATE_SECRETS: Final = (
    Marking("Tuyệt mật"),
    Marking("Tối mật"),
    Marking("Mật", never_before=_OTHER_WORDS),
    Marking("绝密"),
    Marking("机密", never_before=("性",)),
    Marking("国家秘密"),
    Marking("秘密", is_ordinary=True, before=("级", "件", "文件", "文书", "资料", "材料", "档案")),
    Marking("ລັບສຸດຍອດ"),
    Marking("ລັບທີ່ສຸດ"),
    Marking("ລັບສະເພາະ"),
    Marking("ຄວາມລັບຂອງລັດ"),
    Marking("ຄວາມລັບ", is_ordinary=True),
    Marking("ລັບ", is_ordinary=True),
    Marking("Top secret"),
    Marking("State secret"),
    Marking("Secret", is_ordinary=True),
)
"""Vietnamese, Chinese, Lao and English. The Lao words want a native reader's review before use."""

_ACCENTS: Final = "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323"
"""Grave, acute, circumflex, tilde, breve, hook above, horn, dot below: what Vietnamese writes."""

_ACCENT_BLOCKS: Final = (
    *(range(0x0300, 0x0370), range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00)),
    *(range(0x20D0, 0x2100), range(0xFE20, 0xFE30)),
)
_FILL: Final = rf"(?:(?![{_ACCENTS}])[\W_])*"
"""What may stand between the letters of one marking: anything but letters and digits."""

_LETTER: Final = rf"[^\W\d_]|[{_ACCENTS}]"
_LAO_SIGNS: Final = "\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd"
"""Vowel and tone signs of Lao: a letter that bears one begins another syllable."""

_LINES: Final = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LEAD: Final = re.compile(r"[\W\d_]*")
_LABEL: Final = re.compile(r"[^:]{1,40}:")
"""A label before a marking, as in ``Độ mật: Mật``: up to its colon."""

_QUOTES: Final = "\"'`´‘’“”„«»‹›「」『』〈〉《》"
_NO_SEPARATORS: Final = frozenset(f",、،;({_QUOTES}")
_DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_SIMPLIFIED: Final = str.maketrans("機絕絶祕級國檔書資東", "机绝绝秘级国档书资东")
_SAME_STROKE: Final = {"i": "[i1l|]", "o": "[o0]"}
_ONE_LETTER: Final = 3
"""Code points of a letter with its accents, decomposed."""

_LONGEST: Final = 24
"""Lines that letters below each other are looked for in."""

_REMEMBERED: Final = 512
"""Compiled markings that are kept: the list above, and what agreements add."""


def is_marking_line(text: str, refused: Iterable[str] = ()) -> str | None:
    """The first line of a text that is a marking of a state secret; ``None``: there is none.

    Args:
        text: Any text; each of its lines is looked at, also where letters stand below each other.
        refused: Further markings, which the agreement refuses.
    """
    markings, words = _sought(tuple(refused))
    for line in _lines(text):
        prepared = _prepared(line)
        if _may_begin(words, prepared) and any(_begins(marking, prepared) for marking in markings):
            return line.strip()
    return None


@lru_cache(maxsize=_REMEMBERED)
def _sought(refused: tuple[str, ...]) -> tuple[tuple[Marking, ...], re.Pattern[str]]:
    """All markings, and a pattern that matches wherever the pattern of one of them does."""
    markings = (*STATE_SECRETS, *map(_agreed, refused))
    patterns = (f"(?:{_pattern(marking.text).pattern})" for marking in markings)
    return markings, re.compile("|".join(patterns), re.IGNORECASE)


def _may_begin(words: re.Pattern[str], prepared: str) -> bool:
    """Whether a marking stands where a line's first word begins, or the first after its label."""
    if words.match(prepared, _after_lead(prepared, 0)):
        return True
    label = _LABEL.match(prepared)
    return label is not None and bool(words.match(prepared, _after_lead(prepared, label.end())))


def _lines(text: str) -> Iterator[str]:
    """Each line; where one holds no more than a letter, with those below it, too."""
    lines: list[str] = [text] if text.splitlines() == [text] else _LINES.split(text)
    for at, line in enumerate(lines):
        yield line
        if len(line.strip()) <= _ONE_LETTER and at + 1 < len(lines):
            yield " ".join(lines[at : at + _LONGEST])


def has_marking(text: str, refused: Iterable[str] = ()) -> bool:
    """Whether a field for markings names a state secret anywhere, as in ``Độ: TỐI MẬT``.

    Args:
        text: What stands in the field.
        refused: Further markings, which the agreement refuses.
    """
    prepared = _prepared(text)
    return any(
        _is_plain(marking, match.group()) or _is_weighty(marking, match.group())
        for marking in (*STATE_SECRETS, *map(_agreed, refused))
        for match in _found(marking, prepared)
    )


def _agreed(text: str) -> Marking:
    return Marking(text, is_ordinary=len(text.split()) < 2)


def _begins(marking: Marking, prepared: str) -> bool:
    if _is_at_start(marking, prepared):
        return True
    label = _LABEL.match(prepared)
    if label is None:
        return False
    rest = prepared[label.end() :]
    return any(
        not _words(rest[match.end() :]) and _is_standing_alone(marking, match.group())
        for match in _starts(marking, rest)
    )


def _is_at_start(marking: Marking, line: str) -> bool:
    for match in _starts(marking, line):
        if _is_followed_as_marking(marking, match.group(), line[match.end() :]):
            return True
    return False


def _is_followed_as_marking(marking: Marking, written: str, rest: str) -> bool:
    """Whether what follows makes a marking of what is written like one."""
    if not _words(rest):
        return _is_standing_alone(marking, written)
    is_plain = _is_plain(marking, written)
    if not is_plain and not _is_many_words(marking):
        return False
    if _is_separated(rest):
        return True
    following = _folded(_words(rest))
    if _is_one_of(following, marking.never_before):
        return False
    if _is_capital(written) or _is_one_of(following, marking.before):
        return True
    return is_plain and not marking.is_ordinary


def _is_standing_alone(marking: Marking, written: str) -> bool:
    return _is_plain(marking, written) or _is_weighty(marking, written)


def _is_weighty(marking: Marking, written: str) -> bool:
    """Whether a marking without its accents is one: ``MAT`` and ``Toi mat``, but not ``Mat``."""
    return _is_many_words(marking) or _is_capital(written)


def _is_many_words(marking: Marking) -> bool:
    return " " in marking.text


def _is_plain(marking: Marking, written: str) -> bool:
    """Whether all accents of the marking are written; a marking without accents has all."""
    wanted = _accents(_prepared(marking.text))
    return not wanted or _accents(written) == wanted


def _accents(text: str) -> list[str]:
    return sorted(char for char in text if char in _ACCENTS)


def _is_capital(written: str) -> bool:
    cased = [char for char in written if char.lower() != char.upper()]
    return bool(cased) and all(char == char.upper() for char in cased)


def _is_separated(rest: str) -> bool:
    """Whether a separator or a number stands between a marking and the words after it."""
    bare = rest.lstrip(_QUOTES)
    is_joined = bare[:1] in tuple(_DASHES) and bare[1:2].isalpha()
    first = bare.lstrip()[:1]
    return not is_joined and not first.isalpha() and first not in _NO_SEPARATORS


def _words(rest: str) -> str:
    """What follows from its first letter or digit on."""
    return re.sub(r"^[\W_]+", "", rest)


def _is_one_of(following: str, words: Iterable[str]) -> bool:
    for word in words:
        start = _folded(_prepared(word))
        if not following.startswith(start):
            continue
        if _is_unparted(word) or not re.match(_LETTER, following[len(start) :]):
            return True
    return False


def _folded(text: str) -> str:
    return unicodedata.normalize("NFD", text.casefold())


def _prepared(text: str) -> str:
    return text if text.isascii() else decomposed(text).translate(_plain_letters())


@cache
def _plain_letters() -> dict[int, str]:
    """Latin for what looks like it, simplified for traditional, no accents but Vietnamese ones."""
    others = {code: "" for block in _ACCENT_BLOCKS for code in block if chr(code) not in _ACCENTS}
    latin = {
        code: letters.translate(others).translate(_SIMPLIFIED)
        for code, letters in latin_letters().items()
    }
    simplified = {code: chr(letter) for code, letter in _SIMPLIFIED.items()}
    return {**simplified, **others, **latin}


def _is_unparted(text: str) -> bool:
    """Whether a script writes its words without spaces between them: Han, Lao."""
    return any("\u3400" <= char <= "\u9fff" or "\u0e80" <= char <= "\u0eff" for char in text)


def _after_lead(line: str, start: int) -> int:
    lead = _LEAD.match(line, start)
    return start if lead is None else lead.end()


def _starts(marking: Marking, line: str) -> Iterator[re.Match[str]]:
    match = _pattern(marking.text).match(line, _after_lead(line, 0))
    if match is not None and match.group():
        yield match


def _found(marking: Marking, prepared: str) -> Iterator[re.Match[str]]:
    for match in _pattern(marking.text).finditer(prepared):
        before = prepared[: match.start()][-1:]
        if match.group() and (_is_unparted(marking.text) or not re.match(_LETTER, before)):
            yield match


@lru_cache(maxsize=_REMEMBERED)
def _pattern(text: str) -> re.Pattern[str]:
    """What a marking looks like: its letters, each with some or all of its accents."""
    letters = _letters(_prepared(text).casefold())
    if not letters:
        return re.compile("(?!)")
    if not _accents(_prepared(text)):
        letters = [f"{letter}[{_ACCENTS}]*" for letter in letters]
    end = f"(?![{_LAO_SIGNS}])" if _is_unparted(text) else rf"(?!{_LETTER})"
    return re.compile(_FILL.join(letters) + end, re.IGNORECASE)


def _letters(text: str) -> list[str]:
    """One pattern for each letter or vowel sign; other signs of the marking say nothing."""
    patterns: list[str] = []
    for char in text:
        if char in _ACCENTS and patterns:
            patterns[-1] = _with_accent(patterns[-1], char)
        elif char.isalnum() or unicodedata.category(char).startswith("M"):
            patterns.append(_SAME_STROKE.get(char, re.escape(char)))
    return patterns


def _with_accent(pattern: str, accent: str) -> str:
    return f"{pattern[:-2]}{accent}]*" if pattern.endswith("]*") else f"{pattern}[{accent}]*"
