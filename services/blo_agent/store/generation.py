"""Generations: the numbers that tell which write-ahead log belongs to which file.

SQLite plays back a write-ahead log on whatever file lies beside it, if the log is whole in itself.
So the store has a *generation*: a random number in the file's first page (``PRAGMA
application_id``), where it can be read without the log. It changes with the last transaction of a
log before that is moved into the file (``end_generation``), and with the first one of the next log
(``begin_generation``). Each log says beside which numbers of the file it may lie: the one that it
began on, and after its last transaction its own. Every other pair is a mixture.
"""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from blo_agent.store.connection import CORRUPTION, Transaction, open_alone, open_connection
from blo_agent.store.errors import StoreCorrupt, StoreError, StoreMixed
from blo_agent.store.tables import meta

BASE: Final = "generation/base"
"""Under which name the store keeps the numbers beside which its log may lie, 4 bytes each."""
MOST_NUMBERS: Final = 64
"""So many of them are kept; there are more than two only while readers disturb checkpoints."""
_SALT_AT: Final = 16
_SALT_SIZE: Final = 8


def log_of(path: Path) -> Path:
    """Where the write-ahead log of a file lies."""
    return path.with_name(path.name + "-wal")


def check_generation(path: Path, key: bytes) -> None:
    """Check that a file and the write-ahead log beside it are of one moment; changes neither.

    Nobody else may have the file open.

    Raises:
        StoreMixed: They are not.
        StoreCorrupt: The file is damaged, with its log and without it.
        WrongStoreKey: The file does not open with the key.
    """
    log = log_of(path)
    if not path.exists() or not log.exists() or not log.stat().st_size:
        return
    alone = _number_alone(path, key)
    if alone is None:
        return  # The page was being copied when the machine failed; only the log has it.
    try:
        connection = open_connection(path, key, read_only=True)
    except StoreError as error:
        raise _refusal(path, key, log, error) from error
    try:
        # A mixture must not be written into the file by whoever closes it last.
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        numbers = _numbers(connection)
    except CORRUPTION as error:
        raise _refusal(path, key, log, error) from error
    finally:
        connection.close()
    if alone not in numbers:
        raise StoreMixed(path, log)


def end_generation(connection: apsw.Connection) -> list[int]:
    """Write the last transaction of a log, which is to be moved into the file.

    Args:
        connection: The only connection that writes.

    Returns:
        The numbers that the file may have until the log was emptied; the last one is the log's own.
    """
    before: int = connection.pragma("application_id")
    number = _new_number()
    numbers = [*_numbers(connection), before, number]
    _write(connection, number, numbers)
    return numbers


def begin_generation(connection: apsw.Connection, numbers: list[int]) -> None:
    """Write the first transaction of a log, or go on with one that could not be emptied.

    Args:
        connection: The only connection that writes.
        numbers: The numbers that the file may have.
    """
    _write(connection, _new_number(), numbers)


def log_salt(path: Path) -> bytes:
    """What SQLite changes in the head of a write-ahead log whenever it begins it anew."""
    try:
        with log_of(path).open("rb") as file:
            return file.read(_SALT_AT + _SALT_SIZE)[_SALT_AT:]
    except FileNotFoundError:
        return b""


def _number_alone(path: Path, key: bytes) -> int | None:
    """The number in the file without its log; ``None``: its first page can't be read."""
    try:
        connection = open_alone(path, key)
    except apsw.Error:
        return None
    try:
        number: int = connection.pragma("application_id")
    except apsw.Error:
        return None
    finally:
        connection.close()
    return number


def _refusal(path: Path, key: bytes, log: Path, error: BaseException) -> StoreError:
    """Why the two can't be read together: the file is damaged also by itself, or they are mixed."""
    try:
        with closing(open_alone(path, key)) as connection:
            _numbers(connection)
    except CORRUPTION:
        return StoreCorrupt(path, error)
    return StoreMixed(path, log)


def _numbers(connection: apsw.Connection) -> list[int]:
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (BASE,)).fetchone()
    except apsw.SQLError:
        return [0]  # A file whose tables are still to be made.
    stored = bytes(4) if row is None else row[0]
    return [int.from_bytes(stored[at : at + 4], "big") for at in range(0, len(stored), 4)]


def _write(connection: apsw.Connection, number: int, numbers: list[int]) -> None:
    kept = [*numbers[:1], *numbers[1:][1 - MOST_NUMBERS :]]
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.pragma("application_id", number)
        stored = b"".join(each_number.to_bytes(4, "big") for each_number in kept)
        meta.put(Transaction(connection), BASE, stored)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _new_number() -> int:
    return 1 + secrets.randbelow(2**31 - 1)
