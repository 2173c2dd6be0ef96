"""``blo audit witness``: set a witness up, and run it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from blo_audit.witness.config import WitnessSettings
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit
from blo_cli.parameters import replace_option
from blo_cli.trust import files
from blo_runtime.config import load
from blo_runtime.keyfiles import create_identity, request_of
from blo_schemas.ids import OfficeId

_FILE = click.Path(path_type=Path)
_CONFIG = click.option("--config", required=True, type=_FILE, help="The witness's TOML file.")


@click.group(cls=CommandGroup)
def witness() -> None:
    """Signs the tree of every link, and collects the offices' cosignatures."""


@witness.command()
@_CONFIG
@click.option("--request", "output", type=_FILE, help="Where the public keys go; default: here.")
def init(config: Path, output: Path | None) -> int:
    """Makes the witness's keys, and prints the request for its certificate."""
    settings = load(config, WitnessSettings)
    made = create_identity(settings.keys, OfficeId(settings.witness), os.urandom)
    files.give_request(made, output)
    return Exit.OK


@witness.command()
@_CONFIG
@click.option("--output", type=_FILE, help="Where the public keys go; default: here.")
@replace_option
def request(config: Path, output: Path | None, replace: bool) -> int:
    """Prints the request for the witness's certificate again."""
    settings = load(config, WitnessSettings)
    made = request_of(settings.keys, OfficeId(settings.witness))
    files.give_request(made, output, replace=replace)
    return Exit.OK


@witness.command()
@_CONFIG
def run(config: Path) -> int:
    """Runs the witness until it is asked to stop."""
    # Only this one needs Kafka's library and the web stack.
    from blo_audit.witness.main import run as run_witness

    return run_witness(load(config, WitnessSettings))
