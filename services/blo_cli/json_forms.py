"""The JSON that commands print with ``--json``; docs/cli.md is made from these classes.

A field is added, never renamed or given another meaning. Instants are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class LinkVerification(msgspec.Struct, frozen=True):
    """A link that the running node has folded anew.

    Attributes:
        link: The link.
        records: How many records it has.
        verified: How many of their signatures were verified.
        equal: Whether the rebuilt views are equal to the live ones.
        live_digest: The digest of the live views.
        rebuilt_digest: The digest of the rebuilt views.
        rejected: How many records were rejected, by reason.
    """

    link: str
    records: int
    verified: int
    equal: bool
    live_digest: str
    rebuilt_digest: str
    rejected: Mapping[str, int]


class DoctorForm(msgspec.Struct, frozen=True):
    """What a check of ``blo doctor`` found.

    Attributes:
        check: The id of the check: configuration, program, tls, kafka, clock, topics, rights,
            directory, certificate, peers, disk, store or backup.
        ok: Whether it is as it should be.
        words: What was seen.
        command: What to run next; empty if nothing is wrong.
    """

    check: str
    ok: bool
    words: str
    command: str


class RestoredForm(msgspec.Struct, frozen=True):
    """A backup that took the place of a store.

    Attributes:
        store: The store's file.
        backup: The backup's file.
        digest: The digest of its rows.
        size: Its length in bytes.
        former: The folder with what lay there before; null: nothing did.
    """

    store: str
    backup: str
    digest: str
    size: int
    former: str | None


class LostCertificate(msgspec.Struct, frozen=True):
    """A certificate of a lost node that is to be revoked.

    Attributes:
        tag: Its tag.
        document: Its document id.
        ends: When it ends by itself.
    """

    tag: str
    document: str
    ends: int


class ReplacementForm(msgspec.Struct, frozen=True):
    """A new node in the place of a lost one.

    Attributes:
        request: The file with the request for its certificate.
        certificates: The certificates of the lost node that still count.
        links: For each link, the log size from which they are not to count.
    """

    request: str
    certificates: list[LostCertificate]
    links: Mapping[str, int]


class KeyForm(msgspec.Struct, frozen=True):
    """A key's file that was written anew.

    Attributes:
        file: The file.
        files: How many files are encrypted with its key: the store, or all backups.
    """

    file: str
    files: int


class BundleForm(msgspec.Struct, frozen=True):
    """A bundle that was made.

    Attributes:
        file: The file.
        link: The link.
        scope: What was asked for.
        records: How many records are in it.
        digest: The digest at its end.
        rests_on: Whose word its proofs rest on, in words.
        uncovered: Records that were meant too, and lie behind the tree that was signed.
        disclosures: How many disclosures are in it.
        files: How many files are in it.
    """

    file: str
    link: str
    scope: str
    records: int
    digest: str
    rests_on: str
    uncovered: int
    disclosures: int
    files: int


class MissedClock(msgspec.Struct, frozen=True):
    """A clock of a case that is missed.

    Attributes:
        clock: Which one.
        due: Its deadline.
    """

    clock: str
    due: int


class CaseAt(msgspec.Struct, frozen=True):
    """A case at an instant.

    Attributes:
        case: Its id.
        kind: Its kind.
        state: Its state.
        urgency: Its urgency.
        version: Its version.
        missed: Its missed clocks.
    """

    case: str
    kind: str
    state: str
    urgency: str
    version: int
    missed: list[MissedClock]


class AlertAt(msgspec.Struct, frozen=True):
    """An alert that stands at an instant.

    Attributes:
        case: The case; null: the alert is about the link.
        clock: Which clock; null: the alert is about the link.
        rung: The rung of the ladder; null: the alert is about the link.
        since: The instant at which it became true.
    """

    case: str | None
    clock: str | None
    rung: str | None
    since: int


class LinkAt(msgspec.Struct, frozen=True):
    """A link at an instant.

    Attributes:
        link: The link.
        records: How many records it has.
        waiting: How many of them wait for a summary key.
        cases: Its cases.
        alerts: The alerts that stand.
    """

    link: str
    records: int
    waiting: int
    cases: list[CaseAt]
    alerts: list[AlertAt]


class ResponseRow(msgspec.Struct, frozen=True):
    """How an office responded to one sort of clock on one link.

    Attributes:
        met: How many responses came in time.
        missed: How many came late or not at all.
        open: How many of the missed had not come.
        median_ms: The middle response time, without pauses; null: nothing came.
        p90_ms: The response time that nine of ten do not exceed; null: nothing came.
    """

    met: int
    missed: int
    open: int
    median_ms: int | None
    p90_ms: int | None


class PolicyRow(msgspec.Struct, frozen=True):
    """An office's responses under two policies.

    Attributes:
        link: The link.
        office: The office.
        clock: What it owed.
        agreed: As agreed; null: nothing was due.
        other: Under the other policy; null: nothing would be due.
    """

    link: str
    office: str
    clock: str
    agreed: ResponseRow | None
    other: ResponseRow | None


class ChangedClock(msgspec.Struct, frozen=True):
    """A clock that would stand differently.

    Attributes:
        link: The link.
        case: The case.
        clock: Which clock.
        agreed: How it stands as agreed.
        other: How it would stand under the other policy.
    """

    link: str
    case: str
    clock: str
    agreed: str
    other: str


class PolicyComparison(msgspec.Struct, frozen=True):
    """A period under the agreed policy and under another.

    Attributes:
        rows: The offices' responses.
        changes: The clocks that would stand differently.
    """

    rows: list[PolicyRow]
    changes: list[ChangedClock]


class DeadLetterForm(msgspec.Struct, frozen=True):
    """A record that a processor could not process.

    Attributes:
        place: Topic, partition and offset of the record.
        link: The link.
        processor: Who could not.
        attempts: How often it was tried.
        error: What happened.
        log_time: The record's log time.
        value: The sealed bytes in hexadecimal digits; null in a list.
    """

    place: str
    link: str
    processor: str
    attempts: int
    error: str
    log_time: int
    value: str | None = None


class RetriedForm(msgspec.Struct, frozen=True):
    """A dead letter whose record was tried again.

    Attributes:
        place: Topic, partition and offset of the record.
        error: What happened; null: the record was processed.
    """

    place: str
    error: str | None


class TopicForm(msgspec.Struct, frozen=True):
    """A topic as planned.

    Attributes:
        name: Its name.
        partitions: How many partitions it has.
        replication: How many copies of each.
        config: Kafka's settings of the topic.
    """

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


class AppliedTopics(msgspec.Struct, frozen=True):
    """What was done to the topics.

    Attributes:
        done: What was made, in words.
        differences: Topics with other settings, in words; then nothing was done.
    """

    done: list[str]
    differences: list[str]


class DocumentForm(msgspec.Struct, frozen=True):
    """Whether a trust document counts.

    Attributes:
        file: The name of its file.
        title: What it is.
        admitted: Whether it counts.
        problem: Why it does not.
        todo: What to do about that.
    """

    file: str
    title: str
    admitted: bool
    problem: str | None
    todo: str


class SignatureForm(msgspec.Struct, frozen=True):
    """A signature under a document.

    Attributes:
        by: Whose key it is, in words, by the documents at hand.
        key: The key's fingerprint.
        good: Whether it is good.
    """

    by: str
    key: str
    good: bool


class ShownDocument(msgspec.Struct, frozen=True):
    """What a trust document says.

    Attributes:
        title: What it is.
        id: Its id.
        says: What it says, line by line.
        signatures: Who has signed it.
        missing: What it lacks, by the documents at hand; null: nothing.
    """

    title: str
    id: str
    says: list[str]
    signatures: list[SignatureForm]
    missing: str | None


class PublishedForm(msgspec.Struct, frozen=True):
    """What was put on the log.

    Attributes:
        published: The documents that were not there before.
        refused: The documents that do not count; then nothing was published.
    """

    published: list[str]
    refused: list[DocumentForm]


class FindingForm(msgspec.Struct, frozen=True):
    """A finding of an audit.

    Attributes:
        code: Its code; docs/audit.md explains each.
        severity: How much it weighs: a breach, a doubt or a note.
        link: The link; null: it is about no single one.
        position: The record's position, or the size that a statement is about.
        office: Whom it is about, as far as that is proved.
        detail: What exactly was seen, in words.
        part: The part of the report or journal; empty for findings about a log.
        count: How many findings it stands for.
        last: With `count`: the position of the last of them.
        means: What the code means.
        todo: What to do about it.
    """

    code: str
    severity: str
    link: str | None
    position: int | None
    office: str | None
    detail: str
    part: str
    count: int
    last: int | None
    means: str
    todo: str


class EntryForm(msgspec.Struct, frozen=True):
    """An entry of an office's journal.

    Attributes:
        seq: The number of entries before it.
        at: The office's clock.
        actor: Who acted.
        action: What was done.
        link: The link it concerns.
        case: The case it concerns.
        named: The person whom it names, as the name was typed.
    """

    seq: int
    at: int
    actor: str
    action: str
    link: str | None
    case: str | None
    named: str | None


class JournalForm(msgspec.Struct, frozen=True):
    """An office's journal against its own heads.

    Attributes:
        office: The office.
        entries: How many entries the journal has.
        anchors: How many heads and heartbeats were compared with it.
        anchored: How many entries they cover.
        sent_drafts: How many drafts were sent.
        proved_approvals: How many approvals a passkey proves.
        approvals_by_code: How many were given by a one-time code.
        findings: What is wrong.
        listed: The entries, with `--entries`; null without.
    """

    office: str
    entries: int
    anchors: int
    anchored: int
    sent_drafts: int
    proved_approvals: int
    approvals_by_code: int
    findings: list[FindingForm]
    listed: list[EntryForm] | None


class ProofForm(msgspec.Struct, frozen=True):
    """What a file with a proof or a checkpoint proves.

    Attributes:
        file: The file.
        proved: Whether it proves what it is for.
        says: What it proves, or why it does not, line by line.
    """

    file: str
    proved: bool
    says: list[str]


class PaperSignatureForm(msgspec.Struct, frozen=True):
    """The signature beside an audit's paper.

    Attributes:
        file: The paper.
        auditor: Whose signature it says to be.
        key: The public key, in hex.
        by: By what the key counts; ``null``: the paper is not signed by that auditor.
    """

    file: str
    auditor: str
    key: str
    by: str | None


class ReportVerificationForm(msgspec.Struct, frozen=True):
    """What was found about a frozen report's file.

    Attributes:
        file: The file.
        office: Whose report it says to be.
        first: First business date.
        last: Last business date.
        signed: Whether the office's signature is good; null: it was not checked.
        clean: Whether there is no breach and no doubt.
        findings: What is wrong.
        checked: What was checked, in words.
        unchecked: What was not, and what it takes.
    """

    file: str
    office: str
    first: str
    last: str
    signed: bool | None
    clean: bool
    findings: list[FindingForm]
    checked: list[str]
    unchecked: list[str]


class ReportsForm(msgspec.Struct, frozen=True):
    """Verified reports.

    Attributes:
        reports: The reports.
        contradicting: Frozen reports of one office that contradict each other.
    """

    reports: list[ReportVerificationForm]
    contradicting: list[FindingForm]


class ResponseTimeForm(msgspec.Struct, frozen=True):
    """How one office responded to one sort of clock on one link.

    Attributes:
        link: The link.
        office: The office that owed.
        clock: What it owed.
        met: How many came in time.
        missed: How many came late or not at all.
        open: How many of the missed have not come.
        median_ms: The middle of the response times, in milliseconds; null: nothing came.
        p90_ms: The 90th percentile, by nearest rank.
    """

    link: str
    office: str
    clock: str
    met: int
    missed: int
    open: int
    median_ms: int | None
    p90_ms: int | None


class ResponseTimesForm(msgspec.Struct, frozen=True):
    """The offices' response times in a period.

    Attributes:
        first: First day.
        last: Last day, included.
        zone: The time zone of the days.
        read_at: When the log was read.
        waiting: Records that wait for a summary key and are not counted, by link.
        rows: The times, by link, office and clock.
    """

    first: str
    last: str
    zone: str
    read_at: int
    waiting: Mapping[str, int]
    rows: list[ResponseTimeForm]
