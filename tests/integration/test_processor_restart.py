"""A processor that is killed goes on from its stored state, and readers see a fold from zero."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from blo_lab.broker import EmbeddedBroker
from blo_log.kafka import KafkaConnection, KafkaLog
from tests.faults.run import Difference, compare
from tests.patience import PATIENCE_S
from tests.processors.process import WorkerProcess, write_config
from tests.processors.world import LinkWriter, World

pytestmark = pytest.mark.broker

FIRST, LIVE, AWAY = 300, 60, 40


def told(worker: WorkerProcess, event: str) -> list[int]:
    """The sizes that the worker's log states with an event."""
    text = worker.log.read_text(encoding="utf-8") if worker.log.exists() else ""
    lines = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    return [int(line.get("size", 0)) for line in lines if line["event"] == event]


async def is_right(world: World, log: KafkaLog, writer: LinkWriter) -> bool:
    """Whether readers of the outputs see what a fold of the whole log from zero gives."""
    difference = Difference()
    await compare(world, log, writer, difference)
    return difference.nothing


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.2)


async def test_a_killed_processor_goes_on_from_its_state_and_its_views_are_those_of_a_fold(
    broker_factory: Callable[..., EmbeddedBroker], tmp_path: Path
) -> None:
    broker = broker_factory()
    world = World(seed=11)
    writer = LinkWriter(world, world.places[0], seed=11)
    config = write_config(world, tmp_path, broker.bootstrap)
    log = KafkaLog(KafkaConnection(bootstrap=broker.bootstrap, request_timeout_s=40))
    appender = await log.appender()

    async def write(number: int) -> None:
        begin = len(writer.records)
        writer.play(number)
        await appender.append([*writer.grants, *writer.messages(begin)])

    await world.publish(log)
    await write(FIRST)
    worker = WorkerProcess(config, "one", tmp_path / "one.log")

    async def has_folded(times: int) -> bool:
        return len(told(worker, "link is folded")) == times

    try:
        # It says so when the state of what it has folded is on its disk.
        await until(partial(has_folded, 1))
        await write(LIVE)
        await until(partial(is_right, world, log, writer))
        assert worker.send(signal.SIGKILL)
        await write(AWAY)
        await until(partial(has_folded, 2))
        await until(partial(is_right, world, log, writer))
        (resumed,) = told(worker, "goes on from its stored state")
        assert FIRST <= resumed <= FIRST + LIVE
        assert len(told(worker, "folded from the first record")) == 1
        assert worker.codes == [-signal.SIGKILL]
    finally:
        worker.stop()
        await log.close()
