"""Empties the store's write-ahead log after a deletion, so that no page on disk holds what was shredded.

The deletion itself overwrites its pages, but only in the newest state of the file; the write-ahead
log still holds older ones. What has still to be scrubbed stands in the store, so a crash in between
only makes it later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from blo_agent.shredding.delete import note_scrubbed
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import shredded
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_schemas.ids import CaseId, LinkId

_AGAIN_S: Final = 1.0


class WalScrubber:
    """Empties the write-ahead log whenever something was shredded.

    Args:
        store: The office's store.
        clock: The office's clock.
        probe: For tests: called with the name of each step between two that can be interrupted.
    """

    def __init__(
        self, store: Store, clock: Clock, probe: Callable[[str], None] | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._probe = probe or (lambda _: None)
        self._one_at_a_time = asyncio.Lock()
        self._wake = asyncio.Event()
        self._wake.set()  # What was shredded before the start may still be there.

    def wake(self) -> None:
        """Something was shredded."""
        self._wake.set()

    async def run(self) -> None:
        """Scrub until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while not await self.scrub():
                get_logger().warning("store is busy, not scrubbed yet", delay_s=_AGAIN_S)
                await asyncio.sleep(_AGAIN_S)

    async def scrub(self) -> bool:
        """Scrub what there is to scrub; whether nothing is left.

        Raises:
            StoreError: The store has failed.
        """
        async with self._one_at_a_time:
            return await self._scrub()

    async def _scrub(self) -> bool:
        def look(snapshot: Snapshot) -> list[tuple[LinkId, CaseId]]:
            return shredded.unscrubbed(snapshot)

        gone = await self._store.read(look)
        if not gone:
            return True
        self._probe("before_scrub")
        if not await self._store.checkpoint():
            return False
        self._probe("after_scrub")
        now = self._clock.now_ms()

        def note(tx: Transaction) -> None:
            note_scrubbed(gone, now, tx)

        await self._store.write(note)
        return True
