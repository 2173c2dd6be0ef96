"""What every adapter's appender promises."""

from __future__ import annotations

import asyncio
import time

import pytest

from blo_log import (
    MAX_RECORD_BYTES,
    AppendFailed,
    LogFault,
    ProducerRecord,
    RecordRefused,
    RecordTooLarge,
    TopicMissing,
    TopicPartition,
    read_to_end,
)
from tests.contracts.worlds import World, read
from tests.patience import PATIENCE_S

HOUR_MS = 3_600_000


def numbered(topic: str, count: int, partition: int = 0, first: int = 0) -> list[ProducerRecord]:
    return [ProducerRecord(topic, partition, b"link", b"%d" % (first + n)) for n in range(count)]


async def test_offsets_are_consecutive_from_zero_and_given_back_in_order(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    assert await appender.append(numbered(topic, 3)) == [0, 1, 2]
    assert await appender.append(numbered(topic, 2, first=3)) == [3, 4]
    assert await read(world.client(), topic) == [b"0", b"1", b"2", b"3", b"4"]


async def test_an_empty_append_does_nothing(world: World) -> None:
    appender = await world.client().appender()
    assert await appender.append([]) == []


async def test_many_records_that_fill_several_batches_keep_their_order(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    values = [b"%06d" % n + bytes(5000) for n in range(500)]
    offsets = await appender.append([ProducerRecord(topic, 0, None, value) for value in values])
    assert offsets == list(range(500))
    assert await read(world.client(), topic) == values


async def test_the_partition_asked_for_is_the_one_used(world: World) -> None:
    topic = await world.topic(partitions=3)
    appender = await world.client().appender()
    mixed = [ProducerRecord(topic, n % 3, b"same key", b"%d" % n) for n in range(9)]
    assert await appender.append(mixed) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for partition in range(3):
        expected = [b"%d" % n for n in range(9) if n % 3 == partition]
        assert await read(world.client(), topic, partition) == expected


async def test_one_call_may_append_to_several_topics(world: World) -> None:
    first, second = await world.topic(), await world.topic()
    appender = await world.client().appender()
    messages = [*numbered(first, 2), *numbered(second, 1), *numbered(first, 1, first=2)]
    assert await appender.append(messages) == [0, 1, 0, 2]


async def test_the_same_bytes_appended_twice_are_there_twice(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    await appender.append(numbered(topic, 2))
    await appender.append(numbered(topic, 2))
    assert await read(world.client(), topic) == [b"0", b"1", b"0", b"1"]


async def test_concurrent_calls_are_each_kept_together_and_in_order(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    calls = [appender.append(numbered(topic, 20, first=100 * n)) for n in range(5)]
    offsets = await asyncio.gather(*calls)
    values = await read(world.client(), topic)
    for n, given in enumerate(offsets):
        assert given == list(range(given[0], given[0] + 20))
        assert [values[offset] for offset in given] == [b"%d" % (100 * n + k) for k in range(20)]


async def test_appenders_of_several_clients_do_not_disturb_each_other(world: World) -> None:
    topic = await world.topic(partitions=4)
    appenders = [await world.client().appender() for _ in range(4)]

    async def write(partition: int) -> None:
        for first in range(0, 50, 5):
            await appenders[partition].append(numbered(topic, 5, partition, first))

    await asyncio.gather(*(write(partition) for partition in range(4)))
    for partition in range(4):
        assert await read(world.client(), topic, partition) == [b"%d" % n for n in range(50)]


async def test_two_clients_in_one_partition_get_disjoint_offsets(world: World) -> None:
    topic = await world.topic()
    one, other = await world.client().appender(), await world.client().appender()
    given = await asyncio.gather(
        *(appender.append(numbered(topic, 10)) for appender in (one, other) for _ in range(5))
    )
    assert sorted(offset for offsets in given for offset in offsets) == list(range(100))


async def test_a_tombstone_is_a_record_without_a_value(world: World) -> None:
    topic = await world.topic(cleanup_policy="compact")
    appender = await world.client().appender()
    await appender.append(
        [ProducerRecord(topic, 0, b"grant", b"sealed"), ProducerRecord(topic, 0, b"grant", None)]
    )
    assert await read(world.client(), topic) == [b"sealed", None]


@pytest.mark.parametrize("value", [b"", bytes(range(256)) * 40])
async def test_bytes_come_back_as_they_were(world: World, value: bytes) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    await appender.append([ProducerRecord(topic, 0, b"\0key\xff", value)])
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 0})
    (record,) = (await reader.poll(timeout_s=PATIENCE_S))[wanted]
    assert (record.key, record.value) == (b"\0key\xff", value)


async def test_the_log_puts_its_own_time_where_it_is_told_to(world: World) -> None:
    topic = await world.topic(message_timestamp_type="LogAppendTime")
    appender = await world.client().appender()
    before = time.time_ns() // 1_000_000
    await appender.append([ProducerRecord(topic, 0, None, b"x", timestamp=1_700_000_000_000)])
    after = time.time_ns() // 1_000_000
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 0})
    (record,) = (await reader.poll(timeout_s=PATIENCE_S))[wanted]
    assert before - 1000 <= record.timestamp <= after + 1000


async def test_a_writers_time_is_kept_where_it_counts(world: World) -> None:
    topic = await world.topic(message_timestamp_type="CreateTime")
    appender = await world.client().appender()
    times = [1_730_000_000_000, 1_730_000_000_000 + HOUR_MS, 1_729_999_999_999]
    await appender.append([ProducerRecord(topic, 0, None, b"x", timestamp=at) for at in times])
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 0})
    records = [record async for batch in read_to_end(reader) for record in batch[wanted]]
    assert [record.timestamp for record in records] == times


async def test_the_largest_record_passes(world: World) -> None:
    topic = await world.topic(max_message_bytes=str(1024 * 1024))
    appender = await world.client().appender()
    value = bytes(MAX_RECORD_BYTES)
    assert await appender.append(
        [ProducerRecord(topic, 0, None, b"a"), ProducerRecord(topic, 0, None, value)]
    )
    assert await read(world.client(), topic) == [b"a", value]


async def test_a_record_over_the_limit_is_named_and_nothing_is_appended(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    large = ProducerRecord(topic, 0, None, bytes(MAX_RECORD_BYTES + 1))
    with pytest.raises(AppendFailed) as failed:
        await appender.append([*numbered(topic, 2), large])
    assert isinstance(failed.value.cause, RecordTooLarge)
    assert failed.value.index == 2
    assert failed.value.acknowledged == {}
    assert failed.value.unacknowledged == [0, 1, 2]
    assert await appender.append(numbered(topic, 1)) == [0]


async def test_a_record_over_the_topics_own_limit_leaves_the_appender_usable(world: World) -> None:
    topic = await world.topic(max_message_bytes="2000")
    appender = await world.client().appender()
    assert await appender.append(numbered(topic, 1)) == [0]
    with pytest.raises(AppendFailed) as failed:
        await appender.append([ProducerRecord(topic, 0, None, bytes(3000))])
    assert isinstance(failed.value.cause, RecordTooLarge)
    assert not failed.value.cause.transient
    assert await appender.append(numbered(topic, 2)) == [1, 2]


async def test_no_record_is_appended_after_one_that_failed_in_its_partition(world: World) -> None:
    topic = await world.topic(partitions=2, max_message_bytes="900000")
    appender = await world.client().appender()
    large = ProducerRecord(topic, 0, None, bytes(950_000))
    # So many that those after the large one make batches of their own.
    after = [ProducerRecord(topic, 0, None, bytes(100_000)) for _ in range(20)]
    with pytest.raises(AppendFailed) as failed:
        await appender.append([*numbered(topic, 1), large, *after])
    acknowledged = failed.value.acknowledged
    assert list(acknowledged) in ([], [0])
    assert len(await read(world.client(), topic)) == len(acknowledged)


async def test_a_tombstone_without_a_key_is_refused(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    with pytest.raises(AppendFailed) as failed:
        await appender.append([ProducerRecord(topic, 0, None, None)])
    assert isinstance(failed.value.cause, RecordRefused)


async def test_a_compacted_topic_refuses_a_record_without_a_key(world: World) -> None:
    topic = await world.topic(cleanup_policy="compact")
    appender = await world.client().appender()
    with pytest.raises(AppendFailed) as failed:
        await appender.append([ProducerRecord(topic, 0, None, b"no key")])
    assert isinstance(failed.value.cause, RecordRefused)
    assert await appender.append([ProducerRecord(topic, 0, b"key", b"value")]) == [0]


async def test_a_missing_topic_is_named_with_the_remedy(world: World) -> None:
    appender = await world.client().appender()
    with pytest.raises(AppendFailed, match=r"blo\.exchange\.xx-yy.*blo topics apply") as failed:
        await appender.append([ProducerRecord("blo.exchange.xx-yy", 0, None, b"x")])
    assert isinstance(failed.value.cause, TopicMissing)
    admin = await world.client().admin()
    assert "blo.exchange.xx-yy" not in await admin.topics()


async def test_a_missing_partition_is_named_and_found_once_it_is_added(world: World) -> None:
    topic = await world.topic(partitions=2)
    appender = await world.client().appender()
    assert await appender.append(numbered(topic, 1)) == [0]
    with pytest.raises(AppendFailed, match="partition 2") as failed:
        await appender.append(numbered(topic, 1, partition=2))
    assert isinstance(failed.value.cause, TopicMissing)
    admin = await world.client().admin()
    await admin.add_partitions(topic, 3)
    assert await appender.append(numbered(topic, 1, partition=2)) == [0]


async def test_a_closed_appender_says_so(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    await appender.close()
    with pytest.raises(AppendFailed) as failed:
        await appender.append(numbered(topic, 1))
    assert isinstance(failed.value.cause, LogFault)


async def test_an_append_that_is_cancelled_leaves_the_appender_usable(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    await appender.append(numbered(topic, 1))
    task = asyncio.create_task(appender.append(numbered(topic, 1000)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    first = len(await read(world.client(), topic))
    assert await appender.append(numbered(topic, 1)) == [first]


async def test_a_record_that_is_refused_fails_its_own_call_alone(world: World) -> None:
    topic = await world.topic(partitions=2)
    appender = await world.client().appender()
    await appender.append(numbered(topic, 1))
    first, refused, last = await asyncio.gather(
        appender.append(numbered(topic, 2)),
        appender.append([*numbered(topic, 1, partition=1), ProducerRecord(topic, 1, None, None)]),
        appender.append(numbered(topic, 2)),
        return_exceptions=True,
    )
    assert (first, last) == ([1, 2], [3, 4])
    assert isinstance(refused, AppendFailed)
    assert (refused.total, refused.index) == (2, 1)


async def test_calls_that_wait_when_the_appender_is_closed_fail(world: World) -> None:
    topic = await world.topic()
    appender = await world.client().appender()
    calls = [asyncio.create_task(appender.append(numbered(topic, 1))) for _ in range(3)]
    await asyncio.sleep(0)
    await appender.close()
    async with asyncio.timeout(PATIENCE_S):
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(one, AppendFailed) or one == [n] for n, one in enumerate(results))
