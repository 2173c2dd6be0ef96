"""The current view of every case."""

from __future__ import annotations

from collections.abc import Iterator

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.views import CASE_VIEW, CaseView


def put(tx: Transaction, view: CaseView) -> None:
    """Stores a case's view, in place of the one before; the digest of its group is another now."""
    tx.execute(
        "INSERT INTO cases(link, case_id, kind, state, position, view, moved_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(link, case_id) DO UPDATE SET"
        " state = excluded.state, position = excluded.position, view = excluded.view,"
        " moved_at = excluded.moved_at",
        (
            view.link,
            view.case,
            view.kind,
            view.state,
            view.position,
            CASE_VIEW.encode(view),
            view.log_time,
        ),
    )


def remove(tx: Transaction, link: LinkId, case: CaseId) -> None:
    """Removes a case, because its opening does not count after all."""
    tx.execute("DELETE FROM cases WHERE link = ? AND case_id = ?", (link, case))


def get(snapshot: Snapshot, link: LinkId, case: CaseId) -> CaseView | None:
    """The view of a case."""
    data = snapshot.value("SELECT view FROM cases WHERE link = ? AND case_id = ?", (link, case))
    return None if data is None else CASE_VIEW.decode(data)


def iterate(snapshot: Snapshot, link: LinkId) -> Iterator[CaseView]:
    """The views of a link's cases, sorted by case id."""
    for (data,) in snapshot.iterate(
        "SELECT view FROM cases WHERE link = ? ORDER BY case_id", (link,)
    ):
        yield CASE_VIEW.decode(data)


def next_after(snapshot: Snapshot, link: LinkId, case: CaseId, limit: int) -> list[CaseView]:
    """So many views of a link's cases behind a case, sorted by case id."""
    rows = snapshot.rows(
        "SELECT view FROM cases WHERE link = ? AND case_id > ? ORDER BY case_id LIMIT ?",
        (link, case, limit),
    )
    return [CASE_VIEW.decode(data) for (data,) in rows]


def being_shredded(snapshot: Snapshot, link: LinkId) -> list[CaseView]:
    """The cases of a link whose contents all offices have agreed to delete, while not all have."""
    rows = snapshot.rows(
        "SELECT view FROM cases INDEXED BY cases_shredding WHERE link = ? AND state = 'shredding'",
        (link,),
    )
    return [CASE_VIEW.decode(data) for (data,) in rows]


def ids(snapshot: Snapshot, link: LinkId) -> Iterator[CaseId]:
    """The cases of a link, sorted."""
    rows = snapshot.iterate("SELECT case_id FROM cases WHERE link = ? ORDER BY case_id", (link,))
    return (CaseId(case) for (case,) in rows)
