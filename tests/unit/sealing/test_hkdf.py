"""Our one-block HKDF is RFC 5869's, and ``cryptography``'s."""

from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from blo_sealing.hkdf import derive_key, keyed_hash


@pytest.mark.parametrize(
    ("secret", "salt", "info", "output"),
    [
        # RFC 5869, A.1 and A.3; each vector's first 32 bytes.
        (
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
        ),
    ],
)
def test_the_rfcs_vectors(secret: bytes, salt: bytes, info: bytes, output: str) -> None:
    assert derive_key(secret, salt, info).hex() == output


@given(st.binary(max_size=200), st.binary(max_size=100), st.binary(max_size=200))
def test_it_agrees_with_cryptography(secret: bytes, salt: bytes, info: bytes) -> None:
    assert derive_key(secret, salt, info) == HKDF(SHA256(), 32, salt, info).derive(secret)


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_a_keyed_hash_is_the_standard_library_s(key: bytes, message: bytes) -> None:
    assert keyed_hash(key, message) == hmac.digest(key, message, "sha256")


def test_a_key_that_is_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 64"):
        keyed_hash(bytes(65), b"")
