"""The office's own journal: hash chained, append-only (``blo_schemas.journal``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.ids import ZERO_HASH, CaseId, Digest, LinkId
from blo_schemas.journal import (
    JOURNAL_ENTRY,
    JOURNAL_VERSION,
    JournalEntry,
    detail_of,
    journal_hash,
)

_SELECT: Final = (
    "SELECT seq, at, actor, action, link, case_id, detail, prev_hash, hash FROM journal"
)
_APPEND: Final = (
    "INSERT INTO journal(seq, at, actor, action, link, case_id, detail, prev_hash, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_HEAD: Final = "SELECT seq + 1, hash FROM journal ORDER BY seq DESC LIMIT 1"


class JournalHead(NamedTuple):
    """Where the journal stands: its number of entries, and the last one's hash (or zeros)."""

    size: int
    hash: Digest


EMPTY = JournalHead(0, Digest(ZERO_HASH))


def head(snapshot: Snapshot) -> JournalHead:
    """Where the journal stands."""
    row = snapshot.row(_HEAD)
    return EMPTY if row is None else JournalHead(*row)


def append(
    tx: Transaction,
    *,
    at: int,
    actor: str,
    action: str,
    link: LinkId | None = None,
    case: CaseId | None = None,
    detail: bytes = b"",
) -> JournalHead:
    """Adds one entry.

    Args:
        tx: The transaction of what the entry tells of.
        at: The office's clock, Unix milliseconds.
        actor: Who acted; 1 to 200 characters.
        action: What was done; 1 to 200 characters.
        link: The link it concerns.
        case: The case it concerns.
        detail: Encoded detail; of one that is too large the size and the hash are kept.

    Returns:
        Where the journal stands with it.

    Raises:
        WireError: A word is empty or too long; nothing was written.
    """
    size, last = tx.memo.get(_HEAD) or head(tx)
    detail = detail_of(detail)
    entry = JournalEntry(JOURNAL_VERSION, size, at, actor, action, link, case, detail, last)
    JOURNAL_ENTRY.decode(JOURNAL_ENTRY.encode(entry))
    digest = journal_hash(entry)
    tx.execute(
        _APPEND,
        (size, at, actor, action, link, case, detail, last, digest),
    )
    after = tx.memo[_HEAD] = JournalHead(size + 1, digest)
    return after


def entries(snapshot: Snapshot, *, start: int = 0, limit: int = -1) -> Iterator[JournalEntry]:
    """The entries from ``start`` on, in order; at most ``limit`` if that is not negative."""
    rows = snapshot.iterate(f"{_SELECT} WHERE seq >= ? ORDER BY seq LIMIT ?", (start, limit))
    for row in rows:
        yield _entry(row)


def before(snapshot: Snapshot, seq: int, limit: int) -> Iterator[JournalEntry]:
    """The entries before one, the newest first."""
    rows = snapshot.iterate(f"{_SELECT} WHERE seq < ? ORDER BY seq DESC LIMIT ?", (seq, limit))
    return map(_entry, rows)


def of_case_before(
    snapshot: Snapshot, link: LinkId, case: CaseId, seq: int, limit: int
) -> Iterator[JournalEntry]:
    """The entries about a case before one, the newest first."""
    rows = snapshot.iterate(
        f"{_SELECT} WHERE link = ? AND case_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        (link, case, seq, limit),
    )
    return map(_entry, rows)


def _entry(row: Row) -> JournalEntry:
    return JournalEntry(JOURNAL_VERSION, *row[:-1])
