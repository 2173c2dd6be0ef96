"""The leaf hashes of a link's records, for tree roots over fewer records than were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from blo_audit.replay.seam import BLOCK
from blo_projection.link_chain import AdmittedRecord
from blo_projection.office_chain import AppendOnlyBytes
from blo_schemas.event import LogRecord
from blo_schemas.ids import HASH_SIZE, Digest
from blo_sealing.merkle import Frontier

Admission = Callable[[LogRecord], AdmittedRecord]
"""Takes the next record, and says what the record layer finds."""

_BLOCK_BYTES: Final = BLOCK * HASH_SIZE


class LeafColumn:
    """Leaf hashes, and the roots of the perfect subtrees of ``BLOCK`` leaves.

    A block is a power of two, so the peaks over blocks are those over their leaves.

    Args:
        leaves: Where the leaves are kept; those that are there are the first records'.
        blocks: Where the subtrees' roots are kept, as many as there are whole blocks.
    """

    def __init__(self, leaves: AppendOnlyBytes, blocks: AppendOnlyBytes) -> None:
        self.leaves = leaves
        self.blocks = blocks

    def __len__(self) -> int:
        """How many leaves there are."""
        return len(self.leaves) // HASH_SIZE

    def append(self, leaf: bytes) -> None:
        """Add the next record's leaf."""
        self.leaves += leaf

    def leaf(self, position: int) -> bytes:
        """The leaf of a record."""
        start = position * HASH_SIZE
        return bytes(self.leaves[start : start + HASH_SIZE])

    def close_blocks(self) -> None:
        """Add the roots of the blocks that have become whole."""
        whole = len(self.leaves) // _BLOCK_BYTES
        for number in range(len(self.blocks) // HASH_SIZE, whole):
            block = Frontier()
            for leaf in self._entries(self.leaves, number * BLOCK, (number + 1) * BLOCK):
                block.append(leaf)
            self.blocks += block.root()

    def root_at(self, size: int) -> Digest:
        """The root over the first records."""
        self.close_blocks()
        whole = size // BLOCK
        over = Frontier()
        for root in self._entries(self.blocks, 0, whole):
            over.append(root)
        tree = Frontier(whole * BLOCK, over.peaks())
        for leaf in self._entries(self.leaves, whole * BLOCK, size):
            tree.append(leaf)
        return tree.root()

    @staticmethod
    def _entries(column: AppendOnlyBytes, first: int, end: int) -> Iterator[bytes]:
        for start in range(first, end, BLOCK):
            data = bytes(column[start * HASH_SIZE : min(start + BLOCK, end) * HASH_SIZE])
            for at in range(0, len(data), HASH_SIZE):
                yield data[at : at + HASH_SIZE]


def keeping_leaves(admit: Admission, leaves: LeafColumn) -> Admission:
    """Keeps the leaf of each record that is admitted."""

    def admit_and_keep(record: LogRecord) -> AdmittedRecord:
        admitted = admit(record)
        leaves.append(admitted.leaf)
        return admitted

    return admit_and_keep
