"""``processors_*``, ``fold_on_assignment``, ``as_of``, ``append_to_alert``, ``two_workers``."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, time
from typing import Any, Final, TypeVar

import msgspec
import uvloop

from blo_domain.deadlines.evaluate import next_change
from blo_log import topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import Log, TopicPartition, read_to_end
from blo_processors.context import WorkerOptions
from blo_processors.corridor import Corridor
from blo_processors.link.runner import LinkRunner
from blo_processors.link.worker import LinkWorker
from blo_processors.query.as_of import replay
from blo_runtime.clock import SystemClock
from blo_runtime.logs import configure
from blo_runtime.settings import LoggingSettings
from blo_schemas.summary import Urgency
from tests.bench.links import LinkLog
from tests.bench.report import BY_NAME, Measurement
from tests.bench.sides import Plan, Took
from tests.bench.stretches import MarkedLog
from tests.bench.timing import Effort
from tests.processors.process import PROJECT_ROOT, write_config
from tests.processors.seeing import plain, terms
from tests.processors.world import CORRIDOR, VN, LinkWriter, World

T = TypeVar("T")

_TICK_S: Final = 1.0
_SOON_MS: Final = 4_000
_READS: Final = 3
_REPLAYS: Final = 8
_SESSION_S: Final = 7.0
_STATED_RECORDS: Final = 100_000
_PATIENCE_S: Final = 60.0


class _Ground:
    """A corridor on a Kafka, with a world of so many links."""

    def __init__(self, bootstrap: str, folder: Path, links: int = 1) -> None:
        self.world = World(seed=int.from_bytes(os.urandom(4), "big"), links=links)
        self.bootstrap = bootstrap
        self.log: Log = KafkaLog(KafkaConnection(bootstrap=bootstrap, request_timeout_s=40))
        self.links = [LinkLog(self.world, place) for place in self.world.places]
        self.config = write_config(self.world, folder, bootstrap)
        # How work is done is left as it comes.
        self.config.write_text(self.config.read_text().partition("[work]")[0])

    async def begin(self) -> None:
        await self.world.publish(self.log)
        for link in self.links:
            await link.begin(self.log)

    async def worker(self) -> LinkWorker:
        context = await self.world.surroundings(self.log, SystemClock(), WorkerOptions())
        return LinkWorker(self.world.places[0], context)

    async def feed(self, names: Sequence[str], each: int) -> tuple[float, float]:
        """Records a second that workers of these names take, as so many of each link are fed.

        Returns:
            By the clock, and by the processor seconds of all of them.
        """
        before = sum(link.size for link in self.links)
        made = [link.messages(each) for link in self.links]
        share = (before + each * len(self.links)) // len(names)
        running = [await self._start("worker", name, len(names), share) for name in names]
        await asyncio.gather(*(_ready(process) for process in running))
        appender = await self.log.appender()
        # In turns, so that each link has work from the beginning.
        for start in range(0, each, 500):
            await appender.append([one for link in made for one in link[start : start + 500]])
        await appender.close()
        took = [await _took(process) for process in running]
        seconds = max(one.ended for one in took) - min(one.began for one in took)
        records = each * len(self.links)
        return records / seconds, records / sum(one.cpu_s for one in took)

    async def feed_singly(self, records: int) -> float:
        """Processor seconds a record of a worker that has each one's outputs before the next."""
        (link,) = self.links
        share = link.size + records
        made = link.messages(records)
        process = await self._start("worker", "one", 1, share)
        await _ready(process)
        trail = TopicPartition(topics.trail_topic(CORRIDOR), 0)
        reader = await self.log.reader({trail: 0})
        reader.seek(trail, (await reader.high_watermarks())[trail])
        appender = await self.log.appender()
        for message in made:
            await appender.append([message])
            async with asyncio.timeout(_PATIENCE_S):
                while not await reader.poll():
                    assert process.returncode is None
        await appender.close()
        await reader.close()
        return (await _took(process)).cpu_s / records

    async def read(self, side: str) -> float:
        """Records a processor second that a bare side reads of what is on the topic."""
        records = sum(link.size for link in self.links)
        process = await self._start(side, f"{side}-{os.urandom(4).hex()}", 1, records)
        await _ready(process)
        took = await _took(process)
        return records / took.cpu_s

    async def _start(
        self, side: str, name: str, workers: int, records: int
    ) -> asyncio.subprocess.Process:
        plan = Plan(
            config=str(self.config),
            bootstrap=self.bootstrap,
            corridor=CORRIDOR,
            name=name,
            partitions=len(self.links) // workers,
            records=records,
        )
        paths = os.pathsep.join(
            str(PROJECT_ROOT / path) for path in ("schemas", "services", "deploy", ".")
        )
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.sides", side, msgspec.json.encode(plan).decode()),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n", "a side has ended before it began"


async def _took(process: asyncio.subprocess.Process) -> Took:
    assert process.stdout is not None
    said = await process.stdout.readline()
    await process.wait()
    return msgspec.json.decode(said, type=Took)


def _run(work: Coroutine[Any, Any, T]) -> T:
    # A worker says in the log what it has folded.
    configure(LoggingSettings(level="error"), "bench", on_dropped=lambda: None)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def measure_faust(effort: Effort, bootstrap: str, folder: Path) -> tuple[Measurement, ...]:
    """A worker's whole path as Faust brings the records, against bare Faust and bare aiokafka.

    Ours: record layer with every signature, summary, verdict, view, clocks; then cases, alerts,
    trail and checkpoints sealed, signed and acknowledged. The bare sides read the same records
    from the same topic, which lie there already; ours come while it works. By processor time of
    each process, with all its threads: both keep a core busy if they have one. In the end records
    come one by one, each when the outputs of the one before are there.
    """

    async def measure() -> tuple[list[float], list[float], list[float], list[float]]:
        ground = _Ground(bootstrap, folder)
        await ground.begin()
        ours, faust, getmany, alone = [], [], [], []
        for _ in range(min(effort.rounds, _READS)):
            ours.append((await ground.feed(("one",), effort.stream))[1])
            faust.append(await ground.read("bare"))
            getmany.append(await ground.read("getmany"))
        alone.append(1 / await ground.feed_singly(effort.stream // 10))
        await ground.log.close()
        return ours, faust, getmany, alone

    ours, faust, getmany, alone = map(median, _run(measure()))
    return (
        BY_NAME["processors_faust"].measured(ours, faust),
        BY_NAME["processors_getmany"].measured(ours, getmany),
        BY_NAME["processors_one_by_one"].measured(alone, ours),
    )


def measure_two_workers(effort: Effort, bootstrap: str, folder: Path) -> tuple[Measurement, ...]:
    """Two links at two workers, each a process, against both at one."""

    async def measure() -> tuple[float, float]:
        ground = _Ground(bootstrap, folder, links=2)
        await ground.begin()
        one, _ = await ground.feed(("one",), effort.stream)
        # It keeps its links for its session, and then they are shared out anew.
        await asyncio.sleep(_SESSION_S)
        two, _ = await ground.feed(("two", "three"), effort.stream)
        await ground.log.close()
        return two, one

    return (BY_NAME["two_workers"].measured(*_run(measure())),)


def measure_folding(effort: Effort, bootstrap: str, folder: Path) -> tuple[Measurement, ...]:
    """A start on a link whose outputs are there, and ``as-of`` its end, both over the same log.

    The start verifies every signature, and compares every output with what it should be. ``as-of``
    is processor time, of fetching, too: it is about a core, not about a broker; the fastest quarter of
    a replay counts.
    """

    async def measure() -> tuple[float, float, float, float]:
        ground = _Ground(bootstrap, folder)
        await ground.begin()
        await ground.links[0].append(ground.log, effort.link)
        for _ in range(2):
            worker = await ground.worker()
            began = perf_counter()
            await worker.start()
            fold_s = perf_counter() - began
            await worker.close()
        context = await ground.world.surroundings(ground.log, SystemClock())
        now, until = SystemClock().now_ms(), ground.links[0].now
        exchange = TopicPartition(topics.exchange_topic(CORRIDOR), 0)
        log = MarkedLog(KafkaConnection(bootstrap=bootstrap), exchange)
        replays, reads = [], []
        for _ in range(min(effort.reads, _REPLAYS)):
            (one,) = await replay(log, context.feed, context.identity, CORRIDOR, until, now)
            assert one.size == effort.link
            assert one.proved, "the start has left a checkpoint"
            assert log.marks is not None
            replays.append(1 / log.marks.fastest(effort.link // 4))
            wall, cpu = perf_counter(), process_time()
            await _read(ground.log)
            reads.append((effort.link / (process_time() - cpu), perf_counter() - wall))
        await log.close()
        await ground.log.close()
        return fold_s, median(s for _, s in reads), max(replays), max(rate for rate, _ in reads)

    fold_s, read_s, as_of, bare = _run(measure())
    scale = _STATED_RECORDS / effort.link
    return (
        BY_NAME["as_of"].measured(as_of, bare),
        BY_NAME["fold_on_assignment"].measured(fold_s * scale, read_s * scale),
    )


async def _read(log: Log) -> None:
    exchange = TopicPartition(topics.exchange_topic(CORRIDOR), 0)
    reader = await log.reader({exchange: 0})
    async for batch in read_to_end(reader, max_records=2000):
        assert batch[exchange]
    await reader.close()


def measure_alert(effort: Effort, bootstrap: str, folder: Path) -> tuple[Measurement, ...]:
    """From the instant at which a clock runs out until the alert can be read, less the tick."""

    async def measure() -> list[float]:
        ground = _Ground(bootstrap, folder, links=min(effort.rounds, _READS))
        await ground.world.publish(ground.log)
        late = [
            await _wait_for_alert(ground, LinkWriter(ground.world, place))
            for place in ground.world.places
        ]
        await ground.log.close()
        return late

    seconds = max(_run(measure())) - _TICK_S
    return (BY_NAME["append_to_alert"].measured(max(seconds, 0.001), _TICK_S),)


async def _wait_for_alert(ground: _Ground, writer: LinkWriter) -> float:
    place, world = writer.place, ground.world
    clock = SystemClock()
    case = writer.open(VN, Urgency.IMMEDIATE)
    record = plain(world, writer).cases.record(case)
    assert record is not None
    due = next_change(record.clocks, terms(world, place), writer.now)
    assert due is not None
    # The same opening, so long ago that its clock runs out soon.
    writer = LinkWriter(world, place)
    at = clock.now_ms() + _SOON_MS - (due - record.clocks.log_time)
    writer.now = at
    writer.dice.randrange = lambda *_: 0  # type: ignore[method-assign]
    writer.open(VN, Urgency.IMMEDIATE)
    due += at - record.clocks.log_time
    await writer.append(ground.log)
    context = await world.surroundings(ground.log, clock, WorkerOptions())
    tasks: list[asyncio.Task[None]] = []

    def start(name: str, runner: LinkRunner) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(runner.run(), name=name))
        return tasks[-1]

    corridor = Corridor(CORRIDOR, context, start, tick_s=_TICK_S, stuck_s=60)
    corridor.assign([place.partition])
    tasks.append(asyncio.create_task(corridor.follow()))
    alerts = TopicPartition(topics.alerts_topic(CORRIDOR), place.partition)
    reader = await ground.log.reader({alerts: 0})
    try:
        async with asyncio.timeout(30):
            while not await reader.poll(timeout_s=0.05):
                assert not any(task.done() for task in tasks)
        return time() - due / 1000
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await reader.close()


__all__ = ["measure_alert", "measure_faust", "measure_folding", "measure_two_workers"]
