"""The JSON of an audit of logs and of bundles."""

from __future__ import annotations

import msgspec

from blo_audit.bundle.files import FileProof
from blo_audit.bundle.statement import BundleReport, DisclosureProof, SelectionProof
from blo_audit.replay.signatures import Mode
from blo_audit.replay.statement import LinkStatement, ReplayStatement, not_proved, proved
from blo_cli.audit.findings import form_of
from blo_cli.audit.json_forms import FindingForm


class LinkStatementForm(LinkStatement, frozen=True, kw_only=True):
    """The result for one link, with its statements in words.

    Attributes:
        proved: What was proved, one sentence each.
        not_proved: What was not proved.
    """

    proved: list[str]
    not_proved: list[str]


class ReplayForm(msgspec.Struct, frozen=True, kw_only=True):
    """An audit's result.

    Attributes:
        source: What was read, in words.
        mode: Full or amortised.
        clean: Whether nothing is wrong: no breach and no doubt.
        links: The statements.
        findings: What was found, the gravest first.
    """

    source: str
    mode: Mode
    clean: bool
    links: list[LinkStatementForm]
    findings: list[FindingForm]


def replay_form(report: ReplayStatement) -> ReplayForm:
    """The report with its statements in words, as JSON has it."""
    return ReplayForm(
        source=report.source,
        mode=report.mode,
        clean=report.clean,
        links=[
            LinkStatementForm(
                **msgspec.structs.asdict(link), proved=proved(link), not_proved=not_proved(link)
            )
            for link in report.links
        ],
        findings=[form_of(finding) for finding in report.findings],
    )


class BundleCheckForm(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying a bundle.

    Attributes:
        file: The file, as it was named.
        digest: The digest at its end.
        scope: What the bundle claims to contain.
        link: The link.
        clean: Whether nothing is wrong: no breach and no doubt.
        proved: What was proved, one sentence each.
        not_proved: What was not proved.
        whole: What was proved of a whole link; null: it is a selection.
        selected: What was proved of a selection; null: it is a whole link.
        findings: What was found, the gravest first.
        disclosing: What was disclosed.
        files: The files that disclosed events enclose.
    """

    file: str
    digest: str
    scope: str
    link: str
    clean: bool
    proved: list[str]
    not_proved: list[str]
    whole: LinkStatement | None
    selected: SelectionProof | None
    findings: list[FindingForm]
    disclosing: DisclosureProof
    files: tuple[FileProof, ...]


def bundle_form(report: BundleReport) -> BundleCheckForm:
    """The report with its statements in words, as JSON has it."""
    return BundleCheckForm(
        file=report.name,
        digest=report.digest,
        scope=report.manifest.scope.name.lower(),
        link=report.manifest.link,
        clean=report.clean,
        proved=report.proved,
        not_proved=report.not_proved,
        whole=report.whole,
        selected=report.selected,
        findings=[form_of(finding) for finding in report.findings],
        disclosing=report.disclosing,
        files=report.files,
    )
