"""The search index: the words of opened events and of notes, in FTS5 tables of the same file.

An *item* is an event, by its position, or a note, by its number below zero. Triggers say what is
due and what is gone (``blo_agent.store.schema_search``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_agent.store.schema_search import WORDS
from blo_agent.store.tables import meta
from blo_schemas.codec import Codec
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.summary import Kind, Step

LAST: Final = (1 << 63) - 1
"""No row of the index has so large an id."""

_VERSION: Final = "search_index"
_NUMBER: Final = Codec(int)
_PER_SECOND: Final = 10
"""Bits of an id below the second of its item."""

_DUE: Final = """
SELECT due.seq, due.link, due.item,
    coalesce(records.case_id, notes.case_id), coalesce(records.log_time, notes.at),
    events.version, coalesce(events.kind, cases.kind), events.step, events.content, notes.words
FROM (SELECT seq, link, item FROM search_due ORDER BY seq DESC LIMIT ?) AS due
LEFT JOIN records ON records.link = due.link AND records.position = due.item
LEFT JOIN events ON events.link = due.link AND events.position = due.item
LEFT JOIN notes ON notes.seq = -due.item
LEFT JOIN cases ON cases.link = notes.link AND cases.case_id = notes.case_id
"""
_ALL_DUE: Final = """
INSERT INTO search_due(link, item) SELECT link, item FROM (
    SELECT link, position AS item, log_time AS at FROM events JOIN records USING (link, position)
    WHERE content IS NOT NULL
    UNION ALL SELECT link, -seq, at FROM notes
) ORDER BY at
"""
_MATCHES: Final = """
SELECT hit.id, places.link, places.item, places.case_id,
    cases.kind, cases.state, events.on_date, notes.at
FROM (
    SELECT rowid AS id FROM search_words WHERE search_words MATCH ? AND rowid < ?
    ORDER BY rowid DESC LIMIT ?
) AS hit
CROSS JOIN search_places AS places USING (id)
LEFT JOIN cases ON cases.link = places.link AND cases.case_id = places.case_id
LEFT JOIN events ON events.link = places.link AND events.position = places.item
LEFT JOIN notes ON notes.seq = -places.item
ORDER BY hit.id DESC
"""


class DueItem(NamedTuple):
    """An item that is to be indexed.

    Attributes:
        seq: Its place in the queue; another one when the item has changed.
        link: The link.
        item: The item.
        case: Its case.
        at: When it came, Unix milliseconds.
        version: The version of the case that an event produced; ``None`` of a note.
        kind: The case's kind; ``None`` of a note on a case that is not known yet.
        step: What an event did.
        content: The encoded content of an event.
        words: The words of a note.
    """

    seq: int
    link: LinkId
    item: int
    case: CaseId
    at: int
    version: int | None
    kind: Kind | None
    step: Step | None
    content: bytes | None
    words: str | None


class IndexedWords(NamedTuple):
    """What the index holds of an item: the columns of ``search_words``."""

    place: str
    folded: str
    exact: str
    compound: str


class Match(NamedTuple):
    """A row of the index that answers an expression.

    Attributes:
        id: The row; later items have larger ids.
        link: The link.
        item: The item.
        case: Its case.
        kind: The case's kind; ``None`` while no view of it is known.
        state: The case's state.
        on: Business date of an event, YYYY-MM-DD.
        note_at: When a note was written, Unix milliseconds.
    """

    id: int
    link: LinkId
    item: int
    case: CaseId
    kind: Kind | None
    state: str | None
    on: str | None
    note_at: int | None


def due(snapshot: Snapshot, limit: int) -> list[DueItem]:
    """What is to be indexed next, the newest first."""
    return [_due_item(row) for row in snapshot.rows(_DUE, (limit,))]


def count_due(snapshot: Snapshot) -> int:
    """How many items are not indexed yet."""
    count: int = snapshot.value("SELECT count(*) FROM search_due")
    return count


def put(tx: Transaction, item: DueItem, words: IndexedWords) -> bool:
    """Indexes an item; False: it has changed or gone since it was read."""
    if not drop_due(tx, item.seq):
        return False
    row = _free_row(tx, item.at)
    tx.execute(
        "INSERT INTO search_places(id, link, item, case_id) VALUES (?, ?, ?, ?)",
        (row, item.link, item.item, item.case),
    )
    tx.execute(
        "INSERT INTO search_words(rowid, place, folded, exact, compound) VALUES (?, ?, ?, ?, ?)",
        (row, *words),
    )
    return True


def drop_due(tx: Transaction, seq: int) -> bool:
    """Takes an item out of the queue; False: it is not there any more."""
    return tx.change("DELETE FROM search_due WHERE seq = ?", (seq,)) > 0


def forget(tx: Transaction, link: LinkId, case: CaseId) -> None:
    """Takes the words of what is gone of a case out of the file."""
    rows = tx.rows("SELECT id FROM search_gone WHERE link = ? AND case_id = ?", (link, case))
    _remove(tx, [row for (row,) in rows])


def forget_some(tx: Transaction, limit: int) -> int:
    """Takes the words of some of what is gone out of the file; returns how many items."""
    rows = [row for (row,) in tx.rows("SELECT id FROM search_gone LIMIT ?", (limit,))]
    _remove(tx, rows)
    return len(rows)


def count_gone(snapshot: Snapshot) -> int:
    """How many rows hold words of what is gone."""
    count: int = snapshot.value("SELECT count(*) FROM search_gone")
    return count


def count_places(snapshot: Snapshot) -> int:
    """How many items are indexed."""
    count: int = snapshot.value("SELECT count(*) FROM search_places")
    return count


def is_of_version(snapshot: Snapshot, version: int) -> bool:
    """Whether the index was built with these tokens."""
    value = meta.get(snapshot, _VERSION)
    return value is not None and _NUMBER.decode(value) == version


def rebuild(tx: Transaction, version: int) -> int:
    """Empties the index and notes everything as due; returns how many items."""
    tx.execute("DROP TABLE search_words")
    tx.execute(WORDS)
    for table in ("search_places", "search_gone", "search_due"):
        tx.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed names
    tx.execute(_ALL_DUE)
    meta.put(tx, _VERSION, _NUMBER.encode(version))
    return count_due(tx)


def matches(snapshot: Snapshot, expression: str, before: int, limit: int) -> Iterator[Match]:
    """The rows that answer an FTS5 expression, the newest first.

    Args:
        snapshot: The store.
        expression: The expression, made by ``blo_domain.search.query``.
        before: Only rows with smaller ids.
        limit: So many rows at most.
    """
    return map(_match, snapshot.iterate(_MATCHES, (expression, before, limit)))


def _remove(tx: Transaction, rows: list[int]) -> None:
    for row in rows:
        tx.execute("DELETE FROM search_words WHERE rowid = ?", (row,))
        tx.execute("DELETE FROM search_gone WHERE id = ?", (row,))


def _free_row(tx: Transaction, at: int) -> int:
    first = max(at // 1000, 0) << _PER_SECOND
    while True:
        end = first + (1 << _PER_SECOND)
        last = tx.value(
            "SELECT max(id) FROM (SELECT max(id) AS id FROM search_places WHERE id >= ?1 AND id < ?2"
            " UNION ALL SELECT max(id) FROM search_gone WHERE id >= ?1 AND id < ?2)",
            (first, end),
        )
        row = first if last is None else int(last) + 1
        if row < end:
            return row
        first = end


def _due_item(row: Row) -> DueItem:
    kind = None if row[6] is None else Kind(row[6])
    step = None if row[7] is None else Step(row[7])
    return DueItem._make((*row[:6], kind, step, *row[8:]))


def _match(row: Row) -> Match:
    kind = row[4]
    return Match._make((*row[:4], None if kind is None else Kind(kind), *row[5:]))
