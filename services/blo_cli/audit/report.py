"""``blo audit report``: prints, verifies and compares the files of frozen reports."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from blo_audit.findings.findings import is_clean
from blo_audit.replay.from_log import read_heads, read_records
from blo_audit.reports.text import text_of
from blo_audit.reports.verify import ReportAudit, audit_report, contradicting_reports
from blo_audit.reports.workbook import sheets_of
from blo_cli import terminal
from blo_cli.audit.trust_basis import Pinned, TrustBasis, read_heads_file, trust_options
from blo_cli.commands import CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import read_input, write_output
from blo_cli.kafka_options import Kafka
from blo_cli.parameters import json_option, language_option
from blo_cli.report_difference import difference_lines
from blo_domain.reports.difference import ReportDifference, difference
from blo_domain.trust import TrustedDirectory
from blo_log import Log
from blo_schemas.errors import WireError
from blo_schemas.ids import LinkId
from blo_schemas.reports import SignedReport, signed_report

_PATH = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TODO = "Name a file that `blo agent report export` wrote, untouched."


@click.group(cls=CommandGroup)
def report() -> None:
    """A frozen report's file: print, verify, compare."""


@report.command()
@language_option
@click.option("--figures-only", is_flag=True, help="Leave the events out.")
@click.option("--xlsx", type=_PATH, help="Write a workbook to this new file instead.")
@click.argument("file", type=_FILE)
def show(language: str, figures_only: bool, xlsx: Path | None, file: Path) -> int:
    """Prints a frozen report's FILE for people, each number with its events."""
    signed = _read(file)
    if xlsx is not None:
        write_output(xlsx, sheets_of(signed, language))
    else:
        terminal.document(text_of(signed, language, events=not figures_only))
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
    heads = [] if heads_file is None else read_heads_file(heads_file).heads
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
        bad = bad or not is_clean(audited.findings)
    for finding in contradicting_reports([one.signed for one in found]):
        terminal.line(str(finding))
        bad = True
    return Exit.CHECK_FAILED if bad else Exit.OK


@report.command()
@click.argument("earlier", type=_FILE)
@click.argument("later", type=_FILE)
@json_option(ReportDifference)
def compare(earlier: Path, later: Path, wants_json: bool) -> int:
    """Shows how the report file LATER differs from EARLIER."""
    old, new = (_read(path).frozen.report for path in (earlier, later))
    differs = difference(old, new)
    if wants_json:
        terminal.json(differs)
    else:
        terminal.lines(difference_lines(differs))
    return Exit.OK


def _read(path: Path) -> SignedReport:
    try:
        return signed_report(read_input(path, _TODO))
    except WireError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: WireError) -> CliError:
    return CliError(
        str(path),
        f"is no frozen report ({error.detail})",
        todo=_TODO,
    )


def _audit(path: Path, **given: Any) -> ReportAudit:
    try:
        return audit_report(read_input(path, _TODO), **given)
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
    total = sum(finding.count for finding in audited.findings)
    word = f"{total} findings" if total else "nothing wrong"
    terminal.line(f"{path}: {told.office}, {told.first} to {told.last}: {word}")
    for finding in audited.findings:
        terminal.line(f"  {finding}")
    for checked in audited.checked:
        terminal.line(f"  checked: {checked}")
    for unchecked in audited.unchecked:
        terminal.line(f"  not checked: {unchecked}")
