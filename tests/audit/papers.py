"""What tests of papers share: a setting, and a paper with all that a paper can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blo_audit.printout.audit_result import PaperSetting
from blo_printout.model import (
    Paper,
    PaperCode,
    PaperEntries,
    PaperEntry,
    PaperFacts,
    PaperHeading,
    PaperLanguage,
    PaperList,
    PaperParagraph,
    PaperSignatures,
    PaperTable,
)
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.instants import local

DATE = 1_740_000_000_000


def instant(at: int) -> str:
    return f"{local(at):%Y-%m-%d %H:%M:%S} UTC"


def paper_setting(
    pins: Mapping[CountryId, DocumentId], language: PaperLanguage = "en", **changes: Any
) -> PaperSetting:
    fields: dict[str, Any] = {
        "language": language,
        "times": instant,
        "date": DATE,
        "tool": "blo 0.1.0",
        "pins": pins,
    }
    return PaperSetting(**fields | changes)


def sample(text: str, language: PaperLanguage = "en") -> Paper:
    """A paper that has the text in every place where a text can stand."""
    return Paper(
        language=language,
        title=text,
        subtitle=text,
        date=DATE,
        page="page",
        mark=text,
        blocks=(
            PaperHeading(text),
            PaperHeading(text, level=2, new_page=True),
            PaperParagraph(text, "bad"),
            PaperFacts(((text, text),)),
            PaperList((text,)),
            PaperEntries((PaperEntry(1, text, (text,), "strong"),)),
            PaperTable((text, "n"), ((text, text), ("", "7")), right=(1,), wide=(0,)),
            PaperCode("BLO 1", (text,)),
            PaperSignatures(((text, text), (text, ""))),
        ),
    )
