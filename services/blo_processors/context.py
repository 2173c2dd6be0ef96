"""The services and options that all link workers of a program share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blo_log.directory import DirectoryFeed
from blo_log.port import Appender, Log
from blo_processors.liveness import LivenessFeed
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.metrics import Metrics
from blo_sealing.identity import ProgramIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """The options of a worker.

    Attributes:
        attempts: After so many failures a record goes to the dead letters.
        checkpoint_every: A checkpoint is signed after so many records.
        checkpoint_s: A checkpoint is also signed after so many seconds, if records came.
        audit_s: The seconds between two comparisons of the output topics with the fold.
        by_clock: Whether the machine's clock raises alerts, and not only the log's times. It does
            not where the log times come from a scenario.
        skew_ms: By so many milliseconds the machine's clock may be ahead of the log's.
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
    """The services of a link worker.

    Attributes:
        log: The way to the log.
        appender: Writes the outputs.
        identity: The processor's keys.
        feed: The trust documents.
        liveness: The heartbeats of the corridor.
        clock: The machine's clock.
        metrics: The metrics.
        options: The options.
        state: The folder of the links' states; ``None``: no start goes on from an earlier one.
        line: Where the worker waits while Kafka is away.
    """

    log: Log
    appender: Appender
    identity: ProgramIdentity
    feed: DirectoryFeed
    liveness: LivenessFeed
    clock: Clock
    metrics: Metrics
    options: WorkerOptions = WorkerOptions()
    state: Path | None = None
    line: KafkaLine = field(default_factory=KafkaLine)
