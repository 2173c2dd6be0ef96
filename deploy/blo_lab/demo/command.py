"""``blo demo``: a year of exchanges on a real Kafka, counted and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from blo_cli import terminal
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.interrupts import STOPPING, Interrupts
from blo_cli.parameters import LINE, PERIOD, replace_option
from blo_lab.demo.report import show
from blo_lab.demo.run import Demo, DemoPeriod
from blo_lab.network.network_file import ARTICLES, named_network
from blo_lab.scenario import Scenario, load
from blo_lab.scenarios import SHIPPED, Shipped
from blo_schemas.ids import country_of
from blo_schemas.instants import FIRST_DAY, LAST_DAY
from blo_schemas.texts import zone_from

_DEFAULT = "2025"
_PATH = click.Path(path_type=Path)


@click.command(cls=CliCommand)
@click.option(
    "--scenario",
    "wanted",
    type=LINE,
    metavar="NAME|FILE",
    default=_DEFAULT,
    show_default=True,
    help=f"A scenario file, or one that is shipped ({', '.join(SHIPPED)}).",
)
@click.option(
    "--network",
    type=LINE,
    metavar="NAME|FILE",
    help=f"The network that a scenario file is played in, as `blo lab up` takes it; "
    f"default: {ARTICLES}.",
)
@click.option(
    "--period",
    type=PERIOD,
    help="Business dates to report on, both included; default: the year of a shipped "
    "scenario, else all days of the file.",
)
@click.option("--report", "output", type=_PATH, help="Where the report goes as JSON.")
@replace_option
@click.option("--keep", type=_PATH, help="A new folder that keeps everything the demo made.")
def demo(
    wanted: str,
    network: str | None,
    period: tuple[date, date] | None,
    output: Path | None,
    replace: bool,
    keep: Path | None,
) -> int:
    """Plays a scenario through an agent per office on a real Kafka, reports and checks.

    Ends with 0 if every check holds, 1 if one does not, 2 if it could not run.
    """
    shipped = SHIPPED.get(wanted)
    if shipped is not None and network is not None:
        raise click.UsageError(f"--network: scenario {wanted} is played in {shipped.network}")
    world = named_network(shipped.network if shipped else network)
    scenario = load(shipped.file if shipped else Path(wanted), world)
    reported = _period(period, scenario, shipped)
    if output is not None:
        check_output(output, replace=replace)
    interrupts = Interrupts(STOPPING)
    with interrupts.installed():
        one = Demo(world, scenario, reported, os.environ, interrupts, keep)
        report = one.run()
    if output is not None:
        # Before it is shown: what goes wrong with a terminal takes no report away.
        write_output(output, terminal.json_text(report).encode(), replace=replace)
    show(report, zone_from(world.zones[country_of(world.reporter)]))
    failed = [check["name"] for check in report["checks"] if not check["ok"]]
    terminal.line()
    if failed:
        terminal.problem(f"failed checks: {', '.join(failed)}")
    terminal.line(last_line(report, output, keep), "bold red" if failed else "bold green")
    return Exit.CHECK_FAILED if failed else Exit.OK


def last_line(report: Mapping[str, Any], output: Path | None, keep: Path | None) -> str:
    """What held, where the report is, and what to try next.

    Args:
        report: The report.
        output: Its file, if there is one.
        keep: The folder that was kept, if one was.
    """
    held = sum(check["ok"] for check in report["checks"])
    total = len(report["checks"])
    records = sum(link["records"] for link in report["links"])
    words = f"{held} of {total} checks hold on {records} records."
    words += " Report: --report FILE writes it." if output is None else f" Report: {output}."
    if keep is None:
        return f"{words} Next: blo lab up DIR leaves such a network running for you."
    return f"{words} Next: blo lab up {keep} starts this network again, with all its records."


def _period(
    given: tuple[date, date] | None, scenario: Scenario, shipped: Shipped | None
) -> DemoPeriod:
    if given is None:
        if shipped is not None:
            return DemoPeriod(shipped.first, shipped.last)
        days = [line.on for line in scenario.lines if line.on is not None]
        return DemoPeriod(min(days), max(days)) if days else DemoPeriod(FIRST_DAY, LAST_DAY)
    return DemoPeriod(*given)
