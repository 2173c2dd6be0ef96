"""The cases of a link: open ones in memory, most closed ones in an encrypted temporary file.

A closed case can be reopened, so its record is kept. The cases that were closed last stay in
memory, because feedback and corrections come soon.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import apsw

from blo_processors.errors import TempTableFailed
from blo_schemas.clocks import ClockView
from blo_schemas.ids import CaseId
from blo_schemas.outputs import CASE_RECORD, CaseRecord
from blo_schemas.views import CaseView

MOST_IN_MEMORY: Final = 1000
"""The number of closed cases that stay in memory."""
_KEY_SIZE: Final = 32
_CACHE_KIB: Final = 2048


def _nothing(case: CaseId) -> None:
    del case


class CaseStore:
    """The fold's ``ViewStore``; it keeps each case's clocks beside the view.

    Args:
        most_in_memory: The number of closed cases that stay in memory, at least 1. A quarter more
            may gather, so that cases move to the file in groups. ``None``: all stay.

    Attributes:
        on_evicted: Called with the id of each case that leaves the memory.
    """

    def __init__(self, most_in_memory: int | None = MOST_IN_MEMORY) -> None:
        self.on_evicted: Callable[[CaseId], None] = _nothing
        self._most = most_in_memory
        self._at_once = max(1, (most_in_memory or 0) // 4)
        self._views: dict[bytes, CaseView] = {}
        self._clocks: dict[bytes, ClockView] = {}
        self._closed: dict[CaseId, None] = {}
        self._table: EncryptedTempTable | None = None
        self._count = 0

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening.

        Raises:
            TempTableFailed: The temporary file cannot be read.
        """
        view = self._views.get(case)
        if view is None and self._table is not None:
            self._load(case)
            view = self._views.get(case)
        return view

    def put(self, view: CaseView) -> None:
        """Replace the case's view, or add the first one of a case that ``get`` does not know."""
        self._count += view.version == 1
        self._views[view.case] = view

    def clocks(self, case: CaseId) -> ClockView | None:
        """The case's clocks, once ``get`` was asked for it; ``None`` before its opening."""
        return self._clocks.get(case)

    def put_clocks(self, case: CaseId, clocks: ClockView) -> None:
        """Replace the case's clocks."""
        self._clocks[case] = clocks

    def close_case(self, case: CaseId) -> None:
        """Note that a case is closed; it may leave the memory.

        Raises:
            TempTableFailed: The temporary file cannot be written.
        """
        if self._most is None:
            return
        self._closed.pop(case, None)
        self._closed[case] = None
        if len(self._closed) > self._most + self._at_once:
            self._evict()

    def reopen_case(self, case: CaseId) -> None:
        """Note that a case is open."""
        self._closed.pop(case, None)

    def record(self, case: CaseId) -> CaseRecord | None:
        """The case's record, from memory or from the file; the case is not moved."""
        view = self._views.get(case)
        if view is not None:
            return CaseRecord(view, self._clocks[case])
        value = None if self._table is None else self._table.get(case)
        return None if value is None else CASE_RECORD.decode(value)

    def __iter__(self) -> Iterator[CaseRecord]:
        for case, view in self._views.items():
            yield CaseRecord(view, self._clocks[case])
        for key, value in self._table or ():
            # A case that was loaded again has left its old record in the file.
            if key not in self._views:
                yield CASE_RECORD.decode(value)

    def __len__(self) -> int:
        return self._count

    @property
    def in_memory(self) -> int:
        """The number of cases in memory."""
        return len(self._views)

    def _evict(self) -> None:
        oldest = [case for case, _ in zip(self._closed, range(self._at_once), strict=False)]
        if self._table is None:
            self._table = EncryptedTempTable()
        records = ((case, CaseRecord(self._views[case], self._clocks[case])) for case in oldest)
        self._table.put((case, CASE_RECORD.encode(record)) for case, record in records)
        for case in oldest:
            del self._views[case], self._clocks[case], self._closed[case]
            self.on_evicted(case)

    def _load(self, case: CaseId) -> None:
        assert self._table is not None
        value = self._table.get(case)
        if value is None:
            return
        record = CASE_RECORD.decode(value)
        self._views[case] = record.view
        self._clocks[case] = record.clocks
        self.close_case(case)


class EncryptedTempTable:
    """A SQLite table in an unnamed, encrypted temporary file; its page cache has 2 MiB.

    The file loses its name before anything is written, and the key is in memory alone. Both are
    gone with the process, however it ends; a new process folds the log again.

    Raises:
        TempTableFailed: The directory for temporary files can't be written to.
    """

    def __init__(self) -> None:
        handle, name = tempfile.mkstemp(prefix="blo-")
        os.close(handle)
        path = Path(name)
        try:
            self._connection = apsw.Connection(name)
            self._prepare()
        except apsw.Error as error:
            raise TempTableFailed(error) from error
        finally:
            path.unlink()

    def put(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Put values in, replacing those of the same keys.

        Raises:
            TempTableFailed: The temporary file cannot be written.
        """
        try:
            with self._connection:
                self._connection.executemany("REPLACE INTO records VALUES (?, ?)", items)
        except apsw.Error as error:
            raise TempTableFailed(error) from error

    def get(self, key: bytes) -> bytes | None:
        """The value of a key.

        Raises:
            TempTableFailed: The temporary file cannot be read.
        """
        try:
            rows = self._connection.execute("SELECT value FROM records WHERE key = ?", (key,))
            row = rows.fetchone()
        except apsw.Error as error:
            raise TempTableFailed(error) from error
        return None if row is None else bytes(row[0])

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        try:
            for key, value in self._connection.execute("SELECT key, value FROM records"):
                yield bytes(key), bytes(value)
        except apsw.Error as error:
            raise TempTableFailed(error) from error

    def _prepare(self) -> None:
        connection = self._connection
        connection.pragma("cipher", "aegis")
        connection.pragma("key", f"raw:{os.urandom(_KEY_SIZE).hex()}")
        # A journal file would have a name, and nothing here must survive the process.
        connection.pragma("journal_mode", "off")
        connection.pragma("synchronous", "off")
        connection.pragma("locking_mode", "exclusive")
        connection.pragma("temp_store", "memory")
        connection.pragma("cache_size", -_CACHE_KIB)
        connection.execute("CREATE TABLE records (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
