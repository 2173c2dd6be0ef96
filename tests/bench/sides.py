"""One side of a measurement in a process of its own: a processor, a bare agent, or a bare consumer.

``python -m tests.bench.sides SIDE PLAN`` says ``ready`` when it can begin, takes the records of the
topic as they come, and says in JSON how long they took: from the first one to the last.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
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

_PAUSE_S = 0.01
_LOOK_S = 0.25
"""Between two looks at all links of a worker, which take some time themselves."""
_LIMIT_S = 900.0
_SETTLE_S = 5.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a side is told.

    Attributes:
        config: The processor's configuration.
        bootstrap: Kafka's address.
        corridor: The corridor.
        name: The worker's name in its group; the bare sides' group.
        partitions: How many partitions it is to have before it is ready.
        records: How many records it is to take, over all its partitions.
        rest_s: How long a side that rests is watched, in seconds.
    """

    config: str
    bootstrap: str
    corridor: str
    name: str
    partitions: int
    records: int
    rest_s: float = 0.0


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


class Rested(msgspec.Struct, frozen=True, kw_only=True):
    """What a side says that rests.

    Attributes:
        start_cpu_s: Processor seconds of the process until it had all its partitions ready.
        settled_s: Seconds between that and the watch.
        share: Percent of a core while it was watched.
        connections: TCP connections to Kafka at the end.
        tasks: Tasks of its event loop at the end.
        peak_mb: The most memory that the process ever held, in MiB.
    """

    start_cpu_s: float
    settled_s: float
    share: float
    connections: int
    tasks: int
    peak_mb: float


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


async def _until(done: Callable[[], bool], pause_s: float = _PAUSE_S) -> None:
    # Asked again and again, since nothing is to be hooked into what is measured.
    async with asyncio.timeout(_LIMIT_S):
        while True:
            if done():
                return
            await asyncio.sleep(pause_s)


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
    watch = _Watch()
    async with _bare_app(plan, watch):
        _ready()
        return await watch.until(lambda: watch.count >= plan.records)


async def rest_bare(plan: Plan) -> Rested:
    """A bare agent that has read its records, and waits for more."""
    watch = _Watch()
    async with _bare_app(plan, watch):
        await _until(lambda: watch.count >= plan.records)
        return await _rest(plan)


@asynccontextmanager
async def _bare_app(plan: Plan, watch: _Watch) -> AsyncIterator[None]:
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
    yield
    await asyncio.wait({asyncio.create_task(app.stop())}, timeout=3)


async def run_worker(plan: Plan) -> Took:
    """The processor as ``blo processors run`` has it: view, seal, alerts and trail of each link."""
    watch = _Watch()
    async with _worker(plan, watch) as corridor:
        _ready()
        return await watch.until(lambda: _position(corridor) >= plan.records)


async def rest_worker(plan: Plan) -> Rested:
    """A processor that has folded its links, and whose links wait for more."""
    async with _worker(plan, _Watch(), _LOOK_S) as corridor:
        await _until(lambda: _position(corridor) >= plan.records, _LOOK_S)
        return await _rest(plan)


def _position(corridor: Corridor) -> int:
    return sum(one.worker.position for one in corridor.runners.values())


async def _rest(plan: Plan) -> Rested:
    start_cpu_s = process_time()
    await asyncio.sleep(_SETTLE_S)
    cpu, began = process_time(), perf_counter()
    await asyncio.sleep(plan.rest_s)
    share = 100 * (process_time() - cpu) / (perf_counter() - began)
    return Rested(
        start_cpu_s=start_cpu_s,
        settled_s=_SETTLE_S,
        share=share,
        connections=_connections(int(plan.bootstrap.rpartition(":")[2])),
        tasks=len(asyncio.all_tasks()),
        peak_mb=_peak_mb(),
    )


def _connections(port: int) -> int:
    """This process's TCP connections to a port."""
    own = {str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()}
    count = 0
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            is_own = f"socket:[{fields[9]}]" in own
            count += is_own and int(fields[2].rpartition(":")[2], 16) == port
    return count


def _peak_mb() -> float:
    # Not getrusage's: that one remembers what the program's parent held.
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index("VmHWM:") + 1]) / 1024


@asynccontextmanager
async def _worker(plan: Plan, watch: _Watch, pause_s: float = _PAUSE_S) -> AsyncIterator[Corridor]:
    settings = load(Path(plan.config), ProcessorSettings)
    log = connect(settings, joins_readers=True)
    context = await make_context(settings, Metrics(), log)
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
    running = [asyncio.create_task(stream.run()), asyncio.create_task(corridor.follow())]
    await _until(lambda: len(corridor.runners) == plan.partitions and corridor.check().ok, pause_s)
    try:
        yield corridor
        for task in running:
            if task.done():
                task.result()
    finally:
        await stream.stop()
        running[1].cancel()
        await asyncio.wait(running, timeout=3)
        corridor.assign(())
        await log.close()


def main() -> None:
    """Run the side that the arguments name."""
    logging.disable(logging.CRITICAL)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    sides: dict[str, Callable[[Plan], Coroutine[Any, Any, Took | Rested]]] = {
        "getmany": run_getmany,
        "bare": run_bare,
        "worker": run_worker,
        "idle-bare": rest_bare,
        "idle-worker": rest_worker,
    }
    side, plan = sys.argv[1:]
    took = asyncio.run(sides[side](msgspec.json.decode(plan, type=Plan)))
    sys.stdout.write(msgspec.json.encode(took).decode() + "\n")


if __name__ == "__main__":
    main()
