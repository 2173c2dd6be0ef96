"""The records of a link that newer trust documents judge otherwise, until all of them are known.

A link's log is then folded a second time, beside the conclusions that are in use
(``blo_agent.office.revision``). What differs waits here and takes the place of what was there in
one transaction. Contents are not among it: they are opened from the sealed bytes afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables.events import EventRow
from blo_agent.store.tables.records import RecordRow
from blo_schemas.codec import MAX_RECORD_SIZE, Codec
from blo_schemas.ids import CaseId, KeyId, LinkId


class RevisedRecord(msgspec.Struct, array_like=True, frozen=True):
    """A record as the newer documents have it.

    Attributes:
        row: Its row in ``records``.
        event: Its row in ``events``, without the content; ``None``: it is not accepted.
        needs_key: The key that its sealed bytes wait for; ``None``: they wait for none.
        value: Those bytes.
    """

    row: RecordRow
    event: EventRow | None
    needs_key: KeyId | None
    value: bytes | None


_REVISED: Final = Codec(RevisedRecord, limit=2 * MAX_RECORD_SIZE)


def put(tx: Transaction, record: RevisedRecord) -> None:
    """Stores a record, in place of an earlier conclusion of it."""
    tx.execute(
        "INSERT OR REPLACE INTO revised(link, position, case_id, record) VALUES (?, ?, ?, ?)",
        (record.row.link, record.row.position, record.row.case, _REVISED.encode(record)),
    )


def remove(tx: Transaction, link: LinkId, position: int) -> None:
    """Forgets a record, because the documents agree on it after all."""
    tx.execute("DELETE FROM revised WHERE link = ? AND position = ?", (link, position))


def get(snapshot: Snapshot, link: LinkId, position: int) -> RevisedRecord | None:
    """The record at a position, if the documents differ on it."""
    data = snapshot.value(
        "SELECT record FROM revised WHERE link = ? AND position = ?", (link, position)
    )
    return None if data is None else _REVISED.decode(data)


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[RevisedRecord]:
    """The records of a case on which the documents differ, in log order."""
    rows = snapshot.rows(
        "SELECT record FROM revised WHERE link = ? AND case_id = ? ORDER BY position", (link, case)
    )
    return [_REVISED.decode(data) for (data,) in rows]


def cases(snapshot: Snapshot, link: LinkId) -> list[CaseId]:
    """The cases of a link on whose records the documents differ, sorted."""
    rows = snapshot.rows(
        "SELECT DISTINCT case_id FROM revised WHERE link = ? AND case_id IS NOT NULL ORDER BY 1",
        (link,),
    )
    return [CaseId(case) for (case,) in rows]


def iterate(snapshot: Snapshot, link: LinkId) -> Iterator[RevisedRecord]:
    """The records on which the documents differ, in log order."""
    rows = snapshot.iterate("SELECT record FROM revised WHERE link = ? ORDER BY position", (link,))
    return (_REVISED.decode(data) for (data,) in rows)


def clear(tx: Transaction, link: LinkId) -> None:
    """Forgets all of a link."""
    tx.execute("DELETE FROM revised WHERE link = ?", (link,))
