"""Who may have written a record: the question that is asked once per record, made fast.

A table per link holds everything that the answer depends on, and nothing else. So its digest
changes exactly when an answer could change, and a reader knows when to fold the log again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from blo_domain.trust.model import Certified, CertifiedWriter
from blo_domain.trust.terms import AgreementPeriod
from blo_schemas.codec import encode
from blo_schemas.ids import CertificateTag, CountryId, Digest, LinkId, OfficeId, country_of
from blo_schemas.trust import Role
from blo_schemas.verdicts import Reason

_LABEL: Final = b"blo/link-trust/v1\0"


class _Key(NamedTuple):
    """One certificate as it counts on the link; log sizes and Unix milliseconds."""

    writer: CertifiedWriter
    not_before: int
    not_after: int
    cut_size: int
    cut_time: int


class _Say(NamedTuple):
    """The offices that may write from ``start`` until before ``end``."""

    start: int
    end: int
    offices: frozenset[OfficeId]


class LinkTrustRules:
    """Answers who wrote a record of one link.

    Only a certificate of an office that some version of the agreement names is a known key: nodes
    that pin other countries' roots too must come to the same verdicts, and a root that certifies
    somebody else must not make every reader of the link fold its log again.

    Args:
        link: The link.
        terms: Its terms that count.
        certificates: Everything certified, of any country.
        written: The links of the same corridor on which each office ever writes.

    Attributes:
        digest: Changes exactly when an answer could, or the agreement does.
    """

    def __init__(
        self,
        link: LinkId,
        terms: Sequence[AgreementPeriod],
        certificates: Iterable[Certified],
        written: Mapping[OfficeId, Collection[LinkId]],
    ) -> None:
        parties = {office for term in terms for office in term.agreement.offices}
        known = list(_of_countries(certificates, {country_of(office) for office in parties}))
        self._says: Final = tuple(
            _Say(term.start, term.end, frozenset(term.agreement.offices)) for term in terms
        )
        self._keys: Final[dict[CertificateTag, _Key]] = {}
        for certified in known:
            if _is_writer(certified, parties):
                self._keys.setdefault(certified.tag, _key(link, certified))
        self._certified: Final = {certificate.tag: certificate for certificate in reversed(known)}
        self._others: Final = {
            office: tuple(sorted(set(written.get(office, ())) - {link}))
            for office in sorted(parties)
        }
        self.digest: Final = _digest(link, terms, self._keys, self._others)

    def writer(self, kid: CertificateTag, position: int, log_time: int) -> CertifiedWriter | Reason:
        """The writer whose key must have signed a record, or the reason why there is none.

        Args:
            kid: The certificate tag in its header.
            position: Its offset: how many records lie before it.
            log_time: Its timestamp, Unix milliseconds.
        """
        for say in self._says:
            if say.start <= log_time < say.end:
                break
        else:
            return Reason.NO_AGREEMENT
        try:
            key = self._keys[kid]
        except KeyError:
            return Reason.UNKNOWN_KEY
        if key.writer.office not in say.offices:
            return Reason.NOT_A_PARTY
        if key.not_before <= log_time < key.not_after:
            if position < key.cut_size and log_time < key.cut_time:
                return key.writer
            return Reason.KEY_REVOKED
        return Reason.KEY_EXPIRED if log_time >= key.not_after else Reason.KEY_NOT_YET_VALID

    def parties(self, log_time: int) -> frozenset[OfficeId]:
        """The link's offices at a log time; none without an agreement in force."""
        for say in self._says:
            if say.start <= log_time < say.end:
                return say.offices
        return frozenset()

    def other_links(self, office: OfficeId) -> tuple[LinkId, ...]:
        """The links besides this one, in the same corridor, on which the office ever writes.

        Other corridors stand under other countries' roots, which not every reader has pinned.
        """
        return self._others.get(office, ())

    def certified(self, kid: CertificateTag) -> Certified | None:
        """The certificate of one of the link's countries that a tag names."""
        return self._certified.get(kid)


def _of_countries(
    certificates: Iterable[Certified], countries: set[CountryId]
) -> Iterator[Certified]:
    return (
        certified
        for certified in sorted(
            certificates,
            key=lambda certificate: (certificate.certificate.not_before, certificate.id),
        )
        if certified.certificate.country in countries
    )


def _is_writer(certified: Certified, parties: set[OfficeId]) -> bool:
    """Whether a certificate's subject can ever write on a link of these parties."""
    certificate = certified.certificate
    return certificate.role is Role.OFFICE and certificate.subject in parties


def _key(link: LinkId, certified: Certified) -> _Key:
    certificate = certified.certificate
    writer = CertifiedWriter(certificate.subject, certificate.signing_key, certified.id)
    size, at = certified.revocation_cutoffs(link)
    return _Key(writer, certificate.not_before, certificate.not_after, size, at)


def _digest(
    link: LinkId,
    terms: Sequence[AgreementPeriod],
    keys: dict[CertificateTag, _Key],
    others: dict[OfficeId, tuple[LinkId, ...]],
) -> Digest:
    content = [
        link,
        [[term.parsed.id, term.start, term.end] for term in terms],
        [
            [tag, [key.writer.certificate, key.cut_size, key.cut_time]]
            for tag, key in sorted(keys.items(), key=lambda item: item[0])
        ],
        sorted(others.items()),
    ]
    return Digest(sha256(_LABEL + encode(content)).digest())
