"""``audit_from_*`` and ``audit_full_from_*``: a whole replay, with what its source costs.

The same log as a bundle and on Kafka. Processor time of all threads of the auditing program; the
broker's own is not in it. What counts is the fastest stretch of any replay, reading included.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from time import process_time
from typing import Any, Final, TypeVar

import msgspec
import uvloop

from blo_audit.bundle.source import BundleSource
from blo_audit.bundle.writer import BundleParts, write_link
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import Mode
from blo_audit.replay.sources import LogSource, RecordSource, SourcePartition
from blo_log import topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import ProducerRecord
from blo_schemas.bundle import MANIFEST_VERSION, Counts, Manifest, Scope
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.hashes import document_id
from blo_schemas.heads import SIGNED_HEAD
from tests.agents.world import CORRIDOR, LINK
from tests.bench.reading import bare_verification
from tests.bench.recorded import PLACE, Recorded, write
from tests.bench.report import BY_NAME, Measurement
from tests.bench.stretches import Marks
from tests.bench.timing import Effort

T = TypeVar("T")
Opened = Callable[[], RecordSource]

_SEED: Final = bytes(16)
_TURNS: Final = {Mode.AMORTISED: 8, Mode.FULL: 2}
_STRETCH: Final = {
    ("bundle", Mode.AMORTISED): 512,
    ("bundle", Mode.FULL): 512,
    ("kafka", Mode.AMORTISED): 5000,
    ("kafka", Mode.FULL): 1500,
}
"""Records. A bundle is read just before it is audited; from Kafka some 650 come ahead, whose fetching
is a third of an amortised audit, and nothing beside a full one."""


def measure_from_bundle(effort: Effort) -> tuple[Measurement, ...]:
    """From a bundle in a file; amortised, and in full on all cores."""
    with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
        log = _recorded(effort, Path(scratch))
        path = Path(scratch) / "link.blob"
        _run(_bundle(log, path))
        return _measured(effort, log, "bundle", lambda: BundleSource(path))


def measure_from_kafka(effort: Effort, bootstrap: str, folder: Path) -> tuple[Measurement, ...]:
    """From a broker on the same machine; amortised, and in full on all cores."""
    log = _recorded(effort, folder)
    connection = KafkaConnection(bootstrap=bootstrap)
    _run(_append(log, connection))
    return _measured(effort, log, "kafka", lambda: LogSource(KafkaLog(connection)))


def _recorded(effort: Effort, folder: Path) -> Recorded:
    path = folder / "log"
    write(path, effort.link * 2)
    return Recorded(path)


def _measured(
    effort: Effort, log: Recorded, what: str, opened: Opened
) -> tuple[Measurement, Measurement]:
    count = effort.link * 2
    turns = min(effort.reads, 8)
    bare = min(_run(_read(opened)) for _ in range(turns))
    found = []
    for name, mode in (("audit_from", Mode.AMORTISED), ("audit_full_from", Mode.FULL)):
        stretch = min(_STRETCH[what, mode], count // 2)
        took = min(
            _run(_replay(opened, log, mode, stretch)) for _ in range(min(turns, _TURNS[mode]))
        )
        against = count / bare if mode is Mode.AMORTISED else bare_verification(turns)
        found.append(BY_NAME[f"{name}_{what}"].measured(1 / took, against))
    amortised, full = found
    return amortised, full


async def _replay(opened: Opened, log: Recorded, mode: Mode, stretch: int) -> float:
    """Processor seconds a record, in the fastest stretch."""
    marks = Marks()

    def progress(_place: SourcePartition, read: int, _end: int | None) -> None:
        marks.reached(read)

    source = opened()
    try:
        options = AuditOptions(mode=mode, seed=_SEED)
        report = await Replay(source, log.pins, options).run(progress=progress)
    finally:
        await source.close()
    assert report.clean, report.findings
    return marks.fastest(stretch)


async def _read(opened: Opened) -> float:
    began = process_time()
    source = opened()
    try:
        async for batch in source.records(PLACE):
            assert batch
    finally:
        await source.close()
    return max(process_time() - began, 1e-9)


async def _bundle(log: Recorded, path: Path) -> None:
    documents, heads = await log.documents(), await log.heads(PLACE)
    papers = BundleParts(tuple(documents), tuple(map(SIGNED_HEAD.decode, heads)))
    size = await log.end(PLACE)
    assert size is not None
    manifest = Manifest(
        v=MANIFEST_VERSION,
        scope=Scope.LINK,
        link=LINK,
        corridor=CORRIDOR,
        size=size,
        case=None,
        start=None,
        end=None,
        first_day=None,
        last_day=None,
        counts=Counts(0, 0, 0, 0, size),
    )
    manifest = msgspec.structs.replace(manifest, counts=papers.counts(size))
    with path.open("wb") as stream:
        await write_link(stream, manifest, papers, log.records(PLACE))


async def _append(log: Recorded, connection: KafkaConnection) -> None:
    kafka = KafkaLog(connection)
    try:
        planned = topics.plan({CORRIDOR: 1}, replication=1, min_isr=1, simulated_time=True)
        await topics.apply(await kafka.admin(), planned)
        appender = await kafka.appender()
        documents = [
            ProducerRecord(topics.DIRECTORY_TOPIC, 0, document_id(one.payload), encode(one))
            for one in await log.documents()
        ]
        heads = [
            ProducerRecord(topics.heads_topic(CORRIDOR), 0, b"%d" % number, value)
            for number, value in enumerate(await log.heads(PLACE))
        ]
        await appender.append(documents + heads)
        async for batch in log.records(PLACE):
            await appender.append(_messages(batch))
    finally:
        await kafka.close()


def _messages(records: Sequence[LogRecord]) -> list[ProducerRecord]:
    topic = topics.exchange_topic(CORRIDOR)
    return [ProducerRecord(topic, 0, LINK.encode(), one.value, one.log_time) for one in records]


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


__all__ = ["measure_from_bundle", "measure_from_kafka"]
