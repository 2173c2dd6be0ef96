"""An office's journal replayed against the anchors in its heads: each tampering is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import pytest

from blo_audit.findings.codes import Code, Severity
from blo_audit.journal import Anchor, JournalAudit, audit_journal
from blo_schemas.errors import WireError
from blo_schemas.ids import ZERO_HASH, LinkId, OfficeId
from blo_schemas.journal import JOURNAL_VERSION, JournalEntry, journal_hash
from blo_schemas.journal_file import (
    JournalFileHead,
    JournalLine,
    journal_file,
    journal_line,
    read_head,
    read_lines,
)

OFFICE = OfficeId("vn-a")
LINK = LinkId("vn-a~la-b")
ACTIONS = (
    "view case",
    "names as drafter",
    "names as signer",
    "submit answer",
    "refused answer",
    "report compute",
    "report export",
    "export journal",
)
Lines = list[JournalLine]


def chain(actions: Sequence[str] = ACTIONS, start: int = 1_000) -> list[JournalEntry]:
    entries: list[JournalEntry] = []
    for seq, action in enumerate(actions):
        prev = journal_hash(entries[-1]) if entries else ZERO_HASH
        at = start + seq
        entries.append(
            JournalEntry(JOURNAL_VERSION, seq, at, "officer", action, LINK, None, b"\x01", prev)
        )
    return entries


def lines_of(entries: Sequence[JournalEntry]) -> Lines:
    return [journal_line(one, journal_hash(one)) for one in entries]


def file_of(lines: Lines) -> bytes:
    digest = lines[-1].hash if lines else ZERO_HASH.hex()
    head = JournalFileHead(journal=OFFICE, v=1, exported_at=9_999, entries=len(lines), hash=digest)
    return journal_file(head, lines)


def anchors(entries: Sequence[JournalEntry], *sizes: int) -> list[Anchor]:
    return [
        Anchor(
            OFFICE,
            size,
            journal_hash(entries[size - 1]) if size else ZERO_HASH,
            2_000 + size,
            f"the head of {LINK} at {size}",
        )
        for size in sizes
    ]


def flaws(audited: JournalAudit) -> set[str]:
    return {str(one.code) for one in audited.findings}


def where(audited: JournalAudit, flaw: str) -> list[str]:
    return [one.part for one in audited.findings if one.code == flaw]


TRUE = chain()


def test_an_untouched_journal_fits_its_heads_and_says_how_far_they_reach() -> None:
    audited = audit_journal(file_of(lines_of(TRUE)), anchors(TRUE, 0, 3, 6))
    assert list(audited.findings) == []
    assert (audited.anchors, audited.anchored) == (3, 6)
    assert audited.entries == TRUE


def test_an_empty_journal_is_one() -> None:
    assert list(audit_journal(file_of([]), anchors([], 0)).findings) == []


def test_a_file_gives_back_what_was_written_into_it() -> None:
    data = file_of(lines_of(TRUE))
    assert read_head(data).entries == len(TRUE)
    assert [one.entry() for one in read_lines(data) if isinstance(one, JournalLine)] == TRUE


def edited(lines: Lines) -> None:
    lines[4] = msgspec.structs.replace(lines[4], action="submit answer")


def edited_and_hashed_anew(lines: Lines) -> None:
    edited(lines)
    digest = journal_hash(lines[4].entry()).hex()
    lines[4] = msgspec.structs.replace(lines[4], hash=digest)


def edited_link_to_the_one_before(lines: Lines) -> None:
    lines[4] = msgspec.structs.replace(lines[4], prev="cd" * 32)


def dropped(lines: Lines) -> None:
    del lines[4]


def two_dropped(lines: Lines) -> None:
    del lines[3:5]


def dropped_at_the_beginning(lines: Lines) -> None:
    del lines[0]


def inserted(lines: Lines) -> None:
    entry = msgspec.structs.replace(lines[4].entry(), action="view case")
    lines.insert(4, journal_line(entry, journal_hash(entry)))


def repeated(lines: Lines) -> None:
    lines.insert(5, lines[4])


def reordered(lines: Lines) -> None:
    lines[3], lines[4] = lines[4], lines[3]


NAMED: list[tuple[Callable[[Lines], None], Code, str]] = [
    (edited, Code.JOURNAL_EDITED, "entry 4 (submit answer by officer)"),
    (edited_and_hashed_anew, Code.JOURNAL_EDITED, "entry 4 (submit answer by officer)"),
    (edited_link_to_the_one_before, Code.JOURNAL_EDITED, "entry 4 (refused answer by officer)"),
    (dropped, Code.JOURNAL_DROPPED, "entry 4"),
    (two_dropped, Code.JOURNAL_DROPPED, "entries 3 to 4"),
    (dropped_at_the_beginning, Code.JOURNAL_DROPPED, "entry 0"),
    (inserted, Code.JOURNAL_INSERTED, "entry 4 (view case by officer)"),
    (repeated, Code.JOURNAL_INSERTED, "entry 4 (refused answer by officer)"),
    (reordered, Code.JOURNAL_REORDERED, "entry 3 (submit answer by officer)"),
]


@pytest.mark.parametrize(("tamper", "flaw", "place"), NAMED)
def test_each_tampering_is_named_with_its_entry(
    tamper: Callable[[Lines], None], flaw: Code, place: str
) -> None:
    lines = lines_of(TRUE)
    tamper(lines)
    head = JournalFileHead(
        journal=OFFICE, v=1, exported_at=9_999, entries=len(TRUE), hash=lines_of(TRUE)[-1].hash
    )
    audited = audit_journal(journal_file(head, lines), anchors(TRUE, 3, len(TRUE)))
    assert [(str(one.code), one.part) for one in audited.findings] == [(flaw, place)]


def test_a_journal_cut_at_its_end_contradicts_the_head_that_covers_more() -> None:
    audited = audit_journal(file_of(lines_of(TRUE[:5])), anchors(TRUE, 3, 7))
    assert where(audited, Code.JOURNAL_TRUNCATED) == ["after entry 4"]
    assert flaws(audited) == {Code.JOURNAL_TRUNCATED}
    assert audited.anchored == 3


def test_a_journal_cut_to_nothing_contradicts_its_heads() -> None:
    audited = audit_journal(file_of([]), anchors(TRUE, 3))
    assert where(audited, Code.JOURNAL_TRUNCATED) == ["the whole journal"]


def test_a_history_written_anew_is_a_good_chain_and_contradicts_the_heads_of_before() -> None:
    other = chain((*ACTIONS[:4], "submit answer", *ACTIONS[5:]))
    audited = audit_journal(file_of(lines_of(other)), anchors(TRUE, 3, 6, 8))
    assert flaws(audited) == {Code.JOURNAL_REWRITTEN}
    assert where(audited, Code.JOURNAL_REWRITTEN)[0] == "entries 3 to 5"
    assert audited.anchored == 3


def test_an_entry_renumbered_into_a_new_chain_contradicts_the_heads_of_before() -> None:
    other = chain((*ACTIONS[:4], "view case", *ACTIONS[4:]))
    audited = audit_journal(file_of(lines_of(other)), anchors(TRUE, 8))
    assert where(audited, Code.JOURNAL_REWRITTEN) == ["entries 0 to 7"]


def test_the_last_entries_rest_on_no_head_yet() -> None:
    other = chain((*ACTIONS[:7], "view case"))
    audited = audit_journal(file_of(lines_of(other)), anchors(TRUE, 7))
    assert list(audited.findings) == []
    assert len(audited.entries) - audited.anchored == 1


def test_a_clock_that_was_set_back_is_a_doubt_and_no_proof() -> None:
    entries = chain()
    entries[5:] = []
    late = msgspec.structs.replace(TRUE[5], at=1, prev=journal_hash(entries[-1]))
    audited = audit_journal(file_of(lines_of([*entries, late])))
    (finding,) = audited.findings
    assert finding.code is Code.JOURNAL_TIME_GOES_BACK
    assert finding.severity is Severity.DOUBT


def test_heads_of_another_office_are_not_taken_for_its_own() -> None:
    (anchor,) = anchors(TRUE, 3)
    other = Anchor(OfficeId("la-b"), *(anchor.size, anchor.hash, anchor.at, anchor.statement))
    audited = audit_journal(file_of(lines_of(TRUE)), [other])
    assert flaws(audited) == {Code.JOURNAL_OF_ANOTHER_OFFICE}


def test_a_line_that_is_no_entry_is_named_and_stops_nothing() -> None:
    data = file_of(lines_of(TRUE)).split(b"\n")
    data[3] = data[3].replace(b'"officer"', b"officer")
    audited = audit_journal(b"\n".join(data), anchors(TRUE, 8))
    assert where(audited, Code.JOURNAL_UNREADABLE) == ["line 4"]
    assert where(audited, Code.JOURNAL_DROPPED) == ["entry 2"]


def test_a_first_line_that_states_more_than_there_is_is_named() -> None:
    lines = lines_of(TRUE)
    head = JournalFileHead(journal=OFFICE, v=1, exported_at=9, entries=9, hash="cd" * 32)
    assert flaws(audit_journal(journal_file(head, lines))) == {Code.JOURNAL_MISSTATED}


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\n", b'{"journal":"vn-a","v":2}'])
def test_what_is_no_journal_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        audit_journal(data)
