"""Opens the encrypted file; the handles that jobs and readers get.

The cipher is AEGIS of SQLite3 Multiple Ciphers with a raw 32-byte key: each page is encrypted
and authenticated, in the file and in its write-ahead log.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any, Final, NoReturn, TypeAlias

import apsw

from blo_agent.store.errors import StoreCorrupt, StoreError, StoreFailed, WrongStoreKey
from blo_projection.errors import ParkingFailed
from blo_runtime.incidents import is_own_failure

KEY_SIZE: Final = 32
PAGE_SIZE: Final = 8192
"""Bytes of a page of a new file: seven events with 1 KiB of content, where 4096 would hold three."""
BUSY_TIMEOUT_MS: Final = 5_000
CACHE_KIB: Final = 16 * 1024
"""Decrypted pages that the writer keeps; each one that it does not have is decrypted anew."""
WAL_LIMIT: Final = 64 * 1024 * 1024
"""Bytes to which the write-ahead log is cut back after a checkpoint."""

Value: TypeAlias = bytes | str | int | None
Bindings: TypeAlias = Sequence[Value]
Row: TypeAlias = tuple[Any, ...]

CORRUPTION: Final = (apsw.CorruptError, apsw.NotADBError)
_FAULTS_OF_STATEMENTS: Final = (
    apsw.BindingsError,
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.RangeError,
    apsw.SQLError,
    apsw.TooBigError,
)
"""What SQLite says of a statement or its values; anything else that it says is of the file."""


def open_connection(path: Path, key: bytes, *, read_only: bool = False) -> apsw.Connection:
    """Opens, or makes, an encrypted file in the mode that the store relies on.

    Args:
        path: The file; made with mode 0600 if it is not there.
        key: Exactly 32 bytes.
        read_only: Whether the connection must not write.

    Raises:
        ValueError: The key has another length.
        WrongStoreKey: The file does not open with the key.
        StoreCorrupt: The file opens, but its first pages are damaged.
    """
    check_key_size(key)
    flags = apsw.SQLITE_OPEN_READONLY
    if not read_only:
        flags = apsw.SQLITE_OPEN_READWRITE
        _make(path)
    connection = apsw.Connection(str(path), flags=flags)
    try:
        # The key is set before anything is read from the file.
        connection.pragma("cipher", "aegis")
        connection.pragma("key", f"raw:{key.hex()}")
        connection.pragma("page_size", PAGE_SIZE)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        _configure(connection, read_only=read_only)
    except apsw.NotADBError:
        connection.close()
        raise WrongStoreKey(path) from None
    except apsw.CorruptError as error:
        connection.close()
        raise StoreCorrupt(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def check_key_size(key: bytes) -> None:
    """Refuse a key that SQLite3 Multiple Ciphers would take as a passphrase.

    Raises:
        ValueError: The key has another length than 32 bytes.
    """
    if len(key) != KEY_SIZE:
        raise ValueError(f"the store's key has {KEY_SIZE} bytes, not {len(key)}")


def open_alone(path: Path, key: bytes) -> apsw.Connection:
    """Opens a file as it is without its write-ahead log, only to look at it.

    Nobody else may have the file open.

    Raises:
        ValueError: The key has another length.
        apsw.Error: It does not open.
    """
    check_key_size(key)
    uri = f"{path.absolute().as_uri()}?immutable=1"
    connection = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    connection.pragma("cipher", "aegis")
    connection.pragma("key", f"raw:{key.hex()}")
    return connection


def _make(path: Path) -> None:
    # Only if it is not there: closing any descriptor of an open store would drop SQLite's locks.
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _configure(connection: apsw.Connection, *, read_only: bool) -> None:
    # Statement journals and sorts would otherwise go to a plaintext temporary file.
    connection.pragma("temp_store", "memory")
    if read_only:
        return
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("journal_size_limit", WAL_LIMIT)
    # The writer alone moves the log into the file, because a new generation begins with it.
    connection.wal_autocheckpoint(0)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    # A shredded key must not stay behind in a free page.
    connection.pragma("secure_delete", 1)
    # So that INSERT OR REPLACE can't get around the journal's triggers.
    connection.pragma("recursive_triggers", 1)
    connection.transaction_mode = "IMMEDIATE"


class Snapshot:
    """Reads one consistent, committed state of the store.

    It is valid only inside the function it was handed to; so are iterators taken from it.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: apsw.Connection | _OfThread) -> None:
        self._connection: apsw.Connection | _OfThread | _Ended = connection

    def rows(self, sql: str, bindings: Bindings = ()) -> list[Row]:
        """All rows of a query."""
        return self._connection.execute(sql, bindings).fetchall()

    def iterate(self, sql: str, bindings: Bindings = ()) -> Iterator[Row]:
        """The rows of a query one by one, for results too large for a list."""
        return self._connection.execute(sql, bindings)

    def row(self, sql: str, bindings: Bindings = ()) -> Row | None:
        """The first row of a query, if there is one."""
        return self._connection.execute(sql, bindings).fetchone()

    def value(self, sql: str, bindings: Bindings = ()) -> Any:
        """The first column of the first row; ``None`` if there is no row."""
        row = self._connection.execute(sql, bindings).fetchone()
        return None if row is None else row[0]

    def end(self) -> None:
        """Makes every later use of this handle fail."""
        self._connection = _ENDED

    def lasting(self) -> Snapshot:
        """The same reads, for what lives in this thread's memory from job to job.

        It sees what the job under way has written. Every use in another thread fails.
        """
        connection = self._connection
        if not isinstance(connection, apsw.Connection):
            raise RuntimeError("only a handle of the job under way can be made to last")
        return Snapshot(_OfThread(connection))


class Transaction(Snapshot):
    """Reads and writes inside the writer's current transaction.

    Attributes:
        memo: What its jobs have written and would read again, by whoever keeps it; empty whenever
            something was taken back.
    """

    __slots__ = ("memo",)

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)
        self.memo: dict[str, Any] = {}

    def execute(self, sql: str, bindings: Bindings = ()) -> None:
        """Runs one statement that returns no rows."""
        self._connection.execute(sql, bindings)

    def execute_many(self, sql: str, rows: Iterable[Bindings]) -> None:
        """Runs one statement once for each of ``rows``."""
        self._connection.executemany(sql, rows)

    def insert(self, sql: str, bindings: Bindings) -> int:
        """Runs one INSERT and returns the new row's id."""
        self._connection.execute(sql, bindings)
        return self._connection.last_insert_rowid()

    def change(self, sql: str, bindings: Bindings = ()) -> int:
        """Runs one statement and returns how many rows it changed."""
        self._connection.execute(sql, bindings)
        return self._connection.changes()

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the job: what it has written is taken back if it raises.

        What it has changed in memory is not; whoever catches the error puts that back.
        """
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO part")
            self.memo.clear()
            self._connection.execute("RELEASE part")
            raise
        self._connection.execute("RELEASE part")


class _OfThread:
    """A connection for reads in the thread that has made this object."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._thread = get_ident()

    def execute(self, sql: str, bindings: Bindings = ()) -> apsw.Cursor:
        if get_ident() != self._thread:
            raise RuntimeError("the memory of the store's thread was used in another one")
        return self._connection.execute(sql, bindings)

    def executemany(self, sql: str, rows: Iterable[Bindings]) -> NoReturn:
        raise RuntimeError("a handle that lasts only reads")

    def last_insert_rowid(self) -> NoReturn:
        self.executemany("", ())

    def changes(self) -> NoReturn:
        self.executemany("", ())


class _Ended:
    """Stands in for the connection of a handle that was kept too long."""

    def execute(self, sql: str, bindings: Bindings = ()) -> NoReturn:
        raise RuntimeError("a transaction was used after the job it belonged to had ended")

    def executemany(self, sql: str, rows: Iterable[Bindings]) -> NoReturn:
        self.execute(sql)

    def last_insert_rowid(self) -> NoReturn:
        self.execute("")

    def changes(self) -> NoReturn:
        self.execute("")


_ENDED: Final = _Ended()


def is_store_failure(error: BaseException) -> bool:
    """Whether an error says that the disk or the memory has failed, and not what was to be done.

    After such an error nothing is known of the file, so the program must end.
    """
    if isinstance(error, apsw.Error):
        return not isinstance(error, _FAULTS_OF_STATEMENTS)
    return (
        isinstance(error, StoreError | ParkingFailed)
        or not isinstance(error, Exception)
        or is_own_failure(error)
    )


_REMEDIES: Final[dict[type[BaseException], str]] = {
    apsw.FullError: "Make room on its disk",
    apsw.ReadOnlyError: "Let the program's user write the file and its folder",
    apsw.CantOpenError: "Let the program's user write the file and its folder",
    apsw.IOError: "Check its disk: room, rights, health; the system's log says more",
}
"""What to do about what SQLite says of the disk."""


def failure_of(path: Path, cause: BaseException) -> StoreError:
    """The store's own error for whatever stopped it."""
    if isinstance(cause, CORRUPTION):
        return StoreCorrupt(path, cause)
    todo = next((todo for kind, todo in _REMEDIES.items() if isinstance(cause, kind)), "")
    return StoreFailed(path, cause, todo)
