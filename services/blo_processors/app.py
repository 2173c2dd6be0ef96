"""The processor as a program: the composition root of ``blo processors run``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvloop

from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.errors import LogError
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import Log
from blo_processors.coalescing import CoalescingAppender
from blo_processors.config import ProcessorSettings
from blo_processors.corridor import Corridor
from blo_processors.stream import Stream
from blo_processors.surroundings import Surroundings, WorkerOptions
from blo_runtime.admin import start_admin
from blo_runtime.clock import SystemClock
from blo_runtime.keyfiles import load_identity
from blo_runtime.logs import configure, get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.run_file import run_file
from blo_runtime.supervision import StopSignal, Supervisor
from blo_runtime.supervision import run as run_program
from blo_runtime.tls import kafka_options, ssl_context
from blo_schemas.ids import CorridorId, OfficeId

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
_SHUTDOWN_S: Final = 4.0
_BLOCKED_S: Final = 20.0


def run(settings: ProcessorSettings) -> int:
    """Run a corridor's processor until it is asked to stop.

    Returns:
        The exit code; not 0 when something failed, so that a supervisor starts it again.
    """
    # Faust's consumer makes a loop of its own in a thread.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    metrics = Metrics()
    configure(
        settings.logging,
        f"processors {settings.corridor}",
        on_dropped=metrics.log_fields_dropped.inc,
    )

    async def main(stop: StopSignal) -> None:
        await _serve(settings, metrics, stop)

    return run_program(main, shutdown_s=_SHUTDOWN_S, watchdog_s=_BLOCKED_S)


def connect(settings: ProcessorSettings) -> KafkaLog:
    """The way to the log that a configuration names."""
    return KafkaLog(KafkaConnection(**kafka_options(settings.kafka, settings.processor)))


async def surroundings(settings: ProcessorSettings, metrics: Metrics, log: Log) -> Surroundings:
    """What the workers of a configuration work with, as soon as Kafka answers.

    Raises:
        ConfigurationError: The key file can't be used.
        LogError: Kafka answers, and its topics can't serve.
    """
    identity = load_identity(settings.keys, OfficeId(settings.processor))
    feed = DirectoryFeed(log, settings.trust.roots)
    await _wait_for_log(settings, log, feed)
    work = settings.work
    return Surroundings(
        log=log,
        appender=CoalescingAppender(await log.appender()),
        identity=identity,
        feed=feed,
        clock=SystemClock(),
        metrics=metrics,
        options=WorkerOptions(
            checkpoint_every=work.checkpoint_every,
            checkpoint_s=work.checkpoint_s,
            audit_s=work.audit_s,
            by_clock=not settings.simulated_time,
            skew_ms=round(work.skew_s * 1000),
        ),
    )


async def _serve(settings: ProcessorSettings, metrics: Metrics, stop: StopSignal) -> None:
    log = connect(settings)
    try:
        around = await surroundings(settings, metrics, log)
        work = settings.work
        async with Supervisor(stop) as tasks:
            corridor = Corridor(
                CorridorId(settings.corridor),
                around,
                lambda name, runner: tasks.start(name, runner.run, may_end=True),
                tick_s=work.tick_s,
                stuck_s=work.stuck_s,
            )
            stream = _stream(settings, corridor, around.feed)
            tasks.start("corridor", corridor.follow)
            tasks.start("stream", stream.run)
            async with _admin(settings, metrics, corridor):
                await tasks.until_stopped()
                # What is under way is finished and committed before the runners end.
                await stream.stop()
    finally:
        await log.close()


def _stream(settings: ProcessorSettings, corridor: Corridor, feed: DirectoryFeed) -> Stream:
    tls = settings.kafka.tls
    return Stream(
        corridor.corridor,
        topics.exchange_topic(corridor.corridor),
        settings.kafka.servers,
        None if tls is None else ssl_context(tls),
        settings.group,
        partitions=lambda: feed.directory.partition_count(corridor.corridor),
        deliver=corridor.deliver,
        assign=corridor.assign,
    )


async def _wait_for_log(settings: ProcessorSettings, log: Log, feed: DirectoryFeed) -> None:
    """Wait for Kafka with a growing pause, then make sure that the topics can serve."""
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            await feed.refresh()
            await _check_topics(settings, log, feed)
            return
        except LogError as error:
            if not error.transient:
                raise
            get_logger().warning("waiting for Kafka", error=str(error), delay_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


async def _check_topics(settings: ProcessorSettings, log: Log, feed: DirectoryFeed) -> None:
    corridor = CorridorId(settings.corridor)
    links = max(feed.directory.partition_count(corridor), 1)
    planned = topics.plan(
        {corridor: links}, replication=1, min_isr=1, simulated_time=settings.simulated_time
    )
    admin = await log.admin()
    try:
        await topics.check(admin, planned)
    finally:
        await admin.close()


@asynccontextmanager
async def _admin(
    settings: ProcessorSettings, metrics: Metrics, corridor: Corridor
) -> AsyncIterator[None]:
    admin = await start_admin(settings.admin, metrics.registry, {"links": corridor.check})
    path = settings.keys.parent / f"run-{settings.group.instance or os.getpid()}.json"
    try:
        with run_file(path, admin_port=admin.port):
            get_logger().info("processor is up", corridor=settings.corridor, port=admin.port)
            yield
    finally:
        await admin.stop()


__all__ = ["connect", "run", "surroundings"]
