"""``blo audit``: for an inspector who trusts nobody. Each subcommand is a module of its own."""

from __future__ import annotations

import click

from blo_cli.audit.bundle import bundle
from blo_cli.audit.journal import heads, journal
from blo_cli.audit.printout import paper
from blo_cli.audit.proofs import proof
from blo_cli.audit.replay import init, replay, request
from blo_cli.audit.report import report
from blo_cli.audit.response_times import response_times
from blo_cli.audit.verify import verify
from blo_cli.audit.witness import witness
from blo_cli.commands import CommandGroup

__all__ = ["audit"]


@click.group(cls=CommandGroup)
def audit() -> None:
    """Replay the log and prove it: findings, checkpoints, bundles, frozen reports."""


for command in (
    bundle,
    heads,
    init,
    journal,
    paper,
    proof,
    replay,
    report,
    request,
    response_times,
    verify,
    witness,
):
    audit.add_command(command)
