"""``blo audit report``: prints, verifies and compares the files of frozen reports."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from blo_audit.findings.findings import is_clean
from blo_audit.replay.from_log import read_heads, read_records
from blo_audit.reports.verify import (
    ReportAudit,
    audit_report,
    contradicting_reports,
    signature_problem,
)
from blo_cli import terminal
from blo_cli.audit.findings import form_of
from blo_cli.audit.json_forms import ReportsForm, ReportVerificationForm
from blo_cli.audit.printout import PaperOptions, printed_options
from blo_cli.audit.trust_basis import Pinned, TrustBasis, read_heads_file, trust_options
from blo_cli.commands import CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, read_input, write_output
from blo_cli.kafka_options import Kafka
from blo_cli.parameters import FILE, json_option, replace_option
from blo_cli.report_difference import difference_lines
from blo_domain.reports.difference import ReportDifference, difference
from blo_domain.trust import TrustedDirectory
from blo_log import Log
from blo_printout.office_report import ReportSetting, ReportSignature, report_paper
from blo_printout.report_sheets import report_sheets
from blo_printout.workbook import workbook_of
from blo_schemas.errors import WireError
from blo_schemas.ids import LinkId
from blo_schemas.reports import SignedReport, signed_report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TODO = "Name a file that `blo agent report export` wrote, untouched."


@click.group(cls=CommandGroup)
def report() -> None:
    """A frozen report's file: print, verify, compare."""


@report.command()
@click.option("--figures-only", is_flag=True, help="Leave the events and the proofs out.")
@click.option("--xlsx", type=FILE, help="Write a workbook to this new file instead.")
@click.argument("file", type=_FILE)
@replace_option
@trust_options
@printed_options
def show(
    figures_only: bool,
    xlsx: Path | None,
    file: Path,
    replace: bool,
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
    paper: PaperOptions,
) -> int:
    """Prints a frozen report's FILE for people, or writes it as PDF, text or workbook.

    With --trust and --pin, or --config: the offices stand under their names, and the office's
    signature is verified. A report with a bad signature is shown, says so, and ends with 1.
    """
    if xlsx is not None:
        check_output(xlsx, replace=replace)
    signed = _read(file)
    directory = TrustBasis(pinned, trust, Kafka(bootstrap, config)).any_directory()
    signature = ReportSignature.UNCHECKED
    if directory is not None:
        problem = signature_problem(signed, directory)
        signature = ReportSignature.GOOD if problem is None else ReportSignature.BAD
    setting = ReportSetting(
        language=paper.language,
        times=paper.times.of,
        directory=directory,
        signature=signature,
        events=not figures_only,
    )
    if xlsx is not None:
        sheets = report_sheets(signed, setting)
        book = workbook_of(sheets, paper.language, signed.frozen.report.office)
        write_output(xlsx, book, replace=replace)
    if paper.files or xlsx is None:
        paper.give(report_paper(signed, setting))
    return Exit.CHECK_FAILED if signature is ReportSignature.BAD else Exit.OK


@report.command()
@click.option("--heads", "heads_file", type=_FILE, help="Heads, as `blo audit heads` writes them.")
@click.option(
    "--unsigned-ok", is_flag=True, help="End with 0 although no signature could be verified."
)
@click.argument("reports", nargs=-1, required=True, type=_FILE)
@trust_options
@json_option(ReportsForm)
def verify(
    heads_file: Path | None,
    unsigned_ok: bool,
    reports: tuple[Path, ...],
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
    wants_json: bool,
) -> int:
    """Verifies frozen reports' files, and names what is wrong.

    Without options: numbers, lists and proofs. With --trust and --pin: signatures too. With
    --bootstrap or --config: each event against the log itself.

    Exit code 0: nothing is wrong. 1: something is. 2: it could not be verified whose report it is,
    for want of trust documents.
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

        audits = brought.ask_log(look)
    else:
        directory = brought.directory()
        audits = [_audit(path, directory=directory, heads=heads) for path in reports]
    contradicting = list(contradicting_reports([audit.signed for audit in audits]))
    if wants_json:
        forms = [_form(path, audit) for path, audit in zip(reports, audits, strict=True)]
        terminal.json(ReportsForm(forms, [form_of(finding) for finding in contradicting]))
    else:
        for path, audit in zip(reports, audits, strict=True):
            _tell(path, audit)
        for finding in contradicting:
            terminal.line(finding)
    if contradicting or not all(is_clean(audit.findings) for audit in audits):
        return Exit.CHECK_FAILED
    unsigned = any(audit.signature is None for audit in audits)
    return Exit.ERROR if unsigned and not unsigned_ok else Exit.OK


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
    links: set[LinkId] = set()
    for path in reports:
        signed = _audit(path).signed
        links.update(link.link for link in signed.frozen.report.links)
    return links


def _tell(path: Path, audit: ReportAudit) -> None:
    report = audit.signed.frozen.report
    total = sum(finding.count for finding in audit.findings)
    words = f"{total} findings" if total else "nothing wrong in what was checked"
    what = f"{path}: {report.office}, {report.first} to {report.last}"
    if audit.signature is None:
        terminal.line(
            f"{what}: WHOSE IT IS WAS NOT CHECKED: the office's signature needs the trust "
            "documents (--trust FOLDER --pin vn=…, or --config FILE)",
            "bold red",
        )
        terminal.line(f"  otherwise: {words}")
    else:
        terminal.line(f"{what}: {words if total else 'signed by it, nothing wrong'}")
    for finding in audit.findings:
        terminal.line(f"  {finding}")
    for checked in audit.checked:
        terminal.line(f"  checked: {checked}")
    for unchecked in audit.unchecked:
        terminal.line(f"  not checked: {unchecked}")


def _form(path: Path, audit: ReportAudit) -> ReportVerificationForm:
    report = audit.signed.frozen.report
    return ReportVerificationForm(
        file=str(path),
        office=report.office,
        first=report.first.isoformat(),
        last=report.last.isoformat(),
        signed=audit.signature,
        clean=is_clean(audit.findings),
        findings=[form_of(finding) for finding in audit.findings],
        checked=audit.checked,
        unchecked=audit.unchecked,
    )
