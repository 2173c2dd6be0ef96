"""What Kafka would be: topics that several clients share, in one process and one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from blo_log.errors import LogError, RecordRefused, RecordTooLarge, TopicMissing
from blo_log.port import MAX_RECORD_BYTES, ConsumedRecord, ProducerRecord, TopicPartition, TopicSpec
from blo_schemas.instants import clamped

_DEFAULTS: Final = {
    "cleanup.policy": "delete",
    "max.message.bytes": "1048588",
    "message.timestamp.type": "CreateTime",
}
_BATCH_OVERHEAD: Final = 70


def _machine_ms() -> int:
    return time.time_ns() // 1_000_000


class HeldPartition:
    """One partition: its records, and the offset of the first that is still there."""

    def __init__(self) -> None:
        self.begin = 0
        self.records: list[ConsumedRecord] = []

    @property
    def end(self) -> int:
        """The offset that the next record gets."""
        return self.begin + len(self.records)


class HeldTopic:
    """One topic: its settings and its partitions."""

    def __init__(self, spec: TopicSpec) -> None:
        self.replication = spec.replication
        self.config = {**_DEFAULTS, **spec.config}
        self.partitions = [HeldPartition() for _ in range(spec.partitions)]


class MemoryCluster:
    """What several clients share.

    Args:
        now_ms: The log's clock, in UTC milliseconds since 1970-01-01.

    Attributes:
        topics: What there is.
        waiting: One event for each reader that waits for something new.
    """

    def __init__(self, now_ms: Callable[[], int] = _machine_ms) -> None:
        self._now_ms = now_ms
        self.topics: dict[str, HeldTopic] = {}
        self.waiting: set[asyncio.Event] = set()

    def records(self, topic: str, partition: int) -> list[ConsumedRecord]:
        """Return all that one partition holds."""
        return list(self.partition(TopicPartition(topic, partition)).records)

    def delete_topic(self, name: str) -> None:
        """Do what nobody ever should."""
        del self.topics[name]
        self.wake()

    def truncate(self, partition: TopicPartition, begin: int) -> None:
        """Remove all records below an offset, as a wrong retention setting would."""
        held = self.partition(partition)
        del held.records[: begin - held.begin]
        held.begin = begin
        self.wake()

    def cut_back(self, partition: TopicPartition, end: int) -> None:
        """Remove all records from an offset on, as a broker restored from an old copy would."""
        held = self.partition(partition)
        del held.records[max(end - held.begin, 0) :]
        self.wake()

    def topic(self, name: str) -> HeldTopic:
        """Return one topic, or raise ``TopicMissing``."""
        if name not in self.topics:
            raise TopicMissing(name)
        return self.topics[name]

    def partition(self, partition: TopicPartition) -> HeldPartition:
        """Return one partition, or raise ``TopicMissing``."""
        held = self.topic(partition.topic).partitions
        if not 0 <= partition.partition < len(held):
            raise TopicMissing(*partition)
        return held[partition.partition]

    def append(self, message: ProducerRecord) -> int:
        """Append a record that has no fault; returns its offset."""
        partition = self.partition(TopicPartition(message.topic, message.partition))
        config = self.topics[message.topic].config
        timestamp = self._now_ms()
        if config["message.timestamp.type"] == "CreateTime" and message.timestamp is not None:
            timestamp = message.timestamp
        at = clamped(timestamp)
        partition.records.append(ConsumedRecord(partition.end, at, message.key, message.value))
        return partition.end - 1

    def fault_of(self, message: ProducerRecord) -> LogError | None:
        """Say why a record cannot be appended, if it cannot."""
        try:
            self.partition(TopicPartition(message.topic, message.partition))
        except TopicMissing as error:
            return error
        config = self.topics[message.topic].config
        size = len(message.key or b"") + len(message.value or b"")
        limit = min(MAX_RECORD_BYTES, int(config["max.message.bytes"]) - _BATCH_OVERHEAD)
        if size > limit:
            return RecordTooLarge(message.topic, size, limit)
        if message.key is None and "compact" in config["cleanup.policy"]:
            return RecordRefused(message.topic, "a record of a compacted topic needs a key")
        if message.key is None and message.value is None:
            return RecordRefused(message.topic, "a tombstone needs a key")
        return None

    def wake(self) -> None:
        """Let all waiting readers look again."""
        for waiting in self.waiting:
            waiting.set()
