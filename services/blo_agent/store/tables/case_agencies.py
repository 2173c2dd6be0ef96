"""To which agencies of the office a case belongs, for their members."""

from __future__ import annotations

from collections.abc import Iterable

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.people import Agency


def add(tx: Transaction, link: LinkId, case: CaseId, agencies: Iterable[Agency]) -> None:
    """Notes that a case belongs to these agencies, too."""
    tx.execute_many(
        "INSERT OR IGNORE INTO case_agencies(link, case_id, agency) VALUES (?, ?, ?)",
        ((link, case, agency.value) for agency in agencies),
    )


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> frozenset[Agency]:
    """The agencies to which a case belongs."""
    rows = snapshot.rows(
        "SELECT agency FROM case_agencies WHERE link = ? AND case_id = ?", (link, case)
    )
    return frozenset(Agency(agency) for (agency,) in rows)
