"""Tells listeners that something has changed, and keeps as many changes as are bounded."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from blo_agent.store.facade import Store
from blo_agent.store.tables import changes

AT_MOST_EVERY_S: Final = 0.1
"""Listeners are told so often at most."""
_LOOK_EVERY_S: Final = 30.0
_FORGOTTEN_AT_ONCE: Final = 5_000
_FORGET_EVERY_S: Final = 60.0


class ChangeFeed:
    """Where the changes stand.

    Args:
        store: The office's store.

    Attributes:
        newest: The newest number that listeners were told.
        is_closed: Whether listeners are to end.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._committed = asyncio.Event()
        self._moved = asyncio.Event()
        self._forget_at = 0.0
        self.newest = 0
        self.is_closed = False

    async def run(self) -> None:
        """Tell listeners of what is on disk, until this is cancelled."""
        self._store.on_committed(self._committed.set)
        while True:
            bounds = await self._store.read(changes.bounds)
            if bounds.newest > self.newest:
                self.newest = bounds.newest
                self._announce()
            if bounds.newest - bounds.first >= changes.MOST:
                await self._forget()
            await asyncio.sleep(AT_MOST_EVERY_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._committed.wait()
            self._committed.clear()

    async def wait(self, number: int, timeout_s: float) -> None:
        """Wait until there is a change behind a number, the time is over, or the feed closes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.newest <= number and not self.is_closed:
                    await self._moved.wait()

    def close(self) -> None:
        """End what listens: the program stops, and would wait for it."""
        self.is_closed = True
        self._announce()

    async def _forget(self) -> None:
        """Forget what is too much, once a minute: numbers may have gaps, so it is counted."""
        now = asyncio.get_running_loop().time()
        if now < self._forget_at:
            return
        self._forget_at = now + _FORGET_EVERY_S
        excess = await self._store.read(changes.count) - changes.MOST
        while excess > 0:
            portion = min(excess, _FORGOTTEN_AT_ONCE)
            await self._store.write(lambda tx, n=portion: changes.forget_oldest(tx, n))  # type: ignore[misc]
            excess -= portion

    def _announce(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
