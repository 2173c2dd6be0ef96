"""Answers of the office's API about reports, as JSON."""

from __future__ import annotations

from datetime import date

import msgspec

from blo_schemas.reports import ReportStep


class ReportAnswer(msgspec.Struct, frozen=True):
    """A report as the list shows it.

    Attributes:
        digest: Its digest, which names it.
        first: First business date.
        last: Last business date.
        state: The last step that was taken.
        steps: Who did what.
    """

    digest: str
    first: date
    last: date
    state: str
    steps: tuple[ReportStep, ...]
