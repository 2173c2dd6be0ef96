"""Options that several commands share: which roots are pinned, and where Kafka is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from blo_agent.config import AgentSettings
from blo_audit.config import AuditorSettings
from blo_audit.witness.config import WitnessSettings
from blo_cli.errors import CliError
from blo_cli.parameters import ADDRESS
from blo_log import Log
from blo_processors.config import ProcessorSettings
from blo_runtime.config import load_any
from blo_runtime.settings import KafkaSettings
from blo_schemas.errors import WireError
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.texts import from_hex

F = TypeVar("F", bound=Callable[..., Any])

_FINGERPRINT_SIZE: Final = 32
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


class Pin(click.ParamType):
    """``vn=HEX``: a country, and the fingerprint of version 1 of its root."""

    name = "country=fingerprint"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[CountryId, DocumentId]:
        """Reads one pin; a wrong one is told with what was expected."""
        if isinstance(value, tuple):
            return value
        country, _, digits = str(value).partition("=")
        try:
            fingerprint = from_hex(digits)
        except WireError:
            fingerprint = b""
        if len(country) != 2 or len(fingerprint) != _FINGERPRINT_SIZE:
            self.fail(
                f"{value!r} is no pin; expected a country and 64 hexadecimal digits, as vn=3f…; "
                "`blo trust show` prints a root's fingerprint",
                param,
                ctx,
            )
        return CountryId(country), DocumentId(fingerprint)


class Kafka(NamedTuple):
    """Where Kafka is, as the options said it."""

    bootstrap: str | None
    config: Path | None

    @property
    def address(self) -> str:
        """Its ``host:port``, or several with commas.

        Raises:
            UsageError: Neither an address nor a configuration was given.
            CliError: The configuration names no Kafka.
            ConfigurationError: The configuration can't be read.
        """
        if self.bootstrap is not None:
            return self.bootstrap
        if self.config is None:
            raise click.UsageError("where is Kafka? Say --bootstrap HOST:PORT or --config FILE")
        return ",".join(kafka_of(self.config).servers)


def pins_option(function: F) -> F:
    """Adds ``--pin``, which may be given once a country."""
    return click.option(
        "--pin",
        "pinned",
        type=Pin(),
        multiple=True,
        help="A trusted root: its country and the fingerprint of its version 1, as vn=3f…",
    )(function)


def kafka_option(function: F) -> F:
    """Adds ``--bootstrap`` and ``--config``."""
    function = click.option("--bootstrap", type=ADDRESS, help="Kafka's address.")(function)
    return click.option(
        "--config",
        type=_FILE,
        help="A configuration of an agent, auditor, processor or witness, or an operator's with "
        "[trust.pins] and [kafka] alone: its Kafka, TLS and pinned roots.",
    )(function)


ProgramSettings = AgentSettings | AuditorSettings | ProcessorSettings | WitnessSettings


def load_reach(config: Path) -> ProgramSettings:
    """The configuration of any program, for the Kafka and the pinned roots that it names.

    Raises:
        ConfigurationError: It can't be read.
    """
    kinds: dict[str, type[Any]] = {
        "office": AgentSettings,
        "processor": ProcessorSettings,
        "witness": WitnessSettings,
    }
    settings: ProgramSettings = load_any(config, kinds, AuditorSettings)
    return settings


def kafka_of(config: Path) -> KafkaSettings:
    """The Kafka that a configuration names.

    Raises:
        CliError: It names none.
        ConfigurationError: It can't be read.
    """
    settings = load_reach(config).kafka
    if settings is None:
        todo = 'Add [kafka] with bootstrap = "host:port"'
        raise CliError(str(config), "says nowhere to read from", todo=todo)
    return settings


def pins(
    pinned: tuple[tuple[CountryId, DocumentId], ...], config: Path | None
) -> dict[CountryId, DocumentId]:
    """The roots that are trusted: those of the options, and those of the configuration.

    Raises:
        UsageError: None at all, or a country with two fingerprints.
        ConfigurationError: The configuration can't be read.
    """
    roots = dict(pinned)
    if config is not None:
        pinned += tuple(load_reach(config).trust.roots.items())
        roots |= dict(pinned)
    if not roots:
        raise click.UsageError(
            "no root is trusted: name one with --pin vn=FINGERPRINT, or a configuration with "
            "--config"
        )
    for country, fingerprint in pinned:
        if roots[country] != fingerprint:
            raise click.UsageError(f"two different roots are pinned for {country}: which one?")
    return roots


def open_log(kafka: Kafka) -> Log:
    """The log on Kafka.

    Raises:
        UsageError: Neither an address nor a configuration was given.
        ConfigurationError: The configuration can't be read.
    """
    # Only what goes to Kafka pays for its library.
    from blo_log.kafka import KafkaConnection, KafkaLog
    from blo_runtime.tls import ssl_context

    address = kafka.address
    if kafka.config is None:
        return KafkaLog(KafkaConnection(bootstrap=address, client_id="blo-cli"))
    settings = kafka_of(kafka.config)
    return KafkaLog(
        KafkaConnection(
            bootstrap=address,
            ssl_context=None if settings.tls is None else ssl_context(settings.tls),
            client_id="blo-cli",
            request_timeout_s=settings.request_timeout_s,
        )
    )
