"""Merkle trees over a link's records (RFC 6962 §2.1, also RFC 9162 §2.1): roots and proofs.

``Frontier`` grows with the log and keeps one hash per set bit of its size: enough for the root.
``MerkleTree`` keeps every hash and makes proofs. ``blo_sealing.verifier`` checks proofs; it shares
no code with this module, so that an inspector has little to read.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from blo_schemas.ids import HASH_SIZE, Digest
from blo_sealing.errors import WrongPeaks

_BATCH: Final = 256
"""Number of leaves, a power of two, that a frontier merges level by level, to save calls."""

EMPTY_ROOT: Final = Digest(sha256().digest())
"""The root of a tree without leaves (RFC 6962 §2.1)."""


def node_hash(left: bytes, right: bytes) -> Digest:
    """RFC 6962 §2.1 hash of an inner node."""
    return Digest(sha256(b"\x01" + left + right).digest())


class Frontier:
    """A growing tree that keeps its peaks only: it takes leaf hashes and gives the root.

    Args:
        size: Number of leaves that ``peaks`` stand for.
        peaks: The roots of the perfect subtrees from left to right, one per set bit of ``size``,
            32 bytes each, as ``peaks()`` gave them.

    Raises:
        WrongPeaks: ``peaks`` is not of the length that ``size`` demands.
    """

    __slots__ = ("_merged", "_peaks", "_waiting")

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        if size < 0 or len(peaks) != size.bit_count() * HASH_SIZE:
            raise WrongPeaks(f"a tree of {size} leaves has not {len(peaks)} bytes of peaks")
        self._merged = size
        self._peaks = [peaks[i : i + HASH_SIZE] for i in range(0, len(peaks), HASH_SIZE)]
        self._waiting: list[bytes] = []

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._merged + len(self._waiting)

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash (``blo_schemas.hashes.leaf_hash``)."""
        waiting = self._waiting
        waiting.append(leaf)
        if len(waiting) == _BATCH:
            self._merge_aligned()

    def root(self) -> Digest:
        """The root over all leaves so far."""
        self._merge_all()
        if not self._peaks:
            return EMPTY_ROOT
        peaks = reversed(self._peaks)
        root = next(peaks)
        for peak in peaks:
            root = node_hash(peak, root)
        return Digest(root)

    def peaks(self) -> bytes:
        """What a new ``Frontier`` of the same size can be made from."""
        self._merge_all()
        return b"".join(self._peaks)

    def _merge_aligned(self) -> None:
        """Merge single leaves up to a multiple of ``_BATCH``, whole batches from there."""
        nodes = self._waiting
        alone = -self._merged % _BATCH
        self._merge(nodes[:alone])
        if alone:
            self._waiting = nodes[alone:]
            return
        self._waiting = []
        while len(nodes) > 1:
            pairs = zip(nodes[::2], nodes[1::2], strict=True)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        self._carry(nodes[0], self._merged // _BATCH)
        self._merged += _BATCH

    def _merge_all(self) -> None:
        self._merge(self._waiting)
        self._waiting = []

    def _merge(self, leaves: list[bytes]) -> None:
        for leaf in leaves:
            self._carry(leaf, self._merged)
            self._merged += 1

    def _carry(self, node: bytes, before: int) -> None:
        """Add a node behind ``before`` nodes of its own size."""
        peaks = self._peaks
        while before & 1:
            node = node_hash(peaks.pop(), node)
            before >>= 1
        peaks.append(node)


class MerkleTree:
    """A tree that keeps every leaf hash, to make proofs for its first ``size`` leaves.

    Level 0 holds the leaves. A node of a higher level stands over two nodes of the level below; the
    last node of an odd level moves up unchanged. That is the tree of RFC 6962 §2.1. The levels are
    hashed once per size, and kept.

    Args:
        leaves: The first leaf hashes, in order.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._leaves = bytearray(b"".join(leaves))
        self._levels: list[bytes] = []

    def __len__(self) -> int:
        """Number of leaves."""
        return len(self._leaves) // HASH_SIZE

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash (``blo_schemas.hashes.leaf_hash``)."""
        self._leaves += leaf

    def leaf(self, index: int) -> Digest:
        """A leaf hash.

        Raises:
            ValueError: There is no such leaf.
        """
        if not 0 <= index < len(self):
            raise ValueError(f"no leaf {index} in a tree of {len(self)}")
        return _node(self._leaves, index)

    def root(self, size: int | None = None) -> Digest:
        """The root over the first ``size`` leaves, or over all.

        Raises:
            ValueError: There are not so many leaves.
        """
        return Digest(self._levels_of(size)[-1] or EMPTY_ROOT)

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[Digest, ...]:
        """The audit path of a leaf in the tree of ``size`` leaves, or of all (RFC 6962 §2.1.1).

        Raises:
            ValueError: There is no such leaf, or there are not so many leaves.
        """
        levels = self._levels_of(size)
        if not 0 <= index < len(levels[0]) // HASH_SIZE:
            raise ValueError(f"no leaf {index} in a tree of {len(levels[0]) // HASH_SIZE}")
        siblings = ((level, index >> height ^ 1) for height, level in enumerate(levels[:-1]))
        return tuple(_node(level, at) for level, at in siblings if at * HASH_SIZE < len(level))

    def consistency_proof(self, first: int, size: int | None = None) -> tuple[Digest, ...]:
        """That the tree of ``size`` leaves, or of all, continues that of ``first`` (§2.1.2).

        Raises:
            ValueError: There is no such earlier tree, or there are not so many leaves.
        """
        levels = self._levels_of(size)
        low, high = 0, len(levels[0]) // HASH_SIZE
        if not 0 <= first <= high:
            raise ValueError(f"no tree of {first} in a tree of {high}")
        if first in (0, high):
            return ()
        path: list[Digest] = []
        while high != first:
            height = (high - low - 1).bit_length() - 1
            middle = low + (1 << height)
            if first <= middle:
                path.append(_node(levels[height], middle >> height))
                high = middle
            else:
                path.append(_node(levels[height], low >> height))
                low = middle
        if low:
            height = (high - low - 1).bit_length()
            path.append(_node(levels[height], low >> height))
        return tuple(reversed(path))

    def _levels_of(self, size: int | None) -> list[bytes]:
        wanted = len(self) if size is None else size
        if not 0 <= wanted <= len(self):
            raise ValueError(f"there are {len(self)} leaves, not {wanted}")
        if not self._levels or len(self._levels[0]) != wanted * HASH_SIZE:
            level = bytes(self._leaves[: wanted * HASH_SIZE])
            self._levels = [level]
            while len(level) > HASH_SIZE:
                level = _level_above(level)
                self._levels.append(level)
        return self._levels


def _level_above(level: bytes) -> bytes:
    pair = 2 * HASH_SIZE
    paired = len(level) // pair * pair
    parents = [sha256(b"\x01" + level[at : at + pair]).digest() for at in range(0, paired, pair)]
    return b"".join([*parents, level[paired:]])


def _node(level: bytes | bytearray, index: int) -> Digest:
    return Digest(bytes(level[index * HASH_SIZE : (index + 1) * HASH_SIZE]))
