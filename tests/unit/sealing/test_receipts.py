"""Receipts: what fits a code, what is refused, and that nothing else proves anything."""

from __future__ import annotations

from hashlib import sha256

import base45
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.ids import Digest, EventId
from blo_sealing.errors import InvalidSignature, MalformedNote, ProofFailed, UnsignedNote
from blo_sealing.tlog import (
    Checkpoint,
    InclusionProof,
    NoteKey,
    Receipt,
    SignatureType,
    cosign,
    merge,
    parse_inclusion,
    read_receipt,
    receipt_of,
    sign_checkpoint,
)
from blo_sealing.tlog.receipts import MAX_RECEIPT
from blo_sealing.verifier import root_above
from tests.unit.sealing.tlog_samples import (
    INCLUSION,
    KEYS,
    KYSON,
    KYSON_KEY,
    LEAVES,
    ORIGIN,
    WITNESS,
    WITNESS_KEY,
    XIENG,
    XIENG_KEY,
)

EVENT = EventId(bytes(range(32)))


def receipt() -> Receipt:
    return receipt_of(EVENT, LEAVES[5], parse_inclusion(INCLUSION.encode()))


def of_a_million(origin: str = ORIGIN) -> Receipt:
    """A receipt in a log of a million records, whose path is as long as it can be there."""
    leaf, index, size = LEAVES[3], 123_456, 1_000_000
    path = tuple(sha256(bytes([n])).digest() for n in range(20))
    tree = Checkpoint(origin, size, Digest(root_above(leaf, index, size, path)))
    signed = merge(
        [
            sign_checkpoint(tree, WITNESS, WITNESS_KEY),
            cosign(tree, KYSON, KYSON_KEY, 1_796_000_000),
            cosign(tree, XIENG, XIENG_KEY, 1_796_000_001),
        ]
    )
    return receipt_of(EVENT, leaf, InclusionProof(index, path, signed))


def test_a_receipt_is_read_as_it_was_written_and_proves_what_its_proof_proved() -> None:
    made = receipt()
    read = read_receipt(made.letters())
    assert read == made
    assert read.checkpoint == parse_inclusion(INCLUSION.encode()).checkpoint.checkpoint
    assert {signer.key for signer in read.verify(KEYS)} == set(KEYS)
    assert next(signer.time for signer in read.verify(KEYS)) is None


def test_a_receipt_of_a_million_records_fits_a_code() -> None:
    made = of_a_million()
    assert len(made.path) == 20
    assert len(made.encode()) <= MAX_RECEIPT
    assert len(read_receipt(made.letters()).verify(KEYS)) == 3


def test_a_receipt_that_does_not_fit_says_what_to_do_instead() -> None:
    with pytest.raises(MalformedNote, match="proof make"):
        of_a_million("blo-exchange/la-vn/" + "-".join(["office"] * 9)).encode()


def test_a_proof_of_another_leaf_makes_no_receipt() -> None:
    with pytest.raises(ProofFailed):
        receipt_of(EVENT, LEAVES[4], parse_inclusion(INCLUSION.encode()))


@pytest.mark.parametrize("field", ["leaf", "position", "size", "path", "origin"])
def test_a_receipt_that_was_changed_proves_nothing(field: str) -> None:
    made = receipt()
    changed = {
        "leaf": LEAVES[4],
        "position": made.position - 1,
        "size": made.size + 1,
        "path": (made.path[0], *made.path[2:], made.path[1]),
        "origin": ORIGIN + "x",
    }[field]
    other = msgspec.structs.replace(made, **{field: changed})
    with pytest.raises((InvalidSignature, ProofFailed)):
        other.verify(KEYS)


def test_the_event_is_named_and_not_proved() -> None:
    other = msgspec.structs.replace(receipt(), event=EventId(bytes(32)))
    assert other.verify(KEYS)


def test_only_known_keys_count() -> None:
    with pytest.raises(UnsignedNote):
        receipt().verify([NoteKey(WITNESS, SignatureType.ED25519, KYSON_KEY.public)])
    assert [signer.key.name for signer in receipt().verify(KEYS[1:2])] == [KYSON]


def test_a_signature_without_its_time_is_no_cosignature() -> None:
    made = receipt()
    timeless = tuple(msgspec.structs.replace(signature, time=None) for signature in made.signatures)
    with pytest.raises(InvalidSignature):
        msgspec.structs.replace(made, signatures=timeless).verify(KEYS)


def test_one_key_signs_once() -> None:
    made = receipt()
    twice = msgspec.structs.replace(made, signatures=(made.signatures[0], made.signatures[0]))
    with pytest.raises(MalformedNote, match="twice"):
        read_receipt(twice.letters())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02" + receipt().encode()[1:],
        receipt().encode()[:-1],
        receipt().encode() + b"\0",
        b"\x01\xff" + receipt().encode()[2:],
        # A position with a leading zero of seven bits.
        receipt().encode().replace(LEAVES[5] + b"\x05", LEAVES[5] + b"\x85\x00"),
        receipt().encode().replace(LEAVES[5] + b"\x05", LEAVES[5] + b"\xff" * 9 + b"\x01"),
        receipt().encode().replace(b"la-vn/", b"vn-la/"),
    ],
)
def test_what_is_no_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedNote):
        read_receipt(base45.b45encode(data).decode())


@given(st.binary(max_size=1200))
def test_any_bytes_are_refused_or_the_one_form_of_a_receipt(data: bytes) -> None:
    letters = base45.b45encode(b"\x01" + data).decode()
    try:
        read = read_receipt(letters)
    except MalformedNote:
        return
    assert read.letters() == letters


@given(st.text(max_size=200))
def test_any_letters_are_refused(letters: str) -> None:
    with pytest.raises(MalformedNote):
        read_receipt(letters)


def test_too_many_letters_are_not_looked_at() -> None:
    with pytest.raises(MalformedNote, match="at most 4096"):
        read_receipt("A" * 5000)
