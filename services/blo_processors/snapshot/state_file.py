"""One link's state in an encrypted SQLite file: what is open is loaded, what is at rest stays there.

The file is written in one transaction from one ``commit`` to the next, so a crash leaves the state
of the last one. Every page is encrypted and authenticated, but a page of an earlier moment of the
same file would pass for a new one. Therefore

- rows of a series never change once they are written,
- rows of closed cases and of what is open have marks under a key, and the marks are summed (XOR)
  into the first record: a row that is missing, or of another moment, gives another sum,
- the known outputs' marks may be of another moment: then an output is only written once more.

Nothing that the first record does not confirm is given out.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from blo_processors.errors import (
    ProcessorError,
    StateDamaged,
    StateInUse,
    StateUnwritable,
    TempTableFailed,
)
from blo_schemas.processor_state import StateRowKind

T = TypeVar("T")

KEY_SIZE: Final = 32
CHUNK_SIZE: Final = 8192
"""Bytes of a series in one row."""
_MARK_SIZE: Final = 16
_BUCKETS: Final = 1024
"""Closed cases are summed up in so many groups; looking a case up reads the marks of one group."""
_CACHE_KIB: Final = 2048
_NO_SUM: Final = bytes(_MARK_SIZE)

_SCHEMA: Final = (
    "CREATE TABLE first (id INTEGER PRIMARY KEY CHECK (id = 0), value BLOB)",
    "CREATE TABLE open (kind INTEGER, name BLOB, value BLOB, PRIMARY KEY (kind, name)) WITHOUT ROWID",
    "CREATE TABLE parked (position INTEGER PRIMARY KEY, value BLOB)",
    "CREATE TABLE closed (id INTEGER PRIMARY KEY, bucket INTEGER, name BLOB, mark BLOB, value BLOB)",
    "CREATE UNIQUE INDEX closed_names ON closed (bucket, name, mark)",
    "CREATE TABLE series (name TEXT, number INTEGER, value BLOB, PRIMARY KEY (name, number)) WITHOUT ROWID",
    "CREATE TABLE outputs (name BLOB PRIMARY KEY, mark BLOB) WITHOUT ROWID",
)
_DAMAGE: Final = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError)


class StateFile:
    """The file; use ``temporary``, ``create`` or ``open``. One task at a time uses it.

    Args:
        connection: The keyed connection.
        key: The file's key, 32 bytes.
        path: Where it lies; ``None``: it has no name and ends with the program.

    Attributes:
        path: As above.
    """

    def __init__(self, connection: apsw.Connection, key: bytes, path: Path | None) -> None:
        self.path = path
        self._connection = connection
        self._row_key = blake2b(b"row", key=key).digest()[:KEY_SIZE]
        self._lock = threading.Lock()
        self._open_marks: dict[tuple[int, bytes], bytes] = {}
        self._open_sum = _NO_SUM
        self._parked_sum = _NO_SUM
        self._buckets = bytearray(_BUCKETS * _MARK_SIZE)
        self._is_synced = path is None

    @classmethod
    def temporary(cls) -> StateFile:
        """A file that loses its name before anything is written, under a key in memory alone.

        Both are gone with the process, however it ends.

        Raises:
            TempTableFailed: The directory for temporary files can't be written to.
        """
        key = os.urandom(KEY_SIZE)
        try:
            handle, name = tempfile.mkstemp(prefix="blo-")
        except OSError as error:
            raise TempTableFailed(error) from error
        os.close(handle)
        path = Path(name)
        try:
            made = cls(_connect(path, key, journal="off"), key, None)
            made._run(made._make)
        except apsw.Error as error:
            raise TempTableFailed(error) from error
        finally:
            path.unlink()
        return made

    @classmethod
    def create(cls, path: Path, key: bytes) -> StateFile:
        """A new file at a path where none is.

        Raises:
            StateUnwritable: The folder does not take it.
        """
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            made = cls(_connect(path, key, journal="truncate"), key, path)
        except (OSError, apsw.Error) as error:
            raise _error_of(path, error) from error
        made._run(made._make)
        return made

    @classmethod
    def open(cls, path: Path, key: bytes) -> StateFile:
        """A file that is there, as of its last commit.

        Raises:
            StateInUse: Another program has it open.
            StateDamaged: It is not a whole state file of this key.
            StateUnwritable: It can't be read for another reason.
        """
        try:
            made = cls(_connect(path, key, journal="truncate"), key, path)
        except (OSError, apsw.Error) as error:
            raise _error_of(path, error) from error
        try:
            made._run(made._begin)
        except BaseException:
            made.close()
            raise
        return made

    # The first record, and the transaction.

    def first(self) -> bytes | None:
        """What the last ``commit`` was given; its sums are taken over. ``None``: there was none.

        Raises:
            StateDamaged: It is not whole.
        """
        rows = self._rows("SELECT value FROM first")
        if not rows:
            return None
        value = bytes(rows[0][0])
        body, mark = value[:-_MARK_SIZE], value[-_MARK_SIZE:]
        size = 2 * _MARK_SIZE + len(self._buckets)
        if len(body) < size or self._mark(b"first", body) != mark:
            raise StateDamaged(self.path, "its first record is not whole")
        self._open_sum = body[:_MARK_SIZE]
        self._parked_sum = body[_MARK_SIZE : 2 * _MARK_SIZE]
        self._buckets = bytearray(body[2 * _MARK_SIZE : size])
        return body[size:]

    def commit(self, first: bytes) -> None:
        """Make everything that was written since the last time permanent, with a first record.

        Raises:
            StateUnwritable: The disk does not take it; the file must be thrown away.
        """
        body = self._open_sum + self._parked_sum + bytes(self._buckets) + first
        value = body + self._mark(b"first", body)
        self._run(lambda: self._commit(value))

    def close(self) -> None:
        """Close the file; what was not committed is gone."""
        with self._lock:
            self._connection.close()

    # What is open: loaded as a whole at a start.

    def load_open(self) -> dict[StateRowKind, dict[bytes, bytes]]:
        """All rows of what is open, by kind and name; to be called after ``first``.

        Raises:
            StateDamaged: They are not those of the last commit.
        """
        loaded: dict[StateRowKind, dict[bytes, bytes]] = {kind: {} for kind in StateRowKind}
        total = _NO_SUM
        for kind, name, value in self._rows("SELECT kind, name, value FROM open"):
            mark = self._mark(b"open", bytes((kind,)), name, value)
            total = _add(total, mark)
            self._open_marks[kind, name] = mark
            loaded[StateRowKind(kind)][name] = value
        if total != self._open_sum:
            raise StateDamaged(self.path, "what is open is not of its last commit")
        return loaded

    def put_open(self, kind: StateRowKind, name: bytes, value: bytes) -> None:
        """Write a row of what is open, replacing that of the same name."""
        mark = self._mark(b"open", bytes((kind,)), name, value)
        before = self._open_marks.get((kind, name), _NO_SUM)
        if mark == before:
            return
        self._rows("REPLACE INTO open VALUES (?, ?, ?)", (int(kind), name, value))
        self._open_marks[kind, name] = mark
        self._open_sum = _add(self._open_sum, _add(before, mark))

    def drop_open(self, kind: StateRowKind, name: bytes) -> None:
        """Remove a row of what is open, if there is one."""
        before = self._open_marks.pop((kind, name), None)
        if before is not None:
            self._rows("DELETE FROM open WHERE kind = ? AND name = ?", (int(kind), name))
            self._open_sum = _add(self._open_sum, before)

    def replace_open(self, kind: StateRowKind, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Let these be all rows of one kind; rows that stay as they are cost no writing."""
        left = {name for each, name in self._open_marks if each == kind}
        for name, value in rows:
            left.discard(name)
            self.put_open(kind, name, value)
        for name in left:
            self.drop_open(kind, name)

    # Records that wait for a key: no mark of them is in memory, however many wait.

    def parked(self) -> Iterator[bytes]:
        """The rows of waiting records, in log order, one query for many; after ``first``.

        Raises:
            StateDamaged: They are not those of the last commit; known after the last one.
        """
        after, total = -1, _NO_SUM
        while rows := self._rows(
            "SELECT position, value FROM parked WHERE position > ? ORDER BY position LIMIT 500",
            (after,),
        ):
            for position, value in rows:
                after = position
                total = _add(total, self._parked_mark(position, value))
                yield bytes(value)
        if total != self._parked_sum:
            raise StateDamaged(self.path, "waiting records are not those of its last commit")

    def put_parked(self, position: int, value: bytes) -> None:
        """Write the row of a record that waits from now on."""
        self._rows("INSERT INTO parked VALUES (?, ?)", (position, value))
        self._parked_sum = _add(self._parked_sum, self._parked_mark(position, value))

    def drop_parked(self, position: int) -> None:
        """Remove the row of a record that waits no more."""
        for (value,) in self._rows(
            "DELETE FROM parked WHERE position = ? RETURNING value", (position,)
        ):
            self._parked_sum = _add(self._parked_sum, self._parked_mark(position, value))

    def _parked_mark(self, position: int, value: bytes) -> bytes:
        return self._mark(b"parked", position.to_bytes(8, "big"), value)

    # Closed cases: looked up one by one.

    def closed(self, name: bytes) -> bytes | None:
        """The value of a closed case; ``None``: it is certain that there is none.

        Raises:
            StateDamaged: The rows are not those that were written last.
        """
        bucket = self._bucket(name)
        expected = bytes(self._buckets[bucket * _MARK_SIZE : (bucket + 1) * _MARK_SIZE])
        if expected == _NO_SUM:
            return None
        total, mark = _NO_SUM, None
        for each, its_mark in self._rows(
            "SELECT name, mark FROM closed WHERE bucket = ?", (bucket,)
        ):
            total = _add(total, its_mark)
            if each == name:
                mark = its_mark
        if total != expected:
            raise StateDamaged(self.path, "closed cases are not those that were written last")
        if mark is None:
            return None
        rows = self._rows("SELECT value FROM closed WHERE bucket = ? AND name = ?", (bucket, name))
        if not rows or self._mark(b"closed", name, rows[0][0]) != mark:
            raise StateDamaged(self.path, "a closed case is not the one that was written last")
        return bytes(rows[0][0])

    def put_closed(self, name: bytes, value: bytes) -> None:
        """Write a closed case, replacing its former value."""
        bucket, mark = self._bucket(name), self._mark(b"closed", name, value)
        where = slice(bucket * _MARK_SIZE, (bucket + 1) * _MARK_SIZE)
        total = bytes(self._buckets[where])
        for (before,) in self._rows(
            "DELETE FROM closed WHERE bucket = ? AND name = ? RETURNING mark", (bucket, name)
        ):
            total = _add(total, before)
        self._rows(
            "INSERT INTO closed (bucket, name, mark, value) VALUES (?, ?, ?, ?)",
            (bucket, name, mark, value),
        )
        self._buckets[where] = _add(total, mark)

    def closed_cases(self) -> Iterator[tuple[bytes, bytes]]:
        """All closed cases, by name and value, one query each; the file may change meanwhile.

        Raises:
            StateDamaged: A row is not what was written.
        """
        after = -1
        while rows := self._rows(
            "SELECT id, name, mark, value FROM closed WHERE id > ? ORDER BY id LIMIT 100", (after,)
        ):
            for number, name, mark, value in rows:
                after = number
                if self._mark(b"closed", name, value) != mark:
                    raise StateDamaged(self.path, "a closed case is not what was written")
                yield bytes(name), bytes(value)

    # Series: bytes that grow with the log.

    def chunk(self, name: str, number: int) -> bytes:
        """A full chunk of a series.

        Raises:
            StateDamaged: It is not there.
        """
        rows = self._rows("SELECT value FROM series WHERE name = ? AND number = ?", (name, number))
        if not rows or len(rows[0][0]) != CHUNK_SIZE:
            raise StateDamaged(self.path, f"chunk {number} of the series {name!r} is missing")
        return bytes(rows[0][0])

    def put_chunk(self, name: str, number: int, value: bytes) -> None:
        """Write the next full chunk of a series."""
        self._rows("INSERT INTO series VALUES (?, ?, ?)", (name, number, value))

    # Marks of outputs that are on the topics.

    def output_mark(self, name: bytes) -> bytes | None:
        """The mark under a name, if there is one."""
        rows = self._rows("SELECT mark FROM outputs WHERE name = ?", (name,))
        return bytes(rows[0][0]) if rows else None

    def output_marks(self) -> Iterator[tuple[bytes, bytes]]:
        """All names and their marks, one query for many."""
        after: bytes | None = None
        first = "SELECT name, mark FROM outputs ORDER BY name LIMIT 500"
        further = "SELECT name, mark FROM outputs WHERE name > ? ORDER BY name LIMIT 500"
        while rows := self._rows(first) if after is None else self._rows(further, (after,)):
            after = rows[-1][0]
            yield from ((bytes(name), bytes(mark)) for name, mark in rows)

    def put_output_mark(self, name: bytes, mark: bytes) -> None:
        """Write a mark, replacing that of the same name."""
        self._rows("REPLACE INTO outputs VALUES (?, ?)", (name, mark))

    # Below.

    def _mark(self, *parts: bytes) -> bytes:
        hashed = blake2b(key=self._row_key, digest_size=_MARK_SIZE)
        for part in parts:
            hashed.update(len(part).to_bytes(4, "big"))
            hashed.update(part)
        return hashed.digest()

    def _bucket(self, name: bytes) -> int:
        # Under the key, so that nobody makes ids that all fall into one group.
        return int.from_bytes(self._mark(b"bucket", name)[:4], "big") % _BUCKETS

    def _rows(self, sql: str, bindings: Sequence[Any] = ()) -> list[Any]:
        return self._run(lambda: self._connection.execute(sql, bindings).fetchall())

    def _make(self) -> None:
        for statement in _SCHEMA:
            self._connection.execute(statement)
        self._connection.execute("BEGIN IMMEDIATE")

    def _begin(self) -> None:
        self._connection.pragma("synchronous", "full")
        self._is_synced = True
        self._connection.execute("BEGIN EXCLUSIVE")
        self._connection.execute("SELECT count(*) FROM first").fetchall()

    def _commit(self, value: bytes) -> None:
        if not self._is_synced:
            # The first commit's rows were not synced one by one; the next transaction does that.
            self._connection.execute("COMMIT")
            self._connection.pragma("synchronous", "full")
            self._connection.execute("BEGIN IMMEDIATE")
            self._is_synced = True
        self._connection.execute("REPLACE INTO first VALUES (0, ?)", (value,))
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")

    def _run(self, work: Callable[[], T]) -> T:
        with self._lock:
            try:
                return work()
            except apsw.Error as error:
                raise _error_of(self.path, error) from error


def _connect(path: Path, key: bytes, *, journal: str) -> apsw.Connection:
    if len(key) != KEY_SIZE:
        # SQLite3 Multiple Ciphers would take a raw key of another length as a passphrase.
        raise ValueError(f"the key of a state file has {KEY_SIZE} bytes, not {len(key)}")
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.pragma("cipher", "aegis")
        connection.pragma("key", f"raw:{key.hex()}")
        connection.pragma("locking_mode", "exclusive")
        connection.pragma("journal_mode", journal)
        connection.pragma("synchronous", "off")
        connection.pragma("temp_store", "memory")
        connection.pragma("cache_size", -_CACHE_KIB)
    except BaseException:
        connection.close()
        raise
    return connection


def _error_of(path: Path | None, error: Exception) -> ProcessorError:
    if path is None:
        return TempTableFailed(error)
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StateInUse(path)
    if isinstance(error, _DAMAGE):
        return StateDamaged(path, str(error))
    return StateUnwritable(path, error)


def _add(total: bytes, mark: bytes) -> bytes:
    return (int.from_bytes(total, "big") ^ int.from_bytes(mark, "big")).to_bytes(_MARK_SIZE, "big")
