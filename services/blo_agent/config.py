"""An agent's configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from blo_runtime.config import Settings
from blo_runtime.settings import AdminSettings, KafkaSettings, LoggingSettings, TrustSettings

API_SOCKET: Final = "api.socket"
"""Beside the store, while the agent runs: the socket over which the commands on its node ask it."""


class StoreSettings(Settings, frozen=True, kw_only=True):
    """The office's encrypted store.

    Attributes:
        path: The database file.
        key: The file with its key, 64 hexadecimal digits, readable by its owner alone.
    """

    path: Path
    key: Path


class ApiSettings(Settings, frozen=True, kw_only=True):
    """The office's own API, for its web pages and tools.

    Attributes:
        host: The address; loopback unless told otherwise.
        port: The port; 0 chooses a free one.
        socket_acts_as: As whom the user of the node's socket acts: as the operator, who reads no
            contents, or, in a laboratory, as the whole office without anybody's approval.
        origin: The address at which people's browsers open the node, for which passkeys are made.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    socket_acts_as: Literal["operator", "office"] = "operator"
    origin: Annotated[str, msgspec.Meta(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$(?!\n)")] = (
        "http://localhost"
    )


class AgentSettings(Settings, frozen=True, kw_only=True):
    """Everything an agent is told.

    Attributes:
        office: The office's id.
        simulated_time: Whether the log's times are a scenario's; never in operation.
        head_interval_s: A head covers what is read of a link within so many seconds.
        settle_s: After so many seconds at the latest a head covers the office's own records, and a
            head or a heartbeat its journal.
        heartbeat_s: After so many seconds at the latest a heartbeat follows another, so that a
            silent office can be told. Both are less where an agreement allows less silence.
        difference_after_s: How long a processor must differ from this office's log before that is
            told, in seconds: trust documents do not reach both at once.
    """

    office: str
    simulated_time: bool = False
    head_interval_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 1.0
    settle_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 300.0
    heartbeat_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 900.0
    difference_after_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    store: StoreSettings
    trust: TrustSettings
    kafka: KafkaSettings
    api: ApiSettings = ApiSettings()
    admin: AdminSettings = AdminSettings()
    logging: LoggingSettings = LoggingSettings()
