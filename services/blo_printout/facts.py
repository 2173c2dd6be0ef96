"""Sealed fields as people read them: named in the reader's language, a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from blo_domain.translations import FIELDS, PAPERS, VALUES, translated
from blo_printout.model import PaperLanguage

Times = Callable[[int], str]
"""Writes an instant, Unix milliseconds, as the reader reads it."""

_INSTANTS: Final = frozenset({"channel_at"})
"""Fields that are Unix milliseconds; all other instants are texts with their offset."""

_WORDS: Final = frozenset(
    {
        "act",
        "channel",
        "crime_type",
        "finding",
        "ground",
        "level",
        "rhythm",
        "sex",
        "type",
        "usefulness",
    }
)
"""Fields whose value may be a word of a closed list."""


def fact_rows(
    fields: Mapping[str, Any], language: PaperLanguage, times: Times
) -> list[tuple[str, str]]:
    """The rows of the fields that say something, in their order.

    Args:
        fields: The fields of a sealed content, as JSON has them.
        language: The reader's language.
        times: Writes instants.
    """
    return [row for name, value in fields.items() for row in _row(name, value, "", language, times)]


def _row(
    name: str, value: Any, above: str, language: PaperLanguage, times: Times
) -> Iterator[tuple[str, str]]:
    label = above + translated(FIELDS, name, language)
    if value is None or value in ([], ()):
        return
    if isinstance(value, Mapping):
        for inner, part in value.items():
            yield from _row(inner, part, f"{label} · ", language, times)
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value, start=1):
            numbered = label if len(value) == 1 else f"{label} {number}"
            if isinstance(part, Mapping):
                for inner, deeper in part.items():
                    yield from _row(inner, deeper, f"{numbered} · ", language, times)
            else:
                yield numbered, _shown(name, part, language, times)
    else:
        yield label, _shown(name, value, language, times)


def _shown(name: str, value: Any, language: PaperLanguage, times: Times) -> str:
    if isinstance(value, bool):
        return translated(PAPERS, "yes" if value else "no", language)
    if name in _INSTANTS and isinstance(value, int):
        return times(value)
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    if name in _WORDS and text in VALUES:
        word = translated(VALUES, text, language)
        return word if word == text else f"{word} ({text})"
    return text
