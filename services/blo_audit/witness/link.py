"""One link at the witness: the tree that it has read, and the tree that it may sign.

Every tree that a witness signs continues all trees that it has signed before, whether its state
file or ``blo.heads`` names them. If the log contradicts one of them, the witness signs nothing more
for that link and reports why until an operator has intervened.
"""

from __future__ import annotations

from blo_audit.witness.state import LastSigned
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import CorridorId, Digest, LinkId
from blo_sealing.merkle import Frontier
from blo_sealing.tlog import Checkpoint, origin_of


class WitnessedLink:
    """The log of one link, read record by record.

    Args:
        link: The link.
        corridor: Its corridor.
        partition: Its partition.
        signed: What was signed last, if that is known.

    Attributes:
        link: As above.
        corridor: As above.
        partition: As above.
        log_time: The log time of the last record that was read, Unix milliseconds.
        stopped: Why nothing is signed any more; ``None`` while all is well.
    """

    def __init__(
        self, link: LinkId, corridor: CorridorId, partition: int, signed: LastSigned | None
    ) -> None:
        self.link = link
        self.corridor = corridor
        self.partition = partition
        self.log_time = 0
        self.stopped: str | None = None
        self._tree = Frontier() if signed is None else signed.tree()
        self._signed_size = self._tree.size
        self._last_leaf = b"" if signed is None else signed.leaf
        self._bound: dict[int, Digest] = {}
        self._recheck = signed is not None and signed.size > 0

    @property
    def size(self) -> int:
        """How many records have been read."""
        return self._tree.size

    @property
    def position(self) -> int:
        """Which record must be read next; the last one once more after a start."""
        return self.size - 1 if self._recheck else self.size

    @property
    def signed_size(self) -> int:
        """How many records the last signed tree has."""
        return self._signed_size

    def bind(self, published: Checkpoint) -> None:
        """Obey a checkpoint that carries this witness's own signature.

        One that is smaller than what the state file knows is part of it: the state was written
        before anything larger was said.
        """
        if published.size > self.size:
            before = self._bound.setdefault(published.size, published.root)
            if before != published.root:
                self.stop(
                    f"this witness has signed two trees of the first {published.size} records of "
                    f"{self.link}: its key is used elsewhere too"
                )
        elif published.size == self.size:
            self._must_be(published.root)

    def feed(self, offset: int, value: bytes, log_time: int) -> None:
        """Take the next record of the link's partition."""
        if self.stopped is not None:
            return
        leaf = leaf_hash(value)
        self.log_time = log_time
        if self._recheck:
            self._recheck = False
            if offset != self.size - 1 or leaf != self._last_leaf:
                self.stop(
                    f"record {self.size - 1} of {self.link} is not the one that this witness has "
                    "signed: the log was made anew or changed"
                )
            return
        if offset != self.size:
            self.stop(f"record {self.size} of {self.link} is missing: the next one is {offset}")
            return
        self._tree.append(leaf)
        self._last_leaf = leaf
        expected = self._bound.pop(self.size, None)
        if expected is not None:
            self._must_be(expected)

    def ended_at(self, end: int) -> None:
        """Learn where the log ends; it must not end before what was read."""
        known = max(self.size, max(self._bound, default=0))
        if end < known:
            self.stop(
                f"the log of {self.link} ends at {end}, and this witness has signed or read "
                f"{known} records of it: it was cut"
            )

    def stop(self, words: str) -> None:
        """Sign nothing more for this link; the first reason stays."""
        if self.stopped is None:
            self.stopped = words

    def due(self) -> Checkpoint | None:
        """The tree that is to be signed now; ``None`` if there is nothing new, or it must not be."""
        if self.stopped is not None or self._bound or self._recheck:
            return None
        if self.size <= self._signed_size:
            return None
        return Checkpoint(origin_of(self.corridor, self.link), self.size, self._tree.root())

    def signing(self, checkpoint: Checkpoint, note: bytes) -> LastSigned:
        """Note that a checkpoint that ``due`` gave just now is signed; what is to be kept of it."""
        self._signed_size = checkpoint.size
        return LastSigned(
            checkpoint.size, checkpoint.root, self._tree.peaks(), self._last_leaf, note
        )

    def _must_be(self, root: Digest) -> None:
        if self._tree.root() != root:
            self.stop(
                f"the first {self.size} records of {self.link} have another tree than the one that "
                "this witness has signed before: it was shown two logs"
            )
