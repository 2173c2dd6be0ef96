"""``blo agent journal``: the office's own journal as a file for an audit."""

from __future__ import annotations

from pathlib import Path

import click

from blo_cli.client import configured_client
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.parameters import LINE, replace_option

_FILE = click.Path(path_type=Path)


@click.group(cls=CommandGroup)
def journal() -> None:
    """The office's own journal of who did what."""


@journal.command()
@click.option("--config", required=True, type=_FILE, help="The agent's TOML file.")
@click.option("--actor", type=LINE, required=True, help="Your name, for the journal's last entry.")
@replace_option
@click.argument("output", type=_FILE)
def export(config: Path, actor: str, output: Path, replace: bool) -> int:
    """Has the running node write its journal to a new file OUTPUT."""
    check_output(output, replace=replace)
    data = configured_client(config).journal(actor)
    write_output(output, data, private=True, replace=replace)
    return Exit.OK
