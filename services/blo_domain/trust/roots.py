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

from blo_domain.trust.errors import (
    BadId,
    CountryNotPinned,
    ImpossibleThreshold,
    KeyTwice,
    NeverValid,
    NotSignedByOldRoot,
    NotThePinnedRoot,
    RootContradicted,
    RootMissing,
    RootRetired,
    RootVersionSkipped,
    ThresholdNotMet,
)
from blo_domain.trust.model import ParsedDocument, Pins, RefusalCollector
from blo_domain.trust.signatures import SignatureChecker
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.instants import local
from blo_schemas.trust import Root


def day(at: int) -> str:
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
        """Every key that has or had a say."""
        return frozenset(key for _, root in self.links for key in root.keys)

    def check_signed(
        self, paper: ParsedDocument, notary: SignatureChecker, begins: int | None = None
    ) -> None:
        """Refuses a document that the country has not signed.

        Any version of the chain may have signed it. A version that was retired, because it
        expired or a newer one began, vouches only for what begins before its retirement: so a
        new root need not sign everything again, events of past years keep their verdicts, and
        whoever finds an old key can't certify for the present in its name.

        Args:
            paper: The document.
            notary: Checks the signatures.
            begins: First instant for which the document wants to count, Unix milliseconds;
                ``None``: it has none, and any version's threshold is enough.

        Raises:
            SignatureFault: Not signed by the threshold of any version, or signed badly.
            RootRetired: Signed by a version that was retired before the document begins.
        """
        signers = notary.signers(paper, self.keys)
        signed = [
            place
            for place, (_, root) in enumerate(self.links)
            if len(signers & set(root.keys)) >= root.threshold
        ]
        if not signed:
            newest = self.newest
            raise ThresholdNotMet(
                paper,
                f"{len(signers & set(newest.keys))} of the {newest.threshold} signatures that "
                f"the root of {self.country}, version {newest.version}, asks for are there",
                f"have it signed by more of the root keys of {self.country}: blo trust sign",
            )
        if begins is not None and all(begins >= self._retired(place) for place in signed):
            retired = self._retired(signed[-1])
            raise RootRetired(
                paper,
                f"it begins on {day(begins)}, but version {self.links[signed[-1]][1].version} of "
                f"the root of {self.country}, which signed it, could sign until {day(retired)}",
                f"have it signed by a newer root of {self.country}",
            )

    def _retired(self, place: int) -> int:
        following = (root.not_before for _, root in self.links[place + 1 :])
        return min(self.links[place][1].not_after, *following, 2**63)


Chains = dict[CountryId, RootChain]


def chain_of(chains: Chains, pins: Pins, paper: ParsedDocument, country: CountryId) -> RootChain:
    """The chain that must sign a document.

    Raises:
        CountryNotPinned: The node trusts no root of that country.
        RootMissing: It does, but the root is not among the documents.
    """
    check_pinned(pins, paper, country)
    if country not in chains:
        raise RootMissing(
            paper,
            f"the pinned root of {country} is not among the documents",
            f"publish version 1 of the root of {country}",
        )
    return chains[country]


def check_pinned(pins: Pins, paper: ParsedDocument, country: CountryId) -> None:
    """Refuses what belongs to a country that the node does not trust.

    Raises:
        CountryNotPinned: It trusts no root of that country.
    """
    if country not in pins:
        raise CountryNotPinned(
            paper,
            f"no root of {country!r} is pinned here",
            "pin its fingerprint if this node is to know that country; otherwise this is no harm",
        )


def admit_roots(
    papers: Iterable[ParsedDocument], pins: Pins, notary: SignatureChecker, sieve: RefusalCollector
) -> Chains:
    """The chain of every pinned country; what is refused goes to the sieve.

    A country that signed two roots of one version has no newer root than the one before, whichever
    came first: there is no way to tell which one is meant. So a thief of retired root keys can
    stop a country's rotation, loudly, but can't speak for it.
    """
    countries: dict[CountryId, list[tuple[ParsedDocument, Root]]] = defaultdict(list)
    for paper in sieve.passing(papers, partial(_check_root, pins, notary)):
        assert isinstance(paper.document, Root)
        countries[paper.document.country].append((paper, paper.document))
    chains = {}
    for country, candidates in sorted(countries.items()):
        links = _chain(candidates, pins[country], notary, sieve)
        if links:
            chains[country] = RootChain(country, links)
    return chains


def _check_root(pins: Pins, notary: SignatureChecker, paper: ParsedDocument) -> None:
    """What can be said of a root without the version before it."""
    root = paper.document
    assert isinstance(root, Root)
    if re.fullmatch("[a-z]{2}", root.country) is None:
        raise BadId(paper, f"{root.country!r} is no country", "name it by two lower-case letters")
    check_pinned(pins, paper, root.country)
    if root.version == 1 and paper.id != pins[root.country]:
        raise NotThePinnedRoot(
            paper,
            f"its fingerprint is not the pinned {pins[root.country].hex()[:16]}",
            "compare the fingerprint with the country's authority by another channel",
        )
    if len(set(root.keys)) != len(root.keys):
        raise KeyTwice(paper, "it lists one key twice", "list each key once")
    if root.threshold > len(root.keys):
        raise ImpossibleThreshold(
            paper,
            f"it asks for {root.threshold} signatures but has {len(root.keys)} keys",
            "lower the threshold or add keys",
        )
    if root.not_before >= root.not_after:
        raise NeverValid(paper, "it ends before it begins", "correct not_before or not_after")
    for key in root.keys:
        notary.admit_key(paper, key)


def _chain(
    candidates: list[tuple[ParsedDocument, Root]],
    pin: DocumentId,
    notary: SignatureChecker,
    sieve: RefusalCollector,
) -> tuple[tuple[DocumentId, Root], ...]:
    """Versions 1, 2, … as far as each is signed as it must be and is the only one."""
    links: list[tuple[DocumentId, Root]] = []
    ordered = sorted(candidates, key=lambda candidate: candidate[1].version)
    for version, same in groupby(ordered, key=lambda candidate: candidate[1].version):
        previous = links[-1][1] if links else None
        rule = partial(_check_signed, notary, previous)
        signed = {paper.id: paper for paper in sieve.passing((p for p, _ in same), rule)}
        for paper in signed.values() if len(signed) > 1 else ():
            sieve.refuse(paper, _contradicted(paper, version))
        if len(signed) == 1:
            ((identifier, paper),) = signed.items()
            assert isinstance(paper.document, Root)
            links.append((identifier, paper.document))
    return tuple(links)


def _check_signed(notary: SignatureChecker, previous: Root | None, paper: ParsedDocument) -> None:
    root = paper.document
    assert isinstance(root, Root)
    expected = previous.version + 1 if previous else 1
    if root.version != expected:
        raise RootVersionSkipped(
            paper,
            f"version {root.version - 1} is not there or does not count",
            f"publish version {root.version - 1} of the root of {root.country}",
        )
    old = previous or root
    signers = notary.signers(paper, {*old.keys, *root.keys})
    if len(signers & set(old.keys)) < old.threshold and previous:
        raise NotSignedByOldRoot(
            paper,
            f"{len(signers & set(old.keys))} of the {old.threshold} signatures that version "
            f"{old.version} asks for are there",
            f"have it signed by more keys of version {old.version}: blo trust sign",
        )
    if len(signers & set(root.keys)) < root.threshold:
        raise ThresholdNotMet(
            paper,
            f"{len(signers & set(root.keys))} of its own {root.threshold} signatures are there",
            "have it signed by more of its own keys: blo trust sign",
        )


def _contradicted(paper: ParsedDocument, version: int) -> RootContradicted:
    return RootContradicted(
        paper,
        f"the country signed two different versions {version}; none of them counts",
        "ask the country's authority, and pin a new root of it",
    )
