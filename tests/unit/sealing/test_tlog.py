"""Notes and checkpoints as text: what is taken, what is refused, and what never happens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.ids import CorridorId, OfficeId
from blo_sealing.errors import InvalidSignature, MalformedNote, OtherCheckpoint, UnsignedNote
from blo_sealing.merkle import MerkleTree
from blo_sealing.signatures import SigningKey
from blo_sealing.tlog import (
    ConsistencyProof,
    InclusionProof,
    NoteKey,
    SignatureType,
    cosign,
    cosign_note,
    link_of,
    merge,
    merge_notes,
    parse_checkpoint,
    parse_consistency,
    parse_inclusion,
    parse_note,
    parse_vkey,
    sign_checkpoint,
    sign_note,
    verify_note,
)
from tests.unit.sealing.tlog_samples import (
    CONSISTENCY,
    INCLUSION,
    KEYS,
    KYSON,
    KYSON_KEY,
    LEAVES,
    LINK,
    MERGED,
    ORIGIN,
    VKEYS,
    WITNESS,
    WITNESS_KEY,
    XIENG,
    XIENG_KEY,
    checkpoint,
    merged,
)


def vkey_of(key: NoteKey) -> str:
    """A key's text form: ``name+id+key``."""
    encoded = base64.b64encode(bytes([key.type]) + key.public).decode()
    return f"{key.name}+{key.id.hex()}+{encoded}"


# Golden.


def test_the_golden_texts() -> None:
    later = merged(7)
    assert later.encode().decode() == MERGED
    tree = MerkleTree(LEAVES[:7])
    inclusion = InclusionProof(5, tree.inclusion_proof(5), later)
    consistency = ConsistencyProof(3, tree.consistency_proof(3), later)
    assert inclusion.encode().decode() == INCLUSION
    assert consistency.encode().decode() == CONSISTENCY
    assert [vkey_of(key) for key in KEYS] == VKEYS
    assert [parse_vkey(text) for text in VKEYS] == list(KEYS)


def test_the_golden_texts_are_read_back_and_verify() -> None:
    signed = parse_checkpoint(MERGED.encode())
    assert [(one.key.name, one.time) for one in signed.verify(KEYS)] == [
        (WITNESS, None),
        (KYSON, 1_740_000_000),
        (XIENG, 1_740_000_001),
    ]
    inclusion = parse_inclusion(INCLUSION.encode())
    inclusion.verify(LEAVES[5])
    assert inclusion.encode().decode() == INCLUSION
    consistency = parse_consistency(CONSISTENCY.encode())
    consistency.verify(checkpoint(3))
    assert consistency.encode().decode() == CONSISTENCY


def test_a_note_and_keys_made_by_other_hands_verify() -> None:
    """The example of Go's note package, and the key of its public checksum database."""
    key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = parse_note(
        b"If you think cryptography is the answer to your problem,\n"
        b"then you don't know what your problem is.\n\n"
        b"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
        b"SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert [one.key for one in verify_note(note, [key])] == [key]
    known = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert vkey_of(parse_vkey(known)) == known


# Notes.


def test_a_signature_that_names_a_known_key_and_is_not_its_own_spoils_the_note() -> None:
    good = merged(7)
    other = sign_checkpoint(checkpoint(6), WITNESS, WITNESS_KEY)
    note = good.note
    note = type(note)(note.text, (other.note.signatures[0], *note.signatures[1:]))
    with pytest.raises(InvalidSignature, match="vn-witness"):
        verify_note(note, KEYS)


def test_a_cosignature_at_another_time_is_not_good() -> None:
    line = cosign(checkpoint(7), KYSON, KYSON_KEY, 5).note.signatures[0]
    shifted = type(line)(line.name, line.key_id, (6).to_bytes(8, "big") + line.signature[8:])
    note = parse_note(MERGED.encode())
    with pytest.raises(InvalidSignature):
        verify_note(type(note)(note.text, (shifted,)), KEYS)


def test_unknown_signers_prove_nothing_and_disturb_nothing() -> None:
    foreign = sign_checkpoint(checkpoint(7), OfficeId("la-other"), SigningKey(bytes(32)))
    same_name = sign_checkpoint(checkpoint(7), WITNESS, SigningKey(bytes(32)))
    both = merge([foreign, same_name, merged(7)])
    assert [one.key for one in both.verify(KEYS)] == list(KEYS)
    with pytest.raises(UnsignedNote):
        foreign.verify(KEYS)
    with pytest.raises(UnsignedNote):
        same_name.verify(KEYS)


def test_a_plain_signature_is_no_cosignature() -> None:
    plain = sign_checkpoint(checkpoint(7), KYSON, KYSON_KEY)
    with pytest.raises(UnsignedNote):
        plain.verify(KEYS)


def test_notes_over_different_trees_are_not_merged() -> None:
    with pytest.raises(OtherCheckpoint):
        merge([merged(7), sign_checkpoint(checkpoint(6), WITNESS, WITNESS_KEY)])
    with pytest.raises(MalformedNote):
        merge([])


def test_merging_keeps_one_signature_of_each_key() -> None:
    again = cosign(checkpoint(7), KYSON, KYSON_KEY, 1_999_999_999)
    assert merge([merged(7), again]).encode().decode() == MERGED
    assert merge([merged(7), merged(7)]).encode().decode() == MERGED


def line_of(note: str, signer: str) -> str:
    (found,) = [line for line in note.split("\n") if line.startswith(f"— {signer} ")]
    return found + "\n"


MALFORMED = {
    "empty": "",
    "no blank line": MERGED.replace("\n\n", "\n"),
    "no signatures": MERGED.partition("— ")[0],
    "no last newline": MERGED[:-1],
    "carriage returns": MERGED.replace("\n", "\r\n"),
    "a tab": MERGED.replace("— vn-kyson ", "— vn-kyson\t"),
    "a hyphen for the dash": MERGED.replace("— vn-kyson", "- vn-kyson"),
    "a name with a plus": MERGED.replace("— vn-kyson", "— vn+kyson"),
    "a name with a no-break space": MERGED.replace("— vn-kyson", "— vn\u00a0kyson"),
    "no name": MERGED.replace("— vn-kyson ", "—  "),
    "a space after a signature": MERGED.replace("PwU=\n", "PwU= \n"),
    "base64 without padding": MERGED.replace("PwU=\n", "PwU\n"),
    "base64 with other last bits": MERGED.replace("PwU=\n", "PwV=\n"),
    "base64 of the web": MERGED.replace("dEQ+", "dEQ-"),
    "a signature without bytes": MERGED.replace(line_of(MERGED, KYSON), "— vn-kyson kXPSzg==\n"),
    "one key twice": MERGED + line_of(MERGED, KYSON),
    "too many signatures": MERGED + line_of(MERGED, KYSON) * 70,
    "too large": "x" * 70_000 + MERGED,
    "an extension line": MERGED.replace("AOU=\n\n", "AOU=\nmore\n\n"),
    "a line less": MERGED.replace("\n7\n", "\n"),
    "no origin": MERGED.partition("\n")[2].join(["\n", ""]),
    "a size with a zero before it": MERGED.replace("\n7\n", "\n07\n"),
    "a size with a sign": MERGED.replace("\n7\n", "\n+7\n"),
    "a size in other digits": MERGED.replace("\n7\n", "\n٧\n"),
    "a negative size": MERGED.replace("\n7\n", "\n-7\n"),
    "a size beyond 2^63-1": MERGED.replace("\n7\n", f"\n{2**63}\n"),
    "no size": MERGED.replace("\n7\n", "\n \n"),
    "a short root": MERGED.replace("sMxPAM2JMz7vEeYpo00cdGqm5NZJO7VT5NrDaHGrAOU=", "sMxPAA=="),
}


@pytest.mark.parametrize("defect", MALFORMED)
def test_a_malformed_checkpoint_is_refused(defect: str) -> None:
    with pytest.raises(MalformedNote):
        parse_checkpoint(MALFORMED[defect].encode())


def test_a_note_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(MalformedNote, match="UTF-8"):
        parse_checkpoint(b"\xff" + MERGED.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vn-kyson",
        VKEYS[1].replace("9173d2ce", "9173d2cf"),
        VKEYS[1].replace("vn-kyson", "vn-other"),
        VKEYS[1].replace("9173d2ce", "9173D2CE"),
        VKEYS[1] + "=",
        VKEYS[1].replace("+BIE5", "+AoE5"),
        vkey_of(NoteKey("a b", SignatureType.ED25519, KYSON_KEY.public)),
        vkey_of(NoteKey("vn-weak", SignatureType.ED25519, bytes(31) + b"\x80")),
        vkey_of(NoteKey("vn-short", SignatureType.ED25519, bytes(31))),
    ],
)
def test_a_verifier_key_that_does_not_hold_together_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_vkey(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: sign_note("no newline", "vn-a", KYSON_KEY),
        lambda: sign_note("a\n", "vn a", KYSON_KEY),
        lambda: sign_note("a\n", "", KYSON_KEY),
        lambda: sign_note("a\tb\n", "vn-a", KYSON_KEY),
        lambda: sign_note("a\n" * 40_000, "vn-a", KYSON_KEY),
        lambda: cosign_note("a\n", "vn-a", KYSON_KEY, -1),
        lambda: cosign_note("a\n", "vn-a", KYSON_KEY, 2**63),
    ],
)
def test_what_nobody_could_read_is_not_signed(make: Callable[[], object]) -> None:
    with pytest.raises(MalformedNote):
        make()


def test_a_text_with_empty_lines_and_dashes_is_signed_and_read() -> None:
    text = "one\n\n— two three\n\nfour\n"
    both = merge_notes(
        [sign_note(text, "vn-a", KYSON_KEY), cosign_note(text, "vn-b", XIENG_KEY, 0)]
    )
    read = parse_note(both.encode())
    assert read.text == text
    keys = [
        NoteKey("vn-a", SignatureType.ED25519, KYSON_KEY.public),
        NoteKey("vn-b", SignatureType.COSIGNATURE, XIENG_KEY.public),
    ]
    assert [one.time for one in verify_note(read, keys)] == [None, 0]


# Origins.


def test_an_origin_names_its_link() -> None:
    assert link_of(ORIGIN) == (CorridorId("la-vn"), LINK)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "blo-exchange",
        "blo-exchange/la-vn",
        f"blo-exchange/vn-la/{LINK}",
        f"other/la-vn/{LINK}",
        f"{ORIGIN}/x",
        f"{ORIGIN} ",
        "blo-exchange/la-vn/VN",
    ],
)
def test_another_origin_names_none(origin: str) -> None:
    with pytest.raises(OtherCheckpoint):
        link_of(origin)


@given(
    st.binary(max_size=300)
    | st.text(alphabet="— \n\tabc+=/09old index", max_size=200).map(str.encode)
    | st.lists(st.sampled_from((INCLUSION + CONSISTENCY).splitlines()), max_size=14).map(
        lambda lines: "\n".join(lines).encode()
    )
    | st.text(max_size=60).map(lambda text: base64.b64encode(text.encode()))
)
def test_any_bytes_are_refused_in_a_documented_way_or_are_read_exactly(data: bytes) -> None:
    with suppress(MalformedNote):
        assert parse_note(data).encode() == data
    with suppress(MalformedNote):
        signed = parse_checkpoint(data)
        assert signed.encode() == data
        assert signed.checkpoint.text == signed.note.text
    with suppress(MalformedNote):
        assert parse_inclusion(data).encode() == data
    with suppress(MalformedNote):
        assert parse_consistency(data).encode() == data
    with suppress(MalformedNote):
        assert vkey_of(parse_vkey(data.decode(errors="replace"))) == data.decode()
