"""The tree is RFC 6962's: its known values, pymerkle's values, and proofs that prove."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from blo_schemas.hashes import leaf_hash
from blo_sealing.errors import ProofFailed, WrongPeaks
from blo_sealing.merkle import EMPTY_ROOT, Frontier, MerkleTree
from blo_sealing.verifier import verify_consistency, verify_inclusion
from tests.vectors.material import flipped

# The inputs and roots of the reference implementation of RFC 6962 (certificate-transparency,
# merkletree tests), one root for each number of leaves.
KNOWN_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

values = st.lists(st.binary(max_size=40), max_size=70)


def leaves_of(entries: list[bytes]) -> list[bytes]:
    return [leaf_hash(entry) for entry in entries]


def test_the_known_roots() -> None:
    tree = Frontier()
    assert tree.root() == EMPTY_ROOT == sha256(b"").digest()
    for leaf, root in zip(KNOWN_LEAVES, KNOWN_ROOTS, strict=True):
        tree.append(leaf_hash(leaf))
        assert tree.root().hex() == root


@pytest.mark.parametrize("size", range(71))
def test_the_tree_of_the_first_leaves_has_their_root_and_proofs(size: int) -> None:
    leaves = leaves_of([bytes([n]) for n in range(70)])
    grown = MerkleTree(leaves[: size // 2])
    for leaf in leaves[size // 2 :]:
        grown.append(leaf)
    frontier = Frontier()
    for leaf in leaves[:size]:
        frontier.append(leaf)
    if size > len(leaves):
        with pytest.raises(ValueError, match="there are 70 leaves, not 71"):
            grown.root(size)
        return
    assert grown.root(size) == frontier.root()
    for index, leaf in enumerate(leaves[:size]):
        assert grown.leaf(index) == leaf
        verify_inclusion(leaf, index, size, grown.inclusion_proof(index, size), grown.root(size))


@given(values)
def test_the_root_is_pymerkles(entries: list[bytes]) -> None:
    oracle = InmemoryTree(algorithm="sha256")
    tree = Frontier()
    for entry in entries:
        oracle.append_entry(entry)
        tree.append(leaf_hash(entry))
    if entries:
        assert tree.root() == oracle.get_root()
    assert tree.root() == MerkleTree(leaves_of(entries)).root()
    assert tree.size == len(entries)


@given(values, values)
def test_a_frontier_goes_on_from_its_peaks(before: list[bytes], after: list[bytes]) -> None:
    tree = Frontier()
    for leaf in leaves_of(before):
        tree.append(leaf)
    again = Frontier(tree.size, tree.peaks())
    for leaf in leaves_of(after):
        tree.append(leaf)
        again.append(leaf)
    assert (again.size, again.peaks(), again.root()) == (tree.size, tree.peaks(), tree.root())


@pytest.mark.parametrize("begun", [0, 1, 200, 255, 256, 257, 511, 700])
def test_leaves_that_are_merged_together_give_the_same_tree(begun: int) -> None:
    oracle = InmemoryTree(algorithm="sha256")
    tree, asked = Frontier(), Frontier()
    for n in range(begun + 1100):
        oracle.append_entry(b"%d" % n)
        leaf = leaf_hash(b"%d" % n)
        tree.append(leaf)
        asked.append(leaf)
        if n % 97 == 0:
            assert asked.root() == oracle.get_root()
        if n == begun:
            tree = Frontier(tree.size, tree.peaks())
        assert tree.size == asked.size == n + 1
    assert tree.root() == asked.root() == oracle.get_root()
    assert tree.peaks() == asked.peaks()


@pytest.mark.parametrize(("size", "peaks"), [(-1, b""), (0, bytes(32)), (3, bytes(32)), (1, b"1")])
def test_peaks_that_do_not_fit_the_size_are_refused(size: int, peaks: bytes) -> None:
    with pytest.raises(WrongPeaks):
        Frontier(size, peaks)


@given(st.integers(1, 40), st.data())
def test_every_leaf_is_proved_and_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = leaves_of([bytes([n]) for n in range(size)])
    index = data.draw(st.integers(0, size - 1))
    root, proof = MerkleTree(leaves).root(), MerkleTree(leaves).inclusion_proof(index)
    verify_inclusion(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1))
    wrong: list[tuple[bytes, int, int, tuple[bytes, ...], bytes]] = [
        (flipped(leaves[index]), index, size, proof, root),
        (leaves[index], index, size, proof, flipped(root)),
        (leaves[index], index, size, (*proof, root), root),
        (leaves[index], size, size, proof, root),
        (leaves[index], -1, size, proof, root),
    ]
    if other != index:
        wrong.append((leaves[index], other, size, proof, root))
    if proof:
        wrong.append((leaves[index], index, size, proof[:-1], root))
        wrong.append((leaves[index], index, size, (*proof[:-1], flipped(proof[-1])), root))
    for claim in wrong:
        with pytest.raises(ProofFailed):
            verify_inclusion(*claim)


def test_the_inclusion_proof_is_pymerkles() -> None:
    entries = [bytes([n]) * n for n in range(23)]
    oracle = InmemoryTree(algorithm="sha256")
    for entry in entries:
        oracle.append_entry(entry)
    for index in range(23):
        expected = oracle.prove_inclusion(index + 1).path
        ours = MerkleTree(leaves_of(entries)).inclusion_proof(index)
        assert set(ours) <= set(expected)


def test_every_continuation_is_proved_and_no_other() -> None:
    leaves = leaves_of([bytes([n]) for n in range(20)])
    for second in range(21):
        new = MerkleTree(leaves[:second]).root()
        for first in range(second + 1):
            old = MerkleTree(leaves[:first]).root()
            proof = MerkleTree(leaves[:second]).consistency_proof(first)
            verify_consistency(first, old, second, new, proof)
            wrong: list[tuple[int, bytes, int, bytes, tuple[bytes, ...]]] = [
                (first, flipped(old), second, new, proof),
                (first, old, second, new, (*proof, new)),
                (second + 1, old, second, new, proof),
            ]
            if first:
                wrong.append((first, old, second, flipped(new), proof))
            if proof:
                wrong.append((first, old, second, new, proof[:-1]))
                wrong.append((first, old, second, new, (flipped(proof[0]), *proof[1:])))
            for claim in wrong:
                with pytest.raises(ProofFailed):
                    verify_consistency(*claim)


def test_what_is_not_there_has_no_proof() -> None:
    leaves = leaves_of([b"a", b"b"])
    assert MerkleTree().root() == EMPTY_ROOT
    for index in (-1, 2):
        with pytest.raises(ValueError, match="no leaf"):
            MerkleTree(leaves).leaf(index)
        with pytest.raises(ValueError, match="no leaf"):
            MerkleTree(leaves).inclusion_proof(index)
    for first in (-1, 3):
        with pytest.raises(ValueError, match="no tree"):
            MerkleTree(leaves).consistency_proof(first)
