"""An agent's configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from blo_agent.files.options import DEFAULTS, FileOptions
from blo_runtime.config import Settings
from blo_runtime.settings import (
    AdminSettings,
    CertificateFiles,
    KafkaSettings,
    LoggingSettings,
    TrustSettings,
    check_encrypted,
)

CredentialName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,255}$(?!\n)")]

API_SOCKET: Final = "api.socket"
"""Beside the store, while the agent runs: the socket over which the commands on its node ask it."""


class KeySettings(Settings, frozen=True, kw_only=True):
    """Where a key of 32 bytes is: in one of the two.

    Attributes:
        key: A file, readable by its owner alone: 64 hexadecimal digits, or wrapped under a
            passphrase (``blo agent key protect``).
        key_credential: The name of a systemd credential with what such a file holds.
    """

    key: Path | None = None
    key_credential: CredentialName | None = None

    def __post_init__(self) -> None:
        if (self.key is None) == (self.key_credential is None):
            problem = "missing" if self.key is None else "is there beside key_credential"
            raise ValueError(f"key: {problem}; expected key or key_credential. Name one of them.")

    @property
    def key_file(self) -> Path:
        """The key's file.

        Raises:
            ValueError: The key is a credential.
        """
        if self.key is None:
            raise ValueError(f"the key is the credential {self.key_credential}, and in no file")
        return self.key


class StoreSettings(KeySettings, frozen=True, kw_only=True):
    """The office's encrypted store, and where its key is.

    Attributes:
        path: The database file.
    """

    path: Path


class BackupSettings(KeySettings, frozen=True, kw_only=True):
    """Backups of the store, and where their own key is.

    Attributes:
        folder: Where they go; a disk of its own.
        every_s: A running agent makes one so often, in seconds; 0: only when it is asked to.
        keep: So many are kept; older ones are removed when a newer one was verified.
    """

    folder: Path
    every_s: Annotated[float, msgspec.Meta(ge=0, le=31 * 86_400)] = 86_400.0
    keep: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 14


class PassphraseSettings(Settings, frozen=True, kw_only=True):
    """Where the passphrase of wrapped key files comes from; with neither, a terminal is asked.

    Attributes:
        credential: The name of a systemd credential whose first line it is.
        descriptor: An open descriptor whose first line it is.
    """

    credential: CredentialName | None = None
    descriptor: Annotated[int, msgspec.Meta(ge=0, le=1023)] | None = None

    def __post_init__(self) -> None:
        if self.credential is not None and self.descriptor is not None:
            raise ValueError(
                "descriptor: is there beside credential; expected one of them. Remove the other."
            )


class ApiSettings(Settings, frozen=True, kw_only=True):
    """The office's own API, for its web pages and tools.

    Attributes:
        host: The address.
        port: The port; 0 chooses a free one.
        tls: The files for TLS; needed unless the address is this machine's own loopback.
        socket_acts_as: As whom the user of the node's socket acts: as the operator, who reads no
            contents, or, in a laboratory, as the whole office without anybody's approval.
        origin: The address at which people's browsers open the node, for which passkeys are made.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    tls: CertificateFiles | None = None
    socket_acts_as: Literal["operator", "office"] = "operator"
    origin: Annotated[str, msgspec.Meta(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$(?!\n)")] = (
        "http://localhost"
    )

    def __post_init__(self) -> None:
        check_encrypted(self.host, self.tls)


class FileSettings(Settings, frozen=True, kw_only=True):
    """How much room and how much of the line files may take; see ``FileOptions``.

    Attributes:
        budget_bytes: All files together take at most so many bytes of the store.
        fetch_at_once: Files of counterparts of at most so many bytes are fetched as soon as they
            are announced; larger ones when somebody wants them.
        line_share: At most this share of the line's time is used for sending files, and for
            fetching them.
        fetch_bytes: Bytes that one request for chunks asks for at most; a broker sends a whole
            chunk in any case.
    """

    budget_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = DEFAULTS.budget_bytes
    fetch_at_once: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = DEFAULTS.fetch_at_once
    line_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = DEFAULTS.line_share
    fetch_bytes: Annotated[int, msgspec.Meta(ge=1024, le=2**30)] = 128 * 1024

    def options(self) -> FileOptions:
        """What of it the agent goes by."""
        return FileOptions(
            budget_bytes=self.budget_bytes,
            fetch_at_once=self.fetch_at_once,
            line_share=self.line_share,
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
    backup: BackupSettings | None = None
    passphrase: PassphraseSettings = PassphraseSettings()
    trust: TrustSettings
    kafka: KafkaSettings
    api: ApiSettings = ApiSettings()
    files: FileSettings = FileSettings()
    admin: AdminSettings = AdminSettings()
    logging: LoggingSettings = LoggingSettings()
