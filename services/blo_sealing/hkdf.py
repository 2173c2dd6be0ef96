"""HKDF with SHA-256 (RFC 5869), for the one block of output that a derived key needs.

Two keys are derived for every event of every log that is read. For a single block HKDF is two
HMACs, and each of those two hashes; OpenSSL takes longer to set an HMAC up than to compute it.
``tests/unit/sealing/test_hkdf.py`` holds this against ``cryptography``'s and the RFC's vectors.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def derive_key(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """32 bytes of output: RFC 5869 §2.2, and the first round of §2.3.

    Args:
        secret: Input keying material.
        salt: Any bytes.
        info: What the derived key is for.
    """
    if len(salt) > _BLOCK:
        salt = sha256(salt).digest()
    # HMAC twice (RFC 2104 §2), without a function, which would cost a tenth of it.
    key = salt.ljust(_BLOCK, b"\0")
    inner = sha256(key.translate(_INNER) + secret).digest()
    key = sha256(key.translate(_OUTER) + inner).digest().ljust(_BLOCK, b"\0")
    inner = sha256(key.translate(_INNER) + info + b"\x01").digest()
    return sha256(key.translate(_OUTER) + inner).digest()


def keyed_hash(key: bytes, message: bytes) -> bytes:
    """HMAC with SHA-256 (RFC 2104), 32 bytes.

    Args:
        key: At most 64 bytes.
        message: Any bytes.

    Raises:
        ValueError: The key is longer.
    """
    if len(key) > _BLOCK:
        raise ValueError(f"a key of {len(key)} bytes, at most {_BLOCK} are taken")
    key = key.ljust(_BLOCK, b"\0")
    inner = sha256(key.translate(_INNER) + message).digest()
    return sha256(key.translate(_OUTER) + inner).digest()
