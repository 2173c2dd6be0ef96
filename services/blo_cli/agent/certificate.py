"""``blo agent certificate``: ask for the next one, install it, list them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import click

from blo_agent.api import custody_types as types
from blo_cli import terminal
from blo_cli.client import AgentClient, configured_client
from blo_cli.commands import CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import read_input, write_output
from blo_cli.kafka_options import Kafka, open_log
from blo_cli.parameters import LINE, json_option, replace_option
from blo_cli.trust import files, verdicts
from blo_runtime.files import SMALL
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument

_FILE = click.Path(path_type=Path)
_CONFIG = click.option("--config", required=True, type=_FILE, help="The agent's TOML file.")
_ACTOR = click.option("--actor", type=LINE, help="Who asks; goes into the journal.")
_LOOK_EVERY_S: Final = 0.1
_PATIENCE_S: Final = 120.0


@click.group(cls=CommandGroup)
def certificate() -> None:
    """The office's certificates."""


@certificate.command()
@_CONFIG
@_ACTOR
@click.option("--output", type=_FILE, help="Where the request goes; default: here.")
@click.option("--same-keys", is_flag=True, help="Certify the keys in use again; make no new ones.")
@replace_option
@json_option(types.RenewalAnswer)
def renew(
    config: Path,
    actor: str | None,
    output: Path | None,
    same_keys: bool,
    replace: bool,
    wants_json: bool,
) -> int:
    """Has the running node make new keys, and prints the request for their certificate.

    The keys of earlier certificates stay, because keys of cases were granted to them. The country
    makes the certificate with `blo trust certificate`, beginning before the one in use ends; then:
    blo agent certificate install FILE. Make a backup at once: it has the new keys.
    """
    made = configured_client(config).renew(types.RenewalRequest(same_keys, actor))
    request = files.RequestFile(made.subject, made.signing_key, made.kem_key)
    if output is not None:
        write_output(output, request.to_json(), replace=replace)
    if wants_json:
        terminal.json(made)
    elif output is None:
        terminal.json(request)
    else:
        terminal.line(f"{output}: the request of {made.subject} for its next certificate")
    if made.begin_before is None:
        terminal.problem("the office has no valid certificate, and can write nothing before that")
    else:
        terminal.problem(f"the certificate must begin before {made.begin_before.isoformat()}")
    return Exit.OK


@certificate.command()
@_CONFIG
@click.option("--published", is_flag=True, help="The country has published it; only wait for it.")
@click.argument("document", type=_FILE)
@json_option(types.CertificateAnswer)
def install(config: Path, document: Path, published: bool, wants_json: bool) -> int:
    """Has the running node check the certificate DOCUMENT, publishes it, and waits for it.

    It counts for all nodes as soon as they have read it from blo.directory; this node signs with it
    from its first instant on. Who may not write there has it published by the country.
    """
    client = configured_client(config)
    data = read_input(document, "Name the certificate that the country has made", SMALL)
    checked = client.check_certificate(data)
    if not published:
        asyncio.run(_publish(Kafka(None, config), SIGNED_DOCUMENT.decode(data)))
    known = _wait_for(client, checked.tag)
    if wants_json:
        terminal.json(known)
    elif known.is_used:
        terminal.line(f"{known.tag}: in use, until {known.ends.isoformat()}")
    else:
        terminal.line(f"{known.tag}: installed; in use from {known.begins.isoformat()} on")
    return Exit.OK


@certificate.command("list")
@_CONFIG
@json_option(types.CertificatesAnswer)
def list_certificates(config: Path, wants_json: bool) -> int:
    """Lists the office's certificates, and says until when it may write."""
    answer = configured_client(config).certificates()
    if wants_json:
        terminal.json(answer)
        return Exit.OK if answer.covered_until else Exit.CHECK_FAILED
    for row in answer.certificates:
        use = ", in use" if row.is_used else "" if row.has_keys else ", its keys are not here"
        terminal.line(f"{row.tag} {row.begins.isoformat()} to {row.ends.isoformat()}{use}")
    if answer.covered_until is None:
        terminal.line("no valid certificate names a key of this node; it can write nothing")
        return Exit.CHECK_FAILED
    terminal.line(f"the office may write until {answer.covered_until.isoformat()}")
    return Exit.OK


async def _publish(kafka: Kafka, signed: SignedDocument) -> None:
    log = open_log(kafka)
    try:
        await verdicts.publish(log, [signed])
    finally:
        await log.close()


def _wait_for(client: AgentClient, tag: str) -> types.CertificateAnswer:
    """Wait until the node has read the certificate from the directory.

    Raises:
        CliError: It does not come.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        for row in client.certificates().certificates:
            if row.tag == tag:
                return row
        time.sleep(_LOOK_EVERY_S)
    raise CliError(
        f"the agent of {client.office}",
        f"has not read the certificate {tag} from blo.directory",
        todo="Look whether its line is up; the certificate counts as soon as it is read",
    )
