"""The demo's checks of what an inspector finds who believes nothing but the pinned roots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.filesize import decimal

from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.findings import Finding
from blo_audit.replay.signatures import Mode
from blo_audit.replay.statement import LinkStatement, ReplayStatement, counted
from blo_lab.demo.audit import Bundled
from blo_lab.demo.checks import Check, checked
from blo_lab.demo.outputs import CorridorOutputs
from blo_schemas.ids import LinkId
from blo_schemas.texts import from_hex

Roots = Mapping[str, bytes]
"""The tree root over the whole log, by link; links without a record are left out."""


ABOUT_CHECKPOINTS: Final = frozenset(
    {
        Code.CHECKPOINT_REFUSED,
        Code.CHECKPOINT_DIFFERS,
        Code.CHECKPOINT_BEYOND_LOG,
        Code.HEADS_CONTRADICT,
    }
)


def tree_roots(corridors: Sequence[CorridorOutputs]) -> Roots:
    """The roots as a plain fold of the records makes them."""
    links = (pair for one in corridors for pair in one.links.items())
    return {name: link.plain.hashes[-1][1] for name, link in links if link.plain.hashes}


def check_witnessed(report: ReplayStatement, sizes: Mapping[str, int], roots: Roots) -> Check:
    """The newest checkpoint that the witness and all parties signed is the tree of the whole log."""
    wrong = [str(one) for one in report.findings if one.code in ABOUT_CHECKPOINTS]
    signatures = 0
    statements = {link.link: link for link in report.links}
    used = {link: size for link, size in sizes.items() if size}
    for link, size in used.items():
        statement = statements.get(LinkId(link))
        if statement is None or statement.checkpoint is None:
            wrong.append(f"{link}: nothing that the witness and all parties have signed")
        elif statement.checkpoint != size:
            wrong.append(f"{link}: they have signed {statement.checkpoint} of {size} records")
        elif from_hex(statement.tree_root) != roots.get(link):
            wrong.append(f"{link}: they have signed another tree than the log's")
        else:
            signatures += len(statement.checkpoint_signers)
    return checked(
        "witnessed",
        wrong,
        f"{counted(len(used), 'link')}: the witness and all parties have signed one tree of the whole log "
        f"each ({signatures} signatures)",
    )


def check_audit(report: ReplayStatement, sizes: Mapping[str, int]) -> Check:
    """A replay of everything, in full mode, proves every record and finds nothing wrong."""
    wrong = _wrong(report.findings)
    if report.mode is not Mode.FULL:
        wrong.append(f"it was done in mode {report.mode}")
    statements = {str(one.link): one for one in report.links}
    wrong += [f"{link}: it was not audited" for link in sizes.keys() - statements]
    for link, one in statements.items():
        wrong += _unproved(one, sizes.get(link, 0))
    views = [one.views for one in report.links if one.views is not None]
    notes = report.count(Severity.NOTE)
    return checked(
        "audit_is_clean",
        wrong,
        f"{sum(one.verified for one in report.links)} records and "
        f"{sum(one.heads for one in report.links)} heads verified, "
        f"{sum(one.agreed for one in views)} signed digests of case views equal those that the "
        f"log gives; no breach and no doubt; {counted(notes, 'note')}",
    )


def _wrong(findings: Iterable[Finding]) -> list[str]:
    """Breaches and doubts."""
    return [str(finding) for finding in findings if finding.severity is not Severity.NOTE]


def _unproved(one: LinkStatement, size: int) -> Iterator[str]:
    """What a replay that found nothing did not look at either."""
    if one.stopped is not None:
        yield f"{one.link}: {one.stopped}"
    if not one.records == one.verified == size:
        yield f"{one.link}: {one.verified} of {one.records} records verified, {size} were sent"
    if size and (one.views is None or not one.views.agreed or one.views.unopened):
        yield f"{one.link}: the case views were not compared"
    if size and (one.outputs is None or one.outputs.entries != size):
        yield f"{one.link}: the processors' outputs were not all compared"


def check_bundle(bundled: Bundled, sizes: Mapping[str, int], roots: Roots) -> Check:
    """A bundle of a whole link proves, from its file alone, exactly the log that was played."""
    report = bundled.report
    link, whole = report.manifest.link, report.whole
    size = sizes.get(link, 0)
    wrong = _wrong(report.findings)
    if whole is None:
        wrong.append(f"it is not of the whole link {link}")
    elif not whole.records == whole.verified == size:
        wrong.append(f"it proves {whole.verified} of {size} records of {link}")
    elif size and from_hex(whole.tree_root) != roots.get(link):
        wrong.append(f"it proves another log of {link}")
    elif size and whole.checkpoint != size:
        wrong.append(f"its checkpoint covers {whole.checkpoint or 0} of {size} records of {link}")
    return checked(
        "bundle_verifies",
        wrong,
        f"{link}, {size} records, {decimal(bundled.size)}: verified from the file and the "
        "pinned roots alone",
    )
