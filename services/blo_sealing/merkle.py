"""The Merkle tree over a link's records, as RFC 6962 §2.1 defines it (also RFC 9162 §2.1).

``Frontier`` is the tree that grows with the log: it keeps one hash per set bit of the size.
Proofs need the leaf hashes and are in ``blo_sealing.proofs``, checking them is in ``verifier``.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from blo_schemas.ids import HASH_SIZE, Digest
from blo_sealing.errors import WrongPeaks

_TOGETHER: Final = 256
"""So many leaves, a power of two, are merged at once: level by level, which needs fewer calls."""

EMPTY_ROOT: Final = Digest(sha256().digest())
"""The root of a tree without leaves (RFC 6962 §2.1)."""


def node_hash(left: bytes, right: bytes) -> Digest:
    """RFC 6962 §2.1 hash of an inner node."""
    return Digest(sha256(b"\x01" + left + right).digest())


class Frontier:
    """A growing tree: appends leaf hashes, tells the root.

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
        """Adds a leaf hash (``hashing.leaf_hash``)."""
        waiting = self._waiting
        waiting.append(leaf)
        if len(waiting) == _TOGETHER:
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
        """Merge what waits: one by one up to a multiple of ``_TOGETHER``, from there all at once."""
        nodes = self._waiting
        alone = -self._merged % _TOGETHER
        self._merge(nodes[:alone])
        if alone:
            self._waiting = nodes[alone:]
            return
        self._waiting = []
        while len(nodes) > 1:
            pairs = zip(nodes[::2], nodes[1::2], strict=True)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        self._carry(nodes[0], self._merged // _TOGETHER)
        self._merged += _TOGETHER

    def _merge_all(self) -> None:
        self._merge(self._waiting)
        self._waiting = []

    def _merge(self, leaves: list[bytes]) -> None:
        for leaf in leaves:
            self._carry(leaf, self._merged)
            self._merged += 1

    def _carry(self, node: bytes, before: int) -> None:
        """Add a node, where so many of its own size stand before it."""
        peaks = self._peaks
        while before & 1:
            node = node_hash(peaks.pop(), node)
            before >>= 1
        peaks.append(node)
