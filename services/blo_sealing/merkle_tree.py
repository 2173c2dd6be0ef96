"""Many inclusion proofs of one tree: the tree is hashed once, and kept level by level.

``blo_sealing.proofs`` hashes it anew for each proof; that is right for one, and too slow for the
hundreds of events that make a year's figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from blo_schemas.ids import Digest
from blo_sealing.merkle import EMPTY_ROOT, node_hash


class MerkleTree:
    """A tree whose records are to be proved.

    Args:
        leaves: All its leaf hashes, in order.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        level: list[bytes] = list(leaves)
        self._levels: Final = [level]
        while len(level) > 1:
            # The last node of an odd level has no sibling and moves up as it is, which gives the
            # tree of RFC 6962 §2.1.
            pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            level = [*pairs, *level[len(pairs) * 2 :]]
            self._levels.append(level)

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0])

    @property
    def root(self) -> Digest:
        """Its root."""
        return Digest(self._levels[-1][0]) if self.size else EMPTY_ROOT

    def leaf(self, index: int) -> Digest:
        """A leaf hash.

        Raises:
            IndexError: There is no such leaf.
        """
        return Digest(self._levels[0][index])

    def proof(self, index: int) -> tuple[Digest, ...]:
        """The audit path of a leaf (RFC 6962 §2.1.1), as ``inclusion_proof`` makes it.

        Raises:
            ValueError: There is no such leaf.
        """
        if not 0 <= index < self.size:
            raise ValueError(f"no leaf {index} in a tree of {self.size}")
        path = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(Digest(level[sibling]))
            index >>= 1
        return tuple(path)
