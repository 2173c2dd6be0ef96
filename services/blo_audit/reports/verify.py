"""Verifying a frozen report offline: the signature, the sums, the proofs, the cut (docs/reports.md).

Needs no key and no Kafka. With the public trust documents the signatures are checked too, with
heads the cut, and with the records themselves each event. What was not checked is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from blo_domain.reports.checks import ReportFlaw, check
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
from blo_sealing.reports import report_is_signed
from blo_sealing.verifier import verify_consistency, verify_inclusion


class Breach(StrEnum):
    """What can be wrong with a report besides its own words (``report_checks.Flaw``)."""

    FORM = "form"
    NOT_CERTIFIED = "not_certified"
    BAD_SIGNATURE = "bad_signature"
    PROOF_BROKEN = "proof_broken"
    HEAD_NOT_SIGNED = "head_not_signed"
    ANOTHER_LOG = "another_log"
    RECORD_MISSING = "record_missing"
    ANOTHER_RECORD = "another_record"
    ANOTHER_CALENDAR = "another_calendar"
    TWO_REPORTS = "two_reports"


@dataclass(slots=True)
class ReportAudit:
    """What was found of one report.

    Attributes:
        signed: The report, as far as it can be read.
        findings: What is wrong with it.
        checked: What was checked, in words.
        unchecked: What was not, and what it takes.
    """

    signed: SignedReport
    findings: list[ReportFlaw] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


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
        WireError: It is no report at all.
    """
    audited = ReportAudit(_read(data))
    try:
        signed_report(data)
    except NotCanonical as error:
        audited.findings.append(ReportFlaw(Breach.FORM, "the file", error.detail))
    report = audited.signed.frozen.report
    audited.findings += check(audited.signed.frozen)
    audited.checked.append("numbers, units, lists and steps against each other")
    audited.findings += _proofs(report)
    audited.checked.append(f"{len(report.events)} inclusion proofs")
    _signatures(audited, directory)
    _heads(audited, directory, heads)
    if directory is not None:
        audited.findings += _calendars(report, directory)
    if records is None:
        audited.unchecked.append("that the events are what the log has there: give the log")
    else:
        audited.findings += _records(report, records)
        audited.checked.append("each event and each cut against the log's records")
    return audited


def _calendars(report: PeriodReport, directory: TrustedDirectory) -> Iterator[ReportFlaw]:
    """Whether the tables of holidays are those of the agreements that the report was cut by."""
    for link in report.links:
        if directory.digest_for_link(link.link).hex() != link.trust:
            continue
        agreed = {term.agreement.policy.holidays for term in directory.terms(link.link)}
        if set(link.holidays) != agreed:
            yield ReportFlaw(
                Breach.ANOTHER_CALENDAR,
                f"the working days of {link.link}",
                f"counted by versions {list(link.holidays)} of the table of public holidays; its "
                f"agreements name {sorted(agreed)}",
            )


def two_reports(reports: Sequence[SignedReport]) -> list[ReportFlaw]:
    """Different frozen reports of one office whose periods share a day."""
    found = []
    known: list[SignedReport] = []
    for one in reports:
        if any(encode(other) == encode(one) for other in known):
            continue
        other = next((each for each in known if _share_a_day(each, one)), None)
        known.append(one)
        if other is not None:
            found.append(_two(other, one))
    return found


def _share_a_day(one: SignedReport, other: SignedReport) -> bool:
    mine, theirs = one.frozen.report, other.frozen.report
    return mine.office == theirs.office and mine.first <= theirs.last and theirs.first <= mine.last


def _two(one: SignedReport, other: SignedReport) -> ReportFlaw:
    mine, theirs = one.frozen.report, other.frozen.report
    where = f"{mine.office} {mine.first} to {mine.last}"
    if (mine.first, mine.last) != (theirs.first, theirs.last):
        where += f" and {theirs.first} to {theirs.last}"
    words = f"signed one way by {_who(one)} and another way by {_who(other)}"
    return ReportFlaw(Breach.TWO_REPORTS, where, words)


def _read(data: bytes) -> SignedReport:
    return signed_report(data, any_form=True)


def _who(signed: SignedReport) -> str:
    last = signed.frozen.steps[-1] if signed.frozen.steps else None
    return "nobody" if last is None else f"{last.by} at {last.at}"


def _proofs(report: PeriodReport) -> Iterator[ReportFlaw]:
    links = {link.link: link for link in report.links}
    for event in report.events:
        link = links.get(event.link)
        if link is None:
            yield _broken(event, "its link was not counted")
            continue
        try:
            verify_inclusion(
                from_hex(event.leaf),
                event.position,
                link.size,
                [from_hex(one) for one in event.proof],
                from_hex(link.tree_root),
            )
        except ProofFailed as error:
            yield _broken(event, str(error))


def _broken(event: ProvenEvent, words: str) -> ReportFlaw:
    where = f"event {event.event} at {event.position} of {event.link}"
    return ReportFlaw(Breach.PROOF_BROKEN, where, words)


# Signatures.


def _signatures(audited: ReportAudit, directory: TrustedDirectory | None) -> None:
    frozen = audited.signed.frozen
    office = frozen.report.office
    if directory is None:
        audited.unchecked.append(
            "the office's signature and those under the heads: give the trust documents"
        )
        return
    at = max((step.at for step in frozen.steps if step.act is ReportAct.FREEZE), default=0)
    certified = _certified(directory, office, frozen.kid)
    if certified is None or not certified.valid_at(at):
        why = "names no certificate of that office" if certified is None else "was not valid then"
        words = f"the certificate tag {frozen.kid} {why}"
        audited.findings.append(
            ReportFlaw(Breach.NOT_CERTIFIED, f"the signature of {office}", words)
        )
        return
    if not report_is_signed(audited.signed, certified.certificate.signing_key):
        words = "it is not over this report: something in it was changed after it was signed"
        audited.findings.append(
            ReportFlaw(Breach.BAD_SIGNATURE, f"the signature of {office}", words)
        )
    audited.checked.append(f"the signature of {office}")


def _certified(directory: TrustedDirectory, office: OfficeId, tag: str) -> Certified | None:
    found = (one for one in directory.certificates(office) if one.tag.hex() == tag)
    return next((one for one in found if one.certificate.role is Role.OFFICE), None)


# The cut.


def _heads(
    audited: ReportAudit, directory: TrustedDirectory | None, others: Iterable[SignedHead]
) -> None:
    report = audited.signed.frozen.report
    links = {link.link: link for link in report.links}
    vouched: set[LinkId] = set()
    for counted in report.heads:
        link = links.get(counted.link)
        found = _counted_head(counted, link, directory)
        if found is not None:
            audited.findings.append(found)
        elif counted.office not in {report.office, *report.branches}:
            vouched.add(counted.link)
    for signed in others:
        head = _valid(signed, directory)
        if head is not None and _contradicts(head, links.get(head.link)):
            where = f"the cut of {head.link} at {head.size}"
            words = f"{head.office} has signed another log of that size"
            audited.findings.append(ReportFlaw(Breach.ANOTHER_LOG, where, words))
    audited.checked.append(f"{len(report.heads)} heads of others over the logs that were counted")
    bare = sorted(link.link for link in report.links if link.size and link.link not in vouched)
    if bare:
        audited.unchecked.append(f"no counterpart's head vouches for {', '.join(bare)}")


def _counted_head(
    counted: CountedHead, link: CountedLink | None, directory: TrustedDirectory | None
) -> ReportFlaw | None:
    where = f"the head of {counted.office} on {counted.link}"
    try:
        signed = SIGNED_HEAD.decode(from_hex(counted.head))
        head = HEAD.decode(signed.head)
    except WireError as error:
        return ReportFlaw(Breach.HEAD_NOT_SIGNED, where, str(error))
    said = head.link, head.office, head.size
    if said != (counted.link, counted.office, counted.size) or link is None:
        return ReportFlaw(Breach.HEAD_NOT_SIGNED, where, f"it is the one of {said}")
    if directory is not None and _valid(signed, directory) is None:
        words = "the office has not signed it, or not with a key that counted then"
        return ReportFlaw(Breach.HEAD_NOT_SIGNED, where, words)
    proof = [from_hex(one) for one in counted.proof]
    root = from_hex(link.tree_root)
    try:
        verify_consistency(head.size, head.tree_root, link.size, root, proof)
    except ProofFailed as error:
        return ReportFlaw(Breach.ANOTHER_LOG, where, str(error))
    if _contradicts(head, link):
        return ReportFlaw(Breach.ANOTHER_LOG, where, "its hash is not the cut's")
    return None


def _contradicts(head: Head, link: CountedLink | None) -> bool:
    if link is None or head.size != link.size:
        return False
    return (head.tree_root.hex(), head.log_hash.hex()) != (link.tree_root, link.log_hash)


def _valid(signed: SignedHead, directory: TrustedDirectory | None) -> Head | None:
    """A head that counts; without documents, as it is."""
    try:
        if directory is None:
            return HEAD.decode(signed.head)
        return accept_head(signed, directory).head
    except (WireError, SealingError):
        return None


# The records.


def _records(report: PeriodReport, records: Records) -> Iterator[ReportFlaw]:
    for link in report.links:
        values = records.get(link.link, ())
        if len(values) < link.size:
            words = f"the log has {len(values)} records, {link.size} were counted"
            yield ReportFlaw(Breach.RECORD_MISSING, link.link, words)
            continue
        root = MerkleTree(leaf_hash(value) for value in values[: link.size]).root()
        if root.hex() != link.tree_root:
            words = f"its first {link.size} records are others than were counted"
            yield ReportFlaw(Breach.ANOTHER_LOG, link.link, words)
    for event in report.events:
        values = records.get(event.link, ())
        if event.position < len(values) and not _is(event, values[event.position]):
            where = f"position {event.position} of {event.link}"
            words = f"another event than {event.event} stands there"
            yield ReportFlaw(Breach.ANOTHER_RECORD, where, words)


def _is(event: ProvenEvent, value: bytes) -> bool:
    try:
        header = ENVELOPE.decode(value).header
    except WireError:
        return False
    return event_id(event.link, header).hex() == event.event
