"""The state of the line to Kafka: who waits, who has no answer, what is told and how often."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from blo_log.errors import AppendFailed, BrokerUnreachable, NotAuthorised
from blo_log.memory import MemoryLog
from blo_log.port import ProducerRecord, TopicPartition, TopicSpec
from blo_log.watched import WatchedLog
from blo_runtime import kafka_line
from blo_runtime.kafka_line import KafkaLine, is_transient
from blo_runtime.logs import configure
from blo_runtime.settings import LoggingSettings
from tests.patience import PATIENCE_S

AWAY = BrokerUnreachable("kafka1:9093", "no route")


@pytest.fixture(autouse=True)
def _soon_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_line, "SILENT_S", 0.01)


async def until_away(line: KafkaLine) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not line.is_away:  # noqa: ASYNC110 - a state tells nobody
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def informing_logs() -> None:
    """Whatever another test has asked of the log: here everything is said."""
    configure(LoggingSettings(), "unconfigured", on_dropped=lambda: None)


async def test_a_question_without_an_answer_is_told_before_it_fails(
    capfd: pytest.CaptureFixture[str],
) -> None:
    told: list[float] = []
    line = KafkaLine(tell=told.append)
    with line.question("where topics end"):
        assert line.check().ok
        await until_away(line)
        health = line.check()
        assert not health.ok
        assert "where topics end" in health.detail
    assert line.check().ok
    assert told == [1, 0, 1]
    words = capfd.readouterr().err
    assert words.count("Kafka is away") == words.count("Kafka answers again") == 1


async def test_a_question_that_fails_after_a_silence_is_no_answer(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = KafkaLine()
    with contextlib.suppress(BrokerUnreachable), line.question("an append"):
        await until_away(line)
        raise AWAY
    assert "Kafka answers again" not in capfd.readouterr().err
    line.pause_after("sending", AWAY)
    line.works("sending")
    words = capfd.readouterr().err
    assert "Kafka is away" not in words, "that was said when the question had no answer"
    assert words.count("Kafka answers again") == 1


async def test_a_question_that_is_given_up_is_forgotten() -> None:
    line = KafkaLine()

    async def ask() -> None:
        with line.question("where topics end"):
            await asyncio.Event().wait()

    asking = asyncio.create_task(ask())
    await until_away(line)
    asking.cancel()
    await asyncio.wait({asking})
    assert line.check().ok


async def test_what_is_refused_is_told_and_said_once_for_each_reason(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = KafkaLine()
    pauses = [line.pause_after("sending", NotAuthorised("blo.exchange.la-vn")) for _ in range(9)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == kafka_line.LONGEST_PAUSE_S
    health = line.check()
    assert not health.ok
    assert "sending is refused by Kafka" in health.detail
    line.works("sending")
    assert line.check().ok
    assert capfd.readouterr().err.count("a task is refused by Kafka") == 1


def test_an_append_passes_by_itself_if_its_cause_does() -> None:
    assert is_transient(AppendFailed(AWAY, acknowledged={}, total=1))
    assert not is_transient(AppendFailed(NotAuthorised("t"), acknowledged={}, total=1))
    assert not is_transient(ValueError())


async def test_every_request_of_a_watched_log_is_watched() -> None:
    asked: list[str] = []

    @contextlib.contextmanager
    def watch(what: str) -> Iterator[None]:
        asked.append(what)
        yield

    log = WatchedLog(MemoryLog(), watch)
    admin = await log.admin()
    await admin.create(TopicSpec("t", 1, 1, {}))
    await admin.add_partitions("t", 2)
    assert await admin.topics() == {"t"}
    assert (await admin.describe(["t"]))["t"].partitions == 2
    await admin.close()
    appender = await log.appender()
    assert await appender.append([ProducerRecord("t", 0, None, b"x")]) == [0]
    await appender.close()
    place = TopicPartition("t", 0)
    reader = await log.reader({place: 0})
    assert await reader.high_watermarks() == {place: 1}
    assert await log.ends([place]) == {place: 1}
    assert await log.offset_at(place, 0) == 0
    before = len(asked)
    assert [one.value for one in (await reader.poll())[place]] == [b"x"]
    assert len(asked) == before, "a poll may wait for what never comes"
    assert reader.position(place) == 1
    reader.seek(place, 0)
    assert reader.position(place) == 0
    await reader.close()
    await log.close()
    assert asked == [
        "connecting to ask for topics",
        "making a topic",
        "adding partitions",
        "which topics there are",
        "how topics are",
        "connecting to append",
        "an append",
        "connecting to read",
        "where topics end",
        "where topics end",
        "where a time begins",
    ]
