"""The Kafka reader: chosen partitions from chosen offsets, no group, no silent resets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import (
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from blo_log.errors import LogError, LogFault, LogTruncated, TopicMissing
from blo_log.kafka.connection import KafkaConnection, known_partitions
from blo_log.kafka.errors import FAILURES, translate
from blo_log.kafka.record_decoder import take_over
from blo_log.port import ConsumedRecord, TopicPartition


class KafkaReader:
    """``blo_log.port.LogReader`` on Kafka.

    A topic that was made anew and has grown past the reader's position can't be told from the old
    one here; the chained hashes of its records do (docs/wire-format.md §3).

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(self, connection: KafkaConnection, start: Mapping[TopicPartition, int]) -> None:
        self._connection = connection
        self.closed = False
        self._positions = dict(start)
        self._partitions = {KafkaPartition(*partition): partition for partition in start}
        self._topics = {partition.topic for partition in start}
        self._consumer = AIOKafkaConsumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=int(connection.fetch_wait_s * 1000),
            max_partition_fetch_bytes=connection.partition_fetch_bytes,
            **connection.client_options(),
        )

    async def connect(self) -> None:
        """Make the connection and take up the start positions.

        Raises:
            LogError: It could not be made, or there is no such topic or partition.
        """
        try:
            await self._consumer.start()
            take_over(self._consumer)
            # Not before: aiokafka's own look-up could make the topics.
            await self._find_topics()
            self._consumer.assign(list(self._partitions))
            for wanted, partition in self._partitions.items():
                self._consumer.seek(wanted, self._positions[partition])
        except FAILURES as error:
            await self.close()
            raise translate(error, self._connection) from error
        except BaseException:
            await self.close()
            raise

    async def poll(
        self, *, max_records: int = 1000, timeout_s: float = 1.0
    ) -> dict[TopicPartition, list[ConsumedRecord]]:
        """See ``blo_log.port.LogReader.poll``."""
        if self.closed:
            raise LogFault("this reader was closed")
        try:
            fetched = await self._consumer.getmany(
                timeout_ms=int(timeout_s * 1000), max_records=max_records
            )
        except OffsetOutOfRangeError as error:
            raise await self._truncated(error) from error
        except TopicAuthorizationFailedError as error:
            raise translate(error, self._connection, str(error.args[0])) from error
        except FAILURES as error:
            raise translate(error, self._connection) from error
        if not fetched and any(
            self._consumer.partitions_for_topic(topic) is None for topic in self._topics
        ):
            await self._look_again()
        # A compacted topic may have no record before a position, so the consumer is asked.
        for wanted, partition in self._partitions.items():
            self._positions[partition] = await self._consumer.position(wanted)
        return {self._partitions[partition]: records for partition, records in fetched.items()}

    def position(self, partition: TopicPartition) -> int:
        """See ``blo_log.port.LogReader.position``."""
        return self._positions[partition]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """See ``blo_log.port.LogReader.seek``."""
        if partition not in self._positions:
            raise KeyError(partition)
        self._consumer.seek(KafkaPartition(*partition), offset)
        self._positions[partition] = offset

    async def high_watermarks(self) -> dict[TopicPartition, int]:
        """See ``blo_log.port.LogReader.high_watermarks``."""
        try:
            ends = await self._consumer.end_offsets(list(self._partitions))
        except FAILURES as error:
            # It repeats a question about a topic that is gone until the time is over.
            await self._look_again()
            raise translate(error, self._connection) from error
        return {self._partitions[partition]: end for partition, end in ends.items()}

    async def close(self) -> None:
        """See ``blo_log.port.LogReader.close``."""
        self.closed = True
        # While the line is down, aiokafka's stop can end in a cancellation of its own making, with
        # its connections still open. In a task of its own it can't be taken for one of ours.
        stopping = asyncio.ensure_future(self._consumer.stop())
        await asyncio.wait([stopping])
        if stopping.cancelled():
            await self._consumer._client.close()  # noqa: SLF001 - what stop would have done next
        else:
            stopping.result()

    async def _find_topics(self) -> None:
        client = self._consumer._client  # noqa: SLF001 - the producer's is public, this one isn't
        for topic in self._topics:
            try:
                found = await known_partitions(client, topic)
            except UnknownTopicOrPartitionError as error:
                raise self._gone(topic) from error
            except FAILURES as error:
                raise translate(error, self._connection, topic) from error
            for partition in self._positions:
                if partition.topic == topic and partition.partition not in found:
                    raise TopicMissing(topic, partition.partition)

    async def _look_again(self) -> None:
        try:
            await self._find_topics()
        except LogError as error:
            if not error.transient:
                raise

    def _gone(self, topic: str) -> LogError:
        for partition, position in self._positions.items():
            if partition.topic == topic and position > 0:
                return LogTruncated(topic, partition.partition, position, "the topic is gone")
        return TopicMissing(topic)

    async def _truncated(self, error: OffsetOutOfRangeError) -> LogError:
        wanted, offset = next(iter(error.args[0].items()))
        begin = None
        try:
            begin = (await self._consumer.beginning_offsets([wanted]))[wanted]
            end = (await self._consumer.end_offsets([wanted]))[wanted]
        except FAILURES:
            detail = "Kafka calls it out of range"
        else:
            detail = f"it begins at {begin} and ends before {end}"
        return LogTruncated(wanted.topic, wanted.partition, offset, detail, begin=begin)
