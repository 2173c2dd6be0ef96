"""``blo doctor``: every check, in the order in which one looks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from msgspec.structs import replace

from blo_cli import terminal
from blo_cli.commands import CliCommand
from blo_cli.doctor.findings import DoctorCheck, DoctorFinding, good
from blo_cli.doctor.json_forms import DoctorForm
from blo_cli.errors import Exit
from blo_cli.kafka_options import load_reach
from blo_cli.parameters import json_option


@click.command(cls=CliCommand)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The configuration of an agent, a processor, a witness or an auditor.",
)
@click.option(
    "--replication",
    type=click.IntRange(1, 10),
    default=3,
    show_default=True,
    help="How many copies of each partition there should be.",
)
@json_option(list[DoctorForm])
def doctor(config: Path, replication: int, wants_json: bool) -> int:
    """Look for what keeps a program from working, and say what to run next.

    It changes nothing, and tries no right to write. It ends with 1 if anything is wrong.
    """
    findings = look(config, replication)
    if wants_json:
        terminal.json([finding.form() for finding in findings])
    for finding in () if wants_json else findings:
        verdict = "ok   " if finding.ok else "WRONG"
        terminal.line(f"{verdict} {finding.check.value}: {finding.words}", hang=6)
        if finding.command:
            terminal.line(f"next: {finding.command}", indent=6)
    return Exit.OK if all(finding.ok for finding in findings) else Exit.CHECK_FAILED


def look(config: Path, replication: int) -> list[DoctorFinding]:
    """Do every check that the program of a configuration needs.

    Raises:
        ConfigurationError: The configuration can't be used; the error says what to do.
    """
    # Only what looks at stores and at Kafka pays for their libraries.
    from blo_cli.doctor.kafka_checks import KafkaChecks
    from blo_cli.doctor.node_checks import check_disk, check_program, check_store, check_tls

    settings = load_reach(config)
    findings = [good(DoctorCheck.CONFIGURATION, f"{config} can be read")]
    findings += check_program(settings)
    findings += check_disk(settings)
    findings += check_store(settings)
    if settings.kafka is not None:
        tls = list(check_tls(settings.kafka.tls))
        findings += tls
        if all(finding.ok for finding in tls):
            findings += asyncio.run(KafkaChecks(config, settings, replication).run())
    return [
        replace(finding, command=finding.command.replace("FILE", str(config)))
        for finding in findings
    ]
