"""A witness's configuration file."""

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


class SigningSettings(Settings, frozen=True, kw_only=True):
    """When the witness signs.

    Attributes:
        delay_s: So long after a new record a checkpoint is signed, so that it covers what comes
            close behind.
        spacing_s: So long after a checkpoint that has its quorum the next one of its link is
            signed; one that comes later than that, after a rest, is signed at once.
        patience_s: So long a checkpoint may wait for its cosignatures before a newer one is
            signed.
        again_s: A checkpoint that has no quorum yet is published again after so long.
    """

    delay_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.2
    spacing_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 600.0
    patience_s: Seconds = 5.0
    again_s: Seconds = 15.0


class WitnessSettings(Settings, frozen=True, kw_only=True):
    """Everything a witness is told.

    Attributes:
        witness: Its id.
        corridors: The corridors whose links it follows.
        keys: The file with its private keys, readable by its owner alone.
        state: The file in which it keeps what it has signed.
        simulated_time: Whether the log's times are a scenario's; never in operation. Then a
            link's time is that of its last record.
    """

    witness: str
    corridors: tuple[str, ...]
    keys: Path
    state: Path
    simulated_time: bool = False
    trust: TrustSettings
    kafka: KafkaSettings
    signing: SigningSettings = SigningSettings()
    admin: AdminSettings = AdminSettings()
    logging: LoggingSettings = LoggingSettings()
