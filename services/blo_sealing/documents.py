"""Signing trust documents (docs/architecture.md, "Keys and trust"). Whether a document counts is ``blo_domain.trust``'s say."""

from __future__ import annotations

from collections.abc import Iterable

from blo_schemas.hashes import document_input
from blo_schemas.trust import DOCUMENT, Document, DocumentSignature, SignedDocument
from blo_sealing.errors import DuplicateSignature
from blo_sealing.signatures import SigningKey, verify_signature


def sign_document(document: Document, keys: Iterable[SigningKey]) -> SignedDocument:
    """Encodes a document and signs it with each of the keys.

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
    added = DocumentSignature(key.public, key.sign(document_input(signed.payload)))
    signatures = sorted((*signed.signatures, added), key=lambda signature: signature.key)
    return SignedDocument(signed.payload, tuple(signatures))


def verify_document_signature(signed: SignedDocument, signature: DocumentSignature) -> bool:
    """Whether one of a document's signatures verifies; says nothing on whether its key counts."""
    return verify_signature(signature.key, document_input(signed.payload), signature.signature)
