"""``blo demo``: a year of exchanges on a real Kafka, counted and checked."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
import msgspec
from rich.console import Console

from blo_cli import terminal
from blo_cli.commands import Command
from blo_cli.errors import CannotWrite, Exit
from blo_cli.interrupts import Interrupts
from blo_lab.demo.report import show
from blo_lab.demo.run import Demo, DemoPeriod
from blo_lab.network.network_file import ARTICLES, named_network
from blo_lab.scenario import Scenario, load
from blo_lab.scenarios import SHIPPED, Shipped
from blo_schemas.errors import WireError
from blo_schemas.ids import country_of
from blo_schemas.instants import FIRST_DAY, LAST_DAY
from blo_schemas.texts import day_from, zone_from

_DEFAULT = "2025"
_PATH = click.Path(path_type=Path)


@click.command(cls=Command)
@click.option(
    "--scenario",
    "wanted",
    metavar="NAME|FILE",
    default=_DEFAULT,
    show_default=True,
    help=f"A scenario file, or one that is shipped ({', '.join(SHIPPED)}).",
)
@click.option(
    "--network",
    metavar="NAME|FILE",
    help=f"The network that a scenario file is played in, as `blo lab up` takes it; "
    f"default: {ARTICLES}.",
)
@click.option(
    "--period",
    metavar="FROM..TO",
    help="Business dates to report on, both included; default: the year of a shipped "
    "scenario, else all days of the file.",
)
@click.option("--report", "output", type=_PATH, help="Where the report goes as JSON.")
@click.option("--keep", type=_PATH, help="A new folder that keeps everything the demo made.")
def demo(
    wanted: str,
    network: str | None,
    period: str | None,
    output: Path | None,
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
        _check_writable(output)
    interrupts = Interrupts()
    with interrupts.installed():
        one = Demo(world, scenario, reported, os.environ, interrupts, keep)
        report = one.run()
    show(Console(), report, zone_from(world.zones[country_of(world.reporter)]))
    if output is not None:
        _write(output, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    failed = [check["name"] for check in report["checks"] if not check["ok"]]
    if failed:
        terminal.problem(f"failed checks: {', '.join(failed)}")
        return Exit.CHECK_FAILED
    return Exit.OK


def _period(text: str | None, scenario: Scenario, shipped: Shipped | None) -> DemoPeriod:
    if text is None:
        if shipped is not None:
            return DemoPeriod(shipped.first, shipped.last)
        days = [line.on for line in scenario.lines if line.on is not None]
        return DemoPeriod(min(days), max(days)) if days else DemoPeriod(FIRST_DAY, LAST_DAY)
    ends = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", text)
    try:
        first, last = map(day_from, ends.groups() if ends else ("", ""))
    except WireError:
        raise click.BadParameter(
            f"{text!r} is no period; expected two dates, as 2024-11-01..2025-10-31",
            param_hint="--period",
        ) from None
    if last < first:
        raise click.BadParameter(f"{last} lies before {first}", param_hint="--period")
    return DemoPeriod(first, last)


def _check_writable(output: Path) -> None:
    """Finds out before anything is started whether the report can be written in the end."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("ab"):
            pass
    except OSError as error:
        raise CannotWrite(output, error) from error


def _write(output: Path, data: bytes) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        raise CannotWrite(output, error) from error
