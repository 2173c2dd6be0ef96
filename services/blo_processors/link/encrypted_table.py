"""What is not needed in memory: a table in an encrypted file that nobody can find.

The file has lost its name before anything is written to it, and its key is in memory alone. So
both are gone with the process, however that ends; a new one folds the log again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import apsw

from blo_processors.errors import TempTableFailed

_KEY_SIZE: Final = 32
_CACHE_KIB: Final = 2048


class EncryptedTempTable:
    """Values by key, on disk; at most some 2 MiB of them in memory.

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
            TempTableFailed: The disk does not take them.
        """
        try:
            with self._connection:
                self._connection.executemany("REPLACE INTO kept VALUES (?, ?)", items)
        except apsw.Error as error:
            raise TempTableFailed(error) from error

    def get(self, key: bytes) -> bytes | None:
        """The value of a key.

        Raises:
            TempTableFailed: The disk does not give it.
        """
        try:
            found = self._connection.execute("SELECT value FROM kept WHERE key = ?", (key,))
            row = found.fetchone()
        except apsw.Error as error:
            raise TempTableFailed(error) from error
        return None if row is None else bytes(row[0])

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        try:
            for key, value in self._connection.execute("SELECT key, value FROM kept"):
                yield bytes(key), bytes(value)
        except apsw.Error as error:
            raise TempTableFailed(error) from error

    def _prepare(self) -> None:
        connection = self._connection
        connection.pragma("cipher", "aegis")
        connection.pragma("key", f"raw:{os.urandom(_KEY_SIZE).hex()}")
        # A journal would have a name; what is in here needs to outlast nothing.
        connection.pragma("journal_mode", "off")
        connection.pragma("synchronous", "off")
        connection.pragma("locking_mode", "exclusive")
        connection.pragma("temp_store", "memory")
        connection.pragma("cache_size", -_CACHE_KIB)
        connection.execute("CREATE TABLE kept (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
