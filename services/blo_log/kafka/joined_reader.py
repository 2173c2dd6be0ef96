"""A reader that shares its connection with all others of its log."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from aiokafka.errors import KafkaError, OffsetOutOfRangeError, UnknownTopicOrPartitionError

from blo_log.errors import LogError, LogFault, LogTruncated, TopicMissing
from blo_log.kafka.connection import KafkaConnection
from blo_log.kafka.errors import FAILURES, translate
from blo_log.kafka.fetcher import BEGIN, KafkaFetcher
from blo_log.kafka.record_decoder import DecodedBatch
from blo_log.port import ConsumedRecord, TopicPartition

_RETRY_S = 0.1


class JoinedReader:
    """``blo_log.port.LogReader`` on Kafka, without a consumer of its own.

    An open reader costs nothing while it isn't asked. It fetches when its caller polls, so it holds
    one answer for each of its partitions at most.

    Args:
        fetcher: The connection.
        connection: Its address and limits.
        start: The partitions, each with the offset of the first record wanted.

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(
        self,
        fetcher: KafkaFetcher,
        connection: KafkaConnection,
        start: Mapping[TopicPartition, int],
    ) -> None:
        self.closed = False
        self._fetcher = fetcher
        self._connection = connection
        self._positions = dict(start)
        self._batches: dict[TopicPartition, DecodedBatch] = {}

    async def connect(self) -> None:
        """Look whether the partitions are there.

        Raises:
            LogError: There is no such topic or partition, or Kafka does not answer.
        """
        for topic in {partition.topic for partition in self._positions}:
            numbers = {place.partition for place in self._positions if place.topic == topic}
            await self._find(topic, numbers)

    async def poll(
        self, *, max_records: int = 1000, timeout_s: float = 1.0
    ) -> dict[TopicPartition, list[ConsumedRecord]]:
        """See ``blo_log.port.LogReader.poll``."""
        if self.closed:
            raise LogFault("this reader was closed")
        try:
            async with asyncio.timeout(timeout_s):
                while not (records := self._take(max_records)):
                    await self._fetch()
        except TimeoutError:
            await self._look_again()
            return {}
        except KafkaError as error:
            # A batch's checksum is wrong.
            raise translate(error, self._connection) from error
        return records

    def position(self, partition: TopicPartition) -> int:
        """See ``blo_log.port.LogReader.position``."""
        return self._positions[partition]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """See ``blo_log.port.LogReader.seek``."""
        if partition not in self._positions:
            raise KeyError(partition)
        self._positions[partition] = offset
        self._batches.pop(partition, None)

    async def high_watermarks(self) -> dict[TopicPartition, int]:
        """See ``blo_log.port.LogReader.high_watermarks``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._connection.request_timeout_s
        ends: dict[TopicPartition, int] = {}
        while True:
            left = [partition for partition in self._positions if partition not in ends]
            answers = await self._fetcher.offsets(left)
            failed: tuple[TopicPartition, Exception] | None = None
            for partition, answer in answers.items():
                if isinstance(answer, int):
                    ends[partition] = answer
                else:
                    failed = failed or (partition, answer)
            if failed is None:
                return ends
            partition, error = failed
            if isinstance(error, UnknownTopicOrPartitionError):
                await self._find(partition.topic)
            if not _passes_by(error) or loop.time() > deadline:
                raise translate(error, self._connection, partition.topic) from error
            await asyncio.sleep(_RETRY_S)

    async def close(self) -> None:
        """See ``blo_log.port.LogReader.close``."""
        self.closed = True
        self._batches.clear()

    def _take(self, max_records: int) -> dict[TopicPartition, list[ConsumedRecord]]:
        by_partition: dict[TopicPartition, list[ConsumedRecord]] = {}
        left = max_records
        for partition, batch in tuple(self._batches.items()):
            records = [record for _, record in zip(range(left), batch, strict=False)]
            # A compacted topic may have no record before the position.
            self._positions[partition] = batch.next_fetch_offset
            if records:
                by_partition[partition] = records
                left -= len(records)
            if left <= 0:
                break
            del self._batches[partition]
        return by_partition

    async def _fetch(self) -> None:
        """Fetch the next records of all partitions; at least one partition has brought something."""
        for partition, answer in (await self._fetcher.fetch(dict(self._positions))).items():
            if isinstance(answer, DecodedBatch):
                self._batches[partition] = answer
            elif not self._batches:
                await self._raise(partition, answer)

    async def _raise(self, partition: TopicPartition, error: Exception) -> None:
        if isinstance(error, OffsetOutOfRangeError):
            raise await self._truncated(partition) from error
        raise translate(error, self._connection, partition.topic) from error

    async def _look_again(self) -> None:
        """Find out whether a topic that the metadata do not name any more is gone."""
        for topic in {partition.topic for partition in self._positions}:
            if self._fetcher.has_leaders(topic):
                continue
            try:
                await self._find(topic)
            except LogError as error:
                if not error.transient:
                    raise

    async def _find(self, topic: str, lately: Collection[int] | None = None) -> None:
        """Make sure that a topic and the partitions of it are there; ``lately``: or were just now."""
        try:
            there = await self._fetcher.partitions(topic, lately)
        except UnknownTopicOrPartitionError as error:
            raise self._gone(topic) from error
        except FAILURES as error:
            raise translate(error, self._connection, topic) from error
        for partition in self._positions:
            if partition.topic == topic and partition.partition not in there:
                raise TopicMissing(topic, partition.partition)

    def _gone(self, topic: str) -> LogError:
        for partition, position in self._positions.items():
            if partition.topic == topic and position > 0:
                return LogTruncated(topic, partition.partition, position, "the topic is gone")
        return TopicMissing(topic)

    async def _truncated(self, partition: TopicPartition) -> LogError:
        begin = (await self._fetcher.offsets([partition], BEGIN))[partition]
        end = (await self._fetcher.offsets([partition]))[partition]
        position = self._positions[partition]
        if isinstance(begin, int) and isinstance(end, int):
            detail = f"it begins at {begin} and ends before {end}"
            return LogTruncated(*partition, position, detail, begin=begin)
        return LogTruncated(*partition, position, "Kafka calls it out of range")


def _passes_by(error: Exception) -> bool:
    return not isinstance(error, KafkaError) or bool(error.retriable)
