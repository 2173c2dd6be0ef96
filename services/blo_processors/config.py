"""The settings of a processor's configuration file."""

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
        session_s: After so many seconds without a heartbeat a worker's links go to other workers.
        heartbeat_s: The seconds between two heartbeats.
    """

    instance: str = ""
    session_s: Seconds = 6.0
    heartbeat_s: Seconds = 0.5


class WorkSettings(Settings, frozen=True, kw_only=True):
    """When a worker does what is due.

    Attributes:
        tick_s: The seconds between two looks at the clock.
        checkpoint_every: A checkpoint is signed after so many records.
        checkpoint_s: A checkpoint is also signed after so many seconds, if records came.
        audit_s: The seconds between two comparisons of the output topics with the fold.
        stuck_s: A link without progress for so many seconds is started again. It must be longer
            than a request to Kafka may take; time without Kafka does not count.
        skew_s: By so many seconds the machine's clock may be ahead of the log's. Alerts that the
            clock raises are so much later.
    """

    tick_s: Seconds = 1.0
    checkpoint_every: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000
    checkpoint_s: Seconds = 60.0
    audit_s: Seconds = 30.0
    stuck_s: Seconds = 120.0
    skew_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0.5


class ProcessorSettings(Settings, frozen=True, kw_only=True):
    """The whole file.

    Attributes:
        processor: Its id.
        corridor: The corridor that it works on.
        keys: The file with its private keys, readable by its owner alone.
        state: The folder of the links' states, in which each ``group.instance`` has a folder of
            its own. A start then reads only what is new. ``None``: each start reads everything.
        simulated_time: Whether the log times come from a scenario; never in operation.
    """

    processor: str
    corridor: str
    keys: Path
    state: Path | None = None
    simulated_time: bool = False
    trust: TrustSettings
    kafka: KafkaSettings
    group: GroupSettings = GroupSettings()
    work: WorkSettings = WorkSettings()
    admin: AdminSettings = AdminSettings()
    logging: LoggingSettings = LoggingSettings()
