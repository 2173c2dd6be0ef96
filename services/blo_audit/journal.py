"""Replaying an office's own journal against the anchors in its signed heads (docs/architecture.md, "The case").

The chain alone shows a change only to whoever knows its end. The end is what the office has signed
in its heads on the shared log: so many entries, the last one with this hash. A journal that was
edited, thinned out, filled up, put in another order or cut contradicts itself or its own heads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from blo_domain.reports.checks import ReportFlaw
from blo_schemas.heads import Head
from blo_schemas.ids import ZERO_HASH, OfficeId
from blo_schemas.journal import JournalEntry, journal_hash
from blo_schemas.journal_file import JournalFileHead, JournalLine, read_head, read_lines


class Tampering(StrEnum):
    """What can be wrong with a journal."""

    UNREADABLE = "unreadable"
    REORDERED = "reordered"
    DROPPED = "dropped"
    INSERTED = "inserted"
    EDITED = "edited"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    ANOTHER_OFFICE = "another_office"
    NOT_AS_STATED = "not_as_stated"
    TIME_GOES_BACK = "time_goes_back"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an office has signed of its journal: ``size`` entries, the last with this hash."""

    office: OfficeId
    size: int
    hash: bytes
    at: int
    where: str


@dataclass(slots=True)
class JournalAudit:
    """What was found of a journal.

    Attributes:
        head: The file's first line.
        entries: Its entries in the order of their numbers, as far as they can be read.
        findings: What is wrong with it.
        doubts: What somebody has to explain, and what proves nothing.
        anchors: How many heads were compared.
        anchored: How many entries the last good anchor covers.
    """

    head: JournalFileHead
    entries: list[JournalEntry] = field(default_factory=list)
    findings: list[ReportFlaw] = field(default_factory=list)
    doubts: list[ReportFlaw] = field(default_factory=list)
    anchors: int = 0
    anchored: int = 0


class _Line:
    """A readable line with the hash that its entry really has."""

    def __init__(self, place: int, line: JournalLine) -> None:
        self.place = place
        self.line = line
        self.entry = line.entry()
        self.hash = journal_hash(self.entry)
        self.is_as_hashed = self.hash.hex() == line.hash

    @property
    def seq(self) -> int:
        return self.line.seq

    @property
    def where(self) -> str:
        return f"entry {self.seq} ({self.line.action} by {self.line.actor})"


def anchors_of(heads: Iterable[Head], office: OfficeId) -> list[Anchor]:
    """The anchors in an office's own heads; their signatures must have been checked before."""
    return [
        Anchor(office, head.journal_size, head.journal_hash, head.at, f"{head.link} at {head.size}")
        for head in heads
        if head.office == office
    ]


def audit_journal(data: bytes, anchors: Iterable[Anchor] = ()) -> JournalAudit:
    """Replay a journal's file.

    Args:
        data: The file.
        anchors: What the office's heads say of it.

    Raises:
        WireError: It is no journal at all.
    """
    audited = JournalAudit(read_head(data))
    lines: list[_Line] = []
    for place, found in enumerate(read_lines(data), start=2):
        if isinstance(found, JournalLine):
            lines.append(_Line(place, found))
        else:
            audited.findings.append(ReportFlaw(Tampering.UNREADABLE, f"line {place}", found))
    audited.findings += _order(lines)
    chain, surplus = _one_each(lines)
    audited.findings += surplus
    audited.findings += _chain(chain)
    audited.doubts += _times(chain)
    audited.entries = [one.entry for one in chain]
    _stated(audited, chain)
    _anchors(audited, chain, sorted(anchors, key=lambda one: (one.size, one.at)))
    return audited


def _order(lines: Sequence[_Line]) -> Iterator[ReportFlaw]:
    highest = -1
    for one in lines:
        if one.seq < highest:
            words = f"it stands in line {one.place}, behind entry {highest}"
            yield ReportFlaw(Tampering.REORDERED, one.where, words)
        highest = max(highest, one.seq)


def _one_each(lines: Sequence[_Line]) -> tuple[list[_Line], list[ReportFlaw]]:
    """One line for each number, and the others, which were put in between.

    Of several the one stays that the next entry follows, or that follows the one before.
    """
    by_number: dict[int, list[_Line]] = defaultdict(list)
    for one in lines:
        by_number[one.seq].append(one)
    followed = {one.line.prev for one in lines}
    hashes = {one.hash.hex() for one in lines} | {ZERO_HASH.hex()}
    chain: list[_Line] = []
    surplus = []
    for seq in sorted(by_number):
        found = sorted(
            by_number[seq],
            key=lambda one: (one.hash.hex() not in followed, one.line.prev not in hashes),
        )
        chain.append(found[0])
        for other in found[1:]:
            words = f"line {other.place} is a second entry with this number"
            surplus.append(ReportFlaw(Tampering.INSERTED, other.where, words))
    return chain, surplus


def _chain(chain: Sequence[_Line]) -> Iterator[ReportFlaw]:
    expected, before = 0, None
    for index, one in enumerate(chain):
        if one.seq > expected:
            told = f"entries {expected} to {one.seq - 1}" if one.seq - expected > 1 else None
            where = told or f"entry {expected}"
            yield ReportFlaw(Tampering.DROPPED, where, f"missing before {one.where}")
        if not one.is_as_hashed:
            words = "it is not what the store's hash was made of"
            yield ReportFlaw(Tampering.EDITED, one.where, words)
        elif one.seq == expected and not _follows(one, before) and not _is_named(before):
            yield _broken(chain, index, before)
        expected, before = one.seq + 1, one


def _follows(one: _Line, before: _Line | None) -> bool:
    wanted = ZERO_HASH if before is None else before.hash
    return one.entry.prev == wanted


def _is_named(before: _Line | None) -> bool:
    """Whether the break is the one before's, which has been named."""
    return before is not None and not before.is_as_hashed


def _broken(chain: Sequence[_Line], index: int, before: _Line | None) -> ReportFlaw:
    """Two neighbours that do not fit: the one that its other neighbour does not vouch for."""
    one = chain[index]
    after = chain[index + 1] if index + 1 < len(chain) else None
    vouched = after is not None and after.entry.prev == one.hash
    if vouched and before is not None:
        words = f"{one.where} follows another entry than this one"
        return ReportFlaw(Tampering.EDITED, before.where, words)
    words = "it does not follow from the entry before" if before else "it does not begin the chain"
    return ReportFlaw(Tampering.EDITED, one.where, words)


def _times(chain: Sequence[_Line]) -> Iterator[ReportFlaw]:
    latest = 0
    for one in chain:
        if one.entry.at < latest:
            words = f"at {one.entry.at}, after an entry at {latest}: the office's clock was set"
            yield ReportFlaw(Tampering.TIME_GOES_BACK, one.where, words)
        latest = max(latest, one.entry.at)


def _stated(audited: JournalAudit, chain: Sequence[_Line]) -> None:
    """The file's own first line."""
    head = audited.head
    end = chain[-1].hash if chain else ZERO_HASH
    size = chain[-1].seq + 1 if chain else 0
    if (head.entries, head.hash) != (size, end.hex()):
        words = f"it says {head.entries} entries ending in {head.hash[:16]}…, there are {size}"
        audited.findings.append(ReportFlaw(Tampering.NOT_AS_STATED, "the first line", words))


def _anchors(audited: JournalAudit, chain: Sequence[_Line], anchors: Sequence[Anchor]) -> None:
    """The heads: each says how many entries there were, and the last one's hash."""
    hashes = {0: ZERO_HASH, **{one.seq + 1: one.hash for one in chain}}
    end = max(hashes)
    for anchor in anchors:
        audited.anchors += 1
        if anchor.office != audited.head.journal:
            words = f"the head of {anchor.where} is {anchor.office}'s"
            audited.findings.append(ReportFlaw(Tampering.ANOTHER_OFFICE, "the heads", words))
        elif anchor.size > end:
            words = f"the head of {anchor.where} covers {anchor.size} entries"
            where = f"after entry {end - 1}" if end else "the whole journal"
            audited.findings.append(ReportFlaw(Tampering.TRUNCATED, where, words))
        elif hashes.get(anchor.size) != anchor.hash:
            where = f"entries {audited.anchored} to {anchor.size - 1}"
            words = f"the head of {anchor.where} has another hash for the last of them"
            audited.findings.append(ReportFlaw(Tampering.REWRITTEN, where, words))
        else:
            audited.anchored = anchor.size
