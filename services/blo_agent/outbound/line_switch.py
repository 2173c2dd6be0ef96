"""The switch of the line to the broker.

The line is up unless somebody takes it down: an operator who wants the office to work off line, or
a scenario. A broker that can't be reached is another matter; then the agent keeps trying.
"""

from __future__ import annotations

import asyncio


class LineSwitch:
    """A switch that the sender and the receiver obey."""

    def __init__(self) -> None:
        self._up = asyncio.Event()
        self._up.set()
        self._down = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether the line may be used."""
        return self._up.is_set()

    def set(self, *, up: bool) -> None:
        """Take the line up or down; what is under way is finished or given up."""
        if up:
            self._down.clear()
            self._up.set()
        else:
            self._up.clear()
            self._down.set()

    async def wait_up(self) -> None:
        """Return when the line may be used."""
        await self._up.wait()

    async def wait_down(self) -> None:
        """Return when the line may no longer be used."""
        await self._down.wait()
