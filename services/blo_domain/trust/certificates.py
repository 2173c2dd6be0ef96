"""Certificates, their revocations, and directory entries: what a country's root signs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from blo_domain.trust.errors import (
    BadId,
    EntryContradicted,
    KemKeyMissing,
    KeyOfAnother,
    NeverValid,
    NotSortedOrTwice,
    TagTaken,
    TrustError,
    UnknownCertificate,
    WrongCountry,
)
from blo_domain.trust.model import Certified, ParsedDocument, Pins, RefusalCollector
from blo_domain.trust.roots import Chains, chain_of
from blo_domain.trust.signatures import SignatureChecker
from blo_schemas.hashes import certificate_tag
from blo_schemas.ids import (
    CertificateTag,
    CountryId,
    DocumentId,
    OfficeId,
    country_of,
    is_link_id,
    is_subject_id,
)
from blo_schemas.trust import Certificate, DatedText, OfficeEntry, Revocation, Role

Certificates = dict[DocumentId, Certified]


class Registry:
    """Checks what a country's root signs, against the roots that count.

    Args:
        chains: The roots that count.
        pins: The pinned fingerprints.
        notary: Checks signatures and keys.
        sieve: Where refusals go.
    """

    def __init__(
        self, chains: Chains, pins: Pins, notary: SignatureChecker, sieve: RefusalCollector
    ) -> None:
        self._chains = chains
        self._pins = pins
        self._notary = notary
        self._sieve = sieve

    def certificates(self, papers: Iterable[ParsedDocument]) -> Certificates:
        """The certificates that count, without their revocations.

        A country must not certify one key for two subjects, nor two certificates with one tag.
        Where it did, the certificate that begins earlier counts (with the smaller id, if they
        begin together): that does not depend on the order in which they arrive, and a mistake
        of today leaves the certificates of yesterday alone. The rule is per country, so that no
        country can disturb another's; ``agreements`` refuses one key for two offices of a link.
        """
        admitted: Certificates = {}
        subjects: dict[tuple[CountryId, bytes], OfficeId] = {}
        tags: dict[tuple[CountryId, CertificateTag], DocumentId] = {}
        passing = self._sieve.passing(papers, self._check_certificate)
        for paper, certificate in sorted(
            ((paper, _certificate(paper)) for paper in passing),
            key=lambda pair: (pair[1].not_before, pair[0].id),
        ):
            tag = (certificate.country, certificate_tag(paper.id))
            key = (certificate.country, certificate.signing_key)
            if subjects.get(key, certificate.subject) != certificate.subject:
                self._sieve.refuse(paper, _key_of_another(paper, subjects[key]))
            elif tags.get(tag, paper.id) != paper.id:
                self._sieve.refuse(paper, _tag_taken(paper))
            else:
                subjects[key], tags[tag] = certificate.subject, paper.id
                admitted[paper.id] = Certified(paper.id, certificate)
        return admitted

    def revoke(self, certificates: Certificates, papers: Iterable[ParsedDocument]) -> Certificates:
        """The certificates with all their revocations.

        Revocations add up: a key is cut off where any of them says so, so one that comes later
        can only tighten, and one that comes twice changes nothing.
        """
        found: dict[DocumentId, dict[DocumentId, Revocation]] = defaultdict(dict)
        rule = partial(self._check_revocation, certificates)
        for paper in self._sieve.passing(papers, rule):
            assert isinstance(paper.document, Revocation)
            found[DocumentId(paper.document.certificate)][paper.id] = paper.document
        return {
            identifier: Certified(
                identifier,
                certified.certificate,
                tuple(revocation for _, revocation in sorted(found[identifier].items())),
            )
            for identifier, certified in certificates.items()
        }

    def entries(
        self, papers: Iterable[ParsedDocument]
    ) -> dict[OfficeId, tuple[DocumentId, OfficeEntry]]:
        """The newest directory entry of every office.

        Where a country signed two entries of one version, neither counts and the version before
        them stays.
        """
        offices: dict[OfficeId, dict[int, dict[DocumentId, ParsedDocument]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for paper in self._sieve.passing(papers, self._check_entry):
            entry = _entry(paper)
            offices[entry.office][entry.version][paper.id] = paper
        newest = {}
        for office, versions in sorted(offices.items()):
            for _, same in sorted(versions.items()):
                if len(same) == 1:
                    ((identifier, paper),) = same.items()
                    newest[office] = (identifier, _entry(paper))
                else:
                    for paper in same.values():
                        self._sieve.refuse(paper, _entry_contradicted(paper))
        return newest

    def _check_certificate(self, paper: ParsedDocument) -> None:
        certificate = _certificate(paper)
        _check_subject(paper, certificate.subject, certificate.country)
        if certificate.not_before >= certificate.not_after:
            raise NeverValid(paper, "it ends before it begins", "correct not_before or not_after")
        if certificate.role is Role.OFFICE and certificate.kem_key is None:
            raise KemKeyMissing(
                paper,
                "an office must have a KEM key, or nobody can grant it the keys of its cases",
                "make the certificate from the office's identity, which holds both keys",
            )
        _check_dated(paper, certificate.names)
        self._notary.admit_key(paper, certificate.signing_key)
        self._check_signed(paper, certificate.country, certificate.not_before)
        # Last, because it costs most: nobody but the country can have it done.
        if certificate.kem_key is not None:
            self._notary.admit_kem_key(paper, certificate.kem_key)

    def _check_revocation(self, certificates: Certificates, paper: ParsedDocument) -> None:
        revocation = paper.document
        assert isinstance(revocation, Revocation)
        links = [part.link for part in revocation.links]
        if links != sorted(set(links)) or not all(map(is_link_id, links)):
            raise NotSortedOrTwice(
                paper, "its links are not sorted, or one is named twice", "sort the links"
            )
        certified = certificates.get(DocumentId(revocation.certificate))
        if certified is None:
            raise UnknownCertificate(
                paper,
                "the certificate that it ends is not there or does not count",
                "publish the certificate first, or correct its id",
            )
        if certified.certificate.country != revocation.country:
            raise WrongCountry(
                paper,
                f"the certificate is one of {certified.certificate.country}, the revocation "
                f"one of {revocation.country}",
                "only the country that certified can revoke",
            )
        self._check_signed(paper, revocation.country, revocation.at)

    def _check_entry(self, paper: ParsedDocument) -> None:
        entry = _entry(paper)
        _check_subject(paper, entry.office, entry.country)
        if entry.successor is not None and (
            entry.successor == entry.office or not is_subject_id(entry.successor)
        ):
            raise BadId(paper, f"{entry.successor!r} can't be its successor", "name another office")
        _check_dated(paper, (*entry.names, *entry.hosts, *entry.contacts))
        self._check_signed(paper, entry.country, None)

    def _check_signed(self, paper: ParsedDocument, country: CountryId, begins: int | None) -> None:
        chain = chain_of(self._chains, self._pins, paper, country)
        chain.check_signed(paper, self._notary, begins)


def _check_subject(paper: ParsedDocument, subject: OfficeId, country: CountryId) -> None:
    if not is_subject_id(subject):
        raise BadId(
            paper,
            f"{subject!r} is no id of an office or other subject",
            "use lower-case letters, digits and hyphens after the country: vn-kyson",
        )
    if country_of(subject) != country:
        raise WrongCountry(
            paper,
            f"{subject} does not belong to {country}",
            f"have it signed by the root of {country_of(subject)}",
        )


def _check_dated(paper: ParsedDocument, texts: Iterable[DatedText]) -> None:
    for text in texts:
        if text.since is not None and text.until is not None and text.since >= text.until:
            raise NeverValid(
                paper, f"{text.text!r} ends before it begins", "correct since or until"
            )


def _certificate(paper: ParsedDocument) -> Certificate:
    assert isinstance(paper.document, Certificate)
    return paper.document


def _entry(paper: ParsedDocument) -> OfficeEntry:
    assert isinstance(paper.document, OfficeEntry)
    return paper.document


def _key_of_another(paper: ParsedDocument, owner: OfficeId) -> TrustError:
    return KeyOfAnother(
        paper,
        f"its signing key already belongs to {owner}",
        "make an identity of its own for every subject: blo trust key new",
    )


def _tag_taken(paper: ParsedDocument) -> TrustError:
    return TagTaken(
        paper,
        f"its id begins with {certificate_tag(paper.id).hex()}, as another certificate's does",
        "make it again with another not_before",
    )


def _entry_contradicted(paper: ParsedDocument) -> TrustError:
    return EntryContradicted(
        paper,
        "the country signed two different entries of this version; neither counts",
        "publish an entry with the next version",
    )
