"""``blo audit``: for an inspector who trusts nobody. Each subcommand is a module of its own."""

from __future__ import annotations

import click

from blo_cli.audit.bundle import bundle
from blo_cli.audit.proofs import proof
from blo_cli.audit.replay import init, replay
from blo_cli.audit.verify import verify
from blo_cli.audit.witness import witness

__all__ = ["audit"]


@click.group()
def audit() -> None:
    """Replay the log and prove it: findings, checkpoints, bundles, frozen reports."""


audit.add_command(init)
audit.add_command(replay)
audit.add_command(bundle)
audit.add_command(verify)
audit.add_command(proof)
audit.add_command(witness)
