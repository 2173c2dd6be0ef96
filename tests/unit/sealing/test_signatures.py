"""libsodium and OpenSSL agree where RFC 8032 decides, and differ where it is known that they do."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from blo_sealing.errors import UnusableKey
from blo_sealing.signatures import (
    SigningKey,
    check_signing_key,
    fingerprint,
    is_usable_signing_key,
    verify_signature,
)
from tests.vectors.heads_and_keys import SMALL_ORDER

seeds = st.binary(min_size=32, max_size=32)
messages = st.binary(max_size=400)


def openssl_verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@given(seeds, messages)
def test_both_make_the_same_signature_and_accept_it(seed: bytes, message: bytes) -> None:
    ours, theirs = SigningKey(seed), Ed25519PrivateKey.from_private_bytes(seed)
    signature = ours.sign(message)
    assert ours.public == theirs.public_key().public_bytes_raw()
    assert signature == theirs.sign(message)
    assert verify_signature(ours.public, message, signature)
    assert openssl_verifies(ours.public, message, signature)
    assert is_usable_signing_key(ours.public)


@given(seeds, st.binary(min_size=1, max_size=200), st.data())
def test_both_refuse_whatever_was_changed(seed: bytes, message: bytes, data: st.DataObject) -> None:
    key = SigningKey(seed)
    whole = bytearray(key.public + key.sign(message) + message)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    public, signature, changed = bytes(whole[:32]), bytes(whole[32:96]), bytes(whole[96:])
    assert not verify_signature(public, changed, signature)
    assert not openssl_verifies(public, changed, signature)


@given(st.binary(max_size=40), messages, st.binary(max_size=70))
def test_any_bytes_verify_nothing_and_raise_nothing(
    key: bytes, message: bytes, signature: bytes
) -> None:
    assert not verify_signature(key, message, signature)


@pytest.mark.parametrize("name", SMALL_ORDER)
def test_a_small_order_key_is_refused_although_openssl_takes_it(name: str) -> None:
    key = bytes.fromhex(SMALL_ORDER[name])
    # R = A's negative or the neutral element and S = 0 hold for some message under such a key.
    forged = [
        (message, bytes.fromhex(point) + bytes(32))
        for message in (bytes([n]) for n in range(64))
        for point in SMALL_ORDER.values()
    ]
    assert any(openssl_verifies(key, message, signature) for message, signature in forged)
    assert not any(verify_signature(key, message, signature) for message, signature in forged)
    assert not is_usable_signing_key(key)
    with pytest.raises(UnusableKey):
        check_signing_key(key)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(UnusableKey, match="32 bytes, not 31"):
        check_signing_key(bytes(31))
    with pytest.raises(UnusableKey):
        SigningKey(bytes(31))


def test_a_signing_key_does_not_show_itself() -> None:
    key = SigningKey(bytes(range(32)))
    assert key.seed == bytes(range(32))
    for shown in (repr(key), str(key), f"{key}"):
        assert key.seed.hex() not in shown
        assert fingerprint(key.public) in shown
