"""Many proofs of one tree are the proofs that are made one by one."""

from __future__ import annotations

import pytest

from blo_schemas.hashes import leaf_hash
from blo_sealing.merkle import EMPTY_ROOT
from blo_sealing.merkle_tree import MerkleTree
from blo_sealing.proofs import inclusion_proof, tree_root
from blo_sealing.verifier import verify_inclusion


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 64, 100])
def test_a_prover_s_root_and_proofs_are_those_of_rfc_6962(size: int) -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    prover = MerkleTree(leaves)
    assert (prover.size, prover.root) == (size, tree_root(leaves))
    for index, leaf in enumerate(leaves):
        assert prover.leaf(index) == leaf
        assert prover.proof(index) == inclusion_proof(leaves, index)
        verify_inclusion(leaf, index, size, prover.proof(index), prover.root)


def test_a_tree_without_leaves_has_the_empty_root_and_proves_nothing() -> None:
    prover = MerkleTree(())
    assert (prover.size, prover.root) == (0, EMPTY_ROOT)
    with pytest.raises(ValueError, match="no leaf 0 in a tree of 0"):
        prover.proof(0)
