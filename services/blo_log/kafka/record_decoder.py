"""The decoder of fetched batches into ``ConsumedRecord``.

aiokafka makes its own record of eleven fields of each record, in a chain of Python calls. For a long
log this costs half as much as an audit. Here its compiled parser fills ``ConsumedRecord`` directly.
Fetching, waiting, leaders, errors and positions stay with aiokafka.

The module uses parts of aiokafka that are not public (``docs/dependencies.md``). ``take_over``
refuses a version of aiokafka in which they differ.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import CorruptRecordException

from blo_log.port import ConsumedRecord
from blo_schemas.instants import clamped


class DecodedBatch:
    """The records of one answer for one partition, in the place of aiokafka's iterator.

    It does what that one does for a reader of everything that is committed or not: checks each
    batch's CRC, passes over control batches and over records before the offset that was asked for.

    Args:
        partition: Which.
        batches: aiokafka's ``MemoryRecords``: the answer, batch by batch.
        start: The offset that was asked for.

    Attributes:
        next_fetch_offset: The offset after what was handed out; aiokafka reads it.
    """

    __slots__ = ("_batches", "_partition", "_unpacked", "next_fetch_offset")

    def __init__(self, partition: KafkaPartition, batches: Any, start: int) -> None:
        self._partition = partition
        self._batches = batches
        self.next_fetch_offset = start
        self._unpacked = self._unpack()

    def __iter__(self) -> Iterator[ConsumedRecord]:
        # A generator's own loop; handed out again, it goes on where it was left.
        return self._unpacked

    def _unpack(self) -> Iterator[ConsumedRecord]:
        batches = self._batches
        while batches.has_next():
            batch = batches.next_batch()
            if not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._partition}")
            if not batch.is_control_batch:
                for record in batch:
                    offset = record.offset
                    if offset >= self.next_fetch_offset:
                        self.next_fetch_offset = offset + 1
                        at = clamped(record.timestamp)
                        yield ConsumedRecord(offset, at, record.key, record.value)
            # Compaction may have taken a batch's last records, and its next offset tells of them.
            self.next_fetch_offset = batch.next_offset


class _BatchDecoder(OrderedDict[KafkaPartition, Any]):
    """aiokafka's store of what it has fetched; what is put in is made to give ``ConsumedRecord``."""

    def __setitem__(self, partition: KafkaPartition, fetched: Any) -> None:
        if type(fetched) is FetchResult:
            theirs = fetched._partition_records  # noqa: SLF001 - see the module
            fetched._partition_records = DecodedBatch(  # noqa: SLF001
                partition,
                theirs._records,  # noqa: SLF001
                theirs.next_fetch_offset,
            )
        super().__setitem__(partition, fetched)


_FETCHED: Final = "_records"


def take_over(consumer: AIOKafkaConsumer) -> None:
    """From now on ``consumer.getmany`` gives lists of ``ConsumedRecord``.

    Args:
        consumer: A consumer that was started, and has no partitions yet.

    Raises:
        TypeError: This aiokafka is made otherwise than the one that is pinned.
    """
    fetcher = consumer._fetcher  # noqa: SLF001 - see the module
    if type(getattr(fetcher, _FETCHED, None)) is not OrderedDict:
        raise TypeError("blo_log.kafka.record_decoder does not fit this version of aiokafka")
    setattr(fetcher, _FETCHED, _BatchDecoder())
