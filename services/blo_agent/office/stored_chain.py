"""A link's running hashes and event ids, which a chain looks back at, in the store's records.

A chain looks back seldom and not far: what it appended lately is in memory, the rest is read from
the store when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, Self

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import office_chains, records
from blo_projection.chain_snapshot import CHAIN_SNAPSHOT
from blo_projection.link_chain import HASHES, IDS
from blo_projection.office_chain import AppendOnlyBytes, OfficeHead
from blo_schemas.hashes import log_origin
from blo_schemas.ids import HASH_SIZE, LinkId, OfficeId

_KEPT: Final = 4096
"""So many of the last entries stay in memory, 32 bytes each, when they are in the store."""


class NotInStore(Exception):
    """The store has not what the chain of a link has appended to it."""


class _Entries(Protocol):
    """Where the older entries of a column are."""

    def read(self, index: int) -> bytes:
        """The entry with this index.

        Raises:
            NotInStore: The store has none.
        """

    def has(self, index: int, entry: bytes) -> bool:
        """Whether exactly this entry has the index."""


class _Column:
    """An ``AppendOnlyBytes`` of entries of 32 bytes, the last ones in memory.

    Args:
        entries: The older ones.
        stored: How many there are.
    """

    def __init__(self, entries: _Entries, stored: int) -> None:
        self._entries = entries
        self._stored = stored
        self._tail = bytearray()

    def __len__(self) -> int:
        return self._stored * HASH_SIZE + len(self._tail)

    def __iadd__(self, more: bytes, /) -> Self:
        self._tail += more
        return self

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(len(self))
        first, last = start // HASH_SIZE, -(-stop // HASH_SIZE)
        whole = b"".join(self._entry(index) for index in range(first, last))
        return whole[start - first * HASH_SIZE : stop - first * HASH_SIZE]

    def startswith(self, prefix: bytes, start: int, /) -> bool:
        index = start // HASH_SIZE
        if index < self._stored and start % HASH_SIZE == 0 and len(prefix) == HASH_SIZE:
            return self._entries.has(index, prefix)
        return self[start : start + len(prefix)] == prefix

    def keep_last(self) -> None:
        """Let go of what is in the store now, but for the last entries."""
        surplus = len(self._tail) // HASH_SIZE - _KEPT
        if surplus >= _KEPT:
            del self._tail[: surplus * HASH_SIZE]
            self._stored += surplus

    def _entry(self, index: int) -> bytes:
        if index < self._stored:
            return self._entries.read(index)
        at = (index - self._stored) * HASH_SIZE
        return bytes(self._tail[at : at + HASH_SIZE])


class _Hashes:
    """The running hashes of a link; the first is that of the empty log."""

    def __init__(self, store: Snapshot, link: LinkId) -> None:
        self._store = store
        self._link = link

    def read(self, index: int) -> bytes:
        if index == 0:
            return log_origin(self._link)
        found = records.log_hash(self._store, self._link, index - 1)
        if found is None:
            raise NotInStore(f"record {index - 1} of {self._link} is not in the store")
        return found

    def has(self, index: int, entry: bytes) -> bool:
        return self.read(index) == entry


class _Ids:
    """The ids of an office's events on a link."""

    def __init__(self, store: Snapshot, link: LinkId, office: OfficeId) -> None:
        self._store = store
        self._link = link
        self._office = office

    def read(self, index: int) -> bytes:
        found = office_chains.last(self._store, self._link, self._office, index + 1)
        found = found or records.chained_event(self._store, self._link, self._office, index)
        if found is None:
            raise NotInStore(f"event {index} of {self._office} on {self._link} is not in the store")
        return found

    def has(self, index: int, entry: bytes) -> bool:
        return records.is_chained(self._store, self._link, self._office, index, entry)


class StoredChain:
    """What a link's chain looks back at.

    Args:
        store: A lasting handle on the store.
        link: The link.
        snapshot: The chain's snapshot as of the last record in the store; ``None``: there is none.
    """

    def __init__(self, store: Snapshot, link: LinkId, snapshot: bytes | None) -> None:
        self._store = store
        self._link = link
        self._sizes: dict[str, int] = {}
        self._columns: dict[str, _Column] = {}
        self._heads: dict[OfficeId, OfficeHead] = {}
        if snapshot is not None:
            state = CHAIN_SNAPSHOT.decode(snapshot)
            self._sizes = {f"{IDS}{office}": events for office, events, _ in state.offices}
            self._sizes[HASHES] = state.size + 1

    def buffer(self, name: str) -> AppendOnlyBytes:
        """The chain's ``BufferFactory``."""
        office = OfficeId(name.removeprefix(IDS))
        entries: _Entries = (
            _Hashes(self._store, self._link)
            if name == HASHES
            else _Ids(self._store, self._link, office)
        )
        column = self._columns[name] = _Column(entries, self._sizes.get(name, 0))
        return column

    def write(self, tx: Transaction, heads: Mapping[OfficeId, OfficeHead]) -> None:
        """Store where the offices' chains stand, after the records were written.

        Args:
            tx: The transaction that has the records.
            heads: Where each office's chain stands.
        """
        moved = {office: head for office, head in heads.items() if self._heads.get(office) != head}
        office_chains.put(
            tx, self._link, ((office, head.events, head.last) for office, head in moved.items())
        )
        self._heads.update(moved)
        for column in self._columns.values():
            column.keep_last()
