"""The terms of a link: which version of its agreement is in force when (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from blo_domain.trust.agreements import Subjects, agreement_of, check_alone, check_next
from blo_domain.trust.errors import TrustError, TrustRule
from blo_domain.trust.model import FOREVER, ParsedDocument, RefusalCollector
from blo_domain.trust.signatures import SignatureChecker
from blo_schemas.ids import CorridorId, DocumentId, LinkId
from blo_schemas.trust import Agreement


@dataclass(frozen=True, slots=True)
class AgreementPeriod:
    """The time in which one version of a link's agreement is in force.

    Attributes:
        parsed: The version.
        start: First instant, Unix milliseconds.
        end: First instant after it.
        counts: Whether it counts then; a contested one is in force and does not count, so that
            nothing holds until the dispute is settled.
    """

    parsed: ParsedDocument
    start: int
    end: int
    counts: bool = True

    @property
    def is_effective(self) -> bool:
        """Whether it counts at any time: it may also be superseded the moment it begins."""
        return self.counts and self.start < self.end

    @property
    def agreement(self) -> Agreement:
        """The version's text."""
        return agreement_of(self.parsed)


Terms = dict[LinkId, tuple[AgreementPeriod, ...]]


def admit_agreements(
    documents: Iterable[ParsedDocument],
    subjects: Subjects,
    checker: SignatureChecker,
    collector: RefusalCollector,
) -> Terms:
    """The terms of every link; what is refused goes to the collector."""
    links: dict[LinkId, list[ParsedDocument]] = defaultdict(list)
    for parsed in collector.passing(documents, partial(check_alone, subjects)):
        links[agreement_of(parsed).link].append(parsed)
    terms = {
        link: _terms(subjects, checker, versions, collector)
        for link, versions in sorted(links.items())
    }
    return _settle({link: chain for link, chain in terms.items() if chain}, collector)


def _terms(
    subjects: Subjects,
    checker: SignatureChecker,
    documents: list[ParsedDocument],
    collector: RefusalCollector,
) -> tuple[AgreementPeriod, ...]:
    """Versions 1, 2, … of one link, each with the time in which it is in force."""
    versions: dict[int, list[ParsedDocument]] = defaultdict(list)
    for parsed in documents:
        versions[agreement_of(parsed).version].append(parsed)
    chain: list[tuple[ParsedDocument, bool]] = []
    before: tuple[ParsedDocument, ...] = ()
    for _, copies in sorted(versions.items()):
        signed = {
            parsed.id: parsed
            for parsed in collector.passing(copies, partial(check_next, subjects, checker, before))
        }
        if not signed:
            continue
        before = tuple(parsed for _, parsed in sorted(signed.items()))
        if len(before) > 1:
            for parsed in before:
                collector.refuse(parsed, _contradicted(parsed))
        first = min(before, key=lambda parsed: (agreement_of(parsed).effective_from, parsed.id))
        chain.append((first, len(before) == 1))
    return tuple(
        AgreementPeriod(parsed, start, end, counts)
        for (parsed, counts), (start, end) in zip(chain, _spans(chain), strict=True)
    )


def _spans(chain: list[tuple[ParsedDocument, bool]]) -> list[tuple[int, int]]:
    """A version is in force from its beginning until its end or the next one's beginning."""
    starts = [agreement_of(parsed).effective_from for parsed, _ in chain]
    spans = []
    for place, (parsed, _) in enumerate(chain):
        until = agreement_of(parsed).effective_until
        end = min(FOREVER if until is None else until, *starts[place + 1 :], FOREVER)
        spans.append((starts[place], end))
    return spans


def _settle(terms: Terms, collector: RefusalCollector) -> Terms:
    """Refuses all agreements in force at one time that claim one partition for several links."""
    claims: dict[tuple[CorridorId, int], list[AgreementPeriod]] = defaultdict(list)
    for chain in terms.values():
        for term in chain:
            if term.is_effective:
                claims[term.agreement.corridor, term.agreement.partition].append(term)
    contested: set[DocumentId] = set()
    for claim in claims.values():
        for term in claim:
            rivals = sorted({other.agreement.link for other in claim if _rivals(term, other)})
            if rivals:
                contested.add(term.parsed.id)
                collector.refuse(term.parsed, _contest(term, rivals))
    return {
        link: tuple(
            replace(term, counts=term.counts and term.parsed.id not in contested) for term in chain
        )
        for link, chain in terms.items()
    }


def _rivals(term: AgreementPeriod, other: AgreementPeriod) -> bool:
    overlap = max(term.start, other.start) < min(term.end, other.end)
    return overlap and term.agreement.link != other.agreement.link


def _contest(term: AgreementPeriod, rivals: list[LinkId]) -> TrustError:
    agreement = term.agreement
    return TrustError(
        TrustRule.PARTITION_CONTESTED,
        term.parsed,
        f"partition {agreement.partition} of {agreement.corridor} is claimed at the same time "
        f"by {', '.join(rivals)}; none of them counts",
    )


def _contradicted(parsed: ParsedDocument) -> TrustError:
    return TrustError(
        TrustRule.AGREEMENT_CONTRADICTED,
        parsed,
        "its offices signed two different documents of this version; neither counts",
    )
