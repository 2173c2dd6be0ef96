"""The office's reports: computed ones, and frozen ones that nothing changes any more."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.texts import day_from

_SELECT: Final = "SELECT digest, first, last, computed_at, draft, steps, signed FROM reports"


class ReportRow(NamedTuple):
    """One report.

    Attributes:
        digest: Its digest, which is its name.
        first: First business date.
        last: Last business date.
        computed_at: When it was computed, Unix milliseconds.
        draft: Encoded ``PeriodReport``.
        steps: Encoded steps, each with who took it.
        signed: Encoded ``SignedReport``; ``None`` until it is frozen.
    """

    digest: bytes
    first: date
    last: date
    computed_at: int
    draft: bytes
    steps: bytes
    signed: bytes | None


def put(tx: Transaction, row: ReportRow) -> None:
    """Adds a report that was computed."""
    tx.execute(
        "INSERT INTO reports(digest, first, last, computed_at, draft, steps, signed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.digest, row.first.isoformat(), row.last.isoformat(), *row[3:]),
    )


def set_steps(tx: Transaction, digest: bytes, steps: bytes, signed: bytes | None) -> None:
    """Notes a further step, and with the last one the signed report."""
    tx.execute("UPDATE reports SET steps = ?, signed = ? WHERE digest = ?", (steps, signed, digest))


def get(snapshot: Snapshot, digest: bytes) -> ReportRow | None:
    """The report with this digest."""
    row = snapshot.row(f"{_SELECT} WHERE digest = ?", (digest,))
    return None if row is None else _report(row)


def frozen_within(snapshot: Snapshot, first: date, last: date) -> ReportRow | None:
    """The earliest frozen report whose period shares a day with this one."""
    row = snapshot.row(
        f"{_SELECT} WHERE first <= ? AND last >= ? AND signed IS NOT NULL ORDER BY first, last",
        (last.isoformat(), first.isoformat()),
    )
    return None if row is None else _report(row)


def all_of(snapshot: Snapshot) -> list[ReportRow]:
    """All reports, the oldest first."""
    rows = snapshot.rows(f"{_SELECT} ORDER BY computed_at, digest")
    return [_report(row) for row in rows]


def _report(row: Row) -> ReportRow:
    first, last = (day_from(day) for day in row[1:3])
    return ReportRow(row[0], first, last, *row[3:])
