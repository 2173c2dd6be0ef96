"""One side of a measurement in a process of its own: a processor, a bare agent, or a bare consumer.

``python -m tests.bench.sides SIDE PLAN`` says ``ready`` when it can begin, takes the records of the
topic as they come, and says in JSON how long they took: from the first one to the last.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import faust
import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer

from blo_log import topics
from blo_processors.config import GroupSettings, ProcessorSettings
from blo_processors.corridor import Corridor
from blo_processors.faust_app import FaustStream
from blo_processors.link.runner import Delivered
from blo_processors.main import connect, make_context
from blo_runtime.config import load
from blo_runtime.metrics import Metrics
from blo_schemas.ids import CorridorId

_PAUSE_S = 0.002
_LIMIT_S = 300.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a side is told.

    Attributes:
        config: The processor's configuration.
        bootstrap: Kafka's address.
        corridor: The corridor.
        name: The worker's name in its group; the bare sides' group.
        partitions: How many partitions it is to have before it is ready.
        records: How many records it is to take, over all its partitions.
    """

    config: str
    bootstrap: str
    corridor: str
    name: str
    partitions: int
    records: int


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What a side says.

    Attributes:
        began: When it had the first record, by the machine's monotonic clock, in seconds.
        ended: When it was done with the last.
        cpu_s: Processor seconds of the process in between.
    """

    began: float
    ended: float
    cpu_s: float


class _Watch:
    """Notes when the first record came."""

    def __init__(self) -> None:
        self.count = 0
        self._began = 0.0
        self._cpu = 0.0

    def see(self) -> None:
        if not self.count:
            self._began, self._cpu = perf_counter(), process_time()
        self.count += 1

    async def until(self, done: Callable[[], bool]) -> Took:
        await _until(done)
        spent = process_time() - self._cpu
        return Took(began=self._began, ended=perf_counter(), cpu_s=spent)


async def _until(done: Callable[[], bool]) -> None:
    # Asked again and again, since nothing is to be hooked into what is measured.
    async with asyncio.timeout(_LIMIT_S):
        while True:
            if done():
                return
            await asyncio.sleep(_PAUSE_S)


def _ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


async def run_getmany(plan: Plan) -> Took:
    """aiokafka alone, doing nothing with what it gets."""
    topic = topics.exchange_topic(CorridorId(plan.corridor))
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=plan.bootstrap,
        group_id=plan.name,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    watch = _Watch()
    try:
        await _until(lambda: len(consumer.assignment()) >= plan.partitions)
        _ready()
        while watch.count < plan.records:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for _ in records:
                    watch.see()
        return await watch.until(lambda: True)
    finally:
        await consumer.stop()


async def run_bare(plan: Plan) -> Took:
    """A Faust agent with this project's settings that does nothing with what it gets."""
    app: Any = faust.App(
        plan.name,
        broker=f"kafka://{plan.bootstrap}",
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        key_serializer="raw",
        value_serializer="raw",
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        stream_wait_empty=False,
    )
    topic = topics.exchange_topic(CorridorId(plan.corridor))
    source = app.topic(topic, key_type=bytes, value_type=bytes)
    watch = _Watch()
    assigned = asyncio.Event()

    async def take(stream: Any) -> None:
        async for _ in stream.events():
            watch.see()

    async def on_assigned(_app: Any, _parts: Any, **_: Any) -> None:
        assigned.set()

    app.agent(source, concurrency=1, name="take")(take)
    app.on_partitions_assigned.connect(on_assigned, weak=False)
    app.finalize()
    await app.start()
    await assigned.wait()
    _ready()
    took = await watch.until(lambda: watch.count >= plan.records)
    await asyncio.wait({asyncio.create_task(app.stop())}, timeout=3)
    return took


async def run_worker(plan: Plan) -> Took:
    """The processor as ``blo processors run`` has it: view, seal, alerts and trail of each link."""
    settings = load(Path(plan.config), ProcessorSettings)
    log = connect(settings)
    context = await make_context(settings, Metrics(), log)
    watch = _Watch()
    corridor = Corridor(
        CorridorId(plan.corridor),
        context,
        lambda name, runner: asyncio.create_task(runner.run(), name=name),
        tick_s=settings.work.tick_s,
        stuck_s=settings.work.stuck_s,
    )

    def deliver(partition: int, delivered: Delivered) -> None:
        watch.see()
        corridor.deliver(partition, delivered)

    stream = FaustStream(
        corridor.corridor,
        topics.exchange_topic(corridor.corridor),
        settings.kafka.servers,
        None,
        GroupSettings(instance=plan.name),
        partitions=lambda: context.feed.directory.partition_count(corridor.corridor),
        deliver=deliver,
        assign=corridor.assign,
    )
    running = asyncio.create_task(stream.run())
    await _until(lambda: len(corridor.runners) == plan.partitions and corridor.check().ok)
    _ready()

    def done() -> bool:
        if running.done():
            running.result()
        return sum(one.worker.position for one in corridor.runners.values()) >= plan.records

    try:
        return await watch.until(done)
    finally:
        await stream.stop()
        await asyncio.wait({running}, timeout=3)
        corridor.assign(())
        await log.close()


def main() -> None:
    """Run the side that the arguments name."""
    logging.disable(logging.CRITICAL)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    sides = {"getmany": run_getmany, "bare": run_bare, "worker": run_worker}
    side, plan = sys.argv[1:]
    took = asyncio.run(sides[side](msgspec.json.decode(plan, type=Plan)))
    sys.stdout.write(msgspec.json.encode(took).decode() + "\n")


if __name__ == "__main__":
    main()
