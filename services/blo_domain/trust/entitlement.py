"""Which of a link's keys its agreement gives to a reader, past ones too, and no more.

A case's key opens the whole case. An office of the link, or a superior, is given the keys of the
cases that lived while the agreement named it. A summary key was granted to those who read the link
when it was first used: when the readers change, its office makes another one. So whoever read the
link then may be given it again, and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from blo_domain.trust.model import LinkRole, parts
from blo_domain.trust.terms import AgreementPeriod
from blo_schemas.ids import OfficeId

_CONTENT_READERS = (LinkRole.PARTY, LinkRole.SUPERIOR)


class _Period(NamedTuple):
    start: int
    end: int


class Entitlement:
    """What one reader may be given of a link's keys.

    Args:
        terms: The link's agreements that count, past ones too (``TrustedDirectory.terms``).
        reader: The reader.
    """

    def __init__(self, terms: Iterable[AgreementPeriod], reader: OfficeId) -> None:
        self._contents: list[_Period] = []
        self._summaries: list[_Period] = []
        for term in terms:
            named = [part for subject, part in parts(term.agreement) if subject == reader]
            if named:
                self._summaries.append(_Period(term.start, term.end))
            if any(part in _CONTENT_READERS for part in named):
                self._contents.append(_Period(term.start, term.end))

    def to_case(self, opened_at: int, lived_until: int) -> bool:
        """Whether to the key of a case.

        Args:
            opened_at: Log time of its opening, Unix milliseconds.
            lived_until: Log time of its last step if it is at rest, else now.
        """
        return any(
            period.start <= lived_until and opened_at < period.end for period in self._contents
        )

    def to_summaries(self, first_used_at: int) -> bool:
        """Whether to a summary key, by the log time of the first record sealed with it."""
        return any(period.start <= first_used_at < period.end for period in self._summaries)


def content_readers_ever(terms: Iterable[AgreementPeriod]) -> frozenset[OfficeId]:
    """Everybody to whom a link's agreements give keys of cases at any time."""
    return frozenset(
        subject
        for term in terms
        for subject, part in parts(term.agreement)
        if part in _CONTENT_READERS
    )
