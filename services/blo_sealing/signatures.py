"""Ed25519 signatures (RFC 8032), by libsodium.

libsodium verifies about twice as fast as OpenSSL here, and refuses what RFC 8032 leaves open:
small-order and non-canonical public keys, small-order ``R``, and ``S`` that is not reduced.
``tests/unit/sealing/test_signatures.py`` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from nacl._sodium import ffi, lib  # type: ignore[import-not-found]
from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_seed_keypair,
)

from blo_sealing.errors import UnusableKey

RandomBytes = Callable[[int], bytes]
"""Gives that many unpredictable bytes; ``os.urandom`` at the composition root."""

SEED_SIZE: Final = 32
PUBLIC_KEY_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64

# PyNaCl's own function copies the message into a buffer and out of it again. libsodium takes
# "no buffer" for "only verify"; every record of every log is verified here.
_open: Final = lib.crypto_sign_open
_NOWHERE: Final = ffi.NULL


class SigningKey:
    """An Ed25519 private key.

    Args:
        seed: 32 unpredictable bytes, the private key of RFC 8032 §5.1.5.

    Attributes:
        public: The public key, 32 bytes.

    Raises:
        UnusableKey: The seed is not 32 bytes long.
    """

    __slots__ = ("_secret", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            raise UnusableKey(f"a signing seed has {SEED_SIZE} bytes, not {len(seed)}")
        self.public, self._secret = crypto_sign_seed_keypair(seed)

    @classmethod
    def generate(cls, random: RandomBytes) -> SigningKey:
        """A new key from the given source."""
        return cls(random(SEED_SIZE))

    @property
    def seed(self) -> bytes:
        """The private key itself; belongs only in an encrypted store."""
        return self._secret[:SEED_SIZE]

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over ``message``."""
        return crypto_sign(message, self._secret)[:SIGNATURE_SIZE]

    def __repr__(self) -> str:
        return f"SigningKey(public={fingerprint(self.public)})"


def verify_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` over ``message`` verifies under the public ``key``.

    Never raises for bad bytes: a key or signature of a wrong length, or a key that is no point,
    verifies nothing.
    """
    if len(key) != PUBLIC_KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    signed = signature + message
    return bool(_open(_NOWHERE, _NOWHERE, signed, len(signed), key) == 0)


def check_signing_key(key: bytes) -> None:
    """Refuses public keys under which a signature proves nothing (docs/architecture.md, "Keys and trust").

    Raises:
        UnusableKey: Not 32 bytes, not a canonical point of the curve, of small order, or outside
            the prime-order subgroup.
    """
    if len(key) != PUBLIC_KEY_SIZE:
        raise UnusableKey(f"an Ed25519 public key has {PUBLIC_KEY_SIZE} bytes, not {len(key)}")
    if not crypto_core_ed25519_is_valid_point(key):
        raise UnusableKey(
            "not a usable Ed25519 public key: no canonical point of the prime-order subgroup"
        )


def is_usable_signing_key(key: bytes) -> bool:
    """``check_signing_key`` as a question, for rules that ask instead of catching."""
    return len(key) == PUBLIC_KEY_SIZE and bool(crypto_core_ed25519_is_valid_point(key))


def fingerprint(public: bytes) -> str:
    """A public key's SHA-256 in hex, first 16 digits, for people to compare and logs to name."""
    return sha256(public).hexdigest()[:16]
