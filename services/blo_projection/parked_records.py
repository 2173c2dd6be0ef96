"""The table of records that wait for a summary key, in bounded memory.

The table keeps a record's position, writer, case and key id: some 200 bytes, all of which the log
shows in the clear. It is a private SQLite table in an unnamed temporary file, with ``CACHE_KIB`` in
memory, and ends with the program. So waiting records cannot fill the memory.
"""

from __future__ import annotations

import heapq
import sqlite3
import threading
import weakref
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import msgspec

from blo_projection.errors import ParkingFailed
from blo_schemas.ids import CaseId, EventId, KeyId, OfficeId

CACHE_KIB: Final = 1024
"""KiB of the table that are in memory at most, for each link."""

_SCHEMA: Final = (
    (
        "CREATE TABLE parked(position INTEGER PRIMARY KEY, log_time INTEGER, event BLOB,"
        " office TEXT, case_id BLOB, key_id BLOB)"
    ),
    "CREATE INDEX parked_case ON parked(case_id, position)",
    "CREATE INDEX parked_office ON parked(office, position)",
    # The first waiting record of each case: only it can be judged next.
    "CREATE TABLE firsts(case_id BLOB PRIMARY KEY, position INTEGER, key_id BLOB) WITHOUT ROWID",
    "CREATE INDEX firsts_key ON firsts(key_id, position)",
)
_SELECT: Final = "SELECT position, log_time, event, office, case_id, key_id FROM parked"


class ParkedRecord(msgspec.Struct, frozen=True, gc=False):
    """A record that waits for its summary key, or behind one that does.

    Attributes:
        position: Its position in the link's log, where its bytes are read again.
        log_time: Its timestamp, Unix milliseconds.
        event: The event's id.
        office: Who wrote it.
        case: Its case.
        summary_key: Id of the summary key that opens it.
    """

    position: int
    log_time: int
    event: EventId
    office: OfficeId
    case: CaseId
    summary_key: KeyId


class ParkedRecords:
    """The waiting records of one link. May be asked from any thread; one thread changes it."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()
        self._table: sqlite3.Connection | None = None

    def __len__(self) -> int:
        """How many records wait."""
        return self._count

    def add(self, item: ParkedRecord) -> None:
        """Park a record behind all others.

        Raises:
            ParkingFailed: The directory for temporary files does not take it.
        """
        self._rows("INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?)", _row(item))
        self._rows(
            "INSERT OR IGNORE INTO firsts(case_id, position, key_id) VALUES (?, ?, ?)",
            (item.case, item.position, item.summary_key),
        )
        self._count += 1

    def remove(self, item: ParkedRecord) -> None:
        """Remove the first waiting record of a case; raises as ``add``."""
        self._rows("DELETE FROM parked WHERE position = ?", (item.position,))
        self._rows("DELETE FROM firsts WHERE case_id = ?", (item.case,))
        self._rows(
            "INSERT INTO firsts(case_id, position, key_id) SELECT case_id, position, key_id"
            " FROM parked WHERE case_id = ? ORDER BY position LIMIT 1",
            (item.case,),
        )
        self._count -= 1

    def close(self, case: CaseId) -> None:
        """Keep all records of a case parked from now on; raises as ``add``."""
        self._rows("UPDATE firsts SET key_id = NULL WHERE case_id = ?", (case,))

    def get(self, position: int) -> ParkedRecord | None:
        """The waiting record at a position, if one waits there; raises as ``add``."""
        rows = self._rows(f"{_SELECT} WHERE position = ?", (position,))
        return ParkedRecord(*rows[0]) if rows else None

    def is_first(self, item: ParkedRecord) -> bool:
        """Whether a waiting record is the first one of its case; raises as ``add``."""
        rows = self._rows("SELECT position FROM firsts WHERE case_id = ?", (item.case,))
        return bool(rows) and rows[0][0] == item.position

    def holds(self, case: CaseId) -> bool:
        """Whether a record of a case waits; raises as ``add``."""
        if not self._count:
            return False
        return bool(self._rows("SELECT 1 FROM firsts WHERE case_id = ?", (case,)))

    def cases(self) -> Iterator[CaseId]:
        """The cases of which a record waits, sorted; raises as ``add``."""
        case = b""
        while rows := self._rows(
            "SELECT case_id FROM firsts WHERE case_id > ? ORDER BY case_id LIMIT 1", (case,)
        ):
            ((case,),) = rows
            yield CaseId(case)

    def __iter__(self) -> Iterator[ParkedRecord]:
        """The waiting records, in log order; raises as ``add``."""
        return self._of("position > ?", ())

    def of_office(self, office: OfficeId) -> Iterator[ParkedRecord]:
        """The waiting records of one office, in log order; raises as ``add``."""
        return self._of("office = ? AND position > ?", (office,))

    def offices(self) -> list[OfficeId]:
        """Whose records wait, sorted; raises as ``add``."""
        offices: list[OfficeId] = []
        after = ""
        while rows := self._rows("SELECT min(office) FROM parked WHERE office > ?", (after,)):
            after = rows[0][0]
            if after is None:
                break
            offices.append(OfficeId(after))
        return offices

    def openable(self, keys: Collection[KeyId], limit: int) -> list[int]:
        """The first positions, ascending, that can be judged one after the other.

        Args:
            keys: The ids of all keys that the reader has.
            limit: At most so many.

        Raises:
            ParkingFailed: As ``add``.
        """
        if not self._count:
            return []
        heap = [
            (position, case)
            for key in keys
            for position, case in self._rows(
                "SELECT position, case_id FROM firsts WHERE key_id = ? ORDER BY position LIMIT ?",
                (key, limit),
            )
        ]
        heapq.heapify(heap)
        positions: list[int] = []
        while heap and len(positions) < limit:
            position, case = heapq.heappop(heap)
            positions.append(position)
            for after, key in self._rows(
                "SELECT position, key_id FROM parked WHERE case_id = ? AND position > ?"
                " ORDER BY position LIMIT 1",
                (case, position),
            ):
                if key in keys:
                    heapq.heappush(heap, (after, case))
        return positions

    def _of(self, which: str, bindings: tuple[Any, ...]) -> Iterator[ParkedRecord]:
        """One query per row, so that the table may change between two rows."""
        sql = f"{_SELECT} WHERE {which} ORDER BY position LIMIT 1"
        position = -1
        while rows := self._rows(sql, (*bindings, position)):
            item = ParkedRecord(*rows[0])
            position = item.position
            yield item

    def _rows(self, sql: str, bindings: Sequence[Any]) -> list[Any]:
        with self._lock:
            try:
                if self._table is None:
                    self._table = self._open()
                return self._table.execute(sql, bindings).fetchall()
            except sqlite3.Error as error:
                raise ParkingFailed(str(error)) from error

    def _open(self) -> sqlite3.Connection:
        # For SQLite, an empty name means a private database in an unnamed temporary file.
        table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, table.close)
        for pragma in ("journal_mode = off", "synchronous = off", f"cache_size = -{CACHE_KIB}"):
            table.execute(f"PRAGMA {pragma}")
        for statement in _SCHEMA:
            table.execute(statement)
        return table


def _row(item: ParkedRecord) -> tuple[Any, ...]:
    return item.position, item.log_time, item.event, item.office, item.case, item.summary_key
