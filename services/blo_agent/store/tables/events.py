"""The accepted events, opened as far as this office has the keys.

What the record of an event says already (its id, writer, case and log time) is not stored again,
so an event is added after its record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.ids import CaseId, EventId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.texts import day_from

_COLUMNS: Final = (
    "SELECT event_id, link, position, case_id, version, office, kind, step, on_date, at, log_time,"
    " events.summary, content FROM"
)
_SELECT: Final = f"{_COLUMNS} events JOIN records USING (link, position)"
_BY_RECORD: Final = f"{_COLUMNS} records CROSS JOIN events USING (link, position)"
"""For what the index of a record finds: the event is looked up by its place."""
_BY_CASE: Final = "records INDEXED BY records_case CROSS JOIN events USING (link, position)"
"""For the events of a case. Without being told, SQLite reads all records of the link for them."""
_STEPS: Final = (
    "SELECT event_id, office, step, version, position, at, log_time, events.summary FROM"
)
_INSERT: Final = (
    "INSERT INTO events(link, position, version, kind, step, on_date, at, summary, content)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_WITH_CONTENT_OF_CASE: Final = (
    "WHERE link = ?1 AND content IS NOT NULL"
    " AND position IN (SELECT position FROM records WHERE link = ?1 AND case_id = ?2)"
)


class EventRow(NamedTuple):
    """One accepted event.

    Attributes:
        event_id: Its id.
        link: The link.
        position: Its position in the log.
        case: Its case.
        version: The version of the case that it produced.
        office: Who wrote it.
        kind: The case's kind.
        step: What it did.
        on: Business date; ``None`` while the content is closed.
        at: The writer's clock, Unix milliseconds.
        log_time: The record's timestamp, Unix milliseconds.
        summary: Encoded ``Summary``.
        content: Encoded ``Content``; ``None`` while its key is missing, or when it was shredded.
    """

    event_id: EventId
    link: LinkId
    position: int
    case: CaseId
    version: int
    office: OfficeId
    kind: Kind
    step: Step
    on: date | None
    at: int
    log_time: int
    summary: bytes
    content: bytes | None


class StepRow(NamedTuple):
    """One accepted event without its content; see ``EventRow``."""

    event_id: EventId
    office: OfficeId
    step: Step
    version: int
    position: int
    at: int
    log_time: int
    summary: bytes


def put_many(tx: Transaction, events: Iterable[EventRow]) -> None:
    """Adds events."""
    tx.execute_many(_INSERT, map(_bindings, events))


def set_content(tx: Transaction, event_id: EventId, on: date, content: bytes) -> bool:
    """Adds the content of an event that could be opened after all; False: no such event."""
    return (
        tx.change(
            "UPDATE events SET on_date = ?, content = ? WHERE (link, position) IN"
            " (SELECT link, position FROM records WHERE event_id = ?)",
            (on.isoformat(), content, event_id),
        )
        > 0
    )


def remove_at(tx: Transaction, link: LinkId, position: int) -> None:
    """Removes the event at a position, if one was accepted there."""
    tx.execute("DELETE FROM events WHERE link = ? AND position = ?", (link, position))


def forget_contents(tx: Transaction, link: LinkId, case: CaseId) -> int:
    """Removes the contents of a shredded case; returns how many there were."""
    return tx.change(
        f"UPDATE events SET content = NULL, on_date = NULL {_WITH_CONTENT_OF_CASE}",  # noqa: S608
        (link, case),
    )


def count_contents(snapshot: Snapshot, link: LinkId, case: CaseId) -> int:
    """How many events of a case have a content here."""
    count: int = snapshot.value(
        f"SELECT count(*) FROM events {_WITH_CONTENT_OF_CASE}",  # noqa: S608 - fixed text
        (link, case),
    )
    return count


def get(snapshot: Snapshot, event_id: EventId) -> EventRow | None:
    """The event with this id."""
    row = snapshot.row(f"{_BY_RECORD} WHERE event_id = ?", (event_id,))
    return None if row is None else _event(row)


def at(snapshot: Snapshot, link: LinkId, position: int) -> EventRow | None:
    """The event at a position."""
    row = snapshot.row(f"{_SELECT} WHERE link = ? AND position = ?", (link, position))
    return None if row is None else _event(row)


def at_position(snapshot: Snapshot, link: LinkId, position: int) -> EventRow | None:
    """The accepted event at a position of a link's log."""
    row = snapshot.row(f"{_SELECT} WHERE link = ? AND position = ?", (link, position))
    return None if row is None else _event(row)


def by_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[EventRow]:
    """The events of a case, in the order of the versions they produced."""
    rows = snapshot.rows(
        f"{_COLUMNS} {_BY_CASE} WHERE link = ? AND case_id = ? ORDER BY position",
        (link, case),
    )
    return [_event(row) for row in rows]


def steps(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[StepRow]:
    """The events of a case without their contents, in the order of the versions they produced."""
    rows = snapshot.rows(
        f"{_STEPS} {_BY_CASE} WHERE link = ? AND case_id = ? ORDER BY position",
        (link, case),
    )
    return [StepRow._make((*row[:2], Step(row[2]), *row[3:])) for row in rows]


def content_of(snapshot: Snapshot, link: LinkId, position: int) -> bytes | None:
    """The encoded content of the event at a position, if it is open here."""
    content: bytes | None = snapshot.value(
        "SELECT content FROM events WHERE link = ? AND position = ?", (link, position)
    )
    return content


def ids(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[EventId]:
    """The ids of a case's events."""
    rows = snapshot.rows(
        f"SELECT event_id FROM {_BY_CASE} WHERE link = ? AND case_id = ?",  # noqa: S608 - fixed text
        (link, case),
    )
    return [EventId(event) for (event,) in rows]


def iterate(snapshot: Snapshot, link: LinkId, *, start: int = 0) -> Iterator[EventRow]:
    """The events of a link in log order."""
    rows = snapshot.iterate(
        f"{_SELECT} WHERE link = ? AND position >= ? ORDER BY position",
        (link, start),
    )
    return map(_event, rows)


def case_by_case(snapshot: Snapshot, link: LinkId, end: int) -> Iterator[EventRow]:
    """The events of a link before a position, those of one case together in log order."""
    rows = snapshot.iterate(
        f"{_COLUMNS} records INDEXED BY records_case CROSS JOIN events USING (link, position)"
        " WHERE link = ? AND case_id IS NOT NULL AND position < ? ORDER BY case_id, position",
        (link, end),
    )
    return map(_event, rows)


def in_period(snapshot: Snapshot, link: LinkId, start: date, end: date) -> Iterator[EventRow]:
    """The opened events of a link by business date, from ``start`` up to and with ``end``."""
    rows = snapshot.iterate(
        f"{_SELECT} WHERE link = ? AND on_date BETWEEN ? AND ? ORDER BY on_date, position",
        (link, start.isoformat(), end.isoformat()),
    )
    return map(_event, rows)


def _bindings(event: EventRow) -> tuple[bytes | str | int | None, ...]:
    on = None if event.on is None else event.on.isoformat()
    return (
        event.link,
        event.position,
        event.version,
        event.kind,
        event.step,
        on,
        event.at,
        event.summary,
        event.content,
    )


def _event(row: Row) -> EventRow:
    kind, step, on = row[6:9]
    day = None if on is None else day_from(on)
    return EventRow._make((*row[:6], Kind(kind), Step(step), day, *row[9:]))
