"""The paths that bundles are made with are those of RFC 6962."""

from __future__ import annotations

from hashlib import sha256

import pytest

from blo_audit.bundle.tree import LeafTree
from blo_sealing.proofs import inclusion_proof, tree_root
from blo_sealing.verifier import verify_inclusion


def test_roots_and_paths_are_those_of_rfc_6962_for_every_size() -> None:
    leaves = [sha256(bytes([at])).digest() for at in range(70)]
    tree = LeafTree()
    assert tree.root(0) == tree_root([])
    for leaf in leaves:
        tree.append(leaf)
    for size in range(1, len(leaves) + 1):
        assert tree.root(size) == tree_root(leaves[:size])
        for index in range(size):
            path = tree.path(index, size)
            assert path == inclusion_proof(leaves[:size], index)
            verify_inclusion(leaves[index], index, size, path, tree.root(size))


def test_leaves_that_are_not_there_have_no_path() -> None:
    tree = LeafTree()
    tree.append(bytes(32))
    for index, size in ((1, 1), (-1, 1), (0, 2), (0, 0)):
        with pytest.raises(ValueError, match="lea"):
            tree.path(index, size)
