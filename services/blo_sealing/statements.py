"""Signed statements: heads, heartbeats, outputs, disclosures, trust documents and reports, each with its label.

A statement is signed over its label and its encoded bytes. ``Statement.verify`` says that a key has
signed it. Whether the key counts is for ``accept_head``, ``accept_output`` and
``blo_domain.trust`` to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

from blo_schemas import hashes
from blo_schemas.bundle import (
    DISCLOSURE,
    DISCLOSURE_VERSION,
    DisclosedEvent,
    Disclosure,
    SignedDisclosure,
)
from blo_schemas.codec import Codec
from blo_schemas.heads import HEAD, Head, SignedHead
from blo_schemas.heartbeats import HEARTBEAT, Heartbeat, SignedHeartbeat
from blo_schemas.ids import OfficeId
from blo_schemas.outputs import OUTPUT, Output, SignedOutput
from blo_schemas.reports import FrozenReport, SignedReport, report_input
from blo_schemas.texts import from_hex
from blo_schemas.trust import DOCUMENT, Document, DocumentSignature, SignedDocument
from blo_sealing.errors import DuplicateSignature, InvalidSignature
from blo_sealing.seal_event import Author
from blo_sealing.signatures import SigningKey, verify_signature

T = TypeVar("T")


class Statement(Generic[T]):
    """A kind of statement.

    Args:
        word: What it is called in an error.
        codec: Encodes and decodes it.
        labelled: Puts its label before the encoded bytes.
    """

    def __init__(self, word: str, codec: Codec[T], labelled: Callable[[bytes], bytes]) -> None:
        self._word = word
        self._codec = codec
        self._labelled = labelled

    def sign(self, body: T, key: SigningKey) -> tuple[bytes, bytes]:
        """The encoded statement and its signature."""
        encoded = self._codec.encode(body)
        return encoded, key.sign(self._labelled(encoded))

    def is_signed(self, encoded: bytes, signature: bytes, key: bytes) -> bool:
        """Whether an Ed25519 public key's owner has signed the encoded statement."""
        return verify_signature(key, self._labelled(encoded), signature)

    def verify(self, encoded: bytes, signature: bytes, key: bytes) -> T:
        """Decodes a statement that a key's owner has signed.

        Raises:
            WireError: It does not decode.
            InvalidSignature: The signature does not verify.
        """
        body = self._codec.decode(encoded)
        if not self.is_signed(encoded, signature, key):
            raise InvalidSignature(f"the {self._word} is not signed with the key that it names")
        return body


HEAD_STATEMENT: Final = Statement("head", HEAD, hashes.head_input)
HEARTBEAT_STATEMENT: Final = Statement("heartbeat", HEARTBEAT, hashes.heartbeat_input)
OUTPUT_STATEMENT: Final = Statement("output", OUTPUT, hashes.output_input)
DISCLOSURE_STATEMENT: Final = Statement("disclosure", DISCLOSURE, hashes.disclosure_input)
DOCUMENT_STATEMENT: Final = Statement("trust document", DOCUMENT, hashes.document_input)


def sign_head(head: Head, key: SigningKey) -> SignedHead:
    """Signs a head with the key of the certificate that it names."""
    return SignedHead(*HEAD_STATEMENT.sign(head, key))


def sign_heartbeat(heartbeat: Heartbeat, key: SigningKey) -> SignedHeartbeat:
    """Signs a heartbeat with the key of the certificate that it names."""
    return SignedHeartbeat(*HEARTBEAT_STATEMENT.sign(heartbeat, key))


def sign_output(output: Output, key: SigningKey) -> SignedOutput:
    """Signs an output with the key of the certificate that it names."""
    return SignedOutput(*OUTPUT_STATEMENT.sign(output, key))


def sign_disclosure(
    author: Author, office: OfficeId, at: int, events: tuple[DisclosedEvent, ...]
) -> SignedDisclosure:
    """States and signs the derived keys of chosen events.

    Args:
        author: Who discloses, on which link.
        office: The same as an id.
        at: The office's clock, Unix milliseconds.
        events: The events, by ascending position, each once.

    Raises:
        WireError: There are too many or none, or they do not ascend.
    """
    disclosure = Disclosure(DISCLOSURE_VERSION, author.link, office, author.kid, at, events)
    signed = SignedDisclosure(*DISCLOSURE_STATEMENT.sign(disclosure, author.signing))
    DISCLOSURE.decode(signed.disclosure)
    return signed


def sign_document(document: Document, keys: Iterable[SigningKey]) -> SignedDocument:
    """Encodes a trust document and signs it with each of the keys.

    Raises:
        DuplicateSignature: A key is given twice.
    """
    signed = SignedDocument(DOCUMENT.encode(document), ())
    for key in keys:
        signed = add_signature(signed, key)
    return signed


def add_signature(signed: SignedDocument, key: SigningKey) -> SignedDocument:
    """The same document with one signature more, in the order of the keys.

    Raises:
        DuplicateSignature: The key has signed already.
    """
    if any(other.key == key.public for other in signed.signatures):
        raise DuplicateSignature(f"{key!r} has signed this document already")
    added = DocumentSignature(key.public, key.sign(hashes.document_input(signed.payload)))
    signatures = sorted((*signed.signatures, added), key=lambda signature: signature.key)
    return SignedDocument(signed.payload, tuple(signatures))


def verify_document_signature(signed: SignedDocument, signature: DocumentSignature) -> bool:
    """Whether one of a document's signatures verifies; says nothing on whether its key counts."""
    return DOCUMENT_STATEMENT.is_signed(signed.payload, signature.signature, signature.key)


def sign_report(frozen: FrozenReport, key: SigningKey) -> SignedReport:
    """Signs a frozen report with the key of the certificate that it names (docs/reports.md)."""
    return SignedReport(frozen=frozen, signature=key.sign(report_input(frozen)).hex())


def report_is_signed(signed: SignedReport, key: bytes) -> bool:
    """Whether a report is signed with the private part of an Ed25519 public key."""
    return verify_signature(key, report_input(signed.frozen), from_hex(signed.signature))
