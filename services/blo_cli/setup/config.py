"""``blo config``: configuration files, explained."""

from __future__ import annotations

import click

from blo_cli import terminal
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import Exit
from blo_cli.setup.configurations import EXAMPLES, example_of


@click.group(cls=CommandGroup)
def config() -> None:
    """Configuration files of the programs."""


@config.command(cls=CliCommand)
@click.argument("program", type=click.Choice(sorted(EXAMPLES)))
def example(program: str) -> int:
    """Prints a whole configuration of PROGRAM: what each key means, and what has a default.

    An operator's file has [trust] and [kafka] alone: for `blo topics` and `blo trust`.
    """
    terminal.document(example_of(program))
    return Exit.OK
