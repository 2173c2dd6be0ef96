"""Who may have written a record: the question that is asked once per record, made fast.

A table per link holds everything that the answer depends on, and nothing else. So its digest
changes exactly when an answer could change, and two tables say which records they can judge
differently: a reader folds the log again from the first of those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from blo_domain.trust.model import Certified, CertifiedWriter
from blo_domain.trust.reach import EVERYTHING, NOTHING, NOWHERE, TrustReach
from blo_domain.trust.terms import AgreementPeriod
from blo_schemas.codec import encode
from blo_schemas.ids import (
    CertificateTag,
    CountryId,
    Digest,
    DocumentId,
    LinkId,
    OfficeId,
    country_of,
)
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
    """The offices that may write from ``start`` until before ``end``, by which agreement."""

    start: int
    end: int
    offices: frozenset[OfficeId]
    agreement: DocumentId


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
            _Say(term.start, term.end, frozenset(term.agreement.offices), term.parsed.id)
            for term in terms
        )
        self._link: Final = link
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

    def reach(self, newer: LinkTrustRules) -> TrustReach:
        """The records of the link that newer documents can have judged differently.

        Args:
            newer: What the documents say now; of the same link.
        """
        if newer._link != self._link:
            return EVERYTHING
        if newer.digest == self.digest:
            return NOTHING
        gone = self._keys.keys() - newer._keys.keys()
        kept = [(key, newer._keys[tag]) for tag, key in self._keys.items() if tag in newer._keys]
        if gone or any(before.writer != after.writer for before, after in kept):
            return EVERYTHING
        return TrustReach(
            instant=min(
                _first_difference(self._says, newer._says),
                *(_time_cut(before, after) for before, after in kept),
                NOWHERE,
            ),
            position=min(*(_size_cut(before, after) for before, after in kept), NOWHERE, NOWHERE),
            tags=frozenset(newer._keys.keys() - self._keys.keys()),
            offices=frozenset(
                office
                for office in self._others.keys() | newer._others.keys()
                if self.other_links(office) != newer.other_links(office)
            ),
        )

    def certified(self, kid: CertificateTag) -> Certified | None:
        """The certificate of one of the link's countries that a tag names."""
        return self._certified.get(kid)


def _first_difference(says: Sequence[_Say], newer: Sequence[_Say]) -> int:
    """The first instant at which another agreement, or none, is in force."""
    instants = sorted({at for say in (*says, *newer) for at in (say.start, say.end)})
    return next((at for at in instants if _say_at(says, at) != _say_at(newer, at)), NOWHERE)


def _say_at(says: Sequence[_Say], at: int) -> DocumentId | None:
    return next((say.agreement for say in says if say.start <= at < say.end), None)


def _time_cut(key: _Key, newer: _Key) -> int:
    """The first instant at which only one of the two has been revoked."""
    cuts = [min(cut.cut_time, cut.not_after) for cut in (key, newer)]
    return NOWHERE if cuts[0] == cuts[1] else min(cuts)


def _size_cut(key: _Key, newer: _Key) -> int:
    """The first position at which only one of the two has been revoked."""
    return NOWHERE if key.cut_size == newer.cut_size else min(key.cut_size, newer.cut_size)


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
