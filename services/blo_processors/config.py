"""A processor's configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from blo_runtime.config import Settings
from blo_runtime.settings import (
    AdminSettings,
    KafkaSettings,
    LoggingSettings,
    Seconds,
    TrustSettings,
)


class GroupSettings(Settings, frozen=True, kw_only=True):
    """How the workers of a corridor share its links.

    Attributes:
        instance: A name that this worker keeps over restarts, so that its links wait for it for
            ``session_s`` instead of being moved; every worker needs its own. Empty: none.
        session_s: After so many seconds without a sign of life a worker's links go to others.
        heartbeat_s: How often it gives one.
    """

    instance: str = ""
    session_s: Seconds = 6.0
    heartbeat_s: Seconds = 0.5


class WorkSettings(Settings, frozen=True, kw_only=True):
    """How the work is done.

    Attributes:
        tick_s: How often the clock is looked at, in seconds.
        checkpoint_every: A signed checkpoint is made whenever so many more records were read.
        checkpoint_s: And when so many seconds have passed since the last one, if any were.
        audit_s: How often the output topics are read back, in seconds.
        stuck_s: A link that makes no progress for so long is begun anew, in seconds; longer than a
            request to Kafka may take. Time without Kafka does not count, which may be away for as
            long as it likes.
        skew_s: How far the machine's clock may lie before the log's, in seconds: alerts are
            raised by the clock only so much later.
    """

    tick_s: Seconds = 1.0
    checkpoint_every: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000
    checkpoint_s: Seconds = 60.0
    audit_s: Seconds = 30.0
    stuck_s: Seconds = 120.0
    skew_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0.5


class ProcessorSettings(Settings, frozen=True, kw_only=True):
    """Everything a processor is told.

    Attributes:
        processor: Its id.
        corridor: The corridor that it works on.
        keys: The file with its private keys, readable by its owner alone.
        simulated_time: Whether the log's times are a scenario's; never in operation.
    """

    processor: str
    corridor: str
    keys: Path
    simulated_time: bool = False
    trust: TrustSettings
    kafka: KafkaSettings
    group: GroupSettings = GroupSettings()
    work: WorkSettings = WorkSettings()
    admin: AdminSettings = AdminSettings()
    logging: LoggingSettings = LoggingSettings()
