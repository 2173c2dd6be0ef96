"""Options that the audit's commands share: the auditor's configuration, Kafka, pinned roots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from blo_audit.config import AuditorSettings
from blo_audit.replay.sources import LogSource, RecordSource
from blo_cli.kafka_options import Kafka, open_log, pins_option
from blo_cli.parameters import ADDRESS
from blo_runtime.config import load
from blo_schemas.ids import CountryId, DocumentId

F = TypeVar("F", bound=Callable[..., Any])
Pinned = tuple[tuple[CountryId, DocumentId], ...]

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


class Reach(NamedTuple):
    """An auditor's options: the place of the log, and the trusted roots.

    Attributes:
        config: The auditor's TOML file.
        bootstrap: Kafka's address.
        pinned: Pinned roots.
    """

    config: Path | None
    bootstrap: str | None
    pinned: Pinned

    @property
    def pins(self) -> dict[CountryId, DocumentId]:
        """The pinned roots of the options and of the configuration.

        Raises:
            UsageError: None at all, or a country with two fingerprints.
            ConfigurationError: The configuration can't be read.
        """
        known = {} if self.config is None else load(self.config, AuditorSettings).trust.roots
        roots = dict(known)
        for country, fingerprint in self.pinned:
            if roots.setdefault(country, fingerprint) != fingerprint:
                raise click.UsageError(f"two different roots are pinned for {country}: which one?")
        if not roots:
            raise click.UsageError(
                "no root is trusted: name one with --pin vn=FINGERPRINT, compared over another "
                "channel than the one that brought the bundle"
            )
        return roots

    def source(self) -> RecordSource:
        """The log on Kafka.

        Raises:
            UsageError: Neither an address nor a configuration was given.
            CliError: The configuration says nowhere to read.
            ConfigurationError: The configuration can't be read.
        """
        if self.bootstrap is not None:
            return LogSource(open_log(Kafka(self.bootstrap, None)), f"Kafka at {self.bootstrap}")
        if self.config is None:
            raise click.UsageError("where is Kafka? Say --bootstrap HOST:PORT or --config FILE")
        # The replay's command, too, opens what a configuration says.
        from blo_cli.audit.replay import open_source

        return open_source(self.config, load(self.config, AuditorSettings))


def reach_options(function: F) -> F:
    """Adds ``--config``, ``--bootstrap`` and ``--pin``."""
    function = click.option("--bootstrap", type=ADDRESS, help="Kafka's address.")(function)
    function = click.option(
        "--config", type=_FILE, help="An auditor's configuration: its Kafka, TLS and pinned roots."
    )(function)
    return pins_option(function)
