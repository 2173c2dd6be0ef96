"""The heartbeats of a corridor, read once for all its links."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from blo_domain.heartbeats import HeartbeatOrder, order_heartbeats
from blo_domain.trust import TrustedDirectory
from blo_log.directory import DirectoryFeed
from blo_log.errors import LogTruncated
from blo_log.port import ConsumedRecord, Log, TopicPartition, read_to_end
from blo_log.topics import liveness_topic
from blo_runtime.logs import get_logger
from blo_schemas.errors import WireError
from blo_schemas.heartbeats import Heartbeat
from blo_schemas.ids import CorridorId, OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.heartbeats import accept_heartbeat


class HeardHeartbeat(NamedTuple):
    """A heartbeat that counts, and the timestamp of its record in Unix milliseconds."""

    heartbeat: Heartbeat
    log_time: int


class LivenessFeed:
    """Reads ``blo.liveness`` of a corridor and keeps the newest heartbeat of each office.

    Args:
        log: The log.
        feed: The trust documents.
        corridor: The corridor.

    Attributes:
        partition: What it reads.
    """

    def __init__(self, log: Log, feed: DirectoryFeed, corridor: CorridorId) -> None:
        self.partition = TopicPartition(liveness_topic(corridor), 0)
        self._log = log
        self._feed = feed
        self._corridor = corridor
        self._directory: TrustedDirectory | None = None
        self._newest: dict[OfficeId, HeardHeartbeat] = {}
        self._next = 0
        self._turn = asyncio.Lock()

    def newest(self, office: OfficeId) -> HeardHeartbeat | None:
        """The newest heartbeat of an office."""
        return self._newest.get(office)

    def is_behind(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether there is more to read, by where the topic ends; also after other documents."""
        end = ends.get(self.partition)
        return end is not None and (
            end != self._next or self._directory is not self._feed.directory
        )

    async def refresh(self) -> None:
        """Read what is new; all of it again after trust documents have changed what counts.

        A topic that has lost records is read on from what it has: what was heard was heard, and it
        is compacted in any case.

        Raises:
            LogError: The topic could not be read.
        """
        async with self._turn:
            directory = self._feed.directory
            if self._directory is not directory:
                self._newest, self._next = {}, 0
            try:
                await self._read(directory)
            except LogTruncated as cut:
                get_logger().error("a topic has lost records", topic=cut.topic, error=str(cut))
                self._next = cut.begin or 0
                await self._read(directory)
            self._directory = directory

    async def _read(self, directory: TrustedDirectory) -> None:
        reader = await self._log.reader({self.partition: self._next})
        try:
            async for batch in read_to_end(reader):
                for stored in batch[self.partition]:
                    self.take(stored, directory)
            self._next = reader.position(self.partition)
        finally:
            await reader.close()

    def take(self, stored: ConsumedRecord, directory: TrustedDirectory) -> None:
        """Take a record; an old heartbeat that is there again, or one that does not count, is none."""
        try:
            heartbeat = accept_heartbeat(stored.key, stored.value, directory, self._corridor)
        except (WireError, SealingError):
            return
        before = self._newest.get(heartbeat.office)
        order = order_heartbeats(None if before is None else before.heartbeat, heartbeat)
        if order is HeartbeatOrder.REPLACES:
            self._newest[heartbeat.office] = HeardHeartbeat(heartbeat, stored.timestamp)
