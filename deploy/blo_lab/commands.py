"""The subcommands that the lab adds to ``blo``; the entry points of ``deploy/pyproject.toml``."""

from __future__ import annotations

from typing import Final

from blo_cli.subcommands import Subcommand

_ERRORS: Final = ("blo_lab.broker.errors:BrokerError",)

DEMO: Final = Subcommand(
    "blo_lab.demo.command", "Play a year of exchanges on a real Kafka.", _ERRORS
)
LAB: Final = Subcommand(
    "blo_lab.network.command", "Start or stop a network of offices on this machine.", _ERRORS
)
