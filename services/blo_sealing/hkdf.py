"""HKDF with SHA-256 (RFC 5869), for the one block of output that a derived key needs.

Two keys are derived for every event of every log that is read. For a single block HKDF is two
HMACs, which the standard library does in one call each; a general HKDF object costs more than they
do. ``tests/unit/sealing/test_hkdf.py`` holds this against ``cryptography``'s and the RFC's vectors.
"""

from __future__ import annotations

from hmac import digest


def derive_key(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """32 bytes of output: RFC 5869 §2.2, and the first round of §2.3.

    Args:
        secret: Input keying material.
        salt: Any bytes.
        info: What the derived key is for.
    """
    return digest(digest(salt, secret, "sha256"), info + b"\x01", "sha256")


__all__ = ["derive_key"]
