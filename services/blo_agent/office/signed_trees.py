"""The office's own tree of a link, and the trees of it that were signed.

Lives in the memory of the store's thread (ADR 2); the tables of ``store/tables/checkpoints`` are
what lasts.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final
from weakref import ref

import msgspec

from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import checkpoints, records
from blo_schemas.ids import LinkId, OfficeId
from blo_sealing.merkle import Frontier
from blo_sealing.tlog import SignedCheckpoint

_WAITING_EACH: Final = 4


class PendingCheckpoint(msgspec.Struct, frozen=True):
    """A witness's checkpoint of more records than this office has read."""

    witness: OfficeId
    signed: SignedCheckpoint


class SignedTrees:
    """One link's signed trees.

    Attributes:
        cosigned: What this office has cosigned last.
        refused: The checkpoints that it refused, the oldest first.
    """

    def __init__(self) -> None:
        self.cosigned: checkpoints.Cosigned | None = None
        self.refused: list[checkpoints.RefusedTree] = []
        self._waiting: list[PendingCheckpoint] = []
        self._base: Frontier | None = None
        self._fold: Callable[[], object] = _nothing

    def load(self, snapshot: Snapshot, link: LinkId) -> None:
        """Take what the store has of it."""
        self.cosigned = checkpoints.get_cosigned(snapshot, link)
        self.refused = checkpoints.refused_of(snapshot, link)

    @property
    def cosigned_size(self) -> int:
        """How many records the largest tree has that this office has cosigned."""
        return 0 if self.cosigned is None else self.cosigned.size

    def wait(self, witness: OfficeId, signed: SignedCheckpoint) -> None:
        """Keep a checkpoint until enough was read; of many, the smallest of each witness."""
        pending = PendingCheckpoint(witness, signed)
        if pending in self._waiting:
            return
        self._waiting.append(pending)
        self._waiting.sort(key=lambda waiting: waiting.signed.checkpoint.size)
        of_witness = [waiting for waiting in self._waiting if waiting.witness == witness]
        if len(of_witness) > _WAITING_EACH:
            self._waiting.remove(of_witness[-1])

    def reached(self, size: int) -> list[PendingCheckpoint]:
        """The checkpoints that have waited for this size, smallest first; they wait no longer."""
        ready = [pending for pending in self._waiting if pending.signed.checkpoint.size <= size]
        if ready:
            self._waiting = self._waiting[len(ready) :]
        return ready

    def keep(self, cosigned: checkpoints.Cosigned, tree: Frontier | None = None) -> None:
        """Note what was cosigned last; ``tree`` is the office's own tree of that size, if known."""
        self.cosigned = cosigned
        self._base = tree

    def tree_at(self, snapshot: Snapshot, link: LinkId, size: int, fold: object) -> Frontier | None:
        """The office's own tree of a link's first records, as a continuation of what it cosigned.

        Args:
            snapshot: The store, which has at least so many records of the link.
            link: The link.
            size: How many records; not less than ``cosigned_size``.
            fold: The fold that these records come from: after a new beginning the tree is built
                from the first record again.

        Returns:
            The tree; ``None`` if the records are not those that the office has cosigned.
        """
        base = self._base if self._fold() is fold else None
        if base is None:
            base = _extended(Frontier(), snapshot, link, self.cosigned_size)
            if self.cosigned is not None and base.root() != self.cosigned.root:
                return None
            self._base, self._fold = base, ref(fold)
        return _extended(Frontier(base.size, base.peaks()), snapshot, link, size)


def _extended(tree: Frontier, snapshot: Snapshot, link: LinkId, size: int) -> Frontier:
    for leaf in islice(records.leaves(snapshot, link, start=tree.size), size - tree.size):
        tree.append(leaf)
    return tree


def _nothing() -> None:
    return None
