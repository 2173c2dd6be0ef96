"""Options that the audit's commands share: a configuration, Kafka, pinned roots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from blo_audit.replay.sources import LogSource, RecordSource
from blo_cli.kafka_options import Kafka, kafka_option, load_reach, open_log, pins_option
from blo_schemas.ids import CountryId, DocumentId

F = TypeVar("F", bound=Callable[..., Any])
Pinned = tuple[tuple[CountryId, DocumentId], ...]


class Reach(NamedTuple):
    """An inspector's options: the place of the log, and the trusted roots.

    Attributes:
        config: A program's TOML file.
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
        known = {} if self.config is None else load_reach(self.config).trust.roots
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
        kafka = Kafka(self.bootstrap, self.config)
        return LogSource(open_log(kafka), f"Kafka at {kafka.address}")


def reach_options(function: F) -> F:
    """Adds ``--config``, ``--bootstrap`` and ``--pin``."""
    return pins_option(kafka_option(function))
