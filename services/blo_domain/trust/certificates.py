"""Certificates, their revocations, and directory entries: what a country's root signs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from blo_domain.trust.errors import TrustError, TrustRule
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
        checker: Checks signatures and keys.
        collector: Where collector go.
    """

    def __init__(
        self, chains: Chains, pins: Pins, checker: SignatureChecker, collector: RefusalCollector
    ) -> None:
        self._chains = chains
        self._pins = pins
        self._checker = checker
        self._collector = collector

    def certificates(self, documents: Iterable[ParsedDocument]) -> Certificates:
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
        passing = self._collector.passing(documents, self._check_certificate)
        for parsed, certificate in sorted(
            ((parsed, _certificate(parsed)) for parsed in passing),
            key=lambda pair: (pair[1].not_before, pair[0].id),
        ):
            tag = (certificate.country, certificate_tag(parsed.id))
            key = (certificate.country, certificate.signing_key)
            if subjects.get(key, certificate.subject) != certificate.subject:
                self._collector.refuse(parsed, _key_of_another(parsed, subjects[key]))
            elif tags.get(tag, parsed.id) != parsed.id:
                self._collector.refuse(parsed, _tag_taken(parsed))
            else:
                subjects[key], tags[tag] = certificate.subject, parsed.id
                admitted[parsed.id] = Certified(parsed.id, certificate)
        return admitted

    def revoke(
        self, certificates: Certificates, documents: Iterable[ParsedDocument]
    ) -> Certificates:
        """The certificates with all their revocations.

        Revocations add up: a key is cut off where any of them says so, so one that comes later
        can only tighten, and one that comes twice changes nothing.
        """
        revocations: dict[DocumentId, dict[DocumentId, Revocation]] = defaultdict(dict)
        rule = partial(self._check_revocation, certificates)
        for parsed in self._collector.passing(documents, rule):
            assert isinstance(parsed.document, Revocation)
            revocations[DocumentId(parsed.document.certificate)][parsed.id] = parsed.document
        return {
            identifier: Certified(
                identifier,
                certified.certificate,
                tuple(revocation for _, revocation in sorted(revocations[identifier].items())),
            )
            for identifier, certified in certificates.items()
        }

    def entries(
        self, documents: Iterable[ParsedDocument]
    ) -> dict[OfficeId, tuple[DocumentId, OfficeEntry]]:
        """The newest directory entry of every office.

        Where a country signed two entries of one version, neither counts and the version before
        them stays.
        """
        offices: dict[OfficeId, dict[int, dict[DocumentId, ParsedDocument]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for parsed in self._collector.passing(documents, self._check_entry):
            entry = _entry(parsed)
            offices[entry.office][entry.version][parsed.id] = parsed
        newest = {}
        for office, versions in sorted(offices.items()):
            for _, versions_documents in sorted(versions.items()):
                if len(versions_documents) == 1:
                    ((identifier, parsed),) = versions_documents.items()
                    newest[office] = (identifier, _entry(parsed))
                else:
                    for parsed in versions_documents.values():
                        self._collector.refuse(parsed, _entry_contradicted(parsed))
        return newest

    def _check_certificate(self, parsed: ParsedDocument) -> None:
        certificate = _certificate(parsed)
        _check_subject(parsed, certificate.subject, certificate.country)
        if certificate.not_before >= certificate.not_after:
            raise TrustError(TrustRule.NEVER_VALID, parsed, "it ends before it begins")
        if certificate.role is Role.OFFICE and certificate.kem_key is None:
            raise TrustError(
                TrustRule.KEM_KEY_MISSING,
                parsed,
                "an office must have a KEM key, or nobody can grant it the keys of its cases",
            )
        _check_dated(parsed, certificate.names)
        self._checker.admit_key(parsed, certificate.signing_key)
        self._check_signed(parsed, certificate.country, certificate.not_before)
        # Last, because it costs most: nobody but the country can have it done.
        if certificate.kem_key is not None:
            self._checker.admit_kem_key(parsed, certificate.kem_key)

    def _check_revocation(self, certificates: Certificates, parsed: ParsedDocument) -> None:
        revocation = parsed.document
        assert isinstance(revocation, Revocation)
        links = [part.link for part in revocation.links]
        if links != sorted(set(links)) or not all(map(is_link_id, links)):
            raise TrustError(
                TrustRule.NOT_SORTED_OR_TWICE,
                parsed,
                "its links are not sorted, or one is named twice",
            )
        certified = certificates.get(DocumentId(revocation.certificate))
        if certified is None:
            raise TrustError(
                TrustRule.UNKNOWN_CERTIFICATE,
                parsed,
                "the certificate that it ends is not there or does not count",
            )
        if certified.certificate.country != revocation.country:
            raise TrustError(
                TrustRule.WRONG_COUNTRY,
                parsed,
                f"the certificate is one of {certified.certificate.country}, the revocation "
                f"one of {revocation.country}",
            )
        self._check_signed(parsed, revocation.country, revocation.at)

    def _check_entry(self, parsed: ParsedDocument) -> None:
        entry = _entry(parsed)
        _check_subject(parsed, entry.office, entry.country)
        if entry.successor is not None and (
            entry.successor == entry.office or not is_subject_id(entry.successor)
        ):
            raise TrustError(
                TrustRule.BAD_ID, parsed, f"{entry.successor!r} can't be its successor"
            )
        _check_dated(parsed, (*entry.names, *entry.hosts, *entry.contacts))
        self._check_signed(parsed, entry.country, None)

    def _check_signed(self, parsed: ParsedDocument, country: CountryId, begins: int | None) -> None:
        chain = chain_of(self._chains, self._pins, parsed, country)
        chain.check_signed(parsed, self._checker, begins)


def _check_subject(parsed: ParsedDocument, subject: OfficeId, country: CountryId) -> None:
    if not is_subject_id(subject):
        raise TrustError(
            TrustRule.BAD_ID, parsed, f"{subject!r} is no id of an office or other subject"
        )
    if country_of(subject) != country:
        raise TrustError(TrustRule.WRONG_COUNTRY, parsed, f"{subject} does not belong to {country}")


def _check_dated(parsed: ParsedDocument, texts: Iterable[DatedText]) -> None:
    for text in texts:
        if text.since is not None and text.until is not None and text.since >= text.until:
            raise TrustError(TrustRule.NEVER_VALID, parsed, f"{text.text!r} ends before it begins")


def _certificate(parsed: ParsedDocument) -> Certificate:
    assert isinstance(parsed.document, Certificate)
    return parsed.document


def _entry(parsed: ParsedDocument) -> OfficeEntry:
    assert isinstance(parsed.document, OfficeEntry)
    return parsed.document


def _key_of_another(parsed: ParsedDocument, owner: OfficeId) -> TrustError:
    return TrustError(
        TrustRule.KEY_OF_ANOTHER, parsed, f"its signing key already belongs to {owner}"
    )


def _tag_taken(parsed: ParsedDocument) -> TrustError:
    return TrustError(
        TrustRule.TAG_TAKEN,
        parsed,
        f"its id begins with {certificate_tag(parsed.id).hex()}, as another certificate's does",
    )


def _entry_contradicted(parsed: ParsedDocument) -> TrustError:
    return TrustError(
        TrustRule.ENTRY_CONTRADICTED,
        parsed,
        "the country signed two different entries of this version; neither counts",
    )
