"""The outbox: final bytes that are to be appended to the log, in the order of their acceptance.

A record is *pending* until the broker has acknowledged it, then *appended* until the agent has
read its event back from the log (``confirm``). What has no event id (grants, heads, tombstones)
is not read back: it leaves the outbox when it is appended.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.ids import CaseId, EventId, KeyId, LinkId

_SELECT: Final = (
    'SELECT seq, state, log_offset, topic, "partition", key, value, link, event_id, oseq, case_id,'
    " accepted_at FROM outbox"
)
_ADD: Final = (
    'INSERT INTO outbox(topic, "partition", key, value, link, event_id, oseq, case_id,'
    " accepted_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
)


class OutboxState(IntEnum):
    """How far a record has come."""

    PENDING = 0
    APPENDED = 1


class NewRecord(NamedTuple):
    """A record that is to be appended.

    Attributes:
        topic: Kafka topic.
        partition: Its partition.
        key: Kafka key.
        value: Final bytes; ``None`` for a tombstone.
        link: The link it belongs to.
        event_id: Id of the event; ``None`` for anything else.
        oseq: The event's number in the office's own chain.
        case: The event's case.
        accepted_at: When the command was accepted, Unix milliseconds.
    """

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    link: LinkId
    event_id: EventId | None
    oseq: int | None
    case: CaseId | None
    accepted_at: int


class OutboxRecord(NamedTuple):
    """A record in the outbox: its number and state, and then as ``NewRecord``.

    Attributes:
        seq: Its number; never used twice.
        state: How far it has come.
        offset: Where the broker says it lies, once it is appended.
    """

    seq: int
    state: OutboxState
    offset: int | None
    topic: str
    partition: int
    key: bytes
    value: bytes | None
    link: LinkId
    event_id: EventId | None
    oseq: int | None
    case: CaseId | None
    accepted_at: int


class OutboxCount(NamedTuple):
    """What waits on one link: numbers, and when the oldest was accepted (Unix milliseconds)."""

    pending: int
    appended: int
    oldest_accepted_at: int


def add(tx: Transaction, record: NewRecord) -> int:
    """Adds a record and returns its number."""
    return tx.insert(_ADD, record)


def pending(snapshot: Snapshot, *, limit: int, after_seq: int = 0) -> list[OutboxRecord]:
    """The next records to append, oldest first."""
    rows = snapshot.rows(
        f"{_SELECT} INDEXED BY outbox_pending WHERE state = 0 AND seq > ? ORDER BY seq LIMIT ?",
        (after_seq, limit),
    )
    return [_record(row) for row in rows]


def mark_appended(tx: Transaction, offsets: Iterable[tuple[int, int]]) -> None:
    """Notes what the broker has acknowledged.

    Args:
        tx: The transaction.
        offsets: Pairs of a record's number and its offset. A record that was confirmed in the
            meantime is no longer there and is passed over.
    """
    pairs = list(offsets)
    tx.execute_many(
        "UPDATE outbox SET state = 1, log_offset = ?2 WHERE seq = ?1 AND event_id IS NOT NULL",
        pairs,
    )
    tx.execute_many(
        "DELETE FROM outbox WHERE seq = ? AND event_id IS NULL", [(seq,) for seq, _ in pairs]
    )


def mark_pending(tx: Transaction, link: LinkId) -> int:
    """Makes all unconfirmed events of a link pending again; returns how many.

    For a log that has lost what it had acknowledged: the same bytes are sent again, and readers
    drop what they have already.
    """
    return tx.change(
        "UPDATE outbox SET state = 0, log_offset = NULL WHERE link = ? AND state = 1", (link,)
    )


def confirm(tx: Transaction, events: Iterable[tuple[int, EventId]]) -> None:
    """Removes events that were read back from the log.

    Args:
        tx: The transaction.
        events: Pairs of a record's number and its event's id. A number that now has another event
            is passed over.
    """
    tx.execute_many("DELETE FROM outbox WHERE seq = ? AND event_id = ?", events)


def replace_event(tx: Transaction, seq: int, event_id: EventId, oseq: int, value: bytes) -> None:
    """Puts an event that was sealed anew in the place of the one it replaces, to be sent."""
    tx.execute(
        "UPDATE outbox SET event_id = ?, oseq = ?, value = ?, state = 0, log_offset = NULL"
        " WHERE seq = ?",
        (event_id, oseq, value, seq),
    )


def is_key_waiting(snapshot: Snapshot, link: LinkId, key: KeyId) -> bool:
    """Whether a grant of a link's key, or its withdrawal, is still to be sent; reads the outbox."""
    waiting = snapshot.value(
        "SELECT 1 FROM outbox INDEXED BY outbox_pending"
        " WHERE state = 0 AND event_id IS NULL AND link = ? AND substr(key, 1, 32) = ? LIMIT 1",
        (link, key),
    )
    return waiting is not None


def is_grant_waiting(snapshot: Snapshot, link: LinkId) -> bool:
    """Whether a grant of a link, or the withdrawal of one, is still to be sent."""
    waiting = snapshot.value(
        "SELECT 1 FROM outbox INDEXED BY outbox_pending"
        " WHERE state = 0 AND event_id IS NULL AND link = ? LIMIT 1",
        (link,),
    )
    return waiting is not None


def state_of(snapshot: Snapshot, event_id: EventId) -> OutboxState | None:
    """How far an event has come; ``None``: it was confirmed, or was never here."""
    state = snapshot.value("SELECT state FROM outbox WHERE event_id = ?", (event_id,))
    return None if state is None else OutboxState(state)


def case_of(snapshot: Snapshot, event_id: EventId) -> tuple[LinkId, CaseId] | None:
    """The link and case of an event that was not read back yet."""
    row = snapshot.row(
        "SELECT link, case_id FROM outbox WHERE event_id = ? AND case_id IS NOT NULL", (event_id,)
    )
    return None if row is None else (LinkId(row[0]), CaseId(row[1]))


def count_unconfirmed(snapshot: Snapshot, link: LinkId) -> int:
    """How many events of a link were not yet read back; reads the whole outbox."""
    count: int = snapshot.value(
        "SELECT count(*) FROM outbox WHERE link = ? AND event_id IS NOT NULL", (link,)
    )
    return count


def unconfirmed_of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[OutboxRecord]:
    """The events of a case that were not yet read back, in order, whether appended or not."""
    rows = snapshot.rows(f"{_SELECT} WHERE case_id = ? AND link = ? ORDER BY seq", (case, link))
    return [_record(row) for row in rows]


def unconfirmed_of_link(snapshot: Snapshot, link: LinkId) -> list[OutboxRecord]:
    """The events of a link that were not yet read back, in order; reads the whole outbox."""
    rows = snapshot.rows(
        f"{_SELECT} WHERE link = ? AND event_id IS NOT NULL ORDER BY seq",
        (link,),
    )
    return [_record(row) for row in rows]


def counts(snapshot: Snapshot) -> dict[LinkId, OutboxCount]:
    """What waits, by link; a link with nothing waiting is not named. Reads the whole outbox."""
    rows = snapshot.rows(
        "SELECT link, sum(state = 0), sum(state = 1), min(accepted_at) FROM outbox GROUP BY link"
    )
    return {link: OutboxCount(*numbers) for link, *numbers in rows}


def _record(row: Row) -> OutboxRecord:
    return OutboxRecord._make((row[0], OutboxState(row[1]), *row[2:]))
