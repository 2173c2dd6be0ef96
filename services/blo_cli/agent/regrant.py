"""``blo agent regrant``: a link's keys again, for a reader that has lost its own or is new."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click

from blo_agent.api import custody_types as types
from blo_cli import terminal
from blo_cli.client import AgentClient, configured_client
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.parameters import LINE, LINK, json_option

_FILE = click.Path(path_type=Path)
_LOOK_EVERY_S: Final = 0.2


@click.command("regrant", cls=CliCommand)
@click.option("--config", required=True, type=_FILE, help="The agent's TOML file.")
@click.argument("link", type=LINK)
@click.option(
    "--to", "reader", type=LINE, required=True, help="The reader's id, as the agreement names it."
)
@click.option("--reason", type=LINE, required=True, help="Why; goes into the journal.")
@click.option("--actor", type=LINE, help="Who asks; goes into the journal.")
@click.option("--no-wait", is_flag=True, help="Do not wait until all was granted.")
@json_option(types.RegrantAnswer)
def regrant_command(
    config: Path,
    link: str,
    reader: str,
    reason: str,
    actor: str | None,
    no_wait: bool,
    wants_json: bool,
) -> int:
    """Has the running node grant the keys of LINK again to one reader that its agreement names.

    The reader gets the keys of the cases that lived while the agreement named it, and the summary
    keys of that time, sealed to its newest certificate; no other reader's grants are touched, and
    nobody gets what no agreement has given it.
    """
    client = configured_client(config)
    asked = client.regrant(link, types.RegrantRequest(reader, reason, actor))
    answer = asked if no_wait else _wait_for(client, asked)
    if wants_json:
        terminal.json(answer)
        return Exit.OK
    words = "granted" if answer.done else "being granted"
    missing = f"; {answer.missing} more are closed here, too" if answer.missing else ""
    terminal.line(
        f"{link}: {answer.contents} cases and {answer.summaries} summary keys {words} to {reader}"
        f"{missing}"
    )
    return Exit.OK


def _wait_for(client: AgentClient, asked: types.RegrantAnswer) -> types.RegrantAnswer:
    while True:
        for row in client.regrants():
            if (row.link, row.reader) == (asked.link, asked.reader) and row.done:
                return row
        time.sleep(_LOOK_EVERY_S)
