"""``blo audit``: for an inspector who trusts nobody. Each subcommand is a module of its own."""

from __future__ import annotations

import click

__all__ = ["audit"]


@click.group()
def audit() -> None:
    """Replay the log and prove it: findings, checkpoints, bundles, frozen reports."""
