"""A node whose clock is wrong is told so, holds what Kafka would refuse, and loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from blo_agent.outbound.clock_check import HELD_MS, TOLD_MS, NodeClockCheck
from blo_log.errors import AppendFailed, TimestampRefused
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import (
    Admin,
    Appender,
    ConsumedRecord,
    Log,
    LogReader,
    ProducerRecord,
    TopicPartition,
)
from blo_log.topics import exchange_topic, heads_topic, keys_topic
from blo_runtime.clock import ManualClock
from tests.agents.world import CORRIDOR, LINK, A, B, RunningAgent, two_offices

HOUR_MS = 3_600_000
PLACE = TopicPartition("blo.exchange.la-vn", 0)


class ShiftedClock:
    """A machine's clock that is off by so many milliseconds."""

    def __init__(self, shift_ms: int = 0) -> None:
        self.shift_ms = shift_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.shift_ms

    def monotonic(self) -> float:
        return time.monotonic()


class StrictLog:
    """A log that refuses times an hour ahead where writers put them, as Kafka does.

    Args:
        inner: The log.
        clock: The writer's clock.
    """

    def __init__(self, inner: Log, clock: ShiftedClock) -> None:
        self._inner = inner
        self._clock = clock

    async def appender(self) -> Appender:
        return _StrictAppender(await self._inner.appender(), self._clock)

    async def reader(self, start: Mapping[TopicPartition, int]) -> LogReader:
        return await self._inner.reader(start)

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return await self._inner.ends(partitions)

    async def offset_at(self, partition: TopicPartition, log_time: int) -> int:
        return await self._inner.offset_at(partition, log_time)

    async def admin(self) -> Admin:
        return await self._inner.admin()

    async def close(self) -> None:
        await self._inner.close()


class _StrictAppender:
    def __init__(self, inner: Appender, clock: ShiftedClock) -> None:
        self._inner = inner
        self._clock = clock

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        for message in messages:
            by_writer = not message.topic.startswith(("blo.exchange.", "blo.liveness."))
            if by_writer and self._clock.shift_ms >= HOUR_MS:
                good = [one for one in messages if one.topic != message.topic]
                await self._inner.append(good)
                cause = TimestampRefused(message.topic, "an hour ahead")
                raise AppendFailed(cause, acknowledged={}, total=len(messages))
        return await self._inner.append(messages)

    async def close(self) -> None:
        await self._inner.close()


def clock_words(running: RunningAgent) -> str:
    return running.agent.checks()["clock"]().detail


async def size_of(cluster: MemoryCluster, topic: str) -> int:
    place = TopicPartition(topic, 0)
    return (await MemoryLog(cluster).ends([place]))[place]


async def test_an_hour_ahead_nothing_is_sent_and_all_of_it_when_the_clock_is_right(
    tmp_path: Path,
) -> None:
    cluster, shifted = MemoryCluster(), ShiftedClock(HOUR_MS)
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        b = await world.agent(B)
        world.clock = shifted
        a = await world.agent(A, log=StrictLog(MemoryLog(cluster), shifted))
        await a.until(lambda: "ahead of Kafka's" in clock_words(a))
        assert a.agent.clock_check.holds
        accepted = await a.open()
        assert "ahead of Kafka's" in a.agent.unsent_because()
        await a.until(lambda: a.agent.metrics.clock_ahead_seconds._value.get() > 3000)
        assert await size_of(cluster, exchange_topic(CORRIDOR)) == 0
        assert await size_of(cluster, keys_topic(CORRIDOR)) == 0
        shifted.shift_ms = 0
        await b.until(lambda: b.view(accepted.case) is not None and not b.desk().unopened)
        await a.until(lambda: not clock_words(a))
        assert a.agent.unsent_because() == ""


async def test_no_event_goes_out_without_the_grant_that_opens_it(tmp_path: Path) -> None:
    cluster, shifted = MemoryCluster(), ShiftedClock()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        b = await world.agent(B)
        world.clock = shifted
        a = await world.agent(A, log=StrictLog(MemoryLog(cluster), shifted))
        await a.until(lambda: LINK in a.agent.office.links and a.desk().status.may_send)
        # Nothing of its own was read back yet: only the refusal tells.
        a.agent.clock_check._measured = None
        shifted.shift_ms = 2 * HOUR_MS
        accepted = await a.open()
        await a.until(lambda: a.agent.clock_check.holds)
        assert await size_of(cluster, exchange_topic(CORRIDOR)) == 0
        assert await size_of(cluster, keys_topic(CORRIDOR)) == 0
        shifted.shift_ms = 0
        a.agent.clock_check._refused_at = None
        await b.until(lambda: b.view(accepted.case) is not None and not b.desk().unopened)


async def test_five_minutes_off_are_told_and_hold_nothing(tmp_path: Path) -> None:
    cluster, shifted = MemoryCluster(), ShiftedClock(-5 * 60_000)
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        await world.publish()
        b = await world.agent(B)
        world.clock = shifted
        a = await world.agent(A, log=StrictLog(MemoryLog(cluster), shifted))
        await a.until(lambda: "behind Kafka's" in clock_words(a))
        accepted = await a.open()
        await b.until(lambda: b.view(accepted.case) is not None and not b.desk().unopened)
        assert await size_of(cluster, heads_topic(CORRIDOR)) > 0
        assert clock_words(b) == ""


@pytest.mark.parametrize("read_first", [False, True])
def test_a_record_bounds_the_clock_by_when_it_was_sent_and_read(read_first: bool) -> None:
    clock = ShiftedClock(HELD_MS + 10_000)
    check = NodeClockCheck(clock)
    sent = check.now()
    log_time = time.time_ns() // 1_000_000
    record = ConsumedRecord(7, log_time, b"", b"")
    steps: list[Callable[[], None]] = [
        lambda: check.note_append(PLACE, 7, sent),
        lambda: check.note_read(PLACE, [record]),
    ]
    if read_first:
        steps.reverse()
    for step in steps:
        assert check.ahead_ms == 0
        step()
    assert check.ahead_ms == pytest.approx(HELD_MS + 10_000, abs=60_000)
    assert check.holds
    # A clock that is set is noticed without another record.
    clock.shift_ms = 0
    assert (check.check().ok, check.words()) == (True, "")
    clock.shift_ms = -2 * TOLD_MS
    assert "behind" in check.words()


def test_records_of_others_and_simulated_time_say_nothing() -> None:
    check = NodeClockCheck(ShiftedClock(HOUR_MS))
    check.note_read(PLACE, [ConsumedRecord(1, 5, b"", b"")])
    check.note_append(TopicPartition("blo.heads.la-vn", 0), 1, check.now())
    assert (check.ahead_ms, check.holds, check.must_measure()) == (0, False, False)
    simulated = NodeClockCheck(ManualClock(HOUR_MS))
    simulated.note_append(PLACE, 1, simulated.now())
    simulated.note_read(PLACE, [ConsumedRecord(1, 5, b"", b"")])
    assert simulated.check().ok


def test_what_is_not_matched_is_forgotten_in_time() -> None:
    check = NodeClockCheck(ShiftedClock())
    for offset in range(3000):
        check.note_append(PLACE, offset, check.now())
        check.note_read(PLACE, [ConsumedRecord(offset + 5000, 5, b"", b"")])
    assert max(len(check._sent), len(check._read)) <= 256
