"""Several tasks append at once through one appender."""

from __future__ import annotations

import asyncio

import pytest

from blo_log.errors import AppendFailed
from blo_log.kafka.joined_appender import JoinedAppender
from blo_log.memory import MemoryLog
from blo_log.port import ProducerRecord, TopicSpec
from tests.patience import PATIENCE_S

TOPIC = "outputs"


async def opened(delay_s: float = 0.0) -> tuple[MemoryLog, JoinedAppender]:
    log = MemoryLog()
    await (await log.admin()).create(TopicSpec(TOPIC, 3, 1, {}))
    log.faults.delay_s = delay_s
    return log, JoinedAppender(await log.appender())


def message(partition: int, text: str) -> ProducerRecord:
    return ProducerRecord(TOPIC, partition, None, text.encode())


async def test_each_call_gets_its_own_offsets() -> None:
    _, appender = await opened(0.01)
    calls = [
        appender.append([message(partition, str(number)) for number in range(partition + 1)])
        for partition in range(3)
    ]
    assert await asyncio.gather(*calls) == [[0], [0, 1], [0, 1, 2]]


async def test_a_call_that_is_given_up_leaves_the_others_whole() -> None:
    log, appender = await opened(0.05)
    first = asyncio.ensure_future(appender.append([message(0, "first")]))
    await asyncio.sleep(0.01)
    others = [asyncio.ensure_future(appender.append([message(n, "other")])) for n in (1, 2)]
    await asyncio.sleep(0.06)
    others[0].cancel()
    first.cancel()
    async with asyncio.timeout(PATIENCE_S):
        assert await others[1] == [0]
    assert [one.value for one in log.cluster.records(TOPIC, 2)] == [b"other"]


async def test_when_the_append_fails_every_call_in_it_does() -> None:
    log, appender = await opened(0.01)
    log.faults.fail_next_append()
    calls = [appender.append([message(n, "lost")]) for n in range(3)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[0], AppendFailed)
    log.faults.fail_next_append()
    with pytest.raises(AppendFailed):
        await appender.append([message(0, "lost")])


async def test_each_call_learns_which_of_its_own_records_are_safe() -> None:
    log, appender = await opened(0.01)
    log.faults.fail_next_append()
    first = asyncio.ensure_future(appender.append([message(0, "first")]))
    await asyncio.sleep(0)
    log.faults.fail_next_append(appended=3, acknowledged=3)
    calls = [appender.append([message(n, "a"), message(n, "b")]) for n in (1, 2)]
    whole, part = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], AppendFailed)
    assert whole == [0, 1]
    assert isinstance(part, AppendFailed)
    assert part.unacknowledged == [1]


async def test_a_record_that_is_refused_fails_its_own_call_alone() -> None:
    log, appender = await opened(0.01)
    log.faults.fail_next_append()
    first = asyncio.ensure_future(appender.append([message(0, "first")]))
    await asyncio.sleep(0)
    bad = ProducerRecord("no such topic", 0, None, b"")
    results = await asyncio.gather(
        appender.append([message(1, "good")]), appender.append([bad]), return_exceptions=True
    )
    assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], AppendFailed)
    assert results[0] == [0]
    assert isinstance(results[1], AppendFailed)
