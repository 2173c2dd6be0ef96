"""Configuration sections that several programs share."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from blo_runtime.config import Settings
from blo_schemas.addresses import is_loopback
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.texts import from_hex

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "text"]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
"""A duration above zero, and a day at most."""

_MAX_PORT = 65535


class CertificateFiles(Settings, frozen=True, kw_only=True):
    """A certificate and its key, both PEM.

    Attributes:
        certificate: This program's certificate, followed by intermediate ones if there are any.
        key: Its private key, without a passphrase.
    """

    certificate: Path
    key: Path


class TlsSettings(CertificateFiles, frozen=True, kw_only=True):
    """The files for TLS to Kafka.

    Attributes:
        ca: The authority that signed the brokers' certificates, PEM.
    """

    ca: Path


class KafkaSettings(Settings, frozen=True, kw_only=True):
    """How to reach Kafka.

    Attributes:
        bootstrap: ``host:port``, several in an array or separated by commas.
        tls: The files for TLS; only brokers on loopback are spoken to without.
        request_timeout_s: How long one request to a broker may take, in seconds. A broker that is
            cut off is given up after so long, and another one is asked.
    """

    bootstrap: tuple[str, ...] | str
    tls: TlsSettings | None = None
    request_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 10.0

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError(
                'bootstrap: is empty; expected at least one "host:port". Name one broker or more.'
            )
        for server in self.servers:
            host, _, port = server.rpartition(":")
            if not host or not port.isascii() or not port.isdecimal() or int(port) > _MAX_PORT:
                raise ValueError(
                    f'bootstrap: {server!r} is no address; expected "host:port". '
                    "Add the port, as in kafka1.example:9093."
                )
            if self.tls is None and not is_loopback(host):
                raise ValueError(
                    f"tls: is missing, and {server} is another machine; expected the files for "
                    "TLS. Add [kafka.tls] with ca, certificate and key."
                )

    @property
    def servers(self) -> list[str]:
        """The bootstrap addresses, each ``host:port``."""
        given = self.bootstrap.split(",") if isinstance(self.bootstrap, str) else self.bootstrap
        return [server.strip() for server in given if server.strip()]


class TrustSettings(Settings, frozen=True, kw_only=True):
    """The roots that a program trusts by its configuration alone.

    Attributes:
        pins: Per country, the fingerprint of version 1 of its root, compared over another channel
            than the one that brings the log.
    """

    pins: dict[str, Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]]

    @property
    def roots(self) -> dict[CountryId, DocumentId]:
        """The pinned roots."""
        return {CountryId(country): DocumentId(from_hex(pin)) for country, pin in self.pins.items()}


class AdminSettings(Settings, frozen=True, kw_only=True):
    """Where the admin listener (metrics and health) listens.

    Attributes:
        host: The address; loopback unless ``allow_remote`` is true.
        port: The port; 0 chooses a free one, which the program reports.
        allow_remote: Whether other machines may reach it: it has no log-in of its own.
        tls: The files for TLS; needed where other machines may reach it.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=_MAX_PORT)] = 0
    allow_remote: bool = False
    tls: CertificateFiles | None = None

    def __post_init__(self) -> None:
        if is_loopback(self.host):
            return
        if self.allow_remote:
            check_encrypted(self.host, self.tls)
        else:
            raise ValueError(
                f"host: {self.host!r} can be reached from other machines; expected a loopback "
                "address such as 127.0.0.1. Set allow_remote = true beside it if that is meant."
            )


class LoggingSettings(Settings, frozen=True, kw_only=True):
    """A program's log on standard error.

    Attributes:
        level: The lowest level that is written.
        format: ``json``, one object a line, or ``text`` for people.
    """

    level: LogLevel = "info"
    format: LogFormat = "json"


def check_encrypted(host: str, tls: CertificateFiles | None) -> None:
    """Refuse a listener that other machines may reach and that is not encrypted.

    Raises:
        ValueError: It is one; in the form of a rule between settings.
    """
    if tls is None and not is_loopback(host):
        raise ValueError(
            f"tls: is missing, and {host!r} can be reached from other machines; expected the files "
            "for TLS. Add certificate and key, or listen on 127.0.0.1."
        )
