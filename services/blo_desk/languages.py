"""The languages of the desk: catalogs of messages, and the words of the exchange.

Messages are English in templates and in ``_(…)``; ``catalogs/LANGUAGE.po`` has each in the other
languages. Words of the exchange (kinds, steps, fields) come from ``blo_domain.translations``, which
papers use too. Lao awaits a native reader's review.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from babel import Locale
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from blo_desk.errors import CatalogBroken
from blo_domain.translations import LANGUAGES

CATALOGS: Final = Path(__file__).parent / "catalogs"
SOURCE: Final = "en"
"""The language of the messages themselves."""

NAMES: Final[Mapping[str, str]] = {
    "vi": "Tiếng Việt",
    "lo": "ລາວ",
    "zh": "中文",
    "en": "English",
}
"""Each language as its readers call it, in the order in which pages offer them."""

AWAITING_REVIEW: Final = frozenset({"lo"})
"""Languages whose messages no native reader has reviewed yet; their pages say so."""

_MOST_HEADER: Final = 200


@functools.cache
def catalog(language: str) -> NullTranslations:
    """The messages of a language.

    Raises:
        CatalogBroken: The file is missing, or is no catalog.
    """
    if language == SOURCE:
        return NullTranslations()
    try:
        with (CATALOGS / f"{language}.po").open("rb") as file:
            messages = read_po(file, locale=language, abort_invalid=True)
    except (OSError, PoFileError) as error:
        raise CatalogBroken(language, str(error)) from error
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


@functools.cache
def locale_of(language: str) -> Locale:
    """How a language writes dates and numbers."""
    return Locale.parse(language)


def known_language(language: str) -> str:
    """A person's language, or English where the desk does not have it."""
    return language if language in LANGUAGES else SOURCE


def preferred(header: str) -> str:
    """The language that a browser asks for in ``Accept-Language``; English if it asks for none."""
    wanted = [part.partition(";")[0].strip() for part in header[:_MOST_HEADER].split(",")]
    return negotiate_locale([word for word in wanted if word], list(NAMES), sep="-") or SOURCE
