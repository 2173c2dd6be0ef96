"""What every adapter's reader promises."""

from __future__ import annotations

import asyncio

import pytest

from blo_log import (
    ConsumedRecord,
    Log,
    LogFault,
    LogReader,
    LogTruncated,
    ProducerRecord,
    TopicMissing,
    TopicPartition,
    read_at,
    read_to_end,
)
from tests.contracts.worlds import World, read
from tests.patience import PATIENCE_S


@pytest.fixture(
    params=[
        "memory",
        pytest.param("kafka", marks=pytest.mark.broker),
        pytest.param("kafka, joined readers", marks=pytest.mark.broker),
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    """Which adapter the test runs on: Kafka's readers are of two kinds."""
    return str(request.param)


async def append(log: Log, topic: str, count: int, partition: int = 0) -> None:
    appender = await log.appender()
    await appender.append([ProducerRecord(topic, partition, b"k", b"%d" % n) for n in range(count)])
    await appender.close()


async def poll_for(reader: LogReader, times: int) -> None:
    for _ in range(times):
        await reader.poll(timeout_s=1)


async def collect(reader: LogReader, offsets: list[int]) -> None:
    async for batch in read_to_end(reader):
        for records in batch.values():
            offsets += [record.offset for record in records]


@pytest.mark.parametrize("start", [0, 1, 7, 9, 10])
async def test_reading_begins_at_any_offset(world: World, start: int) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 10)
    expected = [b"%d" % n for n in range(start, 10)]
    assert await read(world.client(), topic, start=start) == expected


async def test_records_carry_their_offsets_in_order(world: World) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 500)
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 3})
    assert reader.position(wanted) == 3
    records = [r async for batch in read_to_end(reader, max_records=70) for r in batch[wanted]]
    assert [record.offset for record in records] == list(range(3, 500))
    assert reader.position(wanted) == 500


async def test_no_more_records_come_at_once_than_asked_for(world: World) -> None:
    topic = await world.topic(partitions=2)
    await append(world.client(), topic, 30, 0)
    await append(world.client(), topic, 30, 1)
    reader = await world.client().reader({TopicPartition(topic, p): 0 for p in (0, 1)})
    seen = 0
    async for batch in read_to_end(reader, max_records=7):
        count = sum(len(records) for records in batch.values())
        assert 0 < count <= 7
        seen += count
    assert seen == 60


async def test_several_partitions_are_read_each_from_its_own_start(world: World) -> None:
    topic, other = await world.topic(partitions=2), await world.topic()
    await append(world.client(), topic, 5, 0)
    await append(world.client(), topic, 5, 1)
    await append(world.client(), other, 5)
    start = {TopicPartition(topic, 1): 2, TopicPartition(other, 0): 4}
    reader = await world.client().reader(start)
    seen: dict[TopicPartition, list[int]] = {partition: [] for partition in start}
    async for batch in read_to_end(reader):
        for partition, records in batch.items():
            seen[partition] += [record.offset for record in records]
    assert seen == {TopicPartition(topic, 1): [2, 3, 4], TopicPartition(other, 0): [4]}


async def test_an_idle_poll_ends_with_nothing_after_its_timeout(world: World) -> None:
    topic = await world.topic()
    reader = await world.client().reader({TopicPartition(topic, 0): 0})
    async with asyncio.timeout(PATIENCE_S):
        assert await reader.poll(timeout_s=0.3) == {}


async def test_a_waiting_poll_wakes_when_a_record_comes(world: World) -> None:
    topic = await world.topic(partitions=2)
    wanted = TopicPartition(topic, 1)
    reader = await world.client().reader({TopicPartition(topic, 0): 0, wanted: 0})
    appender = await world.client().appender()
    # Warm up: connections, metadata.
    await appender.append([ProducerRecord(topic, 1, None, b"first")])
    assert await reader.poll(timeout_s=PATIENCE_S)
    for _ in range(5):
        waiting = asyncio.create_task(reader.poll(timeout_s=10 * PATIENCE_S))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await appender.append([ProducerRecord(topic, 1, None, b"next")])
        async with asyncio.timeout(PATIENCE_S):
            assert [record.value for record in (await waiting)[wanted]] == [b"next"]


async def test_the_end_as_of_now_is_known(world: World) -> None:
    topic = await world.topic(partitions=2)
    await append(world.client(), topic, 4, 1)
    partitions = [TopicPartition(topic, 0), TopicPartition(topic, 1)]
    reader = await world.client().reader(dict.fromkeys(partitions, 0))
    assert await reader.high_watermarks() == {partitions[0]: 0, partitions[1]: 4}
    await append(world.client(), topic, 1, 0)
    assert (await reader.high_watermarks())[partitions[0]] == 1


async def test_where_a_time_begins_is_known(world: World) -> None:
    topic = await world.topic(message_timestamp_type="CreateTime")
    wanted, client = TopicPartition(topic, 0), world.client()
    appender = await client.appender()
    for at in (1_000, 2_000, 2_000, 3_000):
        await appender.append([ProducerRecord(topic, 0, b"k", b"v", at)])
    offsets = [await client.offset_at(wanted, at) for at in (0, 1_000, 1_001, 2_001, 3_001)]
    assert offsets == [0, 0, 1, 3, 4]
    with pytest.raises(TopicMissing):
        await client.offset_at(TopicPartition("none", 0), 0)


async def test_reading_to_the_end_stops_there_and_can_go_on_later(world: World) -> None:
    topic = await world.topic()
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 0})
    assert [batch async for batch in read_to_end(reader)] == []
    for expected in ([0, 1, 2], [3, 4, 5]):
        await append(world.client(), topic, 3)
        offsets = [r.offset async for batch in read_to_end(reader) for r in batch[wanted]]
        assert offsets == expected


async def test_chosen_records_are_read_again_each_at_its_place(world: World) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 60)
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 60})
    chosen = [0, 1, 2, 17, 40, 41, 59]
    again = [one async for one in read_at(reader, wanted, chosen)]
    assert [(one.offset, one.value) for one in again] == [(n, b"%d" % n) for n in chosen]


async def test_seeking_back_and_forth(world: World) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 20)
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 15})
    for offset in (15, 2, 19, 0):
        reader.seek(wanted, offset)
        assert reader.position(wanted) == offset
        (record, *_) = (await reader.poll(max_records=5, timeout_s=PATIENCE_S))[wanted]
        assert record.offset == offset


async def test_seeking_a_partition_that_is_not_read_is_a_mistake(world: World) -> None:
    topic = await world.topic(partitions=2)
    reader = await world.client().reader({TopicPartition(topic, 0): 0})
    with pytest.raises(KeyError):
        reader.seek(TopicPartition(topic, 1), 0)


async def test_two_readers_do_not_share_anything(world: World) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 5)
    log = world.client()
    values = [b"%d" % n for n in range(5)]
    for seen in await asyncio.gather(read(log, topic), read(log, topic)):
        assert seen == values


async def test_a_closed_reader_says_so_and_may_be_closed_again(world: World) -> None:
    topic = await world.topic()
    reader = await world.client().reader({TopicPartition(topic, 0): 0})
    await reader.close()
    await reader.close()
    with pytest.raises(LogFault, match="closed"):
        await reader.poll()


async def test_a_missing_topic_is_named_with_the_remedy(world: World) -> None:
    with pytest.raises(TopicMissing, match=r"blo\.heads\.xx-yy is not there.*blo topics apply"):
        await world.client().reader({TopicPartition("blo.heads.xx-yy", 0): 0})
    admin = await world.client().admin()
    assert "blo.heads.xx-yy" not in await admin.topics()


async def test_a_missing_partition_is_named(world: World) -> None:
    topic = await world.topic(partitions=2)
    with pytest.raises(TopicMissing, match="partition 2"):
        await world.client().reader({TopicPartition(topic, 2): 0})


async def test_an_offset_beyond_the_end_is_not_reset_but_raised(world: World) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 3)
    reader = await world.client().reader({TopicPartition(topic, 0): 5})
    for _ in range(2):
        with pytest.raises(LogTruncated, match=r"/0 has no offset 5") as raised:
            await reader.poll(timeout_s=PATIENCE_S)
    assert raised.value.offset == 5


async def test_removed_records_are_not_skipped_but_raised(world: World) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 6)
    await world.truncate(TopicPartition(topic, 0), 4)
    wanted = TopicPartition(topic, 0)
    reader = await world.client().reader({wanted: 2})
    with pytest.raises(LogTruncated, match="it begins at 4"):
        await reader.poll(timeout_s=PATIENCE_S)
    assert reader.position(wanted) == 2
    reader.seek(wanted, 4)
    assert [r.offset for r in (await reader.poll(timeout_s=PATIENCE_S))[wanted]] == [4, 5]


async def test_a_topic_that_disappears_under_a_reader_is_a_truncated_log(world: World) -> None:
    topic = await world.topic()
    await append(world.client(), topic, 3)
    reader = await world.client().reader({TopicPartition(topic, 0): 0})
    async for _ in read_to_end(reader):
        pass
    await world.delete_topic(topic)
    with pytest.raises(LogTruncated, match="the topic is gone"):
        await poll_for(reader, 200)


async def test_a_reader_that_comes_back_to_a_topic_that_is_gone_is_told(world: World) -> None:
    topic = await world.topic()
    await world.delete_topic(topic)
    with pytest.raises(LogTruncated, match="the topic is gone"):
        await world.client().reader({TopicPartition(topic, 0): 17})


class _AskedBefore:
    """A reader that asked where its partitions end, and then something happened to the log."""

    def __init__(self, reader: LogReader, ends: dict[TopicPartition, int]) -> None:
        self._reader = reader
        self._ends: dict[TopicPartition, int] | None = ends

    async def poll(
        self, *, max_records: int = 1000, timeout_s: float = 1.0
    ) -> dict[TopicPartition, list[ConsumedRecord]]:
        return await self._reader.poll(max_records=max_records, timeout_s=timeout_s)

    def position(self, partition: TopicPartition) -> int:
        return self._reader.position(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._reader.seek(partition, offset)

    async def high_watermarks(self) -> dict[TopicPartition, int]:
        ends, self._ends = self._ends, None
        return await self._reader.high_watermarks() if ends is None else ends

    async def close(self) -> None:
        await self._reader.close()


async def test_a_log_cut_back_exactly_to_its_readers_place_is_a_truncated_log(
    world: World,
) -> None:
    topic = await world.topic()
    wanted = TopicPartition(topic, 0)
    await append(world.client(), topic, 6)
    ends = await (await world.client().reader({wanted: 3})).high_watermarks()
    await world.cut_back(topic, 3)
    reader = _AskedBefore(await world.client().reader({wanted: 3}), ends)
    offsets: list[int] = []
    with pytest.raises(LogTruncated, match=r"/0 has no offset 3: it ended before 6") as raised:
        async with asyncio.timeout(PATIENCE_S):
            await collect(reader, offsets)
    assert raised.value.offset == 3
    assert offsets == []


async def test_a_log_cut_back_under_a_reader_of_it_is_a_truncated_log(world: World) -> None:
    topic = await world.topic()
    wanted = TopicPartition(topic, 0)
    await append(world.client(), topic, 6)
    ends = await (await world.client().reader({wanted: 0})).high_watermarks()
    await world.cut_back(topic, 3)
    reader = _AskedBefore(await world.client().reader({wanted: 0}), ends)
    offsets: list[int] = []
    with pytest.raises(LogTruncated, match="now ends before 3"):
        async with asyncio.timeout(PATIENCE_S):
            await collect(reader, offsets)
    assert offsets == [0, 1, 2]


async def test_many_readers_of_one_log_read_each_its_own_partition(world: World) -> None:
    topic = await world.topic(partitions=20)
    log = world.client()
    for partition in range(20):
        await append(world.client(), topic, partition, partition)
    starts = [(partition, start) for partition in range(20) for start in (0, partition // 2)]
    values = await asyncio.gather(*(read(log, topic, *start) for start in starts))
    for (partition, start), seen in zip(starts, values, strict=True):
        assert seen == [b"%d" % n for n in range(start, partition)]


async def test_a_reader_that_fails_or_waits_leaves_the_others_their_records(world: World) -> None:
    topic = await world.topic(partitions=3)
    log = world.client()
    await append(world.client(), topic, 5, 0)
    truncated = await log.reader({TopicPartition(topic, 1): 7})
    waiting = await log.reader({TopicPartition(topic, 2): 0})
    polls = asyncio.create_task(waiting.poll(timeout_s=10 * PATIENCE_S))
    with pytest.raises(LogTruncated):
        await truncated.poll(timeout_s=PATIENCE_S)
    for _ in range(5):
        assert await read(log, topic) == [b"%d" % n for n in range(5)]
    assert not polls.done()
    await append(world.client(), topic, 1, 2)
    async with asyncio.timeout(PATIENCE_S):
        assert [record.value for record in (await polls)[TopicPartition(topic, 2)]] == [b"0"]


async def test_a_cancelled_question_leaves_the_others_their_answers(world: World) -> None:
    topic = await world.topic(partitions=2)
    log = world.client()
    await append(world.client(), topic, 5, 1)
    readers = [await log.reader({TopicPartition(topic, n): 0}) for n in (0, 1)]
    first, second = (asyncio.create_task(reader.high_watermarks()) for reader in readers)
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(PATIENCE_S):
        assert await second == {TopicPartition(topic, 1): 5}


async def test_the_ends_of_many_partitions_are_known_at_once_without_those_that_are_missing(
    world: World,
) -> None:
    topic, other = await world.topic(partitions=2), await world.topic()
    await append(world.client(), topic, 3, 1)
    await append(world.client(), other, 2)
    there = [TopicPartition(topic, 0), TopicPartition(topic, 1), TopicPartition(other, 0)]
    missing = [TopicPartition(topic, 2), TopicPartition("contract.missing", 0)]
    log = world.client()
    async with asyncio.timeout(PATIENCE_S):
        ends = await log.ends([*there, *missing])
    assert ends == dict(zip(there, (0, 3, 2), strict=True))
    assert await log.ends([]) == {}
    with pytest.raises(TopicMissing):
        await log.ends(missing[1:])
