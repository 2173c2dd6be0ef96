"""``blo monitoring``: what an operator's Prometheus and Grafana need."""

from __future__ import annotations

from pathlib import Path

import click

from blo_cli import terminal
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import Exit
from blo_cli.file_access import write_output
from blo_cli.monitoring.alert_rules import JOB, RULES, rules_file
from blo_cli.monitoring.dashboards import dashboard, panels
from blo_cli.parameters import FILE, LINE, replace_option
from blo_schemas.ids import is_subject_id


@click.group(cls=CommandGroup)
def monitoring() -> None:
    """What an operator's Prometheus and Grafana need."""


@monitoring.command(cls=CliCommand)
@click.argument("output", type=FILE)
@click.option(
    "--node",
    "nodes",
    type=LINE,
    multiple=True,
    required=True,
    help="A node that must be there: the id of its office, processor or witness; repeatable.",
)
@replace_option
def rules(output: Path, nodes: tuple[str, ...], replace: bool) -> int:
    """Writes the alerts for Prometheus to the new file OUTPUT; docs/runbook.md explains each.

    Prometheus must give each target the label node with that id.
    """
    for node in nodes:
        if not is_subject_id(node):
            raise click.BadParameter(f"{node!r} is no id; expected one as vn-kyson")
    write_output(output, rules_file(sorted(set(nodes))).encode(), replace=replace)
    terminal.line(f"{output}: {len(RULES) + len(set(nodes))} alerts, for the job {JOB}")
    return Exit.OK


@monitoring.command("dashboard", cls=CliCommand)
@click.argument("output", type=FILE)
@replace_option
def write_dashboard(output: Path, replace: bool) -> int:
    """Writes the operator's board for Grafana to the new file OUTPUT, to be imported there."""
    write_output(output, dashboard().encode(), replace=replace)
    terminal.line(f"{output}: {sum(1 for _ in panels())} panels")
    return Exit.OK
