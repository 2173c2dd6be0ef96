"""``blo agent report``: an office's report, from its computation to its freezing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from blo_agent.api.report_types import ReportAnswer
from blo_agent.api.request_types import ReportRequest
from blo_cli import terminal
from blo_cli.client import configured_client
from blo_cli.commands import CommandGroup
from blo_cli.errors import Exit
from blo_cli.file_access import check_output, write_output
from blo_cli.parameters import DAY, HEX32, LINE, json_option, replace_option
from blo_cli.report_difference import difference_lines
from blo_domain.reports.difference import ReportComparison
from blo_schemas.reports import ReportAct

_PATH = click.Path(path_type=Path)
_CONFIG = click.option("--config", required=True, type=_PATH, help="The agent's TOML file.")
_ACTOR = click.option(
    "--actor", type=LINE, required=True, help="Your name, for the office's journal."
)


@click.group(cls=CommandGroup)
def report() -> None:
    """A period's report: compute, review, sign, freeze, export, compare."""


@report.command()
@_CONFIG
@_ACTOR
@click.option("--from", "first", required=True, type=DAY, help="First business date.")
@click.option("--to", "last", required=True, type=DAY, help="Last business date, included.")
def compute(config: Path, actor: str, first: date, last: date) -> int:
    """Has the running node compute a report as of now, and prints its digest."""
    request = ReportRequest(first, last, actor)
    terminal.line(configured_client(config).compute_report(request).digest)
    return Exit.OK


def _add_step(act: ReportAct, help_text: str) -> None:
    @report.command(act.value, help=help_text)
    @_CONFIG
    @_ACTOR
    @click.argument("digest", type=HEX32)
    def step(config: Path, actor: str, digest: str) -> int:
        answer = configured_client(config).advance_report(digest, act, actor)
        terminal.line(f"{answer.digest} {answer.state}")
        return Exit.OK


_add_step(ReportAct.REVIEW, "Notes that a second person has reviewed the report DIGEST.")
_add_step(ReportAct.SIGN, "Notes that a person answers for the reviewed report DIGEST.")
_add_step(
    ReportAct.FREEZE,
    "Has the node sign the report DIGEST with the office's key; it never changes again.",
)


@report.command("list")
@_CONFIG
@json_option(list[ReportAnswer])
def list_reports(config: Path, wants_json: bool) -> int:
    """Lists the office's reports, one a line."""
    reports = configured_client(config).reports()
    if wants_json:
        terminal.json(reports)
    for listed in () if wants_json else reports:
        people = ", ".join(f"{step.act} {step.by}" for step in listed.steps)
        terminal.line(f"{listed.digest} {listed.first} {listed.last} {listed.state}: {people}")
    return Exit.OK


@report.command()
@_CONFIG
@_ACTOR
@click.argument("digest", type=HEX32)
@click.argument("output", type=_PATH)
@replace_option
def export(config: Path, actor: str, digest: str, output: Path, replace: bool) -> int:
    """Writes the report DIGEST to a new file OUTPUT, as JSON: the form that can be verified."""
    check_output(output, replace=replace)
    data = configured_client(config).report_file(digest, actor)
    write_output(output, data, replace=replace)
    return Exit.OK


@report.command()
@_CONFIG
@_ACTOR
@click.argument("digest", type=HEX32)
@json_option(ReportComparison)
def compare(config: Path, actor: str, digest: str, wants_json: bool) -> int:
    """Reproduces the frozen report DIGEST at its cut, and shows what the log has brought since."""
    comparison = configured_client(config).compare_report(digest, actor)
    if wants_json:
        terminal.json(comparison)
    else:
        _show(comparison)
    return Exit.OK if comparison.reproduced else Exit.CHECK_FAILED


def _show(comparison: ReportComparison) -> None:
    terminal.line(
        "reproduced: the same bytes"
        if comparison.reproduced
        else "NOT reproduced: other bytes than frozen"
    )
    for reason in comparison.why_not:
        terminal.line(f"  {reason}")
    terminal.line("since it was frozen:")
    terminal.lines(difference_lines(comparison.since))
