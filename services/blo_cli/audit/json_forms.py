"""What ``blo audit`` prints as JSON; docs/cli.md is made from these classes.

A field is added, never renamed or given another meaning. Instants are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


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
