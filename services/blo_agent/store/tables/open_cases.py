"""What is open in the cases, one row for each case in which somebody owes something.

A row is a function of the case's steps and of the agreement. What it means at an instant (overdue,
due soon) is asked in the query, by the same rules as ``blo_domain.inbox.entries.task_kind``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction, Value
from blo_agent.store.tables.case_lists import CaseFilter, CasePlace, conditions_of
from blo_domain.inbox.entries import OF_TASKS, InboxKind
from blo_domain.inbox.tasks import OpenTask
from blo_schemas.clocks import ClockKind
from blo_schemas.codec import Codec
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.summary import Kind, PauseGround, Urgency

_OFFICES: Final = Codec(tuple[OfficeId, ...])
_WITHOUT_DEADLINE: Final = 2**60
"""Added to the place of what has no deadline: behind all deadlines, the oldest first."""

_THEIRS: Final = 0
_OURS: Final = 1
_NOBODY: Final = 2
_COLUMNS: Final = (
    "link, case_id, kind, urgency, turn, clock, owed_by, warned_at, due, place, paused_for, since,"
    " own_position, own_time"
)
_SOON: Final = "due IS NOT NULL AND warned_at IS NOT NULL AND warned_at <= ?1"
_WHERE: Final[Mapping[InboxKind, str]] = {
    InboxKind.OVERDUE: "place <= ?1",
    InboxKind.DUE_SOON: f"turn = {_OURS} AND place > ?1 AND {_SOON}",
    InboxKind.TO_ACKNOWLEDGE: (
        f"turn = {_OURS} AND place > ?1 AND NOT ({_SOON}) AND clock = 'acknowledge'"
    ),
    InboxKind.TO_DO: (
        f"turn = {_OURS} AND place > ?1 AND NOT ({_SOON})"
        " AND (clock IS NULL OR clock != 'acknowledge')"
    ),
    InboxKind.WAITING: f"turn = {_THEIRS} AND place > ?1",
    InboxKind.PAUSED: f"turn = {_NOBODY} AND place > ?1",
}


class OpenTaskRow(NamedTuple):
    """A case in which somebody owes something.

    Attributes:
        link: The link.
        case: The case.
        kind: Its kind.
        urgency: Its urgency.
        task: What is open.
        since: Log time of its last step, Unix milliseconds.
        own_position: Log position of this office's last event in it; ``None``: it has none.
        own_time: The log time of that event.
        place: By which the inbox is sorted; together with link and case it tells the row.
    """

    link: LinkId
    case: CaseId
    kind: Kind
    urgency: Urgency
    task: OpenTask
    since: int
    own_position: int | None
    own_time: int
    place: int = 0


class UnreadFilter(NamedTuple):
    """Which events of this office a counterpart has not opened.

    Attributes:
        link: The link.
        size: All below this position is opened,
        named: except at these positions.
        before: Only events that the log has since before this instant, Unix milliseconds.
        cases: Of which cases.
    """

    link: LinkId
    size: int
    named: tuple[int, ...]
    before: int
    cases: CaseFilter


def put(tx: Transaction, office: OfficeId, row: OpenTaskRow) -> None:
    """Stores what is open in a case, in place of what was.

    Args:
        tx: The transaction.
        office: Whose turn is told from that of others.
        row: What is open; its ``place`` is worked out here.
    """
    task = row.task
    turn = _OURS if office in task.owed_by else _THEIRS
    if task.paused_for is not None:
        turn = _NOBODY
    tx.execute(
        f"INSERT OR REPLACE INTO open_cases({_COLUMNS})"  # noqa: S608 - fixed text
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.link,
            row.case,
            row.kind,
            row.urgency,
            turn,
            None if task.clock is None else task.clock.value,
            _OFFICES.encode(task.owed_by),
            task.warned_at,
            task.due,
            _WITHOUT_DEADLINE + row.since if task.due is None else task.due,
            task.paused_for,
            row.since,
            -1 if row.own_position is None else row.own_position,
            row.own_time,
        ),
    )


def remove(tx: Transaction, link: LinkId, case: CaseId) -> None:
    """Notes that nobody owes anything in a case."""
    tx.execute("DELETE FROM open_cases WHERE link = ? AND case_id = ?", (link, case))


def of_kind(
    snapshot: Snapshot,
    kind: InboxKind,
    now: int,
    wanted: CaseFilter,
    after: CasePlace | None,
    limit: int,
) -> list[OpenTaskRow]:
    """The cases whose task is of a kind at an instant, the earliest deadline first.

    Args:
        snapshot: The store.
        kind: One of ``entries.OF_TASKS``.
        now: The instant, Unix milliseconds.
        wanted: Which cases.
        after: Where the page before ended.
        limit: At most so many.
    """
    conditions, values = _conditions(wanted)
    conditions.append(_WHERE[kind])
    if after is not None:
        conditions.append("(place, link, case_id) > (?, ?, ?)")
        values.extend(after)
    # The index tells the page; only its rows are read.
    sql = (
        f"SELECT {_COLUMNS} FROM open_cases JOIN ("  # noqa: S608 - fixed text
        f"SELECT link, case_id FROM open_cases WHERE {' AND '.join(conditions)}"
        " ORDER BY place, link, case_id LIMIT ?) USING (link, case_id)"
        " ORDER BY place, link, case_id"
    )
    return [_row(row) for row in snapshot.rows(sql, (now, *values, limit))]


def counts(snapshot: Snapshot, now: int, wanted: CaseFilter) -> dict[InboxKind, int]:
    """How many cases there are of each kind of task at an instant; reads all open cases."""
    conditions, values = _conditions(wanted)
    columns = ", ".join(f"count(*) FILTER (WHERE {_WHERE[kind]})" for kind in OF_TASKS)
    row = snapshot.row(
        f"SELECT {columns} FROM open_cases WHERE {' AND '.join(conditions)}",  # noqa: S608 - fixed text
        (now, *values),
    )
    return dict(zip(OF_TASKS, row or (), strict=True))


def unread(
    snapshot: Snapshot, wanted: UnreadFilter, after: CaseId | None, limit: int
) -> list[OpenTaskRow]:
    """The cases of a link whose last own event a counterpart has not opened, by case id.

    Args:
        snapshot: The store.
        wanted: Which cases.
        after: The last case of the page before.
        limit: At most so many.
    """
    conditions, values = _unread(wanted)
    if after is not None:
        conditions.append("case_id > ?")
        values.append(after)
    sql = (
        f"SELECT {_COLUMNS} FROM open_cases WHERE {' AND '.join(conditions)}"  # noqa: S608 - fixed text
        " ORDER BY case_id LIMIT ?"
    )
    return [_row(row) for row in snapshot.rows(sql, (wanted.before, *values, limit))]


def count_unread(snapshot: Snapshot, wanted: UnreadFilter) -> int:
    """How many such cases there are."""
    conditions, values = _unread(wanted)
    sql = f"SELECT count(*) FROM open_cases WHERE {' AND '.join(conditions)}"  # noqa: S608 - fixed text
    count: int = snapshot.value(sql, (wanted.before, *values))
    return count


def _unread(wanted: UnreadFilter) -> tuple[list[str], list[Value]]:
    conditions, values = _conditions(wanted.cases)
    marks = ", ".join("?" * len(wanted.named))
    conditions += [
        "link = ?",
        f"(own_position >= ? OR own_position IN ({marks}))",
        "own_position >= 0 AND own_time < ?1",
    ]
    values += [wanted.link, wanted.size, *wanted.named]
    return conditions, values


def get(snapshot: Snapshot, link: LinkId, case: CaseId) -> OpenTaskRow | None:
    """What is open in a case."""
    row = snapshot.row(
        f"SELECT {_COLUMNS} FROM open_cases WHERE link = ? AND case_id = ?",  # noqa: S608 - fixed text
        (link, case),
    )
    return None if row is None else _row(row)


def cases_behind(snapshot: Snapshot, link: LinkId, case: bytes, limit: int) -> list[CaseId]:
    """The next open cases of a link, by id."""
    rows = snapshot.rows(
        "SELECT case_id FROM open_cases WHERE link = ? AND case_id > ? ORDER BY case_id LIMIT ?",
        (link, case, limit),
    )
    return [CaseId(found_case) for (found_case,) in rows]


def _conditions(wanted: CaseFilter) -> tuple[list[str], list[Value]]:
    """What a filter asks of a row; the values begin at the second parameter."""
    conditions, values = conditions_of(wanted, "open_cases")
    return ["?1 IS NOT NULL", *conditions], values


def _row(row: Row) -> OpenTaskRow:
    link, case, kind, urgency, _, clock, owed_by, warned_at, due, place, paused_for = row[:11]
    since, own_position, own_time = row[11:]
    task = OpenTask(
        None if clock is None else ClockKind(clock),
        _OFFICES.decode(owed_by),
        warned_at,
        due,
        None if paused_for is None else PauseGround(paused_for),
    )
    return OpenTaskRow(
        link,
        CaseId(case),
        Kind(kind),
        Urgency(urgency),
        task,
        since,
        None if own_position < 0 else own_position,
        own_time,
        place,
    )
