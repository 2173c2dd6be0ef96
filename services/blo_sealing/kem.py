"""Hybrid public-key encryption: HPKE (RFC 9180) over X-Wing, ML-KEM-768 with X25519.

X-Wing is ``draft-connolly-cfrg-xwing-kem``, code point 0x647a; ML-KEM is FIPS 203. The library
has no serialisation of the hybrid keys, so both parts stand one after the other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from blo_schemas.trust import KEM_KEY_SIZE
from blo_sealing.errors import Unopenable, UnusableKey
from blo_sealing.hkdf import derive_key
from blo_sealing.signatures import RandomBytes, fingerprint

_MLKEM_SEED_SIZE: Final = 64
_MLKEM_PUBLIC_SIZE: Final = 1184
KEM_PRIVATE_SIZE: Final = _MLKEM_SEED_SIZE + 32
"""ML-KEM-768 seed (d ‖ z, FIPS 203 §7.1), then the X25519 private key."""

_WRAP_LABEL: Final = b"blo/own-key/v1\0"
_NO_NONCE: Final = bytes(12)
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class KemKey:
    """A hybrid private key.

    Args:
        private: 96 unpredictable bytes: ML-KEM-768 seed (64), X25519 private key (32).

    Attributes:
        private: The private key itself; belongs only in an encrypted store.
        public: ML-KEM-768 encapsulation key (1184 bytes), X25519 public key (32 bytes).

    Raises:
        UnusableKey: Not 96 bytes.
    """

    __slots__ = ("_key", "private", "public")

    def __init__(self, private: bytes) -> None:
        if len(private) != KEM_PRIVATE_SIZE:
            raise UnusableKey(f"a KEM private key has {KEM_PRIVATE_SIZE} bytes")
        mlkem = MLKEM768PrivateKey.from_seed_bytes(private[:_MLKEM_SEED_SIZE])
        x25519 = X25519PrivateKey.from_private_bytes(private[_MLKEM_SEED_SIZE:])
        self._key = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.private = private
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, random: RandomBytes) -> KemKey:
        """A new key from the given source."""
        return cls(random(KEM_PRIVATE_SIZE))

    def unseal(self, sealed: bytes, info: bytes) -> bytes:
        """Opens what ``seal_to`` sealed to this key with the same ``info``.

        Raises:
            Unopenable: Altered, sealed to another key, or with other ``info``.
        """
        try:
            return _SUITE.decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError):
            raise Unopenable("grant") from None

    def wrap(self, plaintext: bytes, info: bytes) -> bytes:
        """Seals to oneself, without a public key: 16 bytes more instead of 1136.

        The wrapping key is derived from the private key and ``info``. Whoever wraps two plaintexts
        with one ``info`` uses a nonce twice, so ``info`` must name what is wrapped.
        """
        return self._wrapping(info).encrypt(_NO_NONCE, plaintext, None)

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes:
        """Opens what ``wrap`` made with the same key and ``info``.

        Raises:
            Unopenable: Altered, made with another key, or with other ``info``.
        """
        try:
            return self._wrapping(info).decrypt(_NO_NONCE, wrapped, None)
        except (InvalidTag, ValueError):
            raise Unopenable("grant") from None

    def _wrapping(self, info: bytes) -> AESGCM:
        return AESGCM(derive_key(self.private, b"", _WRAP_LABEL + info))

    def __repr__(self) -> str:
        return f"KemKey(public={fingerprint(self.public)})"


def seal_to(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seals ``plaintext`` to a public key; adds 1136 bytes.

    The encapsulation's randomness is the library's own, from the operating system.

    Args:
        public: 1216 bytes, as ``KemKey.public``.
        plaintext: What to seal.
        info: What the opening side must know and agree with (RFC 9180 §5.1).

    Raises:
        UnusableKey: The public key has another length or is none.
    """
    key = _public_key(public)
    try:
        return _SUITE.encrypt(plaintext, key, info=info)
    except ValueError:
        # X25519 with a point of small order has no shared secret (RFC 7748 §6.1).
        raise UnusableKey("no key can be agreed on with this KEM public key") from None


def check_kem_key(public: bytes) -> None:
    """Refuses public keys that nothing can be sealed to.

    Raises:
        UnusableKey: Another length, an ML-KEM key that is not reduced (FIPS 203 §7.2), or an
            X25519 key of small order.
    """
    seal_to(public, b"", b"")


def is_usable_kem_key(public: bytes) -> bool:
    """Whether something can be sealed to a public key: what an admission of certificates asks."""
    try:
        check_kem_key(public)
    except UnusableKey:
        return False
    return True


@lru_cache(maxsize=256)
def _public_key(public: bytes) -> MLKEM768X25519PublicKey:
    if len(public) != KEM_KEY_SIZE:
        raise UnusableKey(f"a KEM public key has {KEM_KEY_SIZE} bytes, not {len(public)}")
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_SIZE]),
            X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_SIZE:]),
        )
    except ValueError:
        raise UnusableKey("not an ML-KEM-768 and X25519 public key") from None
