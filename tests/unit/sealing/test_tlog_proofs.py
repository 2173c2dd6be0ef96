"""Proofs as text: what is taken, what is refused, and that nothing else proves anything."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blo_sealing.errors import MalformedNote, OtherCheckpoint, ProofFailed, SealingError
from blo_sealing.merkle import MerkleTree
from blo_sealing.tlog import (
    Checkpoint,
    parse_consistency,
    parse_inclusion,
)
from tests.unit.sealing.tlog_samples import (
    CONSISTENCY,
    INCLUSION,
    KEYS,
    LEAVES,
    MERGED,
    ORIGIN,
    checkpoint,
)


def test_a_proof_with_extra_data_is_read_and_written_again() -> None:
    with_extra = INCLUSION.replace("index 5", "extra aGVsbG8=\nindex 5").encode()
    proof = parse_inclusion(with_extra)
    assert proof.extra == b"hello"
    assert proof.encode() == with_extra


@pytest.mark.parametrize(
    "text",
    [
        "",
        INCLUSION.replace("@v1", "@v2"),
        INCLUSION.replace("index 5\n", ""),
        INCLUSION.replace("index 5", "index 05"),
        INCLUSION.replace("index 5", "index -5"),
        INCLUSION.replace("index 5", f"index {2**63}"),
        INCLUSION.replace("index 5", "index 5\nextra aGVsbG8="),
        INCLUSION.replace("index 5", "extra \nindex 5"),
        INCLUSION.replace("z6W9P7NL4X", "6W9P7NL4X"),
        INCLUSION.replace("\n\nblo", "\nblo"),
        INCLUSION.replace("index 5\n", "index 5\n" + "z6W9P7NL4X/yeR9Tw9rAjx5F3xcXyUDBMvpppDGPBx4=\n" * 64),
        CONSISTENCY,
        INCLUSION.replace("\n", "\r\n"),
        "x" * 200_000,
    ],
)  # fmt: skip
def test_a_malformed_inclusion_proof_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_inclusion(text.encode())


@pytest.mark.parametrize(
    "text",
    ["", INCLUSION, MERGED, CONSISTENCY.replace("old 3", "old 03"), CONSISTENCY.replace("old 3\n", "")],
)  # fmt: skip
def test_a_malformed_consistency_proof_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_consistency(text.encode())


def test_a_consistency_proof_is_of_the_two_checkpoints_that_it_names() -> None:
    proof = parse_consistency(CONSISTENCY.encode())
    with pytest.raises(OtherCheckpoint, match="tree of 3, not of 4"):
        proof.verify(checkpoint(4))
    with pytest.raises(OtherCheckpoint, match="the earlier checkpoint is of"):
        proof.verify(checkpoint(3, "blo-exchange/la-vn/other"))
    with pytest.raises(ProofFailed):
        proof.verify(Checkpoint(ORIGIN, 3, MerkleTree(LEAVES[1:4]).root()))


def proved(text: bytes, leaf: bytes) -> bool:
    """What a careful reader asks: the path, and the signatures of all three."""
    try:
        proof = parse_inclusion(text)
        proof.verify(leaf)
        return len(proof.checkpoint.verify(KEYS)) == len(KEYS)
    except SealingError:
        return False


@given(st.data())
def test_no_changed_byte_of_a_proof_s_text_proves_anything(data: st.DataObject) -> None:
    """Not even another size or index whose path would fit: the size is signed."""
    text = INCLUSION.encode()
    assert proved(text, LEAVES[5])
    at = data.draw(st.integers(0, len(text) - 1))
    drop = data.draw(st.integers(0, 3))
    put = data.draw(st.binary(max_size=3) | st.sampled_from([b"\n", b"=", b"0", b"5", b"A"]))
    changed = text[:at] + put + text[at + drop :]
    assume(changed != text)
    assert not proved(changed, LEAVES[5])


@given(st.permutations(INCLUSION.splitlines(keepends=True)))
def test_no_other_order_of_lines_proves_more(lines: list[str]) -> None:
    """The order of signatures means nothing; everything else does."""
    changed = "".join(lines)
    same = changed.partition("— ")[0] == INCLUSION.partition("— ")[0]
    assert proved(changed.encode(), LEAVES[5]) == same
