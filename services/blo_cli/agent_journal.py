"""``blo agent journal``: the office's own journal as a file, for whoever audits it."""

from __future__ import annotations

from pathlib import Path

import click

from blo_agent.config import AgentSettings
from blo_cli.client import client_of
from blo_cli.errors import Exit
from blo_cli.trust import files
from blo_runtime.config import load

_FILE = click.Path(path_type=Path)


@click.group()
def journal() -> None:
    """The office's own journal: who saw, sent, exported, was refused."""


@journal.command()
@click.option("--config", required=True, type=_FILE, help="The agent's TOML file.")
@click.option("--actor", required=True, help="Who takes it out; the journal's last entry says so.")
@click.argument("output", type=_FILE)
def export(config: Path, actor: str, output: Path) -> int:
    """Has the running node write its journal to a new file OUTPUT."""
    client = client_of(load(config, AgentSettings))
    files.write_new(output, client.journal(actor), private=True)
    return Exit.OK
