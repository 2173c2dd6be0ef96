"""Signatures under trust documents: their form, whose they are, and whether they are good."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Final

from blo_domain.trust.errors import TrustError, TrustRule
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

    def signers(self, parsed: ParsedDocument, known: Collection[bytes]) -> frozenset[bytes]:
        """The keys that have signed a document.

        Args:
            parsed: The document.
            known: Keys that may sign it.

        Raises:
            TrustError: The signatures are not sorted, one key signed twice, a key is not
                among the known ones, or a signature is not good.
        """
        signatures = parsed.signed.signatures
        for signature, following in pairwise(signatures):
            if signature.key == following.key:
                raise TrustError(
                    TrustRule.SIGNED_TWICE, parsed, f"key {_short(signature.key)} has signed twice"
                )
            if signature.key > following.key:
                raise TrustError(
                    TrustRule.SIGNATURES_NOT_SORTED, parsed, "its signatures are not sorted by key"
                )
        for signature in signatures:
            if signature.key not in known:
                raise TrustError(
                    TrustRule.UNKNOWN_SIGNER,
                    parsed,
                    f"it is signed by key {_short(signature.key)}, which may not sign it",
                )
            if not self._good(parsed, signature.key, signature.signature):
                raise TrustError(
                    TrustRule.BAD_SIGNATURE,
                    parsed,
                    f"the signature by key {_short(signature.key)} is not good",
                )
        return frozenset(signature.key for signature in signatures)

    def admit_key(self, parsed: ParsedDocument, key: bytes) -> None:
        """Refuses a signing key under which anybody's signature could be made to verify.

        Raises:
            TrustError: The key is of small order or not canonically encoded (docs/architecture.md, "Keys and trust").
        """
        if key not in self._keys:
            self._keys[key] = self._check_key(key)
        if not self._keys[key]:
            raise TrustError(
                TrustRule.WEAK_KEY,
                parsed,
                f"key {_short(key)} is of small order or not canonically encoded",
            )

    def admit_kem_key(self, parsed: ParsedDocument, key: bytes) -> None:
        """Refuses a KEM key that no grant could be sealed to.

        Raises:
            TrustError: It is no key, or one of small order.
        """
        if key not in self._kem_keys:
            self._kem_keys[key] = self._check_kem_key(key)
        if not self._kem_keys[key]:
            raise TrustError(
                TrustRule.UNUSABLE_KEM_KEY,
                parsed,
                f"nothing can be sealed to its KEM key {_short(key)}",
            )

    def _good(self, parsed: ParsedDocument, key: bytes, signature: bytes) -> bool:
        question = (key, parsed.id, signature)
        if question not in self._verified:
            message = document_input(parsed.signed.payload)
            self._verified[question] = self._verify(key, message, signature)
        return self._verified[question]


def _short(key: bytes) -> str:
    return key.hex()[:16]
