"""What any signed document must look like, whatever it says."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_domain.trust import TrustedDirectory, TrustError, TrustRule, read_signed
from blo_schemas.codec import encode
from blo_schemas.hashes import document_id
from blo_schemas.trust import DocumentSignature, SignedDocument
from blo_sealing.signatures import verify_signature
from tests.unit.trust.documents import (
    LA,
    VN,
    VN_A,
    agreement,
    basis,
    certificate,
    empty,
    key,
    loaded,
    pins,
    refusal,
    root,
    root_keys,
    why,
)


def test_a_whole_set_of_documents_is_admitted() -> None:
    directory = loaded(agreement())
    assert set(directory.documents) == {
        document_id(signed.payload) for signed in (*basis(), agreement())
    }


def test_a_payload_that_is_no_document_is_refused() -> None:
    assert refusal(SignedDocument(b"\xc0", ())).rule is TrustRule.MALFORMED_DOCUMENT


def test_a_payload_that_is_not_canonical_is_refused() -> None:
    payload = bytearray(root(VN).payload)
    assert payload[0] & 0xF0 == 0x80, "a map with few fields"
    longer = b"\xde\x00" + bytes([payload[0] & 0x0F]) + bytes(payload[1:])
    error = refusal(SignedDocument(longer, root(VN).signatures))
    assert error.rule is TrustRule.MALFORMED_DOCUMENT
    assert "not_canonical" in error.problem


def test_a_document_with_a_field_too_many_is_refused() -> None:
    fields = msgspec.msgpack.decode(root(VN).payload)
    error = refusal(SignedDocument(encode(fields | {"more": 1}), ()))
    assert error.rule is TrustRule.MALFORMED_DOCUMENT


def test_signatures_must_be_sorted_by_key() -> None:
    signed = certificate(VN_A)
    error = refusal(SignedDocument(signed.payload, signed.signatures[::-1]))
    assert error.rule is TrustRule.SIGNATURES_NOT_SORTED


def test_a_key_that_signs_twice_does_not_reach_a_threshold_of_two() -> None:
    signed = certificate(VN_A, [root_keys(VN)[0]])
    error = refusal(SignedDocument(signed.payload, signed.signatures * 2))
    assert error.rule is TrustRule.SIGNED_TWICE


def test_a_signature_by_a_key_without_a_say_is_refused_even_beside_enough_others() -> None:
    error = refusal(certificate(VN_A, [*root_keys(VN)[:2], key("stranger")]))
    assert error.rule is TrustRule.UNKNOWN_SIGNER
    assert key("stranger").public.hex()[:16] in error.problem


def test_a_signature_over_other_bytes_is_refused() -> None:
    signed, other = certificate(VN_A), certificate(VN_A, not_after=2**40)
    error = refusal(SignedDocument(signed.payload, other.signatures))
    assert error.rule is TrustRule.BAD_SIGNATURE


def test_of_two_copies_the_one_that_is_signed_counts_and_the_other_is_refused() -> None:
    partly = certificate(VN_A, root_keys(VN)[:1])
    for order in ([partly, *basis()], [*basis(), partly]):
        directory, refusals = empty().load(order)
        assert document_id(partly.payload) in directory.documents
        assert [refusal.signed for refusal in refusals] == [partly]


def test_a_document_that_is_refused_is_judged_again_when_more_is_known() -> None:
    directory, refusals = empty().load([agreement()])
    assert why(refusals, agreement()).rule is TrustRule.NOT_CERTIFIED
    directory, refusals = directory.load(basis())
    assert not refusals
    assert directory.links()


def test_admitting_raises_the_reason_and_leaves_the_directory_as_it_was() -> None:
    before = loaded()
    with pytest.raises(TrustError) as raised:
        before.admit(agreement([key(VN_A)]))
    assert raised.value.rule is TrustRule.NOT_SIGNED_BY
    assert not before.links()
    assert before.admit(agreement()).links()
    assert not before.links()


def test_what_else_is_refused_does_not_keep_a_document_from_being_admitted() -> None:
    directory, refusals = loaded().load([agreement([key(VN_A)])])
    assert len(refusals) == 1
    assert directory.admit(agreement()).links()


def test_a_signature_and_a_key_are_checked_once_however_often_documents_come() -> None:
    asked: list[tuple[bytes, ...]] = []

    def verify(key: bytes, message: bytes, signature: bytes) -> bool:
        asked.append((key, message, signature))
        return verify_signature(key, message, signature)

    def check_key(key: bytes) -> bool:
        asked.append((key,))
        return True

    directory = TrustedDirectory(
        pins(VN, LA), verify=verify, check_key=check_key, check_kem_key=check_key
    )
    for signed in [*basis(), agreement()] * 2:
        directory = directory.load([signed])[0]
    assert directory.links()
    assert len(asked) == len(set(asked))


def test_an_error_says_which_document_which_rule_and_what_to_do() -> None:
    error = refusal(agreement([key(VN_A)]))
    assert error.rule == "not_signed_by"
    assert error.document == document_id(agreement().payload)
    assert "agreement vn-a~la-b, version 1" in str(error)
    assert "la-b" in error.problem
    assert error.todo in str(error)


def test_bytes_that_are_no_signed_document_are_refused_with_words() -> None:
    with pytest.raises(TrustError, match="the bytes: they are not a signed document"):
        read_signed(b"not msgpack")


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read_back_to_themselves(data: bytes) -> None:
    try:
        signed = read_signed(data)
    except TrustError:
        return
    assert encode(signed) == data


@given(
    st.binary(max_size=200),
    st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))),
)
def test_any_payload_is_refused_without_harm(
    payload: bytes, signatures: list[tuple[bytes, bytes]]
) -> None:
    signed = SignedDocument(payload, tuple(DocumentSignature(*one) for one in signatures))
    directory, refusals = empty(VN, LA).load([*basis(), signed])
    assert [refusal.signed for refusal in refusals] == [signed]
    assert len(directory.documents) == len(basis())


@given(st.data())
def test_any_change_of_a_signed_documents_bytes_is_refused(data: st.DataObject) -> None:
    signed = data.draw(st.sampled_from([*basis(), agreement()]))
    place = data.draw(st.integers(0, len(signed.payload) - 1))
    flipped = bytearray(signed.payload)
    flipped[place] ^= data.draw(st.integers(1, 255))
    altered = SignedDocument(bytes(flipped), signed.signatures)
    _, refusals = empty().load([*basis(), agreement(), altered])
    assert [refusal.signed for refusal in refusals] == [altered]
