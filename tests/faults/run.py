"""One run under faults: load, disturb, and compare what a reader sees with a plain fold."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import msgspec

from blo_lab.broker import EmbeddedBroker
from blo_log import topics
from blo_log.errors import AppendFailed, LogError
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_schemas.event import LogRecord
from tests.faults.chaos import Plan, disturb
from tests.processors.process import WorkerProcess, write_config
from tests.processors.seeing import Seen, cases_of, plain, see, whole_topic
from tests.processors.world import LinkWriter, World

_CHUNK = 25


class Report(msgspec.Struct, kw_only=True):
    """What happened.

    Attributes:
        plan: What was to be done.
        deeds: What was done, in order.
        starts: How often each worker was started.
        resumed: How often a link went on from its stored state.
        exit_codes: With which code workers ended, and how often; negative: by that signal.
        wrong_views: Views that differ from the plain fold's.
        wrong_entries: Positions whose trail entry is missing or differs.
        wrong_alerts: Alerts and clearings that are missing, differ or should not be there.
        alerts: How many there should be.
        stale_last: Cases whose last view on the topic, all that compaction keeps, isn't the newest.
        written: Trail entries on the topic in all; more than there are records is repetition.
        settled_s: Seconds from the last append to everything being right.
        stop_s: Seconds that each worker took to end on SIGTERM.
        last_codes: With which code each worker ended then; 0 only if it stayed within its limit.
        seconds: How long the run took.
    """

    plan: Plan
    deeds: list[str]
    starts: list[int]
    resumed: int
    exit_codes: dict[str, int]
    wrong_views: int
    wrong_entries: int
    wrong_alerts: int
    alerts: int
    stale_last: int
    written: int
    settled_s: float
    stop_s: list[float]
    last_codes: list[int]
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether readers see the plain fold."""
        return not (self.wrong_views or self.wrong_entries or self.wrong_alerts or self.stale_last)


class Difference(msgspec.Struct):
    """What readers of a link's outputs see otherwise than a fold of its log from zero gives it."""

    views: int = 0
    entries: int = 0
    stale: int = 0
    alerts: int = 0
    raised: int = 0
    written: int = 0

    @property
    def nothing(self) -> bool:
        """Whether they see the same."""
        return not (self.views or self.entries or self.stale or self.alerts)


async def run_faults(plan: Plan, broker: EmbeddedBroker, folder: Path) -> Report:
    """Run it; the workers have ended when this returns."""
    began = time.monotonic()
    world = World(seed=plan.seed, links=plan.links)
    writers = [LinkWriter(world, place, seed=n) for n, place in enumerate(world.places)]
    for writer in writers:
        writer.play(plan.events // plan.links)
    config = write_config(world, folder, broker.bootstrap)
    workers = [WorkerProcess(config, name, folder / f"{name}.log") for name in ("one", "two")]
    deeds: list[str] = []
    log = KafkaLog(KafkaConnection(bootstrap=broker.bootstrap, request_timeout_s=40))
    try:
        await world.publish(log)
        loading = [asyncio.create_task(_load(plan, log, writer)) for writer in writers]
        await disturb(plan, broker, workers, deeds)
        await asyncio.gather(*loading)
        loaded = time.monotonic()
        difference = await _settle(world, log, writers, plan.settle_s)
        settled_s = time.monotonic() - loaded
        took = await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))
    finally:
        for worker in workers:
            worker.stop()
        await log.close()
    return Report(
        plan=plan,
        deeds=deeds,
        starts=[worker.starts for worker in workers],
        resumed=sum(_count(worker.log, "goes on from its stored state") for worker in workers),
        exit_codes=dict(Counter(str(code) for worker in workers for code in worker.codes)),
        wrong_views=difference.views,
        wrong_entries=difference.entries,
        wrong_alerts=difference.alerts,
        alerts=difference.raised,
        stale_last=difference.stale,
        written=difference.written,
        settled_s=settled_s,
        stop_s=took,
        last_codes=[worker.codes[-1] for worker in workers],
        seconds=time.monotonic() - began,
    )


def _count(log: Path, event: str) -> int:
    return sum(event in line for line in log.read_text(encoding="utf-8").splitlines())


async def _load(plan: Plan, log: KafkaLog, writer: LinkWriter) -> None:
    """Append a link's records over the time of the run; resends what was not acknowledged."""
    appender = await log.appender()
    pending = [*writer.grants, *writer.messages()]
    pause_s = plan.seconds * _CHUNK / len(pending)
    while pending:
        chunk = pending[:_CHUNK]
        try:
            await appender.append(chunk)
            done = len(chunk)
        except AppendFailed as error:
            done = len(error.acknowledged)
        pending = pending[done:]
        await asyncio.sleep(pause_s)
    await appender.close()


async def _settle(
    world: World, log: KafkaLog, writers: list[LinkWriter], settle_s: float
) -> Difference:
    deadline = time.monotonic() + settle_s
    while True:
        total = Difference()
        try:
            for writer in writers:
                await compare(world, log, writer, total)
        except LogError:
            total.entries += 1
        if total.nothing or time.monotonic() > deadline:
            return total
        await asyncio.sleep(1)


async def compare(world: World, log: KafkaLog, writer: LinkWriter, total: Difference) -> None:
    """Add what readers of a link's outputs see otherwise than a fold of its log from zero."""
    place = writer.place
    stored = await whole_topic(log, topics.exchange_topic(place.corridor), place.partition)
    seen: Seen = await see(world, log, place)
    records = [LogRecord(one.offset, one.timestamp, one.value or b"") for one in stored]
    total.entries += len(records) < len(writer.records)
    state = plain(world, writer, records)
    effects = state.take_effects()
    entries = effects.trail
    views = cases_of(state)
    total.entries += sum(seen.trail.entries.get(at) != one for at, one in entries.items())
    total.views += sum(seen.cases.records.get(case) != view for case, view in views.items())
    total.stale += sum(seen.last.get(case) != view for case, view in views.items())
    expected = {alert.id: alert for alert in effects.alerts}
    total.alerts += sum(
        seen.alerts.records.get(at) != expected.get(at)
        for at in expected.keys() | seen.alerts.records.keys()
    )
    total.raised += len(expected)
    total.entries += seen.refused
    total.written += seen.written
