"""The current view of every case."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.views import CASE_VIEW, CaseView


def put(tx: Transaction, view: CaseView) -> None:
    """Stores a case's view, in place of the one before."""
    tx.execute(
        "INSERT INTO cases(link, case_id, kind, state, position, view) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(link, case_id) DO UPDATE SET"
        " state = excluded.state, position = excluded.position, view = excluded.view",
        (view.link, view.case, view.kind, view.state, view.position, CASE_VIEW.encode(view)),
    )


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


def hashes(snapshot: Snapshot, link: LinkId) -> Iterator[tuple[CaseId, bytes]]:
    """Each case of a link with the hash of its view, sorted by case id."""
    rows = snapshot.iterate(
        "SELECT case_id, view FROM cases WHERE link = ? ORDER BY case_id", (link,)
    )
    return ((CaseId(case), sha256(view).digest()) for case, view in rows)
