"""``python -m blo_desk.catalogs.update``: the catalogs hold exactly what the desk says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from blo_desk.languages import CATALOGS, NAMES, SOURCE

PACKAGE: Final = Path(__file__).parent.parent
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
_WIDTH: Final = 100


def messages() -> Catalog:
    """All that the templates and the code say, in English."""
    template = Catalog()
    extracted = extract_from_dir(PACKAGE, _METHODS, _OPTIONS, keywords=_KEYWORDS)
    for name, line, message, comments, context in sorted(extracted, key=lambda row: row[:2]):
        template.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return template


def read(language: str) -> Catalog:
    """A language's catalog; an empty one where there is none yet."""
    path = CATALOGS / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def main() -> int:
    """Bring every catalog up to date; returns the exit code."""
    template = messages()
    for language in NAMES.keys() - {SOURCE}:
        known = read(language)
        known.update(template, no_fuzzy_matching=True)
        known.obsolete.clear()
        with (CATALOGS / f"{language}.po").open("wb") as file:
            write_po(
                file, known, width=_WIDTH, omit_header=True, no_location=True, sort_output=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
