"""Merkle proofs: that a record is in the log, and that one log continues another.

Making a proof hashes all leaves once (O(n)); checking one needs O(log n) hashes and no log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blo_schemas.ids import Digest
from blo_sealing.errors import ProofFailed
from blo_sealing.merkle import EMPTY_ROOT, Frontier, node_hash


def tree_root(leaves: Sequence[bytes]) -> Digest:
    """The root over leaf hashes (RFC 6962 §2.1)."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[Digest, ...]:
    """The audit path of one leaf (RFC 6962 §2.1.1).

    Args:
        leaves: The leaf hashes of the tree.
        index: Which leaf, from 0.

    Raises:
        ValueError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    path: list[Digest] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(tree_root(leaves[middle:high]))
            high = middle
        else:
            path.append(tree_root(leaves[low:middle]))
            low = middle
    return tuple(reversed(path))


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[Digest, ...]:
    """That the tree over ``leaves`` continues the one over its ``first`` ones (RFC 6962 §2.1.2).

    Raises:
        ValueError: ``first`` is negative or more than there are leaves.
    """
    if not 0 <= first <= len(leaves):
        raise ValueError(f"no tree of {first} in a tree of {len(leaves)}")
    if first in (0, len(leaves)):
        return ()
    path: list[Digest] = []
    low, high = 0, len(leaves)
    while high != first:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(tree_root(leaves[middle:high]))
            high = middle
        else:
            path.append(tree_root(leaves[low:middle]))
            low = middle
    if low:
        path.append(tree_root(leaves[low:high]))
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Checks that a leaf hash stands at ``index`` of a tree (RFC 9162 §2.1.3.2).

    Raises:
        ProofFailed: It is not proved.
    """
    if not 0 <= index < size:
        raise ProofFailed(f"there is no leaf {index} in a tree of {size}")
    node, last = index, size - 1
    computed = leaf
    for sibling in proof:
        if last == 0:
            raise ProofFailed("the inclusion proof is too long")
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        node >>= 1
        last >>= 1
    if last or computed != root:
        raise ProofFailed(f"leaf {index} is not in the tree of {size} with this root")


def verify_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Checks that the tree of ``second`` leaves continues that of ``first`` (RFC 9162 §2.1.4.2).

    Raises:
        ProofFailed: It is not proved.
    """
    if not 0 <= first <= second:
        raise ProofFailed(f"a tree of {second} can't continue one of {first}")
    if first in (0, second):
        expected = EMPTY_ROOT if first == 0 else second_root
        if proof or first_root != expected or (second == 0 and second_root != EMPTY_ROOT):
            raise ProofFailed("trees of this size need an empty proof and fitting roots")
        return
    path = iter(proof if first & (first - 1) else (first_root, *proof))
    computed = _fold_consistency(first - 1, second - 1, path)
    if computed != (first_root, second_root):
        raise ProofFailed(f"the tree of {second} does not continue that of {first}")


def _fold_consistency(node: int, last: int, path: Iterator[bytes]) -> tuple[bytes, bytes]:
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = next(path, b"")
    for sibling in path:
        if last == 0:
            raise ProofFailed("the consistency proof is too long")
        if node & 1 or node == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    if last:
        raise ProofFailed("the consistency proof is too short")
    return old, new


def _split(size: int) -> int:
    """The largest power of two below ``size`` (RFC 6962 §2.1)."""
    return 1 << (size - 1).bit_length() - 1


__all__ = [
    "consistency_proof",
    "inclusion_proof",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]
