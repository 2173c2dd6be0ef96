"""Findings and statements of an audit as lines for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from blo_audit.findings.codes import Severity
from blo_audit.findings.findings import Finding
from blo_cli import terminal
from blo_cli.json_forms import FindingForm

STYLES: Final = {Severity.BREACH: "bold red", Severity.DOUBT: "yellow", Severity.NOTE: "dim"}


def form_of(finding: Finding) -> FindingForm:
    """A finding as JSON has it."""
    return FindingForm(
        code=finding.code,
        severity=finding.severity,
        link=finding.link,
        position=finding.position,
        office=finding.office,
        detail=finding.detail,
        part=finding.part,
        count=finding.count,
        last=finding.last,
        means=finding.meaning.means,
        todo=finding.meaning.todo,
    )


def show_finding(finding: Finding) -> None:
    """Prints a finding, what it means, and what to do about it."""
    terminal.line(finding, STYLES[finding.severity], indent=2, hang=6)
    terminal.line(finding.meaning.means, indent=6, hang=6)
    if finding.severity is not Severity.NOTE:
        terminal.line(f"To do: {finding.meaning.todo}", indent=6, hang=6)


def show_sentences(title: str, sentences: Iterable[str]) -> None:
    """Prints a titled list of sentences."""
    terminal.line()
    terminal.line(title, "bold")
    for sentence in sentences:
        terminal.line(f"- {sentence}", indent=2, hang=4)
