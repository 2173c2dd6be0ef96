"""The words of the exchange in the languages of its people (docs/domain.md §7).

Every word is there in every language; the Lao ones await a native reader's review.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blo_domain.translations.fields import FIELDS
from blo_domain.translations.figures import FIGURES, UNITS
from blo_domain.translations.printout import PAPERS
from blo_domain.translations.states import STATES, URGENCIES
from blo_domain.translations.steps import KINDS, STEPS
from blo_domain.translations.values import VALUES

LANGUAGES: Final = ("en", "vi", "lo", "zh")

Translations = Mapping[str, tuple[str, str, str, str]]
"""A name of the software → its word in each of ``LANGUAGES``."""

__all__ = [
    "FIELDS",
    "FIGURES",
    "KINDS",
    "LANGUAGES",
    "PAPERS",
    "STATES",
    "STEPS",
    "UNITS",
    "URGENCIES",
    "VALUES",
    "Translations",
    "translated",
]


def translated(words: Translations, name: str, language: str) -> str:
    """The word for a name.

    Args:
        words: The table.
        name: The name in the software; one that the table lacks comes from data by others, and is
            shown as it is, with spaces.
        language: One of ``LANGUAGES``.
    """
    known = words.get(name)
    return name.replace("_", " ") if known is None else known[LANGUAGES.index(language)]
