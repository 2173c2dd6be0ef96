"""One round after another: the prelude that all begin with, and the order of things in each."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from blo_log.memory import MemoryCluster, MemoryLog
from tests.hostile.attacks import Move
from tests.hostile.hand import Hand
from tests.hostile.judge import Expected, expected_of, judge
from tests.hostile.scene import MemoryBoard, Scene, prepared
from tests.hostile.world import HostileWorld, Prelude


class Arena:
    """What all rounds begin with, and what they are compared with.

    Args:
        folder: Where the stores of the prelude are.
    """

    def __init__(self, folder: Path) -> None:
        self.prelude: Prelude = asyncio.run(prepared(folder))
        self.expected: Expected = asyncio.run(self._without_attack())

    @asynccontextmanager
    async def world(self) -> AsyncIterator[tuple[HostileWorld, MemoryCluster]]:
        """A copy of the prelude, and its log."""
        cluster = self.prelude.copy_of_log()
        folder = Path(tempfile.mkdtemp())
        try:
            async with self.prelude.world_in(folder, lambda: MemoryLog(cluster)) as world:
                yield world, cluster
        finally:
            shutil.rmtree(folder)

    def hand(self, world: HostileWorld, cluster: MemoryCluster, seed: int) -> Hand:
        """The hostile office in a copy."""
        return Hand(world, MemoryBoard(cluster), self.prelude, seed)

    async def _without_attack(self) -> Expected:
        async with self.world() as (world, _), Scene(world) as scene:
            await scene.work()
            expected = await expected_of(scene)
            await judge(scene, expected)
        return expected

    async def play(self, moves: Sequence[Move], seed: int) -> None:
        """One round: half of the moves while all are up, half while all are down.

        Args:
            moves: What the hostile office does.
            seed: What its keys come from.
        """
        half = len(moves) // 2
        async with self.world() as (world, cluster):
            hand = self.hand(world, cluster, seed)
            async with Scene(world) as scene:
                for move in moves[:half]:
                    await move.make(hand)
                await scene.work()
                await judge(scene, self.expected)
            for move in moves[half:]:
                await move.make(hand)
            async with Scene(world) as scene:
                await scene.settle()
                await scene.meddle()
                await scene.settle()
                await judge(scene, self.expected)


__all__ = ["Arena"]
