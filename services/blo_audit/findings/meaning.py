"""The form of a finding's meaning."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_audit.findings.codes import Severity

BREACH: Final = Severity.BREACH
DOUBT: Final = Severity.DOUBT
NOTE: Final = Severity.NOTE


class Meaning(NamedTuple):
    """What a code means.

    Attributes:
        severity: How much it weighs.
        means: What it means, in a sentence.
        todo: What to do.
    """

    severity: Severity
    means: str
    todo: str
