"""The values that trust rules take in and give out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from blo_domain.trust.errors import TrustError, TrustRule
from blo_domain.trust.printable import hidden_in
from blo_schemas.errors import WireError
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import (
    CertificateTag,
    CountryId,
    DocumentId,
    LinkId,
    OfficeId,
)
from blo_schemas.trust import (
    DOCUMENT,
    SIGNED_DOCUMENT,
    Agreement,
    Certificate,
    Document,
    OfficeEntry,
    Revocation,
    Role,
    Root,
    SignedDocument,
)

Verify = Callable[[bytes, bytes, bytes], bool]
"""``verify(key, message, signature)``: whether the Ed25519 signature is good."""

CheckKey = Callable[[bytes], bool]
"""``check_key(key)``: whether an Ed25519 public key may be admitted (docs/architecture.md, "Keys and trust": small order)."""

CheckKemKey = Callable[[bytes], bool]
"""``check_kem_key(key)``: whether anything can be sealed to a KEM public key."""

Pins = Mapping[CountryId, DocumentId]
"""Fingerprint of each trusted country's root version 1."""

FOREVER: Final = 2**63 - 1
"""Later than every Unix millisecond, more than every log size."""


class _Bytes(NamedTuple):
    """Bytes that are no document, for the error about them."""

    id: DocumentId | None
    title: str


class ParsedDocument:
    """A signed document that could be read, with its id.

    Attributes:
        signed: The exact payload and its signatures.
        id: The document's id.
        document: What the payload says.
    """

    __slots__ = ("document", "id", "signed")

    def __init__(self, signed: SignedDocument) -> None:
        """Reads the payload.

        Raises:
            TrustError: It is not the canonical encoding of a document.
            TrustError: A text in it is not what it looks like.
        """
        self.signed: Final = signed
        self.id: Final = document_id(signed.payload)
        try:
            self.document: Final = DOCUMENT.decode(signed.payload)
        except WireError as error:
            raise TrustError(
                TrustRule.MALFORMED_DOCUMENT,
                _Bytes(self.id, "a trust document"),
                f"the payload can't be read ({error.defect}: {error.detail})",
            ) from None
        hidden = hidden_in(self.document)
        if hidden is not None:
            raise TrustError(
                TrustRule.HIDDEN_CHARACTER,
                _Bytes(self.id, "a trust document"),
                f"a text in it has the character {hidden}, which controls a terminal, turns the "
                "direction of a text or can't be seen",
            )

    @property
    def title(self) -> str:
        """What the document is, in words."""
        return title(self.document)


def read_signed(data: bytes) -> SignedDocument:
    """Reads a signed document as it lies in a file or on ``blo.directory``.

    Raises:
        TrustError: The bytes are something else, or not canonically encoded.
    """
    try:
        return SIGNED_DOCUMENT.decode(data)
    except WireError as error:
        raise TrustError(
            TrustRule.MALFORMED_DOCUMENT,
            _Bytes(None, "the bytes"),
            f"they are not a signed document ({error.defect}: {error.detail})",
        ) from None


def title(document: Document) -> str:
    """What a document is, in words: ``agreement vn-a~la-b, version 2``."""
    match document:
        case Root(country=country, version=version):
            return f"root of {country}, version {version}"
        case Certificate(subject=subject, role=role):
            return f"certificate of {subject} ({role})"
        case OfficeEntry(office=office, version=version):
            return f"directory entry of {office}, version {version}"
        case Agreement(link=link, version=version):
            return f"agreement {link}, version {version}"
        case Revocation(certificate=certificate):
            return f"revocation of certificate {certificate.hex()[:16]}"


@dataclass(frozen=True, slots=True)
class DocumentRefusal:
    """A signed document that does not count, and why.

    Attributes:
        signed: The document.
        error: Which rule it breaks.
    """

    signed: SignedDocument
    error: TrustError


class RefusalCollector:
    """Collects the refusals while rules pass over documents."""

    def __init__(self) -> None:
        self._copies: Final[list[DocumentRefusal]] = []
        self._documents: Final[dict[DocumentId, TrustError]] = {}

    def passing(
        self, documents: Iterable[ParsedDocument], rule: Callable[[ParsedDocument], None]
    ) -> Iterator[ParsedDocument]:
        """The documents on which ``rule`` raises nothing.

        A document may be there in several copies with different signatures; each copy is judged
        by itself, and one good copy is enough.
        """
        for parsed in documents:
            try:
                rule(parsed)
            except TrustError as error:
                self._copies.append(DocumentRefusal(parsed.signed, error))
            else:
                yield parsed

    def refuse(self, parsed: ParsedDocument, error: TrustError) -> None:
        """Refuses a document in all its copies."""
        self._documents[parsed.id] = error

    def refusals(self, documents: Iterable[ParsedDocument]) -> tuple[DocumentRefusal, ...]:
        """Everything refused among ``documents``, in their order."""
        refused = {refusal.signed: refusal for refusal in self._copies}
        for parsed in documents:
            if parsed.id in self._documents:
                error = self._documents[parsed.id]
                refused.setdefault(parsed.signed, DocumentRefusal(parsed.signed, error))
        return tuple(refused[parsed.signed] for parsed in documents if parsed.signed in refused)


@dataclass(frozen=True)
class Certified:
    """A certificate that counts.

    Attributes:
        id: Its document id.
        certificate: What it says.
        revocations: All that counts of its revocations.
    """

    id: DocumentId
    certificate: Certificate
    revocations: tuple[Revocation, ...] = ()

    @cached_property
    def tag(self) -> CertificateTag:
        """The short id that headers, heads and grants carry."""
        return certificate_tag(self.id)

    @cached_property
    def revoked_at(self) -> int:
        """First instant from which it no longer counts where a revocation names no log size."""
        return min((revocation.at for revocation in self.revocations), default=FOREVER)

    @cached_property
    def ends(self) -> int:
        """First instant from which it counts no longer, Unix milliseconds."""
        return min(self.certificate.not_after, self.revoked_at)

    def covers(self, at: int) -> bool:
        """Whether an instant lies in its validity as it was signed, revoked or not."""
        return self.certificate.not_before <= at < self.certificate.not_after

    def valid_at(self, at: int) -> bool:
        """Whether it is valid, and not revoked, at an instant in Unix milliseconds."""
        return self.covers(at) and at < self.revoked_at

    def revocation_cutoffs(self, link: LinkId) -> tuple[int, int]:
        """From which log size, and from which log time, it no longer counts on a link."""
        size, at = FOREVER, FOREVER
        for revocation in self.revocations:
            named = [part.size for part in revocation.links if part.link == link]
            if named:
                size = min(size, *named)
            else:
                at = min(at, revocation.at)
        return size, at

    def counts(self, link: LinkId, size: int, at: int) -> bool:
        """Whether a statement on the first ``size`` records of a link, signed at ``at``, counts."""
        cut_size, cut_time = self.revocation_cutoffs(link)
        return self.covers(at) and at < cut_time and size <= cut_size


class CertifiedWriter(NamedTuple):
    """The writer of a record whose signature by ``signing_key`` is good.

    Attributes:
        office: The office.
        signing_key: Its Ed25519 public key.
        certificate: Id of the certificate.
    """

    office: OfficeId
    signing_key: bytes
    certificate: DocumentId


class LinkRole(StrEnum):
    """The role of a subject on a link."""

    PARTY = "party"
    SUPERIOR = "superior"
    OBSERVER = "observer"
    PROCESSOR = "processor"

    @property
    def role(self) -> Role:
        """The certified role that the part needs."""
        if self in (LinkRole.PARTY, LinkRole.SUPERIOR):
            return Role.OFFICE
        return Role.OBSERVER if self is LinkRole.OBSERVER else Role.PROCESSOR


class LinkMembership(NamedTuple):
    """A link, and what the subject is on it."""

    link: LinkId
    part: LinkRole


class KeyRecipient(NamedTuple):
    """A recipient of keys, with the newest valid certificate to grant them with.

    Attributes:
        subject: Who.
        part: As what.
        tag: Tag of the certificate.
        kem_key: The certificate's KEM key.
    """

    subject: OfficeId
    part: LinkRole
    tag: CertificateTag
    kem_key: bytes


@dataclass(frozen=True, slots=True)
class KeyRecipients:
    """The recipients of a link's keys at an instant, sorted by subject.

    Attributes:
        content: Offices and superiors: they get case keys.
        summary: The same, and processors and observers: they get summary keys.
        without_key: Subjects that should read but have no valid certificate now; to be shown.
    """

    content: tuple[KeyRecipient, ...]
    summary: tuple[KeyRecipient, ...]
    without_key: tuple[OfficeId, ...]


class Expiring(NamedTuple):
    """Something that ends.

    Attributes:
        ends: First instant after it, Unix milliseconds.
        title: What it is, in words.
        document: Its id.
    """

    ends: int
    title: str
    document: DocumentId


def parts(agreement: Agreement) -> Iterator[tuple[OfficeId, LinkRole]]:
    """The subjects of a link with their roles; a subject with two roles appears twice."""
    for office in agreement.offices:
        yield office, LinkRole.PARTY
    for superior in sorted({superior.superior for superior in agreement.superiors}):
        yield superior, LinkRole.SUPERIOR
    for observer in agreement.observers:
        yield observer, LinkRole.OBSERVER
    for processor in agreement.processors:
        yield processor, LinkRole.PROCESSOR
