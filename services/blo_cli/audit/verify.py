"""``blo audit verify``: check a bundle, with nothing but the file and the pinned roots."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console

from blo_audit.bundle.disclosures import ShownContent
from blo_audit.bundle.statement import BundleReport, scope_words
from blo_audit.bundle.verify import verify_bundle
from blo_audit.findings.codes import Severity
from blo_audit.replay.clocks import instant
from blo_cli.audit.options import Pinned, Reach
from blo_cli.errors import Exit
from blo_cli.kafka_options import pins_option

_FILE: Final = click.Path(path_type=Path)
_STYLES: Final = {Severity.BREACH: "bold red", Severity.DOUBT: "yellow", Severity.NOTE: "dim"}


@click.command()
@click.argument("file", type=_FILE)
@pins_option
@click.option("--config", type=_FILE, help="An auditor's configuration: its pinned roots.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON, for machines.")
def verify(file: Path, pinned: Pinned, config: Path | None, as_json: bool) -> int:
    """Checks the bundle FILE and says what it proves and what not. Needs no network and no key.

    Believes only the roots that are pinned: compare their fingerprints over another channel than
    the one that brought the file.

    Exit code 0: nothing is wrong. 1: there is a breach or a doubt. 2: it could not be checked.
    """
    report = verify_bundle(file, Reach(config, None, pinned).pins)
    if as_json:
        click.echo(as_json_text(report))
    else:
        show(report, Console())
    return Exit.OK if report.clean else Exit.CHECK_FAILED


def as_json_text(report: BundleReport) -> str:
    """The report with its statements in words, as JSON in ASCII: nothing in it can act."""
    told: dict[str, Any] = {
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
                **msgspec.to_builtins(one),
                "means": one.meaning.means,
                "todo": one.meaning.todo,
            }
            for one in report.findings
        ],
        "disclosing": msgspec.to_builtins(report.disclosing),
    }
    text = msgspec.json.format(msgspec.json.encode(told)).decode()
    return "".join(char if " " <= char <= "~" or char == "\n" else _escaped(char) for char in text)


def plain(text: object) -> str:
    """A text from a bundle as it may go to a terminal.

    Control characters and those that turn the direction of writing are shown, not obeyed: a
    bundle is made by others.
    """
    return "".join(
        char if not unicodedata.category(char).startswith("C") else ascii(char)[1:-1]
        for char in str(text)
    )


def show(report: BundleReport, console: Console) -> None:
    """Prints the report for people."""

    def line(text: str, style: str = "") -> None:
        console.print(plain(text), style=style, markup=False, highlight=False)

    line(f"Bundle {report.name}: {scope_words(report.manifest)}", "bold")
    line(f"Digest {report.digest}")
    for one in report.findings:
        line(f"  {one}", _STYLES[one.severity])
        line(f"      {one.meaning.means}")
        if one.severity is not Severity.NOTE:
            line(f"      To do: {one.meaning.todo}")
    for title, sentences in (("Proved", report.proved), ("Not proved", report.not_proved)):
        line("")
        line(title, "bold")
        for sentence in sentences or ["Nothing."]:
            line(f"  - {sentence}")
    for shown in report.disclosing.contents:
        _show_content(shown, line)
    line("")
    wrong = f"{report.count(Severity.BREACH):,} breaches, {report.count(Severity.DOUBT):,} doubts."
    verdict = "Nothing is wrong." if report.clean else wrong
    line(verdict, "bold green" if report.clean else "bold red")


def _show_content(shown: ShownContent, line: Any) -> None:
    line("")
    by = ", ".join(shown.disclosed_by)
    line(f"Record {shown.position}, by {shown.office}, disclosed by {by}", "bold")
    line(f"  event {shown.event}, signed {instant(shown.at)}")
    line(f"  {shown.kind}, {shown.step}, on {shown.on}")
    if shown.reason is not None:
        line(f"  reason: {shown.reason}")
    for name, fields in (("dispatch", shown.dispatch), ("body", shown.body)):
        for key, value in (fields or {}).items():
            line(f"  {name}.{key}: {value}")
    if shown.body is None:
        line("  its body does not fit its kind and step")


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
