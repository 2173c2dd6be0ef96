"""What an audit can find: a closed list of codes, each with what it means and what to do.

Three severities. A *breach* is proof that a rule was broken: bytes that no honest program of the
exchange writes, or signed statements that contradict the log or each other. A *doubt* is something
that an honest exchange does not usually show and that a person has to explain; it proves nothing.
A *note* is what happens in honest work and is told for completeness.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.meanings import MEANINGS, Meaning
from blo_schemas.ids import LinkId, OfficeId

SHOWN: Final = 10
"""How many findings of one code about one office are told one by one."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found.

    Attributes:
        code: What it is.
        severity: How much it weighs; follows from the code.
        link: The link; ``None`` if it is about the trust documents.
        position: Where: the record's position, or the size that a statement is about.
        office: Whom it is about, as far as that is proved; ``None`` if it is nobody in particular.
        detail: What exactly was seen, in words.
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
    count: int = 1
    last: int | None = None

    @property
    def meaning(self) -> Meaning:
        """What the code means."""
        return MEANINGS[self.code]

    def __str__(self) -> str:
        where: list[str] = [] if self.link is None else [self.link]
        if self.position is not None:
            upto = "" if self.last is None else f" to {self.last}"
            where.append(f"at {self.position}{upto}")
        if self.office is not None:
            where.append(self.office)
        times = "" if self.count == 1 else f" ({self.count:,} times)"
        place = " ".join(where) or "trust documents"
        return f"{self.severity} {self.code} {place}: {self.detail}{times}"


class Findings:
    """Collects findings about one link, in memory that does not grow with the log.

    Of one code about one office the first ``SHOWN`` are kept one by one, the rest are counted.

    Args:
        link: The link; ``None`` for findings about the trust documents.
    """

    def __init__(self, link: LinkId | None = None) -> None:
        self.link = link
        self._told: dict[tuple[Code, OfficeId | None], list[Finding]] = {}
        self._rest: dict[tuple[Code, OfficeId | None], Finding] = {}

    def add(
        self,
        code: Code,
        detail: str,
        *,
        position: int | None = None,
        office: OfficeId | None = None,
    ) -> None:
        """Note something.

        Args:
            code: What it is.
            detail: What exactly was seen, in words.
            position: Where.
            office: Whom it is about.
        """
        key = (code, office)
        told = self._told.setdefault(key, [])
        if len(told) < SHOWN:
            severity = MEANINGS[code].severity
            told.append(
                Finding(
                    code=code,
                    severity=severity,
                    link=self.link,
                    position=position,
                    office=office,
                    detail=detail,
                )
            )
            return
        rest = self._rest.get(key)
        if rest is None:
            first = msgspec.structs.replace(
                told[-1], position=position, detail="the same again", last=position
            )
            self._rest[key] = first
            return
        self._rest[key] = msgspec.structs.replace(rest, count=rest.count + 1, last=position)

    def __iter__(self) -> Iterator[Finding]:
        """The findings, the gravest first, then by position."""
        found = [one for told in self._told.values() for one in told]
        found += self._rest.values()
        return iter(sorted(found, key=order))

    def count(self, severity: Severity) -> int:
        """How many there are of a severity."""
        return sum(one.count for one in self if one.severity is severity)


def order(finding: Finding) -> tuple[int, str, int, str, str]:
    """Sorts findings: the gravest first, then by link and position."""
    position = -1 if finding.position is None else finding.position
    rank = list(Severity).index(finding.severity)
    return rank, finding.link or "", position, finding.code, finding.office or ""
