"""Countries' roots: a chain of versions per country, from the pinned one (TUF spec §5.3).

What is taken from TUF: version n + 1 is signed by the threshold of version n and by its own, no
version is skipped, and an expired version can still hand over to the next. What differs: there is
no online time stamp here, and documents may be read in any order years later. So a root version
goes on vouching for what it signed after the next one has come, but only for what *begins* before
that: see ``RootChain.check_signed``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property, partial
from itertools import groupby

from blo_domain.trust.errors import TrustError, TrustRule
from blo_domain.trust.model import ParsedDocument, Pins, RefusalCollector
from blo_domain.trust.signatures import SignatureChecker
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.instants import local
from blo_schemas.trust import Root


def instant_text(at: int) -> str:
    """An instant in Unix milliseconds, for a message."""
    return local(at).isoformat(timespec="seconds")


class RootChain:
    """The root versions of one country that count, without a gap from version 1.

    Args:
        country: Whose.
        links: Each version with its document id, ascending.
    """

    def __init__(self, country: CountryId, links: tuple[tuple[DocumentId, Root], ...]) -> None:
        self.country = country
        self.links = links

    @property
    def newest(self) -> Root:
        """The version that counts now."""
        return self.links[-1][1]

    @cached_property
    def keys(self) -> frozenset[bytes]:
        """Every key that signs or has signed for the country."""
        return frozenset(key for _, root in self.links for key in root.keys)

    def check_signed(
        self, parsed: ParsedDocument, checker: SignatureChecker, begins: int | None = None
    ) -> None:
        """Refuses a document that the country has not signed.

        Any version of the chain may have signed it. A version that was retired, because it
        expired or a newer one began, vouches only for what begins before its retirement: so a
        new root need not sign everything again, events of past years keep their verdicts, and
        whoever finds an old key can't certify for the present in its name.

        Args:
            parsed: The document.
            checker: Checks the signatures.
            begins: First instant for which the document wants to count, Unix milliseconds;
                ``None``: it has none, and any version's threshold is enough.

        Raises:
            TrustError: Not signed by the threshold of any version, or signed badly.
            TrustError: Signed by a version that was retired before the document begins.
        """
        signers = checker.signers(parsed, self.keys)
        signed = [
            place
            for place, (_, root) in enumerate(self.links)
            if len(signers & set(root.keys)) >= root.threshold
        ]
        if not signed:
            newest = self.newest
            raise TrustError(
                TrustRule.THRESHOLD_NOT_MET,
                parsed,
                f"{len(signers & set(newest.keys))} of the {newest.threshold} signatures that "
                f"the root of {self.country}, version {newest.version}, asks for are there",
            )
        if begins is not None and all(begins >= self._retired(place) for place in signed):
            retired = self._retired(signed[-1])
            raise TrustError(
                TrustRule.ROOT_RETIRED,
                parsed,
                f"it begins on {instant_text(begins)}, but version {self.links[signed[-1]][1].version} of "
                f"the root of {self.country}, which signed it, could sign until {instant_text(retired)}",
            )

    def _retired(self, place: int) -> int:
        following = (root.not_before for _, root in self.links[place + 1 :])
        return min(self.links[place][1].not_after, *following, 2**63)


Chains = dict[CountryId, RootChain]


def chain_of(chains: Chains, pins: Pins, parsed: ParsedDocument, country: CountryId) -> RootChain:
    """The chain that must sign a document.

    Raises:
        TrustError: The node trusts no root of that country.
        TrustError: It does, but the root is not among the documents.
    """
    check_pinned(pins, parsed, country)
    if country not in chains:
        raise TrustError(
            TrustRule.ROOT_MISSING,
            parsed,
            f"the pinned root of {country} is not among the documents",
        )
    return chains[country]


def check_pinned(pins: Pins, parsed: ParsedDocument, country: CountryId) -> None:
    """Refuses what belongs to a country that the node does not trust.

    Raises:
        TrustError: It trusts no root of that country.
    """
    if country not in pins:
        raise TrustError(
            TrustRule.COUNTRY_NOT_PINNED, parsed, f"no root of {country!r} is pinned here"
        )


def admit_roots(
    documents: Iterable[ParsedDocument],
    pins: Pins,
    checker: SignatureChecker,
    collector: RefusalCollector,
) -> Chains:
    """The chain of every pinned country; what is refused goes to the collector.

    A country that signed two roots of one version has no newer root than the one before, whichever
    came first: there is no way to tell which one is meant. So a thief of retired root keys can
    stop a country's rotation, loudly, but can't speak for it.
    """
    countries: dict[CountryId, list[tuple[ParsedDocument, Root]]] = defaultdict(list)
    for parsed in collector.passing(documents, partial(_check_root, pins, checker)):
        assert isinstance(parsed.document, Root)
        countries[parsed.document.country].append((parsed, parsed.document))
    chains = {}
    for country, candidates in sorted(countries.items()):
        links = _chain(candidates, pins[country], checker, collector)
        if links:
            chains[country] = RootChain(country, links)
    return chains


def _check_root(pins: Pins, checker: SignatureChecker, parsed: ParsedDocument) -> None:
    """Checks a root without its predecessor."""
    root = parsed.document
    assert isinstance(root, Root)
    if re.fullmatch("[a-z]{2}", root.country) is None:
        raise TrustError(TrustRule.BAD_ID, parsed, f"{root.country!r} is no country")
    check_pinned(pins, parsed, root.country)
    if root.version == 1 and parsed.id != pins[root.country]:
        raise TrustError(
            TrustRule.NOT_THE_PINNED_ROOT,
            parsed,
            f"its fingerprint is not the pinned {pins[root.country].hex()[:16]}",
        )
    if len(set(root.keys)) != len(root.keys):
        raise TrustError(TrustRule.KEY_TWICE, parsed, "it lists one key twice")
    if root.threshold > len(root.keys):
        raise TrustError(
            TrustRule.IMPOSSIBLE_THRESHOLD,
            parsed,
            f"it asks for {root.threshold} signatures but has {len(root.keys)} keys",
        )
    if root.not_before >= root.not_after:
        raise TrustError(TrustRule.NEVER_VALID, parsed, "it ends before it begins")
    for key in root.keys:
        checker.admit_key(parsed, key)


def _chain(
    candidates: list[tuple[ParsedDocument, Root]],
    pin: DocumentId,
    checker: SignatureChecker,
    collector: RefusalCollector,
) -> tuple[tuple[DocumentId, Root], ...]:
    """Versions 1, 2, … as far as each is signed as it must be and is the only one."""
    links: list[tuple[DocumentId, Root]] = []
    ordered = sorted(candidates, key=lambda candidate: candidate[1].version)
    for version, copies in groupby(ordered, key=lambda candidate: candidate[1].version):
        previous = links[-1][1] if links else None
        rule = partial(_check_signed, checker, previous)
        signed = {parsed.id: parsed for parsed in collector.passing((p for p, _ in copies), rule)}
        for parsed in signed.values() if len(signed) > 1 else ():
            collector.refuse(parsed, _contradicted(parsed, version))
        if len(signed) == 1:
            ((identifier, parsed),) = signed.items()
            assert isinstance(parsed.document, Root)
            links.append((identifier, parsed.document))
    return tuple(links)


def _check_signed(checker: SignatureChecker, previous: Root | None, parsed: ParsedDocument) -> None:
    root = parsed.document
    assert isinstance(root, Root)
    expected = previous.version + 1 if previous else 1
    if root.version != expected:
        raise TrustError(
            TrustRule.ROOT_VERSION_SKIPPED,
            parsed,
            f"version {root.version - 1} is not there or does not count",
        )
    old = previous or root
    signers = checker.signers(parsed, {*old.keys, *root.keys})
    if len(signers & set(old.keys)) < old.threshold and previous:
        raise TrustError(
            TrustRule.NOT_SIGNED_BY_OLD_ROOT,
            parsed,
            f"{len(signers & set(old.keys))} of the {old.threshold} signatures that version "
            f"{old.version} asks for are there",
        )
    if len(signers & set(root.keys)) < root.threshold:
        raise TrustError(
            TrustRule.THRESHOLD_NOT_MET,
            parsed,
            f"{len(signers & set(root.keys))} of its own {root.threshold} signatures are there",
        )


def _contradicted(parsed: ParsedDocument, version: int) -> TrustError:
    return TrustError(
        TrustRule.ROOT_CONTRADICTED,
        parsed,
        f"the country signed two different versions {version}; none of them counts",
    )
