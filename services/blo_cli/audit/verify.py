"""``blo audit verify``: check a bundle, with nothing but the file and the pinned roots."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import msgspec

from blo_audit.bundle.disclosures import ShownContent
from blo_audit.bundle.statement import BundleReport, scope_words
from blo_audit.bundle.verify import verify_bundle
from blo_audit.findings.codes import Severity
from blo_audit.replay.clocks import instant
from blo_cli import terminal
from blo_cli.audit.findings import show_finding, show_sentences
from blo_cli.audit.options import Pinned, Reach
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.kafka_options import pins_option

_FILE: Final = click.Path(path_type=Path)


@click.command(cls=CliCommand)
@click.argument("file", type=_FILE)
@pins_option
@click.option("--config", type=_FILE, help="An auditor's configuration: its pinned roots.")
@click.option("--json", "wants_json", is_flag=True, help="The report as JSON, for machines.")
def verify(file: Path, pinned: Pinned, config: Path | None, wants_json: bool) -> int:
    """Checks the bundle FILE and says what it proves and what not. Needs no network and no key.

    Believes only the roots that are pinned: compare their fingerprints over another channel than
    the one that brought the file.

    Exit code 0: nothing is wrong. 1: there is a breach or a doubt. 2: it could not be checked.
    """
    report = verify_bundle(file, Reach(config, None, pinned).pins)
    if wants_json:
        terminal.json(as_json(report))
    else:
        show(report)
    return Exit.OK if report.clean else Exit.CHECK_FAILED


def as_json(report: BundleReport) -> dict[str, Any]:
    """The report with its statements in words, as JSON has it."""
    return {
        "file": report.name,
        "digest": report.digest,
        "scope": report.manifest.scope.name.lower(),
        "link": report.manifest.link,
        "clean": report.clean,
        "proved": report.proved,
        "not_proved": report.not_proved,
        "whole": msgspec.to_builtins(report.whole),
        "selected": msgspec.to_builtins(report.selected),
        "findings": [
            {
                **msgspec.to_builtins(finding),
                "means": finding.meaning.means,
                "todo": finding.meaning.todo,
            }
            for finding in report.findings
        ],
        "disclosing": msgspec.to_builtins(report.disclosing),
    }


def show(report: BundleReport) -> None:
    """Prints the report for people."""
    terminal.line(f"Bundle {report.name}: {scope_words(report.manifest)}", "bold")
    terminal.line(f"Digest {report.digest}")
    for finding in report.findings:
        show_finding(finding)
    show_sentences("Proved", report.proved or ["Nothing."])
    show_sentences("Not proved", report.not_proved or ["Nothing."])
    for content in report.disclosing.contents:
        _show_content(content)
    terminal.line()
    wrong = f"{report.count(Severity.BREACH):,} breaches, {report.count(Severity.DOUBT):,} doubts."
    verdict = "Nothing is wrong." if report.clean else wrong
    terminal.line(verdict, "bold green" if report.clean else "bold red")


def _show_content(content: ShownContent) -> None:
    terminal.line()
    by = ", ".join(content.disclosed_by)
    terminal.line(f"Record {content.position}, by {content.office}, disclosed by {by}", "bold")
    terminal.line(f"  event {content.event}, signed {instant(content.at)}")
    terminal.line(f"  {content.kind}, {content.step}, on {content.on}")
    if content.reason is not None:
        terminal.line(f"  reason: {content.reason}")
    for name, fields in (("dispatch", content.dispatch), ("body", content.body)):
        for key, value in (fields or {}).items():
            terminal.line(f"  {name}.{key}: {value}")
    if content.body is None:
        terminal.line("  its body does not fit its kind and step")
