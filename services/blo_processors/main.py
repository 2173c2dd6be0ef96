"""The processor as a program: the composition root of ``blo processors run``."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import uvloop

from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.errors import LogError
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import Appender, Log
from blo_log.watched import WatchedLog
from blo_processors.config import ProcessorSettings
from blo_processors.context import WorkerContext, WorkerOptions
from blo_processors.corridor import Corridor
from blo_processors.errors import ProcessorError
from blo_processors.faust_app import FaustStream
from blo_processors.liveness import LivenessFeed
from blo_projection.errors import ProjectionError
from blo_runtime.admin import Check, Health, start_admin
from blo_runtime.clock import SystemClock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.keyfiles import load_identity
from blo_runtime.logs import configure, get_logger
from blo_runtime.metric_programs import FeedingProgram
from blo_runtime.metrics import Metrics
from blo_runtime.run_file import run_file
from blo_runtime.supervision import StopSignal, Supervisor
from blo_runtime.supervision import run as run_program
from blo_runtime.tls import kafka_options, ssl_context
from blo_schemas.ids import CorridorId, OfficeId

_SHUTDOWN_S: Final = 4.0
_BLOCKED_S: Final = 20.0


def run(settings: ProcessorSettings) -> int:
    """Run a corridor's processor until it is asked to stop.

    Returns:
        The exit code; not 0 when something failed, so that a supervisor starts it again.
    """
    # Faust's consumer makes a loop of its own in a thread.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    metrics = Metrics(FeedingProgram.PROCESSORS)
    configure(
        settings.logging,
        f"processors {settings.corridor}",
        on_dropped=metrics.log_fields_dropped.inc,
    )

    async def main(stop: StopSignal) -> None:
        await _serve(settings, metrics, stop)

    return run_program(
        main,
        shutdown_s=_SHUTDOWN_S,
        watchdog_s=_BLOCKED_S,
        expected=(LogError, ProcessorError, ProjectionError),
    )


def connect(settings: ProcessorSettings, *, joins_readers: bool = False) -> KafkaLog:
    """The log that a configuration names.

    Args:
        settings: The configuration.
        joins_readers: See ``KafkaLog``; so it is for a program of many links.
    """
    connection = KafkaConnection(**kafka_options(settings.kafka, settings.processor))
    return KafkaLog(connection, joins_readers=joins_readers)


async def make_context(
    settings: ProcessorSettings, metrics: Metrics, log: Log, line: KafkaLine | None = None
) -> WorkerContext:
    """The services of a configuration's workers; waits until Kafka answers.

    Raises:
        ConfigurationError: The key file can't be used.
        LogError: Kafka answers, and its topics can't serve.
    """
    line = line or KafkaLine()
    identity = load_identity(settings.keys, OfficeId(settings.processor))
    feed = DirectoryFeed(log, settings.trust.roots)

    async def begin() -> Appender:
        await feed.refresh()
        await _check_topics(settings, log, feed)
        return await log.appender()

    appender = await line.keep_trying("start", begin)
    work = settings.work
    return WorkerContext(
        log=log,
        appender=appender,
        identity=identity,
        feed=feed,
        liveness=LivenessFeed(log, feed, CorridorId(settings.corridor)),
        clock=SystemClock(),
        metrics=metrics,
        options=WorkerOptions(
            checkpoint_every=work.checkpoint_every,
            checkpoint_s=work.checkpoint_s,
            audit_s=work.audit_s,
            by_clock=not settings.simulated_time,
            skew_ms=round(work.skew_s * 1000),
        ),
        state=_state_folder(settings),
        line=line,
    )


class _Program:
    """The parts of the program that have started.

    Args:
        settings: The configuration.
        metrics: The metrics.
        log: The log.
        tasks: Runs the parts.
    """

    def __init__(
        self, settings: ProcessorSettings, metrics: Metrics, log: Log, tasks: Supervisor
    ) -> None:
        self.line = KafkaLine(tell=metrics.line_up.set)
        self._settings = settings
        self._metrics = metrics
        self._log = WatchedLog(log, self.line.question)
        self._tasks = tasks
        self._corridor: Corridor | None = None
        self._stream: FaustStream | None = None

    async def begin(self) -> None:
        """Wait for Kafka, then start the parts; raises as ``make_context``."""
        settings, tasks = self._settings, self._tasks
        context = await make_context(settings, self._metrics, self._log, self.line)
        work = settings.work
        corridor = Corridor(
            CorridorId(settings.corridor),
            context,
            lambda name, runner: tasks.start(name, runner.run, may_end=True),
            tick_s=work.tick_s,
            stuck_s=work.stuck_s,
        )
        stream = _stream(settings, corridor, context.feed)
        self._corridor, self._stream = corridor, stream
        tasks.start("corridor", corridor.follow)
        tasks.start("stream", stream.run)
        get_logger().info("processor is up", corridor=settings.corridor)

    async def end(self) -> None:
        """Commit what was acknowledged, before the runners end."""
        if self._stream is not None:
            await self._stream.stop()

    def checks(self) -> dict[str, Check]:
        """The checks of ``/readyz``."""
        return {"kafka": self.line.check, "links": self._links, "stream": self._check_stream}

    def _links(self) -> Health:
        if self._corridor is None:
            return Health(ok=False, detail="nothing has begun yet: Kafka is waited for")
        return self._corridor.check()

    def _check_stream(self) -> Health:
        return Health(ok=True) if self._stream is None else self._stream.check()


async def _serve(settings: ProcessorSettings, metrics: Metrics, stop: StopSignal) -> None:
    # Each link keeps the file of its state and its journal open.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # A key file that can't be used is an error before the wait for Kafka.
    load_identity(settings.keys, OfficeId(settings.processor))
    log = connect(settings, joins_readers=True)
    try:
        async with Supervisor(stop) as tasks:
            program = _Program(settings, metrics, log, tasks)
            async with _admin(settings, metrics, program.checks()):
                tasks.start("start", program.begin, may_end=True)
                await tasks.until_stopped()
                await program.end()
    finally:
        await log.close()


def _stream(settings: ProcessorSettings, corridor: Corridor, feed: DirectoryFeed) -> FaustStream:
    tls = settings.kafka.tls
    return FaustStream(
        corridor.corridor,
        topics.exchange_topic(corridor.corridor),
        settings.kafka.servers,
        None if tls is None else ssl_context(tls),
        settings.group,
        partitions=lambda: feed.directory.partition_count(corridor.corridor),
        deliver=corridor.deliver,
        assign=corridor.assign,
    )


def _state_folder(settings: ProcessorSettings) -> Path | None:
    """The folder of this worker's states; workers of one configuration have one each."""
    if settings.state is None:
        return None
    return settings.state / (settings.group.instance or "worker")


async def _check_topics(settings: ProcessorSettings, log: Log, feed: DirectoryFeed) -> None:
    corridor = CorridorId(settings.corridor)
    links = max(feed.directory.partition_count(corridor), 1)
    planned = topics.plan(
        {corridor: links}, replication=1, min_isr=1, simulated_time=settings.simulated_time
    )
    # Files are the offices' alone: a processor has no right to see even how their topic is set up.
    files = topics.files_topic(corridor)
    admin = await log.admin()
    try:
        await topics.check(admin, [spec for spec in planned if spec.name != files])
    finally:
        await admin.close()


@asynccontextmanager
async def _admin(
    settings: ProcessorSettings, metrics: Metrics, checks: dict[str, Check]
) -> AsyncIterator[None]:
    admin = await start_admin(settings.admin, metrics.registry, checks)
    path = settings.keys.parent / f"run-{settings.group.instance or os.getpid()}.json"
    try:
        with run_file(path, admin_port=admin.port):
            get_logger().info("processor has started", port=admin.port)
            yield
    finally:
        await admin.stop()
