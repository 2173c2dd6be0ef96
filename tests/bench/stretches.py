"""The fastest stretch of a long read, for bars that ask what undisturbed cores can do.

A whole run of a second or more is never left alone on a shared server; a stretch of it may be. Time
is processor time of all threads. A stretch is long enough that what a reader fetched beforehand
makes little difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import process_time

from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import ConsumedRecord, LogReader, TopicPartition


class Marks:
    """How far a read had come at which processor time; begins where it is made."""

    def __init__(self) -> None:
        self._marks = [(0, process_time())]

    def reached(self, read: int) -> None:
        """So many records are done by now."""
        self._marks.append((read, process_time()))

    def fastest(self, stretch: int) -> float:
        """Seconds a record, in the fastest shortest run of portions with so many records.

        Raises:
            ValueError: Not so many were read.
        """
        begin, found = 0, []
        for read, at in self._marks:
            while read - self._marks[begin + 1][0] >= stretch:
                begin += 1
            count = read - self._marks[begin][0]
            if count >= stretch:
                found.append((at - self._marks[begin][1]) / count)
        return max(min(found), 1e-9)


class MarkedLog(KafkaLog):
    """Kafka; marks what was done whenever the next records of a partition are asked for.

    Args:
        connection: How to reach it.
        partition: Whose records count.

    Attributes:
        marks: Of the newest reader of that partition; ``None`` before the first.
    """

    def __init__(self, connection: KafkaConnection, partition: TopicPartition) -> None:
        super().__init__(connection)
        self._partition = partition
        self.marks: Marks | None = None

    async def reader(self, start: Mapping[TopicPartition, int]) -> LogReader:
        """See ``blo_log.port.Log.reader``."""
        reader = await super().reader(start)
        if self._partition not in start:
            return reader
        self.marks = Marks()
        return _MarkedReader(reader, self._partition, self.marks)


class _MarkedReader:
    """A reader that says when it is asked for more."""

    def __init__(self, reader: LogReader, partition: TopicPartition, marks: Marks) -> None:
        self._reader = reader
        self._partition = partition
        self._marks = marks
        self._given = 0
        self.position = reader.position
        self.seek = reader.seek
        self.high_watermarks = reader.high_watermarks

    async def poll(
        self, *, max_records: int = 1000, timeout_s: float = 1.0
    ) -> dict[TopicPartition, list[ConsumedRecord]]:
        self._marks.reached(self._given)
        found = await self._reader.poll(max_records=max_records, timeout_s=timeout_s)
        self._given += len(found.get(self._partition, ()))
        return found

    async def close(self) -> None:
        self._marks.reached(self._given)
        await self._reader.close()


__all__ = ["MarkedLog", "Marks"]
