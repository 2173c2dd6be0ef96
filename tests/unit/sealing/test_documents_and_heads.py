"""Signatures under trust documents and heads."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.hashes import document_input
from blo_schemas.heads import HEAD_VERSION, SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import ZERO_HASH, CountryId
from blo_schemas.trust import DOCUMENT, SIGNED_DOCUMENT, Root
from blo_sealing.errors import DuplicateSignature, InvalidSignature, SealingError
from blo_sealing.signatures import verify_signature
from blo_sealing.statements import (
    HEAD_STATEMENT,
    add_signature,
    sign_document,
    sign_head,
    verify_document_signature,
)
from tests.vectors.material import (
    FOREVER,
    KID,
    KYSON,
    LINK,
    NONGHET,
    NOON,
    SIGNING,
    STRANGER,
    fixed,
    flipped,
)

KEYS = [SIGNING[office] for office in (KYSON, NONGHET, STRANGER)]
ROOT = Root(
    country=CountryId("vn"), version=1, keys=tuple(sorted(key.public for key in KEYS)),
    threshold=2, not_before=0, not_after=FOREVER,
)  # fmt: skip
HEAD = Head(
    HEAD_VERSION, LINK, KYSON, KID[KYSON], 3, fixed("log"), fixed("tree"), fixed("views"), 0, (), 0,
    ZERO_HASH, NOON,
)  # fmt: skip


def test_signatures_stand_in_the_order_of_their_keys_and_verify() -> None:
    signed = sign_document(ROOT, KEYS)
    assert signed == sign_document(ROOT, reversed(KEYS))
    assert [signature.key for signature in signed.signatures] == list(ROOT.keys)
    again = SIGNED_DOCUMENT.decode(encode(signed))
    assert DOCUMENT.decode(again.payload) == ROOT
    for signature in again.signatures:
        assert verify_document_signature(again, signature)
        assert verify_signature(signature.key, document_input(again.payload), signature.signature)


def test_signing_one_after_the_other_gives_the_same_document() -> None:
    signed = sign_document(ROOT, [])
    for key in KEYS:
        signed = add_signature(signed, key)
    assert signed == sign_document(ROOT, KEYS)
    with pytest.raises(DuplicateSignature):
        add_signature(signed, KEYS[0])


def test_a_changed_document_is_not_signed() -> None:
    signed = sign_document(ROOT, KEYS)
    other = msgspec.structs.replace(signed, payload=flipped(signed.payload))
    assert not any(verify_document_signature(other, one) for one in other.signatures)


def _verify(signed: SignedHead) -> Head:
    return HEAD_STATEMENT.verify(signed.head, signed.signature, SIGNING[KYSON].public)


def test_a_head_is_read_as_it_was_signed() -> None:
    signed = SIGNED_HEAD.decode(encode(sign_head(HEAD, SIGNING[KYSON])))
    assert _verify(signed) == HEAD


def test_a_head_by_another_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        _verify(sign_head(HEAD, SIGNING[NONGHET]))


def test_a_document_is_no_head_and_a_head_no_document() -> None:
    encoded = encode(HEAD)
    as_document = SIGNING[KYSON].sign(document_input(encoded))
    with pytest.raises(InvalidSignature):
        _verify(SignedHead(encoded, as_document))


@given(st.integers(0, 8 * len(encode(sign_head(HEAD, SIGNING[KYSON]))) - 1))
def test_any_changed_bit_of_a_head_gives_a_documented_error(bit: int) -> None:
    value = bytearray(encode(sign_head(HEAD, SIGNING[KYSON])))
    value[bit // 8] ^= 1 << bit % 8
    with pytest.raises((WireError, SealingError)):
        _verify(SIGNED_HEAD.decode(bytes(value)))
