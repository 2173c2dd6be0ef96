"""The audit of a frozen report: signature, sums, proofs, cut (docs/reports.md).

It needs no key and no Kafka. The trust documents add the check of signatures, heads that of the
cut, and the records themselves that of each event. The result names what was not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_domain.reports.checks import check
from blo_domain.trust import Certified, TrustedDirectory
from blo_schemas.codec import encode
from blo_schemas.errors import NotCanonical, WireError
from blo_schemas.event import ENVELOPE
from blo_schemas.hashes import event_id, leaf_hash
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.reports import (
    CountedHead,
    CountedLink,
    PeriodReport,
    ProvenEvent,
    ReportAct,
    SignedReport,
    signed_report,
)
from blo_schemas.texts import from_hex
from blo_schemas.trust import Role
from blo_sealing.errors import ProofFailed, SealingError
from blo_sealing.heads import accept_head
from blo_sealing.merkle import MerkleTree
from blo_sealing.statements import report_is_signed
from blo_sealing.verifier import verify_consistency, verify_inclusion


@dataclass(slots=True)
class ReportAudit:
    """The result of an audit of a report.

    Attributes:
        signed: The report, as far as it can be read.
        findings: What is wrong with it.
        checked: What was checked, in words.
        unchecked: What was not, and what it takes.
        signature: Whether the office's signature is good; ``None``: it was not checked.
    """

    signed: SignedReport
    findings: Findings = field(default_factory=Findings)
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    signature: bool | None = None


Records = Mapping[LinkId, Sequence[bytes]]
"""The record values of a link from its first one."""


def audit_report(
    data: bytes,
    *,
    directory: TrustedDirectory | None = None,
    heads: Iterable[SignedHead] = (),
    records: Records | None = None,
) -> ReportAudit:
    """Verify a report's file.

    Args:
        data: The file.
        directory: What the public trust documents prove.
        heads: Heads from elsewhere, to compare the cut with.
        records: The log, to compare each event with.

    Raises:
        WireError: The bytes are not a report.
    """
    audit = ReportAudit(signed_report(data, any_form=True))
    findings = audit.findings
    try:
        signed_report(data)
    except NotCanonical as error:
        findings.add(Code.REPORT_NOT_CANONICAL, error.detail, part="the file")
    report = audit.signed.frozen.report
    for flaw in check(audit.signed.frozen):
        words = f"{flaw.flaw}: {flaw.words}"
        findings.add(Code.REPORT_CONTRADICTS_ITSELF, words, part=flaw.where)
    audit.checked.append("numbers, units, lists and steps against each other")
    _check_proofs(report, findings)
    audit.checked.append(f"{len(report.events)} inclusion proofs")
    _check_signature(audit, directory)
    _check_heads(audit, directory, heads)
    if directory is not None:
        _check_calendars(report, directory, findings)
    if records is None:
        audit.unchecked.append("that the events are what the log has there: give the log")
    else:
        _check_records(report, records, findings)
        audit.checked.append("each event and each cut against the log's records")
    return audit


def _check_calendars(report: PeriodReport, directory: TrustedDirectory, findings: Findings) -> None:
    """Compares the tables of holidays with those of the agreements that the report was cut by."""
    for link in report.links:
        if directory.digest_for_link(link.link).hex() != link.trust:
            continue
        agreed = {period.agreement.policy.holidays for period in directory.terms(link.link)}
        if set(link.holidays) != agreed:
            words = (
                f"counted by versions {list(link.holidays)} of the table of public holidays; its "
                f"agreements name {sorted(agreed)}"
            )
            part = f"the working days of {link.link}"
            findings.add(Code.REPORT_BY_ANOTHER_CALENDAR, words, part=part)


def contradicting_reports(reports: Sequence[SignedReport]) -> Findings:
    """Different frozen reports of one office whose periods share a day."""
    findings = Findings()
    known: list[SignedReport] = []
    for report in reports:
        if any(encode(other) == encode(report) for other in known):
            continue
        other = next((other for other in known if _share_a_day(other, report)), None)
        known.append(report)
        if other is not None:
            _add_contradiction(other, report, findings)
    return findings


def _share_a_day(one: SignedReport, other: SignedReport) -> bool:
    mine, theirs = one.frozen.report, other.frozen.report
    return mine.office == theirs.office and mine.first <= theirs.last and theirs.first <= mine.last


def _add_contradiction(one: SignedReport, other: SignedReport, findings: Findings) -> None:
    mine, theirs = one.frozen.report, other.frozen.report
    part = f"{mine.office} {mine.first} to {mine.last}"
    if (mine.first, mine.last) != (theirs.first, theirs.last):
        part += f" and {theirs.first} to {theirs.last}"
    words = f"signed one way by {_who(one)} and another way by {_who(other)}"
    findings.add(Code.REPORTS_CONTRADICT, words, part=part)


def _who(signed: SignedReport) -> str:
    last = signed.frozen.steps[-1] if signed.frozen.steps else None
    return "nobody" if last is None else f"{last.by} at {last.at}"


def _check_proofs(report: PeriodReport, findings: Findings) -> None:
    links = {link.link: link for link in report.links}
    for event in report.events:
        link = links.get(event.link)
        words = "its link was not counted"
        if link is not None:
            proof = [from_hex(node) for node in event.proof]
            root = from_hex(link.tree_root)
            try:
                verify_inclusion(from_hex(event.leaf), event.position, link.size, proof, root)
                continue
            except ProofFailed as error:
                words = str(error)
        part = f"event {event.event} at {event.position} of {event.link}"
        findings.add(Code.PROOF_FAILED, words, part=part)


# Signatures.


def _check_signature(audit: ReportAudit, directory: TrustedDirectory | None) -> None:
    office = audit.signed.frozen.report.office
    if directory is None:
        audit.unchecked.append(
            "the office's signature and those under the heads: give the trust documents"
        )
        return
    part = f"the signature of {office}"
    problem = signature_problem(audit.signed, directory)
    if problem is not None:
        audit.findings.add(*problem, part=part)
    if problem is None or problem[0] is Code.REPORT_BAD_SIGNATURE:
        audit.checked.append(part)
    audit.signature = problem is None


def signature_problem(signed: SignedReport, directory: TrustedDirectory) -> tuple[Code, str] | None:
    """What is wrong with the office's signature under a report, in words; ``None``: nothing.

    Args:
        signed: The report.
        directory: What the trust documents prove.
    """
    frozen = signed.frozen
    at = max((step.at for step in frozen.steps if step.act is ReportAct.FREEZE), default=0)
    certified = _certified(directory, frozen.report.office, frozen.kid)
    if certified is None or not certified.valid_at(at):
        why = "names no certificate of that office" if certified is None else "was not valid then"
        return Code.REPORT_NOT_CERTIFIED, f"the certificate tag {frozen.kid} {why}"
    if not report_is_signed(signed, certified.certificate.signing_key):
        words = "it is not over this report: something in it was changed after it was signed"
        return Code.REPORT_BAD_SIGNATURE, words
    return None


def _certified(directory: TrustedDirectory, office: OfficeId, tag: str) -> Certified | None:
    return next(
        (
            certified
            for certified in directory.certificates(office)
            if certified.tag.hex() == tag and certified.certificate.role is Role.OFFICE
        ),
        None,
    )


# The cut.


def _check_heads(
    audit: ReportAudit, directory: TrustedDirectory | None, others: Iterable[SignedHead]
) -> None:
    report, findings = audit.signed.frozen.report, audit.findings
    links = {link.link: link for link in report.links}
    vouched: set[LinkId] = set()
    for counted in report.heads:
        problem = _problem_of_head(counted, links.get(counted.link), directory)
        if problem is not None:
            part = f"the head of {counted.office} on {counted.link}"
            findings.add(*problem, part=part)
        elif counted.office not in {report.office, *report.branches}:
            vouched.add(counted.link)
    for signed in others:
        head = _accepted_head(signed, directory)
        if head is not None and _contradicts(head, links.get(head.link)):
            part = f"the cut of {head.link} at {head.size}"
            words = f"{head.office} has signed another log of that size"
            findings.add(Code.REPORT_OF_ANOTHER_LOG, words, part=part)
    audit.checked.append(f"{len(report.heads)} heads of others over the logs that were counted")
    bare = sorted(link.link for link in report.links if link.size and link.link not in vouched)
    if bare:
        audit.unchecked.append(f"no counterpart's head vouches for {', '.join(bare)}")


def _problem_of_head(
    counted: CountedHead, link: CountedLink | None, directory: TrustedDirectory | None
) -> tuple[Code, str] | None:
    try:
        signed = SIGNED_HEAD.decode(from_hex(counted.head))
        head = HEAD.decode(signed.head)
    except WireError as error:
        return Code.REPORT_HEAD_REFUSED, str(error)
    stated = head.link, head.office, head.size
    if stated != (counted.link, counted.office, counted.size) or link is None:
        return Code.REPORT_HEAD_REFUSED, f"it is the head of {stated}"
    if directory is not None and _accepted_head(signed, directory) is None:
        words = "the office has not signed it, or not with a key that counted then"
        return Code.REPORT_HEAD_REFUSED, words
    proof = [from_hex(node) for node in counted.proof]
    root = from_hex(link.tree_root)
    try:
        verify_consistency(head.size, head.tree_root, link.size, root, proof)
    except ProofFailed as error:
        return Code.REPORT_OF_ANOTHER_LOG, str(error)
    if _contradicts(head, link):
        return Code.REPORT_OF_ANOTHER_LOG, "its hash is not the cut's"
    return None


def _contradicts(head: Head, link: CountedLink | None) -> bool:
    if link is None or head.size != link.size:
        return False
    return (head.tree_root.hex(), head.log_hash.hex()) != (link.tree_root, link.log_hash)


def _accepted_head(signed: SignedHead, directory: TrustedDirectory | None) -> Head | None:
    """The head, if it counts; without trust documents, any head that decodes."""
    try:
        if directory is None:
            return HEAD.decode(signed.head)
        return accept_head(signed, directory).head
    except (WireError, SealingError):
        return None


# The records.


def _check_records(report: PeriodReport, records: Records, findings: Findings) -> None:
    for link in report.links:
        values = records.get(link.link, ())
        if len(values) < link.size:
            words = f"the log has {len(values)} records, {link.size} were counted"
            findings.add(Code.RECORDS_MISSING, words, part=link.link)
            continue
        root = MerkleTree(leaf_hash(value) for value in values[: link.size]).root()
        if root.hex() != link.tree_root:
            words = f"its first {link.size} records are others than were counted"
            findings.add(Code.REPORT_OF_ANOTHER_LOG, words, part=link.link)
    for event in report.events:
        values = records.get(event.link, ())
        if event.position < len(values) and not _is(event, values[event.position]):
            part = f"position {event.position} of {event.link}"
            words = f"another event than {event.event} stands there"
            findings.add(Code.REPORT_OF_ANOTHER_LOG, words, part=part)


def _is(event: ProvenEvent, value: bytes) -> bool:
    try:
        header = ENVELOPE.decode(value).header
    except WireError:
        return False
    return event_id(event.link, header).hex() == event.event
