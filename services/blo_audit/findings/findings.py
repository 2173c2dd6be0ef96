"""Findings: what an audit has found, of every kind.

There are three severities. A *breach* is proof that a rule was broken: bytes that no honest program of the
exchange writes, or signed statements that contradict the log or each other. A *doubt* is something
that an honest exchange does not usually show and that a person has to explain; it proves nothing.
A *note* is what happens in honest work and is told for completeness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.meaning import Meaning
from blo_audit.findings.meanings import MEANINGS
from blo_schemas.ids import LinkId, OfficeId

SHOWN: Final = 10
"""So many findings of one code about one office are kept one by one; the rest are counted."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding.

    Attributes:
        code: Its code.
        severity: How much it weighs; follows from the code.
        link: The link; ``None`` if it is about the trust documents.
        position: Where: the record's position, or the size that a statement is about.
        office: Whom it is about, as far as that is proved; ``None`` if it is nobody in particular.
        detail: What exactly was seen, in words.
        part: The part of the report or journal; empty for findings about a log.
        count: How many findings this entry stands for; more than one for the rest of a row of
            equal ones, which begins at ``position``.
        last: With ``count``: the position of the last of them.
    """

    code: Code
    severity: Severity
    link: LinkId | None
    position: int | None
    office: OfficeId | None
    detail: str
    part: str = ""
    count: int = 1
    last: int | None = None

    @property
    def meaning(self) -> Meaning:
        """What the code means."""
        return MEANINGS[self.code]

    def __str__(self) -> str:
        end = "" if self.last is None else f" to {self.last}"
        position = None if self.position is None else f"at {self.position}{end}"
        words = (self.link, position, self.office, self.part)
        place = " ".join(word for word in words if word) or "trust documents"
        times = "" if self.count == 1 else f" ({self.count:,} times)"
        return f"{self.severity} {self.code} {place}: {self.detail}{times}"


class Findings:
    """Collects findings about one link, in memory that does not grow with the log.

    Of one code about one office the first ``SHOWN`` are kept one by one, the rest are counted.

    Args:
        link: The link; ``None`` for findings about the trust documents.
    """

    def __init__(self, link: LinkId | None = None) -> None:
        self.link = link
        self._shown: dict[tuple[Code, OfficeId | None], list[Finding]] = {}
        self._rest: dict[tuple[Code, OfficeId | None], Finding] = {}

    def add(
        self,
        code: Code,
        detail: str,
        *,
        position: int | None = None,
        office: OfficeId | None = None,
        part: str = "",
    ) -> None:
        """Adds a finding; the arguments are the attributes of ``Finding``."""
        key = (code, office)
        shown = self._shown.setdefault(key, [])
        rest = self._rest.get(key)
        if len(shown) < SHOWN:
            finding = Finding(
                code=code,
                severity=MEANINGS[code].severity,
                link=self.link,
                position=position,
                office=office,
                detail=detail,
                part=part,
            )
            shown.append(finding)
        elif rest is None:
            self._rest[key] = msgspec.structs.replace(
                shown[-1], position=position, detail="the same again", part=part, last=position
            )
        else:
            self._rest[key] = msgspec.structs.replace(rest, count=rest.count + 1, last=position)

    def entries(self) -> tuple[Finding, ...]:
        """Everything that was added, as ``restore`` takes it."""
        shown = (finding for row in self._shown.values() for finding in row)
        return (*shown, *self._rest.values())

    def restore(self, entries: Iterable[Finding]) -> None:
        """Puts findings of ``entries`` before those to come."""
        for finding in entries:
            key = (finding.code, finding.office)
            shown = self._shown.setdefault(key, [])
            if len(shown) < SHOWN:
                shown.append(finding)
            else:
                self._rest[key] = finding

    def __iter__(self) -> Iterator[Finding]:
        """The findings, the gravest first, then by position."""
        shown = (finding for row in self._shown.values() for finding in row)
        return iter(sorted((*shown, *self._rest.values()), key=order))


def count_of(findings: Iterable[Finding], severity: Severity) -> int:
    """How many findings there are of a severity."""
    return sum(finding.count for finding in findings if finding.severity is severity)


def is_clean(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong: there is no breach and no doubt."""
    return all(finding.severity is Severity.NOTE for finding in findings)


def order(finding: Finding) -> tuple[int, str, int, str, str]:
    """Sorts findings: the gravest first, then by link and position."""
    position = -1 if finding.position is None else finding.position
    rank = list(Severity).index(finding.severity)
    return rank, finding.link or "", position, finding.code, finding.office or ""
