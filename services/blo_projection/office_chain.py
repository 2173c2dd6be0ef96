"""One office's own events on one link, as a chain (docs/wire-format.md §3).

Every event names its number and the id of the event before it. So a reader can tell a missing event
(a gap) from a contradicting event (a fork). Both are proof, because all events are signed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

import msgspec

from blo_schemas.ids import HASH_SIZE, ZERO_HASH, EventId
from blo_schemas.verdicts import Reason


class AppendOnlyBytes(Protocol):
    """Bytes that are only ever appended to; a ``bytearray`` is the simplest.

    A chain's hashes and ids grow with the log, and old ones are read rarely. A reader of very long
    logs gives the chain a kind that keeps little in memory.
    """

    def __len__(self) -> int:
        """How many bytes there are."""
        ...

    def __iadd__(self, more: bytes, /) -> Self:
        """Append."""
        ...

    def __getitem__(self, part: slice, /) -> bytes | bytearray:
        """The bytes of a slice without a step, as far as they are there."""
        ...

    def startswith(self, prefix: bytes, start: int, /) -> bool:
        """Whether ``prefix`` stands at ``start``."""
        ...


BufferFactory = Callable[[str], AppendOnlyBytes]
"""Makes, or has kept, the place of a name for bytes that grow with the log."""


def in_memory(name: str) -> bytearray:
    """A ``BufferFactory`` of bytes in memory."""
    del name
    return bytearray()


class OfficeHead(msgspec.Struct, frozen=True):
    """Where an office's chain stands.

    Attributes:
        events: Number of its events; the number of the next one.
        last: Id of the last one; zeros before the first.
        seen_size: How many records of the link its last faultless event had read.
    """

    events: int
    last: EventId
    seen_size: int


class OfficeChain:
    """The ids of an office's events in order.

    Args:
        ids: Where they are kept; those of the events so far may be there already.

    Attributes:
        events: Number of events.
        last: Id of the last one; zeros before the first.
        seen_size: What its last faultless event had read, in records of the link.
    """

    __slots__ = ("_ids", "events", "last", "seen_size")

    def __init__(self, ids: AppendOnlyBytes) -> None:
        self.events = len(ids) // HASH_SIZE
        self.last = EventId(bytes(ids[-HASH_SIZE:]) if self.events else ZERO_HASH)
        self.seen_size = 0
        self._ids = ids

    def contains(self, oseq: int, event: EventId) -> bool:
        """Whether exactly this event stands at ``oseq``."""
        return oseq < self.events and self._ids.startswith(event, oseq * HASH_SIZE)

    def misplaced(self, oseq: int, oprev: bytes) -> Reason | None:
        """Why an event that is not in the chain does not continue it, or ``None`` if it does."""
        if oseq > self.events:
            return Reason.GAP
        if oseq < self.events or oprev != self.last:
            return Reason.FORK
        return None

    def append(self, event: EventId) -> None:
        """Adds the next event."""
        self._ids += event
        self.last = event
        self.events += 1

    def head(self) -> OfficeHead:
        """Where the chain stands."""
        return OfficeHead(self.events, self.last, self.seen_size)
