"""One client of the log in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from blo_log.errors import (
    AppendFailed,
    BrokerUnreachable,
    LogError,
    LogFault,
    LogTruncated,
    TopicExists,
    TopicMissing,
    TopicRefused,
)
from blo_log.memory.cluster import HeldPartition, HeldTopic, MemoryCluster
from blo_log.memory.faults import ADDRESS, Faults
from blo_log.port import (
    Admin,
    Appender,
    ConsumedRecord,
    LogReader,
    ProducerRecord,
    TopicPartition,
    TopicSpec,
)


class MemoryLog:
    """``blo_log.port.Log`` in memory: one client.

    Args:
        cluster: What it is a client of; by default, of one of its own.

    Attributes:
        cluster: The cluster.
        faults: What goes wrong for this client.
    """

    def __init__(self, cluster: MemoryCluster | None = None) -> None:
        self.cluster = MemoryCluster() if cluster is None else cluster
        self.faults = Faults(self.cluster)

    async def appender(self) -> Appender:
        """See ``blo_log.port.Log.appender``."""
        self.faults.check()
        return MemoryAppender(self.cluster, self.faults)

    async def reader(self, start: Mapping[TopicPartition, int]) -> LogReader:
        """See ``blo_log.port.Log.reader``."""
        self.faults.check(partition.topic for partition in start)
        reader = MemoryReader(self.cluster, self.faults, start)
        await reader.high_watermarks()
        return reader

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """See ``blo_log.port.Log.ends``."""
        self.faults.check()
        ends: dict[TopicPartition, int] = {}
        failure: LogError | None = None
        for partition in partitions:
            try:
                self.faults.check([partition.topic])
                ends[partition] = self.cluster.partition(partition).end
            except LogError as error:
                failure = error
        if failure is not None and not ends:
            raise failure
        return ends

    async def offset_at(self, partition: TopicPartition, log_time: int) -> int:
        """See ``blo_log.port.Log.offset_at``."""
        self.faults.check([partition.topic])
        held = self.cluster.partition(partition)
        later = (record.offset for record in held.records if record.timestamp >= log_time)
        return next(later, held.end)

    async def admin(self) -> Admin:
        """See ``blo_log.port.Log.admin``."""
        self.faults.check()
        return MemoryAdmin(self.cluster, self.faults)

    async def close(self) -> None:
        """See ``blo_log.port.Log.close``."""


class MemoryAppender:
    def __init__(self, cluster: MemoryCluster, faults: Faults) -> None:
        self._cluster = cluster
        self._faults = faults
        self._turn = asyncio.Lock()
        self._closed = False

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        async with self._turn:
            if self._faults.delay_s:
                await asyncio.sleep(self._faults.delay_s)
            if self._closed:
                raise AppendFailed(
                    LogFault("this appender was closed"), acknowledged={}, total=len(messages)
                )
            self._refuse(messages)
            return self._append(messages)

    def _refuse(self, messages: Sequence[ProducerRecord]) -> None:
        cause: LogError | None
        for index, message in enumerate(messages):
            try:
                self._faults.check([message.topic])
            except LogError as error:
                raise AppendFailed(error, acknowledged={}, total=len(messages)) from error
            cause = self._cluster.fault_of(message)
            if cause is not None:
                at = None if isinstance(cause, TopicMissing) else index
                raise AppendFailed(cause, acknowledged={}, total=len(messages), index=at)

    def _append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        if not messages:
            return []
        fault = self._faults.next_append()
        reach = len(messages) if fault is None else fault[0]
        offsets = [self._cluster.append(message) for message in messages[:reach]]
        self._cluster.wake()
        if fault is not None:
            known = dict(enumerate(offsets[: fault[1]]))
            cause = BrokerUnreachable(ADDRESS, "the connection broke")
            raise AppendFailed(cause, acknowledged=known, total=len(messages))
        return offsets

    async def close(self) -> None:
        self._closed = True


class MemoryReader:
    def __init__(
        self, cluster: MemoryCluster, faults: Faults, start: Mapping[TopicPartition, int]
    ) -> None:
        self._cluster = cluster
        self._faults = faults
        self._positions = dict(start)
        self._closed = False

    async def poll(
        self, *, max_records: int = 1000, timeout_s: float = 1.0
    ) -> dict[TopicPartition, list[ConsumedRecord]]:
        changed = asyncio.Event()
        self._cluster.waiting.add(changed)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    changed.clear()
                    if found := self._take(max_records):
                        break
                    await changed.wait()
        except TimeoutError:
            return {}
        finally:
            self._cluster.waiting.discard(changed)
        # As with a real log, others get their turn; what was taken is not to be lost to the time.
        await asyncio.sleep(0)
        return found

    def _take(self, max_records: int) -> dict[TopicPartition, list[ConsumedRecord]]:
        if self._closed:
            raise LogFault("this reader was closed")
        if self._faults.line_is_down:
            return {}
        self._faults.check(partition.topic for partition in self._positions)
        found: dict[TopicPartition, list[ConsumedRecord]] = {}
        for partition, end in self._ends().items():
            position = self._positions[partition]
            held = self._cluster.partition(partition)
            if not held.begin <= position <= end:
                detail = f"it begins at {held.begin} and ends before {end}"
                raise LogTruncated(*partition, position, detail, begin=held.begin)
            first = position - held.begin
            taken = held.records[first : first + max_records]
            if taken:
                found[partition] = taken
                max_records -= len(taken)
        for partition, records in found.items():
            self._positions[partition] += len(records)
        return found

    def _ends(self) -> dict[TopicPartition, int]:
        ends = {}
        for partition, position in self._positions.items():
            if partition.topic not in self._cluster.topics and position > 0:
                raise LogTruncated(*partition, position, "the topic is gone")
            ends[partition] = self._cluster.partition(partition).end
        return ends

    def position(self, partition: TopicPartition) -> int:
        return self._positions[partition]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition not in self._positions:
            raise KeyError(partition)
        self._positions[partition] = offset
        self._cluster.wake()

    async def high_watermarks(self) -> dict[TopicPartition, int]:
        self._faults.check()
        return self._ends()

    async def close(self) -> None:
        self._closed = True


class MemoryAdmin:
    def __init__(self, cluster: MemoryCluster, faults: Faults) -> None:
        self._cluster = cluster
        self._faults = faults

    async def topics(self) -> frozenset[str]:
        self._faults.check()
        return frozenset(self._cluster.topics)

    async def describe(self, names: Iterable[str]) -> dict[str, TopicSpec]:
        self._faults.check()
        found = {name: self._cluster.topics.get(name) for name in names}
        return {
            name: TopicSpec(name, len(topic.partitions), topic.replication, dict(topic.config))
            for name, topic in found.items()
            if topic is not None
        }

    async def create(self, spec: TopicSpec) -> None:
        self._faults.check()
        if spec.name in self._cluster.topics:
            raise TopicExists(spec.name)
        if spec.partitions < 1 or spec.replication < 1:
            raise TopicRefused(spec.name, "a topic has at least one partition and one copy")
        self._cluster.topics[spec.name] = HeldTopic(spec)

    async def add_partitions(self, name: str, total: int) -> None:
        self._faults.check()
        held = self._cluster.topic(name).partitions
        if total <= len(held):
            raise TopicRefused(name, f"it has {len(held)} partitions already")
        held.extend(HeldPartition() for _ in range(total - len(held)))

    async def close(self) -> None:
        """Nothing to let go of."""


__all__ = ["MemoryLog"]
