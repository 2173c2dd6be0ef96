"""The memory log's own means: what tests of other parts let go wrong with it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_log import (
    AppendFailed,
    BrokerUnreachable,
    NotAuthorised,
    ProducerRecord,
    TopicPartition,
    TopicSpec,
    read_to_end,
)
from blo_log.memory import MemoryCluster, MemoryLog

TOPIC = "blo.exchange.la-vn"
LINK = TopicPartition(TOPIC, 0)


@pytest.fixture
async def log() -> MemoryLog:
    return await make_log()


async def make_log(**config: str) -> MemoryLog:
    cluster = MemoryCluster(now_ms=lambda: 1_000)
    settings = {name.replace("_", "."): value for name, value in config.items()}
    log = MemoryLog(cluster)
    await (await log.admin()).create(TopicSpec(TOPIC, 1, 1, settings))
    return log


def messages(count: int) -> list[ProducerRecord]:
    return [ProducerRecord(TOPIC, 0, None, b"%d" % n) for n in range(count)]


def values(log: MemoryLog) -> list[bytes | None]:
    return [record.value for record in log.cluster.records(TOPIC, 0)]


async def test_a_planned_failure_happens_once(log: MemoryLog) -> None:
    appender = await log.appender()
    log.faults.fail_next_append()
    with pytest.raises(AppendFailed) as failed:
        await appender.append(messages(3))
    assert failed.value.unacknowledged == [0, 1, 2]
    assert values(log) == []
    assert await appender.append(messages(3)) == [0, 1, 2]


async def test_part_of_an_append_can_reach_the_log_and_less_of_it_be_acknowledged(
    log: MemoryLog,
) -> None:
    appender = await log.appender()
    log.faults.fail_next_append(appended=3, acknowledged=1)
    with pytest.raises(AppendFailed, match="1 of 5 records appended") as failed:
        await appender.append(messages(5))
    assert failed.value.acknowledged == {0: 0}
    assert failed.value.unacknowledged == [1, 2, 3, 4]
    assert values(log) == [b"0", b"1", b"2"]


async def test_a_lost_acknowledgement_leaves_the_records_in_the_log(log: MemoryLog) -> None:
    appender = await log.appender()
    log.faults.lose_next_ack()
    with pytest.raises(AppendFailed) as failed:
        await appender.append(messages(2))
    assert failed.value.cause.transient
    assert values(log) == [b"0", b"1"]


async def test_a_cut_line_cuts_one_client_only(log: MemoryLog) -> None:
    other = MemoryLog(log.cluster)
    appender, reader = await log.appender(), await log.reader({LINK: 0})
    log.faults.line_down()
    with pytest.raises(AppendFailed) as failed:
        await appender.append(messages(1))
    assert isinstance(failed.value.cause, BrokerUnreachable)
    for opening in (log.appender(), log.admin(), log.reader({LINK: 0}), reader.high_watermarks()):
        with pytest.raises(BrokerUnreachable):
            await opening
    assert await (await other.appender()).append(messages(2)) == [0, 1]
    assert await reader.poll(timeout_s=0.01) == {}


async def test_a_waiting_reader_gets_what_came_meanwhile_when_the_line_is_mended(
    log: MemoryLog,
) -> None:
    reader = await log.reader({LINK: 0})
    log.faults.line_down()
    waiting = asyncio.create_task(reader.poll(timeout_s=10))
    await (await MemoryLog(log.cluster).appender()).append(messages(1))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    log.faults.line_up()
    assert [record.value for record in (await waiting)[LINK]] == [b"0"]


async def test_a_forbidden_topic_is_refused(log: MemoryLog) -> None:
    appender = await log.appender()
    log.faults.forbidden.add(TOPIC)
    with pytest.raises(AppendFailed) as failed:
        await appender.append(messages(1))
    assert isinstance(failed.value.cause, NotAuthorised)
    with pytest.raises(NotAuthorised):
        await log.reader({LINK: 0})


async def test_a_delayed_append_takes_its_time(log: MemoryLog) -> None:
    appender = await log.appender()
    log.faults.delay_s = 0.05
    task = asyncio.create_task(appender.append(messages(1)))
    await asyncio.sleep(0.01)
    assert values(log) == []
    assert await task == [0]


async def test_the_logs_own_time_comes_from_the_clock_it_is_given() -> None:
    log = await make_log(message_timestamp_type="LogAppendTime")
    appender = await log.appender()
    await appender.append([ProducerRecord(TOPIC, 0, None, b"x", timestamp=5)])
    assert log.cluster.records(TOPIC, 0)[0].timestamp == 1_000


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.binary(max_size=40)), st.binary(max_size=400)),
        max_size=30,
    ),
    st.integers(1, 7),
)
def test_any_bytes_come_back_as_they_were(
    pairs: list[tuple[bytes | None, bytes]], at_once: int
) -> None:
    async def there_and_back() -> list[tuple[bytes | None, bytes | None]]:
        log = await make_log()
        appender = await log.appender()
        await appender.append([ProducerRecord(TOPIC, 0, key, value) for key, value in pairs])
        reader = await log.reader({LINK: 0})
        batches = read_to_end(reader, max_records=at_once)
        return [(r.key, r.value) async for batch in batches for r in batch[LINK]]

    assert asyncio.run(there_and_back()) == pairs


async def test_a_poll_without_time_to_wait_loses_nothing_that_is_there(log: MemoryLog) -> None:
    await (await log.appender()).append(messages(1))
    reader = await log.reader({LINK: 0})
    assert [one.value for one in (await reader.poll(timeout_s=0))[LINK]] == [b"0"]
