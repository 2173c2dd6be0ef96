"""Fills the search index behind the commands, and takes out what is gone.

What is due stands in the store, so a stop in between only makes it later. Words are parted in a
thread of its own; the store's thread gets small jobs, and is left free for as long as each took.
"""

from __future__ import annotations

import asyncio
from typing import Final

from blo_agent.search.item_texts import indexed_words
from blo_agent.store.connection import Snapshot, Transaction, is_store_failure
from blo_agent.store.facade import Store
from blo_agent.store.tables import search_index
from blo_agent.store.tables.search_index import DueItem, IndexedWords
from blo_domain.search.tokens import TOKENS_VERSION
from blo_runtime.incidents import report_incident
from blo_runtime.logs import get_logger

ITEMS_A_JOB: Final = 16
LETTERS_A_JOB: Final = 30_000
"""A job of the store's thread indexes items up to so many letters, and one item at least."""

REMOVED_A_JOB: Final = 2
REBUILT_FROM: Final = 1_000
"""From so many rows of what is gone, and a tenth of all, the index is built anew instead."""

_LOOK_EVERY_S: Final = 1.0

Prepared = list[tuple[DueItem, IndexedWords | None]]


class SearchIndexer:
    """Keeps the search index up to date.

    Args:
        store: The office's store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wake = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def wake(self) -> None:
        """There may be something to index."""
        self._wake.set()

    async def run(self) -> None:
        """Index until cancelled."""
        await self.check_version()
        while True:
            self._wake.clear()
            began = _now()
            if await self.step():
                await asyncio.sleep(_now() - began)
                continue
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def check_version(self) -> None:
        """Have the index built anew if it was built with other tokens, or never."""

        def look(snapshot: Snapshot) -> bool:
            return search_index.is_of_version(snapshot, TOKENS_VERSION)

        if not await self._store.read(look):
            await self.rebuild()

    async def rebuild(self) -> int:
        """Empty the index, and have it filled again in the background.

        Returns:
            How many events and notes are due.
        """

        def job(tx: Transaction) -> int:
            return search_index.rebuild(tx, TOKENS_VERSION)

        count = await self._store.write(job)
        get_logger().info("search index is built anew", count=count)
        self.wake()
        return count

    async def step(self) -> bool:
        """Index the next items, or take out some of what is gone; whether there was anything.

        Raises:
            StoreError: The store has failed.
        """
        async with self._one_at_a_time:
            items = await self._store.read(_next_due)
            if items:
                prepared = await asyncio.to_thread(_prepare, items)
                await self._store.write(lambda tx: _put_all(tx, prepared))
                return True
            if await self._store.read(_is_mostly_gone):
                await self.rebuild()
                return True
            if not await self._store.read(search_index.count_gone):
                return False
            await self._store.write(lambda tx: search_index.forget_some(tx, REMOVED_A_JOB))
            return True


def _next_due(snapshot: Snapshot) -> list[DueItem]:
    chosen: list[DueItem] = []
    letters = 0
    for item in search_index.due(snapshot, ITEMS_A_JOB):
        letters += len(item.content or b"") + len(item.words or "")
        if chosen and letters > LETTERS_A_JOB:
            break
        chosen.append(item)
    return chosen


def _prepare(items: list[DueItem]) -> Prepared:
    """The words of each item, by their time; ``None`` where this program fails on an item."""
    prepared: Prepared = []
    for item in sorted(items, key=lambda due: due.at):
        try:
            words = indexed_words(item)
        except Exception as error:
            if is_store_failure(error):
                raise
            report_incident("the words of an item", error, link=item.link, position=item.item)
            prepared.append((item, None))
        else:
            prepared.append((item, words))
    return prepared


def _put_all(tx: Transaction, prepared: Prepared) -> None:
    for item, words in prepared:
        if words is None:
            search_index.drop_due(tx, item.seq)
        else:
            search_index.put(tx, item, words)


def _is_mostly_gone(snapshot: Snapshot) -> bool:
    gone = search_index.count_gone(snapshot)
    return gone >= REBUILT_FROM and gone * 10 >= search_index.count_places(snapshot)


def _now() -> float:
    return asyncio.get_running_loop().time()
