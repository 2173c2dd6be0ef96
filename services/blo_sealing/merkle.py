"""The Merkle tree over a link's records, as RFC 6962 §2.1 defines it (also RFC 9162 §2.1).

``Frontier`` is the tree that grows with the log: it keeps one hash per set bit of the size.
Proofs need the leaf hashes and are in ``blo_sealing.proofs``, checking them is in ``verifier``.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from blo_schemas.ids import HASH_SIZE, Digest
from blo_sealing.errors import SnapshotMismatch

_NODE: Final = sha256(b"\x01")
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

    Attributes:
        size: Number of leaves.

    Raises:
        SnapshotMismatch: ``peaks`` is not of the length that ``size`` demands.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        if size < 0 or len(peaks) != size.bit_count() * HASH_SIZE:
            raise SnapshotMismatch(f"a tree of {size} leaves has not {len(peaks)} bytes of peaks")
        self.size = size
        self._peaks = [peaks[i : i + HASH_SIZE] for i in range(0, len(peaks), HASH_SIZE)]

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash (``hashing.leaf_hash``)."""
        size = self.size
        self.size = size + 1
        peaks = self._peaks
        while size & 1:
            # node_hash, from a context that is copied: a new one costs more.
            node = _NODE.copy()
            node.update(peaks.pop() + leaf)
            leaf = node.digest()
            size >>= 1
        peaks.append(leaf)

    def root(self) -> Digest:
        """The root over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        peaks = reversed(self._peaks)
        root = next(peaks)
        for peak in peaks:
            root = node_hash(peak, root)
        return Digest(root)

    def peaks(self) -> bytes:
        """What a new ``Frontier`` of the same size can be made from."""
        return b"".join(self._peaks)


__all__ = ["EMPTY_ROOT", "Frontier", "node_hash"]
