"""Pages of the cases that a filter lets through, in one of three orders.

The place of a case is unique in each order, so a page goes on where the last one ended. By id the
place of a case never changes; by the other orders a case that moves between two pages changes its
place, and is shown once more or not, but hides no other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Value
from blo_schemas.codec import Codec
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.people import Agency
from blo_schemas.summary import Kind
from blo_schemas.views import CASE_VIEW, CaseView, State


class CaseOrder(StrEnum):
    """By what cases are sorted."""

    CASE = "case"
    """By link and id."""
    MOVED = "moved"
    """By the log time of the last step, the newest first."""
    DUE = "due"
    """Only cases in which somebody owes something: the earliest deadline first, as in the inbox."""


class CaseFilter(NamedTuple):
    """Which cases are asked for.

    Attributes:
        links: On these links; ``None``: on any.
        kinds: Of these kinds; ``None``: of any.
        agencies: Of these agencies of the office; ``None``: of any, and of none.
        owed_by: In which this office has to act; ``None``: whoever has.
        due_before: Due before this instant, Unix milliseconds; ``None``: whenever.
        state: In this state; ``None``: in any.
    """

    links: tuple[LinkId, ...] | None = None
    kinds: tuple[Kind, ...] | None = None
    agencies: tuple[Agency, ...] | None = None
    owed_by: OfficeId | None = None
    due_before: int | None = None
    state: State | None = None


class CasePlace(NamedTuple):
    """Where a page of cases ended: by which number it is sorted, link and case."""

    place: int
    link: LinkId
    case: CaseId


OWING_OFFICE: Final = Codec(OfficeId)
"""How an office stands in ``open_cases.owed_by``."""

_OWNED: Final = (
    "EXISTS (SELECT 1 FROM case_agencies AS owner WHERE owner.link = {table}.link"
    " AND owner.case_id = {table}.case_id AND owner.agency IN ({marks}))"
)
_OPEN: Final = "cases JOIN open_cases USING (link, case_id)"
_BEHIND: Final = {
    CaseOrder.CASE: "?1 IS NOT NULL AND (cases.link, cases.case_id) > (?2, ?3)",
    CaseOrder.MOVED: (
        "moved_at <= ?1 AND (moved_at < ?1 OR (moved_at = ?1 AND (cases.link, cases.case_id) > (?2, ?3)))"
    ),
    CaseOrder.DUE: "(place, cases.link, cases.case_id) > (?1, ?2, ?3)",
}
_FIRST: Final = "?1 IS NULL AND ?2 IS NULL AND ?3 IS NULL"
_ORDER: Final = {
    CaseOrder.CASE: "cases.link, cases.case_id",
    CaseOrder.MOVED: "moved_at DESC, cases.link, cases.case_id",
    CaseOrder.DUE: "place, cases.link, cases.case_id",
}
_NUMBER: Final = {CaseOrder.CASE: "0", CaseOrder.MOVED: "moved_at", CaseOrder.DUE: "place"}


def page(
    snapshot: Snapshot, wanted: CaseFilter, order: CaseOrder, after: CasePlace | None, limit: int
) -> list[tuple[CasePlace, CaseView]]:
    """The next cases, each with its place.

    Args:
        snapshot: The store.
        wanted: Which cases.
        order: How they are sorted.
        after: Where the page before ended.
        limit: At most so many.
    """
    conditions, values = conditions_of(wanted, "cases")
    is_open = order is CaseOrder.DUE or (wanted.owed_by, wanted.due_before) != (None, None)
    # First, because values without a number follow those with one.
    conditions.insert(0, _FIRST if after is None else _BEHIND[order])
    sql = (
        f"SELECT {_NUMBER[order]}, view FROM {_OPEN if is_open else 'cases'}"  # noqa: S608 - fixed text
        f" WHERE {' AND '.join(conditions)} ORDER BY {_ORDER[order]} LIMIT ?"
    )
    place: tuple[Value, ...] = (None, None, None) if after is None else after
    cases = []
    for number, data in snapshot.rows(sql, (*place, *values, limit)):
        view = CASE_VIEW.decode(data)
        cases.append((CasePlace(number, view.link, CaseId(view.case)), view))
    return cases


def conditions_of(wanted: CaseFilter, table: str) -> tuple[list[str], list[Value]]:
    """What a filter asks of a row of ``cases`` or ``open_cases``, and the values for it, in order."""
    conditions: list[str] = []
    values: list[Value] = []
    for column, allowed in (("link", wanted.links), ("kind", wanted.kinds)):
        if allowed is not None:
            conditions.append(f"{table}.{column} IN ({', '.join('?' * len(allowed))})")
            values.extend(allowed)
    if wanted.agencies is not None:
        marks = ", ".join("?" * len(wanted.agencies))
        conditions.append(_OWNED.format(table=table, marks=marks))
        values.extend(agency.value for agency in wanted.agencies)
    if wanted.owed_by is not None:
        # Each name in the encoded offices follows a byte that no id contains: its length.
        conditions.append("instr(open_cases.owed_by, CAST(? AS BLOB)) > 0")
        values.append(OWING_OFFICE.encode(wanted.owed_by))
    if wanted.due_before is not None:
        conditions.append("open_cases.place < ?")
        values.append(wanted.due_before)
    if wanted.state is not None:
        conditions.append("cases.state = ?")
        values.append(wanted.state.value)
    return conditions, values
