"""A log whose chunks of files wait at a gate, and that notes what was appended in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import Appender, ProducerRecord


class GatedLog(MemoryLog):
    """A log in memory whose writers' records are noted.

    Args:
        cluster: What it is a client of.

    Attributes:
        gate: Records of files wait until it is set.
        waiting: Set while records of files wait.
        passes: So many appends of files pass even if the gate is shut.
        notes: Kinds of topics in the order in which records were appended, and what tests add.
    """

    def __init__(self, cluster: MemoryCluster) -> None:
        super().__init__(cluster)
        self.gate = asyncio.Event()
        self.waiting = asyncio.Event()
        self.passes = 0
        self.notes: list[str] = []

    async def appender(self) -> Appender:
        return _GatedAppender(self, await super().appender())


class _GatedAppender:
    def __init__(self, log: GatedLog, inner: Appender) -> None:
        self._log = log
        self._inner = inner

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        if any(message.topic.startswith("blo.files.") for message in messages):
            if self._log.passes:
                self._log.passes -= 1
            else:
                self._log.waiting.set()
                await self._log.gate.wait()
        offsets = await self._inner.append(messages)
        self._log.notes += [message.topic.split(".")[1] for message in messages]
        return offsets

    async def close(self) -> None:
        await self._inner.close()
