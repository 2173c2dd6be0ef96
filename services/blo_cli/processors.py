"""``blo processors``: set a corridor's stream processor up and run it."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from blo_cli.errors import CannotWrite, Exit
from blo_processors.config import ProcessorSettings
from blo_processors.identity import create_identity
from blo_runtime.config import load
from blo_schemas.ids import OfficeId

__all__ = ["processors"]

_FILE = click.Path(path_type=Path)
_CONFIG = click.option("--config", required=True, type=_FILE, help="The processor's TOML file.")


@click.group()
def processors() -> None:
    """A corridor's stream processors: case state, alerts, audit trail."""


@processors.command()
@_CONFIG
@click.option("--request", "output", type=_FILE, help="Where the public keys go; default: here.")
def init(config: Path, output: Path | None) -> int:
    """Makes the processor's keys, and prints the request for its certificate."""
    settings = load(config, ProcessorSettings)
    request = create_identity(settings.keys, OfficeId(settings.processor), os.urandom)
    told = {
        "subject": request.subject,
        "signing_key": request.signing_key.hex(),
        "kem_key": request.kem_key.hex(),
    }
    text = msgspec.json.format(msgspec.json.encode(told))
    if output is None:
        click.echo(text.decode())
        return Exit.OK
    try:
        output.write_bytes(text + b"\n")
    except OSError as error:
        raise CannotWrite(output, error) from error
    return Exit.OK


@processors.command()
@_CONFIG
@click.option("--instance", help="This worker's lasting name in its group; each needs its own.")
def run(config: Path, instance: str | None) -> int:
    """Runs a worker of the corridor until it is asked to stop."""
    # Only this one needs Faust.
    from blo_processors.app import run as run_processors

    settings = load(config, ProcessorSettings)
    if instance is not None:
        group = msgspec.structs.replace(settings.group, instance=instance)
        settings = msgspec.structs.replace(settings, group=group)
    return run_processors(settings)
