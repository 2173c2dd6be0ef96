"""``blo agent search``: the index of the office's search."""

from __future__ import annotations

from pathlib import Path

import click

from blo_cli import terminal
from blo_cli.client import configured_client
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit


@click.group(cls=CommandGroup)
def search() -> None:
    """The index of the office's search."""


@search.command()
@click.option(
    "--config",
    required=True,
    type=click.Path(path_type=Path),
    help="The agent's TOML file.",
)
def rebuild(config: Path) -> int:
    """Has the running node empty the index of its search and fill it again in the background."""
    pending = configured_client(config).rebuild_search().pending
    terminal.line(
        f"The search index is filled again: {pending} steps and notes are to be indexed. "
        "Searches say how many are still missing."
    )
    return Exit.OK
