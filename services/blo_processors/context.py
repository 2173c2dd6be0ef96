"""What all link workers of a program share."""

from __future__ import annotations

from dataclasses import dataclass, field

from blo_log.directory import DirectoryFeed
from blo_log.port import Appender, Log
from blo_processors.kafka_line import KafkaLine
from blo_runtime.clock import Clock
from blo_runtime.metrics import Metrics
from blo_sealing.identity import ProgramIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """How a worker behaves.

    Attributes:
        attempts: How often a record is tried before it goes to the dead letters.
        checkpoint_every: A signed checkpoint is made whenever so many more records were read.
        checkpoint_s: And when so many seconds have passed since the last one, if any were.
        audit_s: How often the output topics are read back, in seconds.
        by_clock: Whether alerts become known by the machine's clock, and not only by the log's; not
            where log times are a scenario's.
        skew_ms: How far the machine's clock may lie before the log's, in milliseconds.
        batch: At most so many records are folded before their outputs are written.
    """

    attempts: int = 3
    checkpoint_every: int = 1000
    checkpoint_s: float = 60.0
    audit_s: float = 30.0
    by_clock: bool = True
    skew_ms: int = 500
    batch: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What a link worker works with.

    Attributes:
        log: The way to the log.
        appender: Writes the outputs.
        identity: The processor's keys.
        feed: The trust documents.
        clock: The machine's clock.
        metrics: Where it counts.
        options: How it behaves.
        line: Where is waited while Kafka is away.
    """

    log: Log
    appender: Appender
    identity: ProgramIdentity
    feed: DirectoryFeed
    clock: Clock
    metrics: Metrics
    options: WorkerOptions = WorkerOptions()
    line: KafkaLine = field(default_factory=KafkaLine)
