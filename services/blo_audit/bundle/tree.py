"""All inclusion paths of one tree, without hashing all leaves for each of them."""

from __future__ import annotations

from blo_schemas.ids import HASH_SIZE, Digest
from blo_sealing.merkle import EMPTY_ROOT, node_hash


class LeafTree:
    """The RFC 6962 tree over leaf hashes that are added one by one.

    Level 0 holds the leaves; a node of a higher level stands over two of the level below, and one
    that has no right neighbour is carried up as it is. That is the tree of RFC 6962 §2.1.
    """

    def __init__(self) -> None:
        self._leaves = bytearray()
        self._levels: list[bytearray] = []

    def __len__(self) -> int:
        return len(self._leaves) // HASH_SIZE

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash."""
        self._leaves += leaf
        self._levels = []

    def root(self, size: int) -> Digest:
        """The root over the first leaves.

        Raises:
            ValueError: There are not so many.
        """
        if not size:
            return EMPTY_ROOT
        return Digest(bytes(self._levels_of(size)[-1]))

    def path(self, index: int, size: int) -> tuple[Digest, ...]:
        """The inclusion proof of one leaf in the tree of the first leaves (RFC 6962 §2.1.1).

        Raises:
            ValueError: There is no such leaf in it.
        """
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} in a tree of {size}")
        found = []
        for level in self._levels_of(size)[:-1]:
            sibling = (index ^ 1) * HASH_SIZE
            if sibling < len(level):
                found.append(Digest(bytes(level[sibling : sibling + HASH_SIZE])))
            index >>= 1
        return tuple(found)

    def _levels_of(self, size: int) -> list[bytearray]:
        if not 0 < size <= len(self):
            raise ValueError(f"there are {len(self)} leaves, not {size}")
        if self._levels and len(self._levels[0]) == size * HASH_SIZE:
            return self._levels
        level = self._leaves[: size * HASH_SIZE]
        levels = [level]
        while len(level) > HASH_SIZE:
            level = _above(level)
            levels.append(level)
        self._levels = levels
        return levels


def _above(level: bytearray) -> bytearray:
    pair = 2 * HASH_SIZE
    even = len(level) // pair * pair
    above = bytearray()
    for at in range(0, even, pair):
        both = bytes(level[at : at + pair])
        above += node_hash(both[:HASH_SIZE], both[HASH_SIZE:])
    above += level[even:]
    return above
