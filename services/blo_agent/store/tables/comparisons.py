"""How far processors' outputs were compared with the office's own log, and what is to be looked at when."""

from __future__ import annotations

from typing import Final

import msgspec

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import meta
from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Count
from blo_schemas.ids import CaseId, LinkId


class Compared(msgspec.Struct, array_like=True, frozen=True):
    """Up to where a link was compared.

    Attributes:
        size: The cases of this link's first records, so many, were looked at since these came.
        case_offset: The cases' topic was compared up to before this offset.
        alert_offset: The alerts' topic likewise.
        open: Cases that are to be looked at again: they wait, or a difference in them is not old
            enough to be told.
        sweep_at: When all cases began to be looked at for the last time, Unix milliseconds.
        swept_to: The last case that was looked at since then; ``None``: all were.
    """

    size: Count
    case_offset: Count
    alert_offset: Count
    open: tuple[Bytes32, ...]
    sweep_at: int
    swept_to: bytes | None


_COMPARED: Final = Codec(Compared)


def load(snapshot: Snapshot, link: LinkId) -> Compared | None:
    """Up to where a link was compared; ``None``: not at all."""
    stored = meta.get(snapshot, _key(link))
    return None if stored is None else _COMPARED.decode(stored)


def store(tx: Transaction, link: LinkId, compared: Compared) -> None:
    """Stores up to where a link was compared."""
    meta.put(tx, _key(link), _COMPARED.encode(compared))


def forget(tx: Transaction, link: LinkId) -> None:
    """Has all cases of a link compared anew."""
    meta.remove(tx, _key(link))
    tx.execute("DELETE FROM comparisons_due WHERE link = ?", (link,))


def plan(tx: Transaction, link: LinkId, case: CaseId, at: int | None) -> None:
    """Notes when a case is to be looked at because time alone changes what is expected of it.

    Args:
        tx: The transaction.
        link: The link.
        case: The case.
        at: The instant, Unix milliseconds; ``None``: time changes nothing any more.
    """
    known = tx.value("SELECT at FROM comparisons_due WHERE link = ? AND case_id = ?", (link, case))
    if known == at:
        return
    if at is None:
        tx.execute("DELETE FROM comparisons_due WHERE link = ? AND case_id = ?", (link, case))
    else:
        tx.execute(
            "INSERT OR REPLACE INTO comparisons_due(link, case_id, at) VALUES (?, ?, ?)",
            (link, case, at),
        )


def due(snapshot: Snapshot, link: LinkId, instant: int, limit: int) -> list[CaseId]:
    """The cases of which something else is expected by an instant, until they are planned anew."""
    rows = snapshot.rows(
        "SELECT case_id FROM comparisons_due WHERE link = ? AND at <= ? ORDER BY at LIMIT ?",
        (link, instant, limit),
    )
    return [CaseId(case) for (case,) in rows]


def cases_behind(snapshot: Snapshot, link: LinkId, case: bytes, limit: int) -> list[CaseId]:
    """The next cases of a link by id, whether its log, a processor or an alert names them."""
    rows = snapshot.rows(
        "SELECT case_id FROM (SELECT * FROM (SELECT case_id FROM cases"
        " WHERE link = ?1 AND case_id > ?2 ORDER BY case_id LIMIT ?3)"
        " UNION SELECT * FROM (SELECT DISTINCT case_id FROM processor_cases"
        " WHERE link = ?1 AND case_id > ?2 ORDER BY case_id LIMIT ?3)"
        " UNION SELECT * FROM (SELECT DISTINCT case_id FROM alerts"
        " WHERE link = ?1 AND case_id > ?2 ORDER BY case_id LIMIT ?3))"
        " ORDER BY case_id LIMIT ?3",
        (link, case, limit),
    )
    return [CaseId(found) for (found,) in rows]


def cases_from(
    snapshot: Snapshot, link: LinkId, case_offset: int, alert_offset: int
) -> list[CaseId]:
    """The cases that outputs from these offsets on are about, sorted."""
    rows = snapshot.rows(
        "SELECT case_id FROM processor_cases WHERE link = ?1 AND offset >= ?2"
        " UNION SELECT case_id FROM alerts"
        " WHERE link = ?1 AND offset >= ?3 AND case_id IS NOT NULL ORDER BY 1",
        (link, case_offset, alert_offset),
    )
    return [CaseId(case) for (case,) in rows]


def _key(link: LinkId) -> str:
    return f"compared/{link}"
