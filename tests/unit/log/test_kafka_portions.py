"""What was fetched is unpacked as aiokafka itself would do it."""

from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from blo_log.kafka.record_decoder import DecodedBatch, take_over
from blo_log.port import ConsumedRecord
from blo_schemas.instants import LAST_INSTANT

PART = TopicPartition("example", 3)
PLAIN, GZIP = 0, 1
CONTROL = 0x20
_ATTRIBUTES = slice(21, 23)
_CRC = slice(17, 21)


def batch(
    base: int, count: int, compression: int = PLAIN, *, key: bool = True, at: int = 1_000
) -> bytearray:
    """A batch of records at ``base``; the last one is a tombstone."""
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 64 * 1024)
    for n in range(count):
        value = None if n == count - 1 else b"value %d" % (base + n)
        assert builder.append(n, at + base + n, b"key" if key else None, value, [])
    made = bytearray(builder.build())
    made[:8] = base.to_bytes(8, "big")
    return made


def control(base: int) -> bytearray:
    """A control batch, with the CRC that it then has."""
    from aiokafka.record.util import calc_crc32c

    made = batch(base, 1)
    made[_ATTRIBUTES] = CONTROL.to_bytes(2, "big")
    made[_CRC] = calc_crc32c(bytes(made[21:])).to_bytes(4, "big")
    return made


def theirs(data: bytes, start: int) -> tuple[list[ConsumedRecord], int]:
    found = PartitionRecords(PART, MemoryRecords(data), None, start, None, None, True, 0)
    records = [ConsumedRecord(one.offset, one.timestamp, one.key, one.value) for one in found]
    return records, found.next_fetch_offset


@pytest.mark.parametrize("start", [0, 1, 4, 5, 9, 12, 15])
@pytest.mark.parametrize("compression", [PLAIN, GZIP])
def test_records_and_the_next_offset_are_those_that_aiokafka_gives(
    start: int, compression: int
) -> None:
    data = bytes(
        batch(0, 5, compression) + control(5) + batch(6, 4, key=False) + batch(12, 3, compression)
    )
    portion = DecodedBatch(PART, MemoryRecords(data), start)
    assert (list(portion), portion.next_fetch_offset) == theirs(data, start)


@pytest.mark.parametrize(
    ("said", "taken"), [(-1, 0), (-(2**62), 0), (2**62, LAST_INSTANT), (LAST_INSTANT, LAST_INSTANT)]
)
def test_a_log_time_that_no_calendar_has_counts_as_the_nearest(said: int, taken: int) -> None:
    (record,) = DecodedBatch(PART, MemoryRecords(bytes(batch(0, 1, at=said))), 0)
    assert record.timestamp == taken


def test_a_portion_goes_on_where_it_was_left() -> None:
    portion = DecodedBatch(PART, MemoryRecords(bytes(batch(0, 5))), 0)
    for one in portion:
        if one.offset == 2:
            break
    assert portion.next_fetch_offset == 3
    assert [one.offset for one in portion] == [3, 4]


@pytest.mark.parametrize("at", [17, 21, 40, 61, -1])
def test_a_batch_with_a_wrong_crc_is_refused_after_what_came_before(at: int) -> None:
    damaged = batch(2, 4)
    damaged[at] ^= 1
    portion = DecodedBatch(PART, MemoryRecords(bytes(batch(0, 2) + damaged)), 0)
    found = iter(portion)
    assert [next(found).offset, next(found).offset] == [0, 1]
    with pytest.raises(CorruptRecordException, match="CRC"):
        next(found)
    assert portion.next_fetch_offset == 2


def test_another_aiokafka_is_refused() -> None:
    with pytest.raises(TypeError, match="does not fit"):
        take_over(SimpleNamespace(_fetcher=SimpleNamespace(_records={})))


def test_what_is_fetched_gives_stored_records_and_errors_stay_errors() -> None:
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_records=OrderedDict()))
    take_over(consumer)
    fetched = consumer._fetcher._records
    inside = PartitionRecords(PART, MemoryRecords(bytes(batch(0, 3))), None, 1, None, None, True, 0)
    result = FetchResult(PART, assignment=None, partition_records=inside, backoff=0.1)
    error = object()
    fetched[PART] = result
    fetched[TopicPartition("example", 4)] = error
    assert [type(one) for one in result._partition_records] == [ConsumedRecord, ConsumedRecord]
    assert fetched[TopicPartition("example", 4)] is error
