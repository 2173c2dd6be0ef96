"""Findings and statements of an audit as lines for people."""

from __future__ import annotations

from blo_audit.findings.findings import Finding
from blo_cli.audit.json_forms import FindingForm


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
