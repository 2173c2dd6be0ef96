"""Symmetric keys commit to themselves, node keys survive the store, and none shows itself."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.grants import KeyPurpose
from blo_schemas.hashes import content_key_id, summary_key_id
from blo_sealing.errors import Unopenable, UnusableKey
from blo_sealing.kem import KEM_PRIVATE_SIZE, KemKey, check_kem_key, seal_to
from blo_sealing.keys import ContentKey, NodeKeys, SummaryKey
from blo_sealing.signatures import SigningKey

SECRET = bytes(range(32))


def test_a_key_is_named_by_its_commitment() -> None:
    assert ContentKey(SECRET).id == content_key_id(SECRET)
    assert SummaryKey(SECRET).id == summary_key_id(SECRET)
    assert ContentKey(SECRET).purpose is KeyPurpose.CONTENT
    assert SummaryKey(SECRET).purpose is KeyPurpose.SUMMARY


def test_keys_are_equal_when_purpose_and_bytes_are() -> None:
    assert ContentKey(SECRET) == ContentKey(SECRET)
    assert len({ContentKey(SECRET), ContentKey(SECRET)}) == 1
    assert ContentKey(SECRET) != ContentKey(bytes(32))
    assert ContentKey(SECRET) != SummaryKey(SECRET)


@pytest.mark.parametrize("make", [ContentKey, SummaryKey, SigningKey, KemKey, NodeKeys.from_bytes])
@pytest.mark.parametrize("size", [0, 31, 33, 95, 97, 128, 130])
def test_a_key_of_another_size_is_refused(make: type, size: int) -> None:
    with pytest.raises(UnusableKey) as refusal:
        make(b"\x07" * size)
    assert "0707" not in str(refusal.value)


def test_node_keys_survive_the_store() -> None:
    keys = NodeKeys.generate(os.urandom)
    stored = keys.to_bytes()
    again = NodeKeys.from_bytes(stored)
    assert len(stored) == 129
    assert again.to_bytes() == stored
    assert again.signing.public == keys.signing.public
    assert again.kem.public == keys.kem.public
    with pytest.raises(UnusableKey):
        NodeKeys.from_bytes(b"\x02" + stored[1:])


def test_no_key_shows_itself() -> None:
    node = NodeKeys.generate(os.urandom)
    for key, secret in (
        (ContentKey(SECRET), SECRET),
        (SummaryKey(SECRET), SECRET),
        (node.signing, node.signing.seed),
        (node.kem, node.kem.private),
        (node, node.signing.seed),
    ):
        for shown in (repr(key), str(key)):
            assert secret.hex() not in shown
            assert repr(secret) not in shown
            assert secret.hex()[:16] not in shown


def test_what_is_sealed_to_a_key_opens_with_it_and_the_same_info() -> None:
    key = KemKey.generate(os.urandom)
    sealed = seal_to(key.public, b"a secret", b"info")
    assert len(sealed) == len(b"a secret") + 1136
    assert key.unseal(sealed, b"info") == b"a secret"
    for wrong, info in ((KemKey.generate(os.urandom), b"info"), (key, b"other")):
        with pytest.raises(Unopenable):
            wrong.unseal(sealed, info)


@given(st.binary(max_size=1300))
def test_any_bytes_are_unopenable(sealed: bytes) -> None:
    with pytest.raises(Unopenable):
        KemKey(bytes(KEM_PRIVATE_SIZE)).unseal(sealed, b"info")


def test_kem_public_keys_that_are_none_are_refused() -> None:
    good = KemKey(bytes(KEM_PRIVATE_SIZE)).public
    check_kem_key(good)
    for bad in (good[:-1], b"\xff" * 1184 + good[1184:], good[:1184] + bytes(32)):
        with pytest.raises(UnusableKey):
            check_kem_key(bad)
