"""Every record of a link's log with its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.ids import CaseId, Digest, EventId, LinkId, OfficeId
from blo_schemas.verdicts import Outcome, Reason, Verdict

_SELECT: Final = (
    "SELECT link, position, log_time, leaf, log_hash, event_id, office, oseq, case_id, outcome,"
    " reason, crossed, opened, chained, summary FROM records"
)
_INSERT: Final = (
    "INSERT INTO records(link, position, log_time, leaf, log_hash, event_id, office, oseq,"
    " case_id, outcome, reason, crossed, opened, chained, summary)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class RecordRow(NamedTuple):
    """One record of a link's log.

    Attributes:
        link: The link.
        position: Offset in the link's partition.
        log_time: The record's timestamp, Unix milliseconds.
        leaf: Leaf hash of its value.
        log_hash: The link's running hash up to and with it.
        event_id: Id of its event; ``None``, as what follows, if the bytes could not be read.
        office: Who wrote it.
        oseq: Its number in the writer's own chain.
        case: Its case.
        outcome: The verdict; ``None`` while it is parked.
        reason: Why, if rejected.
        crossed: Accepted although the writer had not seen the case's latest version.
        opened: False while something of it that this office should read could not be opened.
        chained: Whether it is part of its writer's own chain.
        summary: Encoded ``Summary`` of a rejected event that could be opened, to word the rejection.
    """

    link: LinkId
    position: int
    log_time: int
    leaf: Digest
    log_hash: Digest
    event_id: EventId | None
    office: OfficeId | None
    oseq: int | None
    case: CaseId | None
    outcome: Outcome | None
    reason: Reason | None
    crossed: bool
    opened: bool
    chained: bool
    summary: bytes | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict; ``None`` while it is parked."""
        return None if self.outcome is None else Verdict(self.outcome, self.reason, self.crossed)


class RecordChainRow(NamedTuple):
    """What restores a link's chains in memory."""

    position: int
    log_hash: Digest
    event_id: EventId | None
    office: OfficeId | None
    oseq: int | None
    chained: bool


class RecordTally(msgspec.Struct, frozen=True):
    """How many records of one office got the same verdict; no office: the bytes named none."""

    office: OfficeId | None
    verdict: Verdict
    count: int


def append_many(tx: Transaction, rows: Iterable[RecordRow]) -> None:
    """Adds records; a position that is already there is a fault of the program."""
    tx.execute_many(_INSERT, rows)


def replace(tx: Transaction, row: RecordRow) -> None:
    """Gives a record another verdict, with all that goes with it."""
    tx.execute(_INSERT.replace("INSERT", "INSERT OR REPLACE", 1), row)


def settle(
    tx: Transaction,
    link: LinkId,
    position: int,
    verdict: Verdict,
    *,
    opened: bool,
    summary: bytes | None = None,
) -> None:
    """Gives a record that was parked its verdict."""
    tx.execute(
        "UPDATE records SET outcome = ?, reason = ?, crossed = ?, opened = ?, summary = ?"
        " WHERE link = ? AND position = ?",
        (verdict.outcome, verdict.reason, verdict.crossed, opened, summary, link, position),
    )


def set_opened(tx: Transaction, link: LinkId, position: int) -> None:
    """Notes that the content of a record could be opened after all."""
    tx.execute("UPDATE records SET opened = 1 WHERE link = ? AND position = ?", (link, position))


def set_nothing_to_open(tx: Transaction, link: LinkId, case: CaseId) -> list[int]:
    """Notes that the contents of a shredded case are not to be opened.

    Returns:
        The positions of the accepted records that could not be opened before, ascending.
    """
    closed = "link = ? AND case_id = ? AND opened = 0 AND outcome = ?"
    bindings = (link, case, Outcome.ACCEPTED)
    rows = tx.rows(
        f"SELECT position FROM records INDEXED BY records_case WHERE {closed} ORDER BY position",  # noqa: S608 - fixed text
        bindings,
    )
    tx.execute(f"UPDATE records INDEXED BY records_case SET opened = 1 WHERE {closed}", bindings)  # noqa: S608 - fixed text
    return [position for (position,) in rows]


def get(snapshot: Snapshot, link: LinkId, position: int) -> RecordRow | None:
    """The record at a position."""
    row = snapshot.row(f"{_SELECT} WHERE link = ? AND position = ?", (link, position))
    return None if row is None else _record(row)


def by_event(snapshot: Snapshot, event_id: EventId) -> list[RecordRow]:
    """The records with an event's header: first the one that is part of its writer's chain.

    The others are copies, whole or not. A copy that somebody has spoiled may even stand before the
    event itself, because its id covers neither the signature nor the sealed parts.
    """
    rows = snapshot.rows(
        f"{_SELECT} WHERE event_id = ? ORDER BY chained DESC, position", (event_id,)
    )
    return [_record(row) for row in rows]


def names_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> bool:
    """Whether a record of the link names a case, whatever its verdict."""
    sql = "SELECT 1 FROM records WHERE link = ? AND case_id = ? LIMIT 1"
    return snapshot.row(sql, (link, case)) is not None


def crossed_of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> set[EventId]:
    """The accepted events of a case whose writers had not seen its latest version."""
    rows = snapshot.rows(
        "SELECT event_id FROM records INDEXED BY records_case"
        " WHERE link = ? AND case_id = ? AND crossed = 1",
        (link, case),
    )
    return {EventId(event) for (event,) in rows}


def rejected_of_case(
    snapshot: Snapshot, link: LinkId, case: CaseId, limit: int
) -> tuple[int, list[RecordRow]]:
    """How many records of a case are rejected, and the last ones of them, in log order.

    Args:
        snapshot: The store.
        link: The link.
        case: The case.
        limit: At most so many: whoever knows a case's id can write any number of such records.
    """
    which = "INDEXED BY records_case WHERE link = ? AND case_id = ? AND outcome = ?"
    bindings = (link, case, Outcome.REJECTED)
    total: int = snapshot.value(f"SELECT count(*) FROM records {which}", bindings)  # noqa: S608 - fixed text
    rows = snapshot.rows(f"{_SELECT} {which} ORDER BY position DESC LIMIT ?", (*bindings, limit))
    return total, [_record(row) for row in reversed(rows)]


def cases_from(snapshot: Snapshot, link: LinkId, start: int) -> list[CaseId]:
    """The cases that the records of a link from a position on name, sorted."""
    rows = snapshot.rows(
        "SELECT DISTINCT case_id FROM records WHERE link = ? AND position >= ?"
        " AND case_id IS NOT NULL ORDER BY case_id",
        (link, start),
    )
    return [CaseId(case) for (case,) in rows]


def iterate(snapshot: Snapshot, link: LinkId, *, start: int = 0) -> Iterator[RecordRow]:
    """The records of a link in log order."""
    rows = snapshot.iterate(
        f"{_SELECT} WHERE link = ? AND position >= ? ORDER BY position",
        (link, start),
    )
    return map(_record, rows)


def log_hash(snapshot: Snapshot, link: LinkId, position: int) -> Digest | None:
    """The link's running hash up to and with a record."""
    found: Digest | None = snapshot.value(
        "SELECT log_hash FROM records WHERE link = ? AND position = ?", (link, position)
    )
    return found


def is_chained(
    snapshot: Snapshot, link: LinkId, office: OfficeId, oseq: int, event_id: bytes
) -> bool:
    """Whether an event has this number in its office's own chain."""
    row = snapshot.row(
        "SELECT 1 FROM records WHERE event_id = ? AND link = ? AND office = ? AND oseq = ?"
        " AND chained = 1",
        (event_id, link, office, oseq),
    )
    return row is not None


def chained_event(snapshot: Snapshot, link: LinkId, office: OfficeId, oseq: int) -> EventId | None:
    """The event with this number in an office's own chain; looks from the newest record back."""
    found: EventId | None = snapshot.value(
        "SELECT event_id FROM records WHERE link = ? AND office = ? AND oseq = ? AND chained = 1"
        " ORDER BY position DESC LIMIT 1",
        (link, office, oseq),
    )
    return found


def chain(snapshot: Snapshot, link: LinkId, *, start: int = 0) -> Iterator[RecordChainRow]:
    """What restores the chains of a link, in log order."""
    rows = snapshot.iterate(
        "SELECT position, log_hash, event_id, office, oseq, chained FROM records"
        " WHERE link = ? AND position >= ? ORDER BY position",
        (link, start),
    )
    return (RecordChainRow._make((*row[:5], bool(row[5]))) for row in rows)


def leaves(snapshot: Snapshot, link: LinkId, *, start: int = 0) -> Iterator[Digest]:
    """The leaf hashes of a link in log order, for its Merkle tree."""
    rows = snapshot.iterate(
        "SELECT leaf FROM records WHERE link = ? AND position >= ? ORDER BY position",
        (link, start),
    )
    return (row[0] for row in rows)


def unopened_positions(snapshot: Snapshot, link: LinkId) -> Iterator[int]:
    """The positions of a link's records that could not be opened, ascending."""
    rows = snapshot.iterate(
        "SELECT position FROM records WHERE link = ? AND opened = 0 ORDER BY position", (link,)
    )
    return (row[0] for row in rows)


def count_unopened(snapshot: Snapshot, link: LinkId) -> tuple[int, int]:
    """How many of a link's records could not be opened, and how many of these have no verdict."""
    row = snapshot.row(
        "SELECT count(*), count(*) FILTER (WHERE outcome IS NULL)"
        " FROM records INDEXED BY records_unopened"
        " WHERE link = ? AND opened = 0",
        (link,),
    )
    return (0, 0) if row is None else (row[0], row[1])


def unjudged_cases(snapshot: Snapshot, link: LinkId) -> frozenset[CaseId]:
    """The cases of a link that have records without a verdict."""
    rows = snapshot.rows(
        "SELECT DISTINCT case_id FROM records INDEXED BY records_unopened"
        " WHERE link = ? AND opened = 0 AND outcome IS NULL AND case_id IS NOT NULL",
        (link,),
    )
    return frozenset(CaseId(case) for (case,) in rows)


def tallies(snapshot: Snapshot, link: LinkId) -> list[RecordTally]:
    """How many records of whom got which verdict, without the parked; reads the whole link."""
    rows = snapshot.rows(
        "SELECT office, outcome, reason, crossed, count(*) FROM records"
        " WHERE link = ? AND outcome IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        (link,),
    )
    return [
        RecordTally(office, Verdict(Outcome(outcome), _reason(reason), bool(crossed)), count)
        for office, outcome, reason, crossed, count in rows
    ]


def _outcome(text: str | None) -> Outcome | None:
    return None if text is None else Outcome(text)


def _reason(text: str | None) -> Reason | None:
    return None if text is None else Reason(text)


def _record(row: Row) -> RecordRow:
    outcome, reason, *flags, summary = row[9:]
    values = (*row[:9], _outcome(outcome), _reason(reason), *map(bool, flags), summary)
    return RecordRow._make(values)
