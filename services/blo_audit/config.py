"""An auditor's configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from blo_runtime.config import Settings
from blo_runtime.settings import KafkaSettings, TrustSettings


class ReplaySettings(Settings, frozen=True, kw_only=True):
    """The settings of a replay.

    Attributes:
        sample: Amortised mode: the share of records whose signature is verified.
        clock_tolerance_s: How far an office's clock and the log's may differ, in seconds.
        late_h: After how many hours between signing and arrival an event is told as late.
    """

    sample: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1 / 256
    clock_tolerance_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300.0
    late_h: Annotated[float, msgspec.Meta(gt=0, le=8784)] = 72.0


class AuditorSettings(Settings, frozen=True, kw_only=True):
    """The settings of an auditor.

    Attributes:
        auditor: Its id, if it has a certificate.
        keys: The file with its private keys, from ``blo audit init``: they sign what it states, and
            open the summary keys that it was granted.
        corridor: The corridor to audit; empty: all that the trust documents name.
        simulated_time: Whether the log's times are a scenario's; never for a log in use, for then
            no clock is compared with another.
        trust: The pinned roots.
        kafka: How to reach Kafka; without it only what was handed over can be audited.
        replay: How a replay judges.
    """

    auditor: str = ""
    keys: Path | None = None
    corridor: str = ""
    simulated_time: bool = False
    trust: TrustSettings
    kafka: KafkaSettings | None = None
    replay: ReplaySettings = ReplaySettings()

    def __post_init__(self) -> None:
        if self.keys is not None and not self.auditor:
            raise ValueError(
                'auditor: is missing beside keys; expected an id such as "vn-inspector". Keys are '
                "granted to an id: name the one that the certificate has."
            )
