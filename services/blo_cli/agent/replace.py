"""``blo agent replace``: a new node in the place of one that is lost without a backup."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from blo_agent.config import AgentSettings
from blo_agent.custody.replacement import LostNode, lost_node
from blo_agent.setup import initialise
from blo_cli import terminal
from blo_cli.agent.json_forms import LostCertificate, ReplacementForm
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.kafka_options import Kafka, open_log
from blo_cli.parameters import json_option
from blo_cli.trust import files
from blo_runtime.clock import SystemClock
from blo_runtime.config import load
from blo_schemas.ids import OfficeId

_FILE = click.Path(path_type=Path)


@click.command("replace", cls=CliCommand)
@click.option("--config", required=True, type=_FILE, help="The agent's TOML file.")
@click.option(
    "--output", required=True, type=_FILE, help="Where the request for a certificate goes."
)
@json_option(ReplacementForm)
def replace_command(config: Path, output: Path, wants_json: bool) -> int:
    """Makes a new store with new keys for an office whose node is lost without a backup.

    It prints what the country revokes: the certificates of the lost node, and from which log size
    on each link. When they are revoked and the new keys are certified, the node reads its links
    from their first record, goes on behind its own chain, and reads contents as far as its
    counterparts grant them again: blo agent regrant. If the node was stolen and not lost, the
    country names the size at which it was last in good hands.
    """
    check_output(output)
    settings = load(config, AgentSettings)
    office = OfficeId(settings.office)
    lost = asyncio.run(_lost(Kafka(None, config), settings, office))
    made = initialise(settings)
    request = files.RequestFile(made.subject, made.signing_key.hex(), made.kem_key.hex())
    write_output(output, request.to_json())
    form = ReplacementForm(
        request=str(output),
        certificates=[
            LostCertificate(row.tag.hex(), row.id.hex(), row.ends) for row in lost.certificates
        ],
        links=dict(sorted(lost.sizes.items())),
    )
    if wants_json:
        terminal.json(form)
        return Exit.OK
    terminal.line(f"{output}: the request of {office} for the certificate of its new keys")
    cuts = " ".join(f"--link {link}={size}" for link, size in form.links.items())
    for row in form.certificates:
        terminal.line(f"to be revoked: {row.tag}, with: blo trust revocation … {cuts}")
    for link in form.links:
        terminal.line(f"then, at a counterpart: blo agent regrant {link} --to {office}")
    return Exit.OK


async def _lost(kafka: Kafka, settings: AgentSettings, office: OfficeId) -> LostNode:
    log = open_log(kafka)
    try:
        return await lost_node(log, settings.trust.roots, office, SystemClock().now_ms())
    finally:
        await log.close()
