"""Checking Merkle proofs: all that an inspector has to trust of this project, to be read in minutes.

RFC 6962 §2.1 defines the tree: one of ``n`` leaves has the tree of its first ``k`` leaves on the
left and that of the others on the right, ``k`` being the largest power of two below ``n``. A proof
names the trees that were left aside on the way down. Both checks walk that way down once more,
taking one hash from the end of the proof at every parting, and so compute the roots. A proof has
exactly as many hashes as there are partings: one more or one less proves nothing.

Only the standard library's SHA-256 is used, and nothing is remembered between calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from blo_sealing.errors import ProofFailed

MAX_TREE_SIZE: Final = 2**63 - 1
"""No tree is larger, so no proof is longer than 63 hashes (C2SP tlog-witness has that limit)."""

_EMPTY_ROOT: Final = sha256().digest()


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Checks that a leaf hash stands at ``index`` of a tree (RFC 6962 §2.1.1).

    Args:
        leaf: The leaf hash, 32 bytes.
        index: Where it is said to stand, from 0.
        size: Number of leaves of the tree.
        proof: The sibling hashes from the leaf up, 32 bytes each.
        root: The tree's root.

    Raises:
        ProofFailed: It is not proved.
    """
    _hashes([root])
    if root_above(leaf, index, size, proof) != root:
        raise ProofFailed(f"leaf {index} is not in the tree of {size} with this root")


def root_above(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that a proof leads to; it proves something once it is compared or signed.

    Args:
        leaf: The leaf hash, 32 bytes.
        index: Where it is said to stand, from 0.
        size: Number of leaves of the tree.
        proof: The sibling hashes from the leaf up, 32 bytes each.

    Raises:
        ProofFailed: No tree of this size has such a proof.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise ProofFailed(f"there is no leaf {index} in a tree of {size}")
    rest = _hashes(proof, leaf)
    computed = _root_above(leaf, index, size, rest)
    if rest:
        raise ProofFailed("the inclusion proof is too long")
    return computed


def verify_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Checks that the tree of ``second`` leaves continues that of ``first`` (RFC 6962 §2.1.2).

    Args:
        first: Number of leaves of the earlier tree.
        first_root: Its root.
        second: Number of leaves of the later tree.
        second_root: Its root.
        proof: The hashes of the consistency proof, 32 bytes each.

    Raises:
        ProofFailed: It is not proved.
    """
    if not 0 <= first <= second <= MAX_TREE_SIZE:
        raise ProofFailed(f"a tree of {second} can't continue one of {first}")
    rest = _hashes(proof, first_root, second_root)
    if second == 0 and second_root != _EMPTY_ROOT:
        raise ProofFailed("a tree without leaves has another root")
    if first == 0:
        if rest or first_root != _EMPTY_ROOT:
            raise ProofFailed("a tree without leaves has another root, and needs an empty proof")
        return
    old, new = _both_roots(first, second, rest, first_root)
    if rest:
        raise ProofFailed("the consistency proof is too long")
    if (old, new) != (first_root, second_root):
        raise ProofFailed(f"the tree of {second} does not continue that of {first}")


def _root_above(leaf: bytes, index: int, size: int, rest: list[bytes]) -> bytes:
    """The root of the tree of ``size`` in which ``leaf`` stands at ``index``."""
    if size == 1:
        return leaf
    sibling = _next(rest)
    left = _left_size(size)
    if index < left:
        return _node(_root_above(leaf, index, left, rest), sibling)
    return _node(sibling, _root_above(leaf, index - left, size - left, rest))


def _both_roots(
    first: int, second: int, rest: list[bytes], known: bytes | None
) -> tuple[bytes, bytes]:
    """The roots of the first ``first`` leaves and of all ``second`` leaves of one tree.

    ``known`` is the root of the earlier tree as long as only left turns led here: a proof does
    not name that one again.
    """
    if first == second:
        same = _next(rest) if known is None else known
        return same, same
    sibling = _next(rest)
    left = _left_size(second)
    if first <= left:
        old, new = _both_roots(first, left, rest, known)
        return old, _node(new, sibling)
    old, new = _both_roots(first - left, second - left, rest, None)
    return _node(sibling, old), _node(sibling, new)


def _hashes(proof: Sequence[bytes], *others: bytes) -> list[bytes]:
    """The proof's hashes, to be taken from the end; anything but 32 bytes could be read two ways."""
    if any(len(one) != sha256().digest_size for one in (*proof, *others)):
        raise ProofFailed("a hash is not 32 bytes long")
    return list(proof)


def _next(rest: list[bytes]) -> bytes:
    if not rest:
        raise ProofFailed("the proof is too short")
    return rest.pop()


def _left_size(size: int) -> int:
    """The largest power of two below ``size``, which is 2 or more."""
    return 1 << (size - 1).bit_length() - 1


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
