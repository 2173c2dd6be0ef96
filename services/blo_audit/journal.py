"""The audit of an office's journal against the anchors in its signed statements (docs/reports.md).

The hash chain alone shows a change only to a reader who knows its end. Each head and each heartbeat
of the office on the shared log states that end: the number of entries, and the hash of the last one. A journal with
edited, removed, added or reordered entries contradicts itself or a head.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from blo_audit.approvals import NOTHING_APPROVED, ApprovalAudit, ApprovalCounts
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_schemas.heads import Head
from blo_schemas.heartbeats import Heartbeat
from blo_schemas.ids import ZERO_HASH, OfficeId
from blo_schemas.journal import JournalEntry, journal_hash
from blo_schemas.journal_file import JournalFileHead, JournalLine, read_head, read_lines


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a head or heartbeat of an office states of its journal.

    Attributes:
        office: The office.
        size: How many entries.
        hash: The hash of the last one.
        at: When it was signed, Unix milliseconds.
        statement: The head or heartbeat, in words.
    """

    office: OfficeId
    size: int
    hash: bytes
    at: int
    statement: str


@dataclass(slots=True)
class JournalAudit:
    """The result of an audit of a journal.

    Attributes:
        head: The file's first line.
        entries: Its readable entries, by their numbers.
        findings: What is wrong with it.
        anchors: How many heads and heartbeats were compared.
        anchored: How many entries the last fitting anchor covers.
        approvals: How many drafts were sent, and how many approvals count.
    """

    head: JournalFileHead
    entries: list[JournalEntry] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    anchors: int = 0
    anchored: int = 0
    approvals: ApprovalCounts = NOTHING_APPROVED


class _Line:
    """A readable line with the hash that its entry really has."""

    def __init__(self, number: int, line: JournalLine) -> None:
        self.number = number
        self.seq = line.seq
        self.prev = line.prev
        self.entry = line.entry()
        self.hash = journal_hash(self.entry)
        self.is_as_hashed = self.hash.hex() == line.hash
        self.name = f"entry {line.seq} ({line.action} by {line.actor})"


def anchors_of(statements: Iterable[Head | Heartbeat], office: OfficeId) -> list[Anchor]:
    """The anchors in an office's own statements; their signatures must have been checked before."""
    return [
        Anchor(
            office, stated.journal_size, stated.journal_hash, stated.at, _statement_words(stated)
        )
        for stated in statements
        if stated.office == office
    ]


def audit_journal(data: bytes, anchors: Iterable[Anchor] = ()) -> JournalAudit:
    """Audits a journal's file.

    Args:
        data: The file.
        anchors: The anchors of the office's heads.

    Raises:
        WireError: The bytes are not a journal file.
    """
    audit = JournalAudit(read_head(data))
    findings = audit.findings
    lines: list[_Line] = []
    for number, line in enumerate(read_lines(data), start=2):
        if isinstance(line, JournalLine):
            lines.append(_Line(number, line))
        else:
            findings.add(Code.JOURNAL_UNREADABLE, line, part=f"line {number}")
    _check_order(lines, findings)
    chain = _unique_numbers(lines, findings)
    _check_chain(chain, findings)
    _check_times(chain, findings)
    audit.entries = [line.entry for line in chain]
    approvals = ApprovalAudit(findings)
    approvals.read(audit.entries)
    audit.approvals = ApprovalCounts(approvals.sent, approvals.proved, approvals.by_code)
    _check_first_line(audit.head, chain, findings)
    _check_anchors(audit, chain, sorted(anchors, key=lambda anchor: (anchor.size, anchor.at)))
    return audit


def _statement_words(stated: Head | Heartbeat) -> str:
    if isinstance(stated, Head):
        return f"the head of {stated.link} at {stated.size}"
    return f"heartbeat {stated.count} of {stated.corridor}"


def _check_order(lines: Sequence[_Line], findings: Findings) -> None:
    highest = -1
    for line in lines:
        if line.seq < highest:
            words = f"it stands in line {line.number}, behind entry {highest}"
            findings.add(Code.JOURNAL_REORDERED, words, part=line.name)
        highest = max(highest, line.seq)


def _unique_numbers(lines: Sequence[_Line], findings: Findings) -> list[_Line]:
    """One line for each entry number; a further line with the same number was inserted.

    Of several lines the one is kept that the next entry follows, or that follows the entry before.
    """
    by_number: dict[int, list[_Line]] = defaultdict(list)
    for line in lines:
        by_number[line.seq].append(line)
    followed = {line.prev for line in lines}
    hashes = {line.hash.hex() for line in lines} | {ZERO_HASH.hex()}
    chain: list[_Line] = []
    for seq in sorted(by_number):
        kept, *inserted = sorted(
            by_number[seq],
            key=lambda line: (line.hash.hex() not in followed, line.prev not in hashes),
        )
        chain.append(kept)
        for line in inserted:
            words = f"line {line.number} is a second entry with this number"
            findings.add(Code.JOURNAL_INSERTED, words, part=line.name)
    return chain


def _check_chain(chain: Sequence[_Line], findings: Findings) -> None:
    expected, before = 0, None
    for index, line in enumerate(chain):
        if line.seq > expected:
            many = line.seq - expected > 1
            gap = f"entries {expected} to {line.seq - 1}" if many else f"entry {expected}"
            findings.add(Code.JOURNAL_DROPPED, f"missing before {line.name}", part=gap)
        follows = line.entry.prev == (ZERO_HASH if before is None else before.hash)
        # An edited entry breaks the chain behind it too; that break has its finding already.
        edited_before = before is not None and not before.is_as_hashed
        if not line.is_as_hashed:
            words = "its hash in the file is another one"
            findings.add(Code.JOURNAL_EDITED, words, part=line.name)
        elif line.seq == expected and not follows and not edited_before:
            _add_break(chain, index, before, findings)
        expected, before = line.seq + 1, line


def _add_break(
    chain: Sequence[_Line], index: int, before: _Line | None, findings: Findings
) -> None:
    """Of two neighbours that do not fit, names the one that its other neighbour contradicts."""
    line = chain[index]
    after = chain[index + 1] if index + 1 < len(chain) else None
    if before is not None and after is not None and after.entry.prev == line.hash:
        words = f"{line.name} follows another entry than this one"
        findings.add(Code.JOURNAL_EDITED, words, part=before.name)
        return
    words = "it does not follow from the entry before" if before else "it does not begin the chain"
    findings.add(Code.JOURNAL_EDITED, words, part=line.name)


def _check_times(chain: Sequence[_Line], findings: Findings) -> None:
    latest = 0
    for line in chain:
        at = line.entry.at
        if at < latest:
            words = f"at {at}, after an entry at {latest}: the office's clock was set"
            findings.add(Code.JOURNAL_TIME_GOES_BACK, words, part=line.name)
        latest = max(latest, at)


def _check_first_line(head: JournalFileHead, chain: Sequence[_Line], findings: Findings) -> None:
    end = chain[-1].hash if chain else ZERO_HASH
    size = chain[-1].seq + 1 if chain else 0
    if (head.entries, head.hash) != (size, end.hex()):
        words = f"it says {head.entries} entries ending in {head.hash[:16]}…, there are {size}"
        findings.add(Code.JOURNAL_MISSTATED, words, part="the first line")


def _check_anchors(audit: JournalAudit, chain: Sequence[_Line], anchors: Sequence[Anchor]) -> None:
    """Compares the journal with each head's number of entries and hash of the last one."""
    findings = audit.findings
    hashes = {0: ZERO_HASH, **{line.seq + 1: line.hash for line in chain}}
    end = max(hashes)
    for anchor in anchors:
        audit.anchors += 1
        if anchor.office != audit.head.journal:
            words = f"{anchor.statement} is {anchor.office}'s"
            findings.add(Code.JOURNAL_OF_ANOTHER_OFFICE, words, part="the heads")
        elif anchor.size > end:
            words = f"{anchor.statement} covers {anchor.size} entries"
            part = f"after entry {end - 1}" if end else "the whole journal"
            findings.add(Code.JOURNAL_TRUNCATED, words, part=part)
        elif hashes.get(anchor.size) != anchor.hash:
            part = f"entries {audit.anchored} to {anchor.size - 1}"
            words = f"{anchor.statement} has another hash for the last of them"
            findings.add(Code.JOURNAL_REWRITTEN, words, part=part)
        else:
            audit.anchored = anchor.size
