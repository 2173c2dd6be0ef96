"""``blo audit report``: an office's report from computing to freezing, and its verification."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from blo_agent.config import AgentSettings
from blo_audit.replay.from_log import read_heads, read_records
from blo_audit.reports.text import text_of
from blo_audit.reports.verify import ReportAudit, audit_report, two_reports
from blo_audit.reports.words import LANGUAGES
from blo_audit.reports.workbook import sheets_of
from blo_cli.audit.trust_basis import Pinned, TrustBasis, read_heads_file, trust_options
from blo_cli.client import AgentClient, client_of
from blo_cli.errors import CliError, Exit
from blo_cli.kafka_options import Kafka
from blo_cli.trust import files
from blo_domain.reports.difference import ReportDifference, difference
from blo_domain.trust import TrustedDirectory
from blo_log import Log
from blo_runtime.config import load
from blo_schemas.errors import WireError
from blo_schemas.ids import LinkId
from blo_schemas.reports import ReportAct, SignedReport, signed_report
from blo_schemas.texts import from_object

_PATH = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
_CONFIG = click.option("--config", required=True, type=_PATH, help="The agent's TOML file.")
_ACTOR = click.option("--actor", required=True, help="Who does it; the office's journal says so.")
_LANGUAGE = click.option("--language", type=click.Choice(LANGUAGES), default="en")


@click.group()
def report() -> None:
    """A period's report: compute, review, sign, freeze; export, verify, compare."""


@report.command()
@_CONFIG
@_ACTOR
@click.option("--from", "first", required=True, type=_DAY, help="First business date.")
@click.option("--to", "last", required=True, type=_DAY, help="Last business date, included.")
def compute(config: Path, actor: str, first: datetime, last: datetime) -> int:
    """Has the running node compute a report as of now, and prints its digest."""
    made = _client(config).compute(first.date().isoformat(), last.date().isoformat(), actor)
    click.echo(made["digest"])
    return Exit.OK


def _step(act: ReportAct, help_text: str) -> None:
    @report.command(act.value, help=help_text)
    @_CONFIG
    @_ACTOR
    @click.argument("digest")
    def step(config: Path, actor: str, digest: str) -> int:
        done = _client(config).act(digest, act, actor)
        click.echo(f"{done['digest']} {done['state']}")
        return Exit.OK


_step(ReportAct.REVIEW, "Notes that somebody else than who computed a report has looked at it.")
_step(ReportAct.SIGN, "Notes that somebody stands for a report that was reviewed.")
_step(
    ReportAct.FREEZE, "Has the node sign a report with the office's key; nothing changes it then."
)


@report.command("list")
@_CONFIG
def list_reports(config: Path) -> int:
    """Lists the office's reports, one a line."""
    for one in _client(config).reports():
        people = ", ".join(f"{step['act']} {step['by']}" for step in one["steps"])
        click.echo(f"{one['digest']} {one['first']} {one['last']} {one['state']}: {people}")
    return Exit.OK


@report.command()
@_CONFIG
@_ACTOR
@click.argument("digest")
@click.argument("output", type=_PATH)
def export(config: Path, actor: str, digest: str, output: Path) -> int:
    """Writes the report DIGEST to a new file OUTPUT, as JSON: the form that can be verified."""
    files.write_new(output, _client(config).report_file(digest, actor))
    return Exit.OK


@report.command()
@_LANGUAGE
@click.option("--figures-only", is_flag=True, help="Leave the events out.")
@click.option("--xlsx", type=_PATH, help="Write a workbook to this new file instead.")
@click.argument("file", type=_FILE)
def show(language: str, figures_only: bool, xlsx: Path | None, file: Path) -> int:
    """Prints a frozen report's FILE for people, each number with its events."""
    signed = _read(file)
    if xlsx is not None:
        files.write_new(xlsx, sheets_of(signed, language))
    else:
        click.echo(text_of(signed, language, events=not figures_only), nl=False)
    return Exit.OK


@report.command()
@click.option("--heads", "heads_file", type=_FILE, help="Heads, as `blo audit heads` writes them.")
@click.argument("reports", nargs=-1, required=True, type=_FILE)
@trust_options
def verify(
    heads_file: Path | None,
    reports: tuple[Path, ...],
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
) -> int:
    """Verifies frozen reports' files, and names what is wrong.

    Without options: numbers, lists and proofs. With --trust and --pin: signatures too. With
    --bootstrap or --config: each event against the log itself.
    """
    brought = TrustBasis(pinned, trust, Kafka(bootstrap, config))
    heads = [] if heads_file is None else read_heads_file(heads_file)
    if brought.has_log:

        async def look(log: Log, directory: TrustedDirectory) -> list[ReportAudit]:
            links = _links(reports)
            records = await read_records(log, directory, links)
            known = [*heads, *await read_heads(log, directory)]
            return [
                _audit(path, directory=directory, heads=known, records=records) for path in reports
            ]

        found = brought.ask_log(look)
    else:
        directory = brought.directory()
        found = [_audit(path, directory=directory, heads=heads) for path in reports]
    bad = False
    for path, audited in zip(reports, found, strict=True):
        _tell(path, audited)
        bad = bad or bool(audited.findings)
    for finding in two_reports([one.signed for one in found]):
        click.echo(f"{finding.flaw} {finding.where}: {finding.words}")
        bad = True
    return Exit.CHECK_FAILED if bad else Exit.OK


@report.command()
@click.option("--config", type=_PATH, help="The agent's TOML file, with a digest.")
@click.option("--actor", help="Who compares, with --config.")
@click.argument("reports", nargs=-1, required=True)
def compare(config: Path | None, actor: str | None, reports: tuple[str, ...]) -> int:
    """Shows what a report says otherwise than a frozen one.

    With --config and a DIGEST: reproduces the frozen report at its cut, and shows what the log has
    brought since. With two FILEs: the difference between them.
    """
    if config is not None and actor is not None and len(reports) == 1:
        answer = _client(config).compare(reports[0], actor)
        return _tell_compared(answer)
    if config is None and len(reports) == 2:
        old, new = (_read(Path(path)).frozen.report for path in reports)
        _tell_difference(difference(old, new))
        return Exit.OK
    raise click.UsageError("say --config FILE --actor NAME DIGEST, or name two reports' files")


def _client(config: Path) -> AgentClient:
    return client_of(load(config, AgentSettings))


def _read(path: Path) -> SignedReport:
    try:
        return signed_report(path.read_bytes())
    except WireError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: WireError) -> CliError:
    return CliError(
        str(path),
        f"is no frozen report ({error.detail})",
        todo="Name a file that `blo audit report export` wrote, untouched.",
    )


def _audit(path: Path, **given: Any) -> ReportAudit:
    try:
        return audit_report(path.read_bytes(), **given)
    except WireError as error:
        raise _unreadable(path, error) from error


def _links(reports: Iterable[Path]) -> set[LinkId]:
    found: set[LinkId] = set()
    for path in reports:
        signed = _audit(path).signed
        found.update(link.link for link in signed.frozen.report.links)
    return found


def _tell(path: Path, audited: ReportAudit) -> None:
    told = audited.signed.frozen.report
    word = f"{len(audited.findings)} findings" if audited.findings else "nothing wrong"
    click.echo(f"{path}: {told.office}, {told.first} to {told.last}: {word}")
    for finding in audited.findings:
        click.echo(f"  {finding.flaw} {finding.where}: {finding.words}")
    for checked in audited.checked:
        click.echo(f"  checked: {checked}")
    for unchecked in audited.unchecked:
        click.echo(f"  not checked: {unchecked}")


def _tell_compared(answer: dict[str, Any]) -> int:
    reproduced = bool(answer["reproduced"])
    click.echo(
        "reproduced: the same bytes" if reproduced else "NOT reproduced: other bytes than frozen"
    )
    for why in answer["why_not"]:
        click.echo(f"  {why}")
    click.echo("since it was frozen:")
    _tell_difference(from_object(answer["since"], ReportDifference))
    return Exit.OK if reproduced else Exit.CHECK_FAILED


def _tell_difference(found: ReportDifference) -> None:
    for link, more in found.records.items():
        click.echo(f"  {link}: {more:+} records")
    for figure in found.figures:
        click.echo(f"  {figure.indicator}: {_numbers(figure.before)} → {_numbers(figure.after)}")
        for word, events in (
            ("new", figure.added),
            ("gone", figure.gone),
            ("corrected", figure.changed),
        ):
            _tell_events(word, events)
    for line in found.response_times:
        click.echo(f"  response times {line}")
    if not found.figures and not found.response_times:
        click.echo("  no figure differs")


def _tell_events(word: str, events: Sequence[str]) -> None:
    for event in events:
        click.echo(f"    {word} {event}")


def _numbers(totals: Any) -> str:
    return ", ".join(f"{amount} {of}".strip() for of, amount in totals.items()) or "0"
