"""``blo office``: an office's node, from nothing to a request for its certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from blo_agent.config import AgentSettings
from blo_agent.setup import initialise
from blo_agent.store.keyfile import create_store_key
from blo_cli import terminal
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.parameters import ADDRESS, LINE
from blo_cli.setup.configurations import example_of
from blo_cli.trust import files
from blo_cli.trust.fingerprints import spoken_lines
from blo_runtime.config import load
from blo_schemas.hashes import document_id
from blo_schemas.ids import is_subject_id
from blo_schemas.trust import DOCUMENT, Root

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_PORT: Final = click.IntRange(1, 65535)


@click.group(cls=CommandGroup)
def office() -> None:
    """An office's node, from nothing to a request for its certificate."""


@office.command(cls=CliCommand)
@click.argument("folder", type=_FOLDER)
@click.option("--office", "subject", type=LINE, required=True, help="Its id, as vn-kyson.")
@click.option(
    "--root",
    "roots",
    type=_FILE,
    multiple=True,
    required=True,
    help="The root of its country, and of each counterpart's; repeatable.",
)
@click.option("--bootstrap", type=ADDRESS, multiple=True, required=True, help="Kafka; repeatable.")
@click.option(
    "--tls",
    type=_FOLDER,
    help="The folder with ca.pem, node.pem and node.key for Kafka; none: on loopback only.",
)
@click.option("--port", type=_PORT, default=8443, show_default=True, help="Of its pages and API.")
@click.option(
    "--admin-port", type=_PORT, default=9464, show_default=True, help="Of its metrics and health."
)
@click.option("--yes", is_flag=True, help="The roots' fingerprints were compared; do not ask.")
def init(
    folder: Path,
    subject: str,
    roots: tuple[Path, ...],
    bootstrap: tuple[str, ...],
    tls: Path | None,
    port: int,
    admin_port: int,
    yes: bool,
) -> int:
    """Sets a node up in FOLDER: agent.toml, the encrypted store with its keys, request.json.

    The roots' fingerprints are shown, to be compared aloud, and pinned in agent.toml. The request
    goes to the country (`blo country admit`).
    """
    if not is_subject_id(subject):
        raise click.BadParameter(f"{subject!r} is no id; expected one as vn-kyson")
    config, request = folder / "agent.toml", folder / "request.json"
    for path in (config, request):
        check_output(path)
    pins = {}
    for path in roots:
        signed = files.read_document(path)
        root = DOCUMENT.decode(signed.payload)
        if not isinstance(root, Root):
            raise CliError(f"{path}", "is no root", todo="Name the file that ends in -root.blo")
        pins[root.country] = document_id(signed.payload)
        terminal.line(f"root of {root.country}, version {root.version}; its fingerprint:")
        terminal.lines(f"  {row}" for row in spoken_lines(pins[root.country]))
    if not yes and not terminal.confirmed("Has each country read out the same digits?"):
        terminal.problem("nothing was set up")
        return Exit.CHECK_FAILED
    changes: dict[str, object] = {
        "office": subject,
        "api__port": port,
        "admin__port": admin_port,
        "trust__pins": {country: pin.hex() for country, pin in sorted(pins.items())},
        "kafka__bootstrap": list(bootstrap),
    }
    if tls is not None:
        for key, name in (("ca", "ca.pem"), ("certificate", "node.pem"), ("key", "node.key")):
            changes[f"kafka__tls__{key}"] = str((tls / name).absolute())
    folder.mkdir(parents=True, exist_ok=True)
    write_output(config, example_of("agent", **changes).encode())
    settings = load(config, AgentSettings)
    made = initialise(settings)
    if settings.backup is not None:
        create_store_key(settings.backup.key_file)
    files.give_request(made, request)
    terminal.line(f"made {config}, the store with its keys, and {request}")
    terminal.line("the request's fingerprint, to be read out to the country:")
    terminal.lines(
        f"  {row}" for row in spoken_lines(files.request_digest(files.read_request(request)))
    )
    terminal.line(f"keep a copy of {folder / 'keys'} in a safe: without it the store is lost")
    return Exit.OK
