"""Processors' records of the cases, and outputs that wait for a key."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import CaseId, KeyId, LinkId, OfficeId
from blo_schemas.outputs import CASE_RECORD, CaseRecord

_SELECT: Final = (
    "SELECT link, case_id, processor, offset, position, record, value FROM processor_cases"
)
_PUT: Final = (
    "INSERT INTO processor_cases(link, case_id, processor, offset, position, record, value)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(link, case_id, processor) DO UPDATE SET"
    " offset = excluded.offset, position = excluded.position, record = excluded.record,"
    " value = excluded.value WHERE excluded.offset >= offset"
)


class ShownCase(NamedTuple):
    """The last record of a case that a processor has signed.

    Attributes:
        link: The link.
        case: The case.
        processor: Who signed it.
        offset: Where it lies on its topic.
        position: The log position that it stands at.
        record: Encoded ``CaseRecord``.
        value: As it lies on the topic, with the signature.
    """

    link: LinkId
    case: CaseId
    processor: OfficeId
    offset: int
    position: int
    record: bytes
    value: bytes

    @property
    def decoded(self) -> CaseRecord:
        """What it says."""
        return CASE_RECORD.decode(self.record)


class WaitingOutput(NamedTuple):
    """Outputs of one processor that wait for one key.

    Attributes:
        topic: Where they lie.
        partition: In which partition.
        processor: Who signed them.
        key: The key that is missing.
        first_offset: Where the first of them lies.
    """

    topic: str
    partition: int
    processor: OfficeId
    key: KeyId
    first_offset: int


def put_case(tx: Transaction, shown: ShownCase) -> None:
    """Stores a record; of one processor and case the last on the topic stays."""
    tx.execute(_PUT, shown)


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[ShownCase]:
    """What processors show of a case, by processor."""
    rows = snapshot.rows(
        f"{_SELECT} WHERE link = ? AND case_id = ? ORDER BY processor", (link, case)
    )
    return [ShownCase(*row) for row in rows]


def cases(snapshot: Snapshot, link: LinkId) -> list[CaseId]:
    """The cases of a link that a processor shows, sorted."""
    rows = snapshot.rows(
        "SELECT DISTINCT case_id FROM processor_cases WHERE link = ? ORDER BY case_id", (link,)
    )
    return [CaseId(case) for (case,) in rows]


def forget_cases(tx: Transaction, link: LinkId) -> None:
    """Removes what processors show of a link: the topic is read from its beginning."""
    tx.execute("DELETE FROM processor_cases WHERE link = ?", (link,))


def wait(tx: Transaction, waiting: WaitingOutput, limit: int) -> bool:
    """Notes that outputs wait for a key; False: that processor's wait for too many keys already.

    Args:
        tx: The transaction.
        waiting: What waits; the lowest offset of a key stays.
        limit: How many keys of one processor are waited for on one partition.
    """
    place = waiting[:3]
    known = tx.row(
        'SELECT 1 FROM outputs_waiting WHERE topic = ? AND "partition" = ? AND processor = ?'
        " AND key_id = ?",
        waiting[:4],
    )
    count = tx.value(
        'SELECT count(*) FROM outputs_waiting WHERE topic = ? AND "partition" = ?'
        " AND processor = ?",
        place,
    )
    if known is None and count >= limit:
        return False
    tx.execute(
        'INSERT INTO outputs_waiting(topic, "partition", processor, key_id, first_offset)'
        ' VALUES (?, ?, ?, ?, ?) ON CONFLICT(topic, "partition", processor, key_id) DO UPDATE'
        " SET first_offset = min(first_offset, excluded.first_offset)",
        waiting,
    )
    return True


def waiting_in(snapshot: Snapshot, topic: str, partition: int) -> list[WaitingOutput]:
    """What waits in one partition."""
    rows = snapshot.rows(
        'SELECT topic, "partition", processor, key_id, first_offset FROM outputs_waiting'
        ' WHERE topic = ? AND "partition" = ?',
        (topic, partition),
    )
    return [WaitingOutput(*row) for row in rows]


def stop_waiting(tx: Transaction, waiting: WaitingOutput) -> None:
    """Lets go of what waited for a key."""
    tx.execute(
        'DELETE FROM outputs_waiting WHERE topic = ? AND "partition" = ? AND processor = ?'
        " AND key_id = ?",
        waiting[:4],
    )
