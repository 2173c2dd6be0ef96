"""Making Merkle proofs: that a record is in the log, and that one log continues another.

Making one hashes all leaves once (O(n)). Checking one needs O(log n) hashes and no log; that is
``blo_sealing.verifier``, apart from this, so that whoever doubts has little to read.
"""

from __future__ import annotations

from collections.abc import Sequence

from blo_schemas.ids import Digest
from blo_sealing.merkle import Frontier


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


def _split(size: int) -> int:
    """The largest power of two below ``size`` (RFC 6962 §2.1)."""
    return 1 << (size - 1).bit_length() - 1
