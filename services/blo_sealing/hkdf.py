"""HKDF with SHA-256 (RFC 5869), for the one block of output that a derived key needs.

Two keys are derived for every event of every log that is read, and a general HKDF spends more time
on being general than on hashing. ``tests/unit/sealing/test_hkdf.py`` holds this one against
``cryptography``'s and the RFC's vectors.
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
        salt: At most 64 bytes.
        info: What the derived key is for.

    Raises:
        ValueError: The salt is longer.
    """
    if len(salt) > _BLOCK:
        raise ValueError(f"a salt has at most {_BLOCK} bytes, not {len(salt)}")
    return _hmac(_hmac(salt, secret), info + b"\x01")


def _hmac(key: bytes, message: bytes) -> bytes:
    """RFC 2104, with a key that is no longer than a block."""
    block = key.ljust(_BLOCK, b"\0")
    inner = sha256(block.translate(_INNER) + message).digest()
    return sha256(block.translate(_OUTER) + inner).digest()


__all__ = ["derive_key"]
