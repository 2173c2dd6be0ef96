"""The trusted directory: every trust rule, applied to a set of documents (docs/architecture.md, "Keys and trust").

No I/O, no clock, no keys of its own: documents and pinned fingerprints come in, and whoever asks
brings the time. The model is python-tuf's ``TrustedMetadataSet``; what differs is that documents
may come in any order, so what counts is a function of their *set*: roots first, then what roots
sign, then what offices sign. One pass over those layers admits all that can be admitted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from blo_domain.trust.agreements import by_subject, newest_valid
from blo_domain.trust.certificates import Registry
from blo_domain.trust.errors import TrustError
from blo_domain.trust.model import (
    Certified,
    CertifiedWriter,
    CheckKemKey,
    CheckKey,
    DocumentRefusal,
    Expiring,
    KeyRecipient,
    KeyRecipients,
    LinkMembership,
    LinkRole,
    ParsedDocument,
    Pins,
    RefusalCollector,
    Verify,
    parts,
    title,
)
from blo_domain.trust.names import Names, name_on
from blo_domain.trust.roots import admit_roots
from blo_domain.trust.signatures import SignatureChecker
from blo_domain.trust.terms import AgreementPeriod, admit_agreements
from blo_domain.trust.writers import LinkTrustRules
from blo_schemas.ids import (
    CertificateTag,
    CorridorId,
    CountryId,
    Digest,
    DocumentId,
    LinkId,
    OfficeId,
)
from blo_schemas.trust import (
    Agreement,
    Certificate,
    Document,
    OfficeEntry,
    Revocation,
    Role,
    Root,
    SignedDocument,
)
from blo_schemas.verdicts import Reason


class TrustedDirectory:
    """The conclusions from a set of trust documents under pinned roots. It is immutable.

    Args:
        pins: Fingerprint of each trusted country's root version 1.
        verify: Ed25519 verification, ``(key, message, signature) -> bool``.
        check_key: Whether an Ed25519 public key may be admitted.
        check_kem_key: Whether a KEM public key may be admitted.

    Attributes:
        documents: Every document that counts, by its id.
        refusals: Every document that does not, and why.
    """

    def __init__(
        self, pins: Pins, *, verify: Verify, check_key: CheckKey, check_kem_key: CheckKemKey
    ) -> None:
        self._evaluate(dict(pins), SignatureChecker(verify, check_key, check_kem_key), {}, {})

    def load(
        self, documents: Iterable[SignedDocument]
    ) -> tuple[TrustedDirectory, tuple[DocumentRefusal, ...]]:
        """A directory that has seen these documents too, and everything that it now refuses.

        Refused documents are kept and judged again with those that come later. A document may
        also stop counting by one that comes later: a root, entry or agreement that is signed in
        two versions, or a partition that a second link claims. The result does not depend on the
        order or the portions in which documents come.
        """
        readable, malformed = dict(self._readable), dict(self._malformed)
        for signed in documents:
            if signed not in readable and signed not in malformed:
                try:
                    readable[signed] = ParsedDocument(signed)
                except TrustError as error:
                    malformed[signed] = DocumentRefusal(signed, error)
        other = object.__new__(TrustedDirectory)
        other._evaluate(self._pins, self._checker, readable, malformed)
        return other, other.refusals

    def admit(self, signed: SignedDocument) -> TrustedDirectory:
        """A directory in which this document counts too; this one stays as it is.

        For documents that a person hands in. A program that follows ``blo.directory`` uses
        ``load``: there, a document that does not count may still take the ground from another.

        Raises:
            TrustError: The document does not count; the error says why and what to do.
        """
        other, refusals = self.load([signed])
        for refusal in refusals:
            if refusal.signed == signed:
                raise refusal.error
        return other

    def _evaluate(
        self,
        pins: Pins,
        checker: SignatureChecker,
        readable: dict[SignedDocument, ParsedDocument],
        malformed: dict[SignedDocument, DocumentRefusal],
    ) -> None:
        self._pins = pins
        self._checker = checker
        self._readable = readable
        self._malformed = malformed
        ordered = sorted(readable.values(), key=lambda parsed: (parsed.id, _signatures(parsed)))
        layers: dict[type, list[ParsedDocument]] = defaultdict(list)
        for parsed in ordered:
            layers[type(parsed.document)].append(parsed)
        collector = RefusalCollector()
        self._chains = admit_roots(layers[Root], pins, checker, collector)
        registry = Registry(self._chains, pins, checker, collector)
        certificates = registry.certificates(layers[Certificate])
        self._certificates = registry.revoke(certificates, layers[Revocation])
        self._entries = registry.entries(layers[OfficeEntry])
        self._subjects = by_subject(self._certificates)
        self._terms = admit_agreements(layers[Agreement], self._subjects, checker, collector)
        self._tables = {link: self._link_trust(link) for link in self._terms}
        self._names = self._all_names()
        unreadable = (malformed[signed] for signed in sorted(malformed, key=_bytes))
        self.refusals: tuple[DocumentRefusal, ...] = (*unreadable, *collector.refusals(ordered))
        refused = {refusal.signed for refusal in self.refusals}
        self.documents: Mapping[DocumentId, Document] = {
            parsed.id: parsed.document for parsed in ordered if parsed.signed not in refused
        }

    def _all_names(self) -> dict[OfficeId, Names]:
        names = {
            subject: Names(certificates[-1].certificate.names)
            for subject, certificates in self._subjects.items()
        }
        for office, (_, entry) in self._entries.items():
            names[office] = Names(entry.names, entry.successor)
        return names

    # Records.

    def writer(
        self, link: LinkId, kid: CertificateTag, position: int, log_time: int
    ) -> CertifiedWriter | Reason:
        """The writer whose key must have signed a record of a link, or the reason why there is none.

        Args:
            link: The link in whose partition the record lies.
            kid: The certificate tag in its header.
            position: The record's offset: how many records lie before it.
            log_time: Its timestamp, Unix milliseconds.
        """
        return self.link_trust(link).writer(kid, position, log_time)

    def link_trust(self, link: LinkId) -> LinkTrustRules:
        """All that ``writer`` needs of one link, for whoever asks for many of its records."""
        rules = self._tables.get(link)
        return self._link_trust(link) if rules is None else rules

    def certified(self, link: LinkId, kid: CertificateTag) -> Certified | None:
        """The certificate that a tag in a head or grant of a link names; validity not checked."""
        return self.link_trust(link).certified(kid)

    def digest_for_link(self, link: LinkId) -> Digest:
        """Changes exactly when ``writer`` could give another answer or the agreement changes.

        That includes any new certificate of an office that the link's agreement names, because
        records that it wrote were an unknown key's before. A reader whose digest changed folds the
        log again.
        """
        return self.link_trust(link).digest

    # Links.

    def agreement(self, link: LinkId, at: int) -> Agreement | None:
        """What the link's offices have agreed for an instant in Unix milliseconds."""
        for term in self._terms.get(link, ()):
            if term.counts and term.start <= at < term.end:
                return term.agreement
        return None

    def terms(self, link: LinkId) -> tuple[AgreementPeriod, ...]:
        """When which version of a link's agreement is, was or will be in force, in order."""
        return self._counting(link)

    def links(self) -> tuple[LinkId, ...]:
        """Every link that has, had or will have an agreement, sorted."""
        return tuple(link for link in self._terms if any(self._counting(link)))

    def newest_agreements(self, corridor: CorridorId) -> tuple[Agreement, ...]:
        """The newest version of each agreement in a corridor that counts at any time, by link."""
        newest = {term.agreement.link: term.agreement for term in self._all_counting()}
        for term in self._all_counting():
            if term.agreement.version > newest[term.agreement.link].version:
                newest[term.agreement.link] = term.agreement
        return tuple(
            agreement for _, agreement in sorted(newest.items()) if agreement.corridor == corridor
        )

    def offices(self, link: LinkId) -> frozenset[OfficeId]:
        """Every office that is, was or will be a party to a link."""
        terms = self._counting(link)
        return frozenset(office for term in terms for office in term.agreement.offices)

    def links_of(self, subject: OfficeId, at: int) -> tuple[LinkMembership, ...]:
        """The links on which a subject has a part at an instant, sorted by link."""
        memberships = []
        for link in self._terms:
            agreement = self.agreement(link, at)
            for member, part in parts(agreement) if agreement else ():
                if member == subject:
                    memberships.append(LinkMembership(link, part))
        return tuple(memberships)

    def readers(self, link: LinkId, at: int) -> KeyRecipients:
        """Who is granted the link's keys at an instant, with the certificates to grant with.

        Nobody, if no agreement is in force then.
        """
        agreement = self.agreement(link, at)
        readers: dict[OfficeId, KeyRecipient] = {}
        missing = set()
        for subject, part in parts(agreement) if agreement else ():
            certified = newest_valid(self._subjects, subject, at, part.role)
            if certified is None or certified.certificate.kem_key is None:
                missing.add(subject)
            elif subject not in readers:
                kem_key = certified.certificate.kem_key
                readers[subject] = KeyRecipient(subject, part, certified.tag, kem_key)
        ordered = [reader for _, reader in sorted(readers.items())]
        content = [
            reader for reader in ordered if reader.part in (LinkRole.PARTY, LinkRole.SUPERIOR)
        ]
        return KeyRecipients(tuple(content), tuple(ordered), tuple(sorted(missing - set(readers))))

    def corridors(self) -> tuple[CorridorId, ...]:
        """The corridors of all links, sorted."""
        return tuple(sorted({term.agreement.corridor for term in self._all_counting()}))

    def partition_count(self, corridor: CorridorId) -> int:
        """How many partitions a corridor's topics need for the links that are agreed; or 0."""
        partitions = (
            term.agreement.partition
            for term in self._all_counting()
            if term.agreement.corridor == corridor
        )
        return max(partitions, default=-1) + 1

    # Subjects.

    def certificate(self, subject: OfficeId, at: int, role: Role | None = None) -> Certified | None:
        """A subject's valid certificate that began last; of any role if none is asked for."""
        return newest_valid(self._subjects, subject, at, role)

    def certificates(self, subject: OfficeId) -> tuple[Certified, ...]:
        """All of a subject's certificates, ended and revoked ones too, in the order they begin."""
        return self._subjects.get(subject, ())

    def entry(self, office: OfficeId) -> OfficeEntry | None:
        """An office's newest directory entry."""
        entry = self._entries.get(office)
        return None if entry is None else entry[1]

    def name(self, office: OfficeId, on: date, language: str, as_of: date | None = None) -> str:
        """The name that a document prints for an office; see ``names.name_on``."""
        return name_on(self._names, office, on, language, as_of)

    # Time.

    @property
    def roots(self) -> Mapping[CountryId, Root]:
        """The newest root of every country."""
        return {country: chain.newest for country, chain in self._chains.items()}

    def expiring(self, before: int) -> tuple[Expiring, ...]:
        """What ends before an instant and has nothing to follow it, the earliest first.

        Roots, certificates and agreements; those that have already ended are among them.
        """
        ends = [
            Expiring(root.not_after, title(root), identifier)
            for chain in self._chains.values()
            for identifier, root in chain.links[-1:]
        ]
        last: dict[tuple[OfficeId, Role], Certified] = {}
        for certificates in self._subjects.values():
            for certified in sorted(
                certificates, key=lambda expiring: (expiring.ends, expiring.id)
            ):
                last[certified.certificate.subject, certified.certificate.role] = certified
        ends += [
            Expiring(expiring.ends, title(expiring.certificate), expiring.id)
            for expiring in last.values()
        ]
        for terms in self._terms.values():
            final = terms[-1]
            ends.append(Expiring(final.end, title(final.agreement), final.parsed.id))
        return tuple(sorted(expiring for expiring in ends if expiring.ends < before))

    def _link_trust(self, link: LinkId) -> LinkTrustRules:
        counting = self._counting(link)
        corridors = {term.agreement.corridor for term in counting}
        written: dict[OfficeId, set[LinkId]] = defaultdict(set)
        for term in self._all_counting():
            if term.agreement.corridor in corridors:
                for office in term.agreement.offices:
                    written[office].add(term.agreement.link)
        return LinkTrustRules(link, counting, self._certificates.values(), written)

    def _counting(self, link: LinkId) -> tuple[AgreementPeriod, ...]:
        """The terms of a link that count at any time at all."""
        return tuple(term for term in self._terms.get(link, ()) if term.is_effective)

    def _all_counting(self) -> Iterable[AgreementPeriod]:
        return (term for link in self._terms for term in self._counting(link))


def load_directory(
    pins: Pins,
    documents: Iterable[SignedDocument],
    *,
    verify: Verify,
    check_key: CheckKey,
    check_kem_key: CheckKemKey,
) -> tuple[TrustedDirectory, tuple[DocumentRefusal, ...]]:
    """A directory of these documents, and everything that it refuses.

    For further documents call ``TrustedDirectory.load`` on the result, which remembers the
    signatures that it has checked.
    """
    empty = TrustedDirectory(pins, verify=verify, check_key=check_key, check_kem_key=check_kem_key)
    return empty.load(documents)


def _signatures(parsed: ParsedDocument) -> list[tuple[bytes, bytes]]:
    return [(signature.key, signature.signature) for signature in parsed.signed.signatures]


def _bytes(signed: SignedDocument) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    return signed.payload, [(signature.key, signature.signature) for signature in signed.signatures]
