"""The Kafka producer: records in order, acknowledged, and without gaps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownError

from blo_log.errors import (
    AppendFailed,
    BrokerUnreachable,
    LogError,
    LogFault,
    LogUnavailable,
    RecordRefused,
    RecordTooLarge,
    TopicMissing,
)
from blo_log.kafka.connection import KafkaConnection, known_partitions
from blo_log.kafka.errors import FAILURES, translate
from blo_log.port import MAX_RECORD_BYTES, ProducerRecord, TopicPartition

_BATCH_BYTES: Final = 512 * 1024
_STOP_STEP_S: Final = 0.3


class KafkaAppender:
    """``blo_log.port.Appender`` on Kafka: an idempotent producer with ``acks=all``.

    This class makes the batches. A batch is sent after the batch before it in its partition was
    acknowledged, so a failed batch leaves no gap: a broker that does not know this producer yet
    would accept a later batch that is already under way.

    A producer that failed is discarded. It may be unusable, and its records must not be sent after
    the caller has sent them again.

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._producer: AIOKafkaProducer | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self.closed = False

    async def connect(self) -> None:
        """Make the connection now.

        Raises:
            LogError: It could not be made.
        """
        async with self._turn:
            await self._ready()

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        """See ``blo_log.port.Appender.append``."""
        if not messages:
            return []
        by_partition = _by_partition(messages)
        acknowledged: dict[int, int] = {}
        async with self._turn:
            try:
                producer = await self._ready()
                for partition in by_partition:
                    await self._find(producer, partition)
                await self._append_all(producer, messages, by_partition, acknowledged)
            except LogError as error:
                self._retire()
                cause = await self._diagnose(error, by_partition)
                raise AppendFailed(cause, acknowledged=acknowledged, total=len(messages)) from error
            except BaseException:
                self._retire()
                raise
        return [acknowledged[index] for index in range(len(messages))]

    async def close(self) -> None:
        """See ``blo_log.port.Appender.close``."""
        self.closed = True
        self._retire()
        await self._retired()

    async def _ready(self) -> AIOKafkaProducer:
        await self._retired()
        if self.closed:
            raise LogFault("this appender was closed")
        if self._producer is None:
            producer = AIOKafkaProducer(
                enable_idempotence=True,
                max_batch_size=_BATCH_BYTES,
                max_request_size=2 * _BATCH_BYTES,
                **self._connection.client_options(),
            )
            try:
                # Until it has its id, the producer would ask for one for ever.
                async with asyncio.timeout(self._connection.request_timeout_s):
                    await producer.start()
            except FAILURES as error:
                await _discard(producer)
                raise translate(error, self._connection) from error
            except BaseException:
                await _discard(producer)
                raise
            self._producer = producer
        return self._producer

    async def _find(self, producer: AIOKafkaProducer, partition: TopicPartition) -> None:
        client = producer.client
        if partition.partition in (client.cluster.partitions_for_topic(partition.topic) or ()):
            return
        try:
            if partition.partition not in await known_partitions(client, partition.topic):
                raise TopicMissing(*partition)
            client.add_topic(partition.topic)
            await client.force_metadata_update()
        except FAILURES as error:
            raise translate(error, self._connection, partition.topic) from error

    async def _append_all(
        self,
        producer: AIOKafkaProducer,
        messages: Sequence[ProducerRecord],
        by_partition: dict[TopicPartition, list[int]],
        acknowledged: dict[int, int],
    ) -> None:
        one_by_one = [
            self._append_partition(producer, messages, partition, indexes, acknowledged)
            for partition, indexes in by_partition.items()
        ]
        if len(one_by_one) == 1:
            await one_by_one[0]
            return
        for failure in await asyncio.gather(*one_by_one, return_exceptions=True):
            if failure is not None:
                raise failure

    async def _append_partition(
        self,
        producer: AIOKafkaProducer,
        messages: Sequence[ProducerRecord],
        partition: TopicPartition,
        indexes: list[int],
        acknowledged: dict[int, int],
    ) -> None:
        done = 0
        batch, count = _fill(producer, messages, indexes, 0)
        while count:
            try:
                async with asyncio.timeout(self._connection.ack_timeout_s):
                    sent = await producer.send_batch(
                        batch, partition.topic, partition=partition.partition
                    )
                    # The next batch is made while this one is under way.
                    following = _fill(producer, messages, indexes, done + count)
                    first = (await sent).offset
            except UnknownError as error:
                detail = "the broker gives a reason that this client has no name for"
                raise RecordRefused(partition.topic, detail) from error
            except FAILURES as error:
                raise translate(error, self._connection, partition.topic) from error
            if first < 0:
                raise LogUnavailable(f"{partition.topic}: acknowledged without an offset")
            acknowledged.update(
                zip(indexes[done : done + count], range(first, first + count), strict=True)
            )
            done += count
            batch, count = following

    async def _diagnose(self, error: LogError, partitions: Iterable[TopicPartition]) -> LogError:
        """Distinguish a silent broker from one that answers but cannot serve."""
        if not isinstance(error, BrokerUnreachable) or self.closed:
            return error
        try:
            producer = await self._ready()
            for partition in partitions:
                await self._find(producer, partition)
        except LogError as renewed:
            return renewed
        return LogUnavailable(
            f"Kafka at {self._connection.bootstrap} answers again, but did not acknowledge in time;"
            " if it persists: too few in-sync copies, or no leader"
        )

    def _retire(self) -> None:
        if self._producer is not None:
            self._retiring.add(asyncio.ensure_future(_discard(self._producer)))
            self._producer = None

    async def _retired(self) -> None:
        while self._retiring:
            await asyncio.wait(self._retiring)
            self._retiring = {task for task in self._retiring if not task.done()}


def _by_partition(messages: Sequence[ProducerRecord]) -> dict[TopicPartition, list[int]]:
    grouped: dict[TopicPartition, list[int]] = {}
    for index, message in enumerate(messages):
        size = len(message.value or b"") + len(message.key or b"")
        cause: LogError | None = None
        if size > MAX_RECORD_BYTES:
            cause = RecordTooLarge(message.topic, size, MAX_RECORD_BYTES)
        elif message.value is None and message.key is None:
            cause = RecordRefused(message.topic, "a tombstone needs a key")
        if cause is not None:
            raise AppendFailed(cause, acknowledged={}, total=len(messages), index=index)
        grouped.setdefault(TopicPartition(message.topic, message.partition), []).append(index)
    return grouped


def _fill(
    producer: AIOKafkaProducer, messages: Sequence[ProducerRecord], indexes: list[int], start: int
) -> tuple[Any, int]:
    """Put as many records into a batch as it takes; returns their number."""
    if start >= len(indexes):
        return None, 0
    batch = producer.create_batch()
    add = batch.append
    for count, index in enumerate(indexes[start:]):
        message = messages[index]
        if add(timestamp=message.timestamp, key=message.key, value=message.value) is None:
            return batch, count
    batch.close()
    return batch, len(indexes) - start


async def _discard(producer: AIOKafkaProducer) -> None:
    """End a producer without sending its records; its own ``stop`` would wait for them."""
    producer._closed = True  # noqa: SLF001 - or it complains when it is collected
    await producer.client.close()
    sending = producer._sender.sender_task  # noqa: SLF001 - there is no public way to cancel it
    while sending is not None and not sending.done():
        # It first waits for requests under way, whose connections are closed; then again.
        sending.cancel()
        await asyncio.wait([sending], timeout=_STOP_STEP_S)
