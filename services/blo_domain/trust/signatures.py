"""Signatures under trust documents: their form, whose they are, and whether they are good."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Final

from blo_domain.trust.errors import (
    BadSignature,
    SignaturesNotSorted,
    SignedTwice,
    UnknownSigner,
    UnusableKemKey,
    WeakKey,
)
from blo_domain.trust.model import CheckKemKey, CheckKey, ParsedDocument, Verify
from blo_schemas.hashes import document_input


class SignatureChecker:
    """Checks signatures and keys, and remembers what it has already checked.

    What it remembers can't change an answer: verifying is a function of the bytes.

    Args:
        verify: Ed25519 verification.
        check_key: Admission of Ed25519 public keys.
        check_kem_key: Admission of KEM public keys.
    """

    def __init__(self, verify: Verify, check_key: CheckKey, check_kem_key: CheckKemKey) -> None:
        self._verify: Final = verify
        self._check_key: Final = check_key
        self._check_kem_key: Final = check_kem_key
        self._verified: Final[dict[tuple[bytes, bytes, bytes], bool]] = {}
        self._keys: Final[dict[bytes, bool]] = {}
        self._kem_keys: Final[dict[bytes, bool]] = {}

    def signers(self, paper: ParsedDocument, known: Collection[bytes]) -> frozenset[bytes]:
        """The keys that have signed a document.

        Args:
            paper: The document.
            known: Keys that have a say in it.

        Raises:
            SignatureFault: The signatures are not sorted, one key signed twice, a key is not
                among the known ones, or a signature is not good.
        """
        signatures = paper.signed.signatures
        for one, next_one in pairwise(signatures):
            if one.key == next_one.key:
                raise SignedTwice(
                    paper,
                    f"key {_short(one.key)} has signed twice",
                    "remove one of the two: a key counts once",
                )
            if one.key > next_one.key:
                raise SignaturesNotSorted(
                    paper, "its signatures are not sorted by key", "make the file with blo trust"
                )
        for one in signatures:
            if one.key not in known:
                raise UnknownSigner(
                    paper,
                    f"it is signed by key {_short(one.key)}, which has no say in it",
                    "have it signed by those who must, or publish the document that makes the "
                    "key known",
                )
            if not self._good(paper, one.key, one.signature):
                raise BadSignature(
                    paper,
                    f"the signature by key {_short(one.key)} is not good",
                    "the document was changed after signing: have it signed again",
                )
        return frozenset(one.key for one in signatures)

    def admit_key(self, paper: ParsedDocument, key: bytes) -> None:
        """Refuses a signing key under which anybody's signature could be made to verify.

        Raises:
            WeakKey: The key is of small order or not canonically encoded (docs/architecture.md, "Keys and trust").
        """
        if key not in self._keys:
            self._keys[key] = self._check_key(key)
        if not self._keys[key]:
            raise WeakKey(
                paper,
                f"key {_short(key)} is of small order or not canonically encoded",
                "make a new key with blo trust key new",
            )

    def admit_kem_key(self, paper: ParsedDocument, key: bytes) -> None:
        """Refuses a KEM key that no grant could be sealed to.

        Raises:
            UnusableKemKey: It is no key, or one of small order.
        """
        if key not in self._kem_keys:
            self._kem_keys[key] = self._check_kem_key(key)
        if not self._kem_keys[key]:
            raise UnusableKemKey(
                paper,
                f"nothing can be sealed to its KEM key {_short(key)}",
                "make the certificate from the subject's own request: blo agent init, or blo "
                "trust key new",
            )

    def _good(self, paper: ParsedDocument, key: bytes, signature: bytes) -> bool:
        question = (key, paper.id, signature)
        if question not in self._verified:
            message = document_input(paper.signed.payload)
            self._verified[question] = self._verify(key, message, signature)
        return self._verified[question]


def _short(key: bytes) -> str:
    return key.hex()[:16]
