"""Moves the write-ahead log into the store's file and begins a new generation with it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from blo_agent.store.connection import BUSY_TIMEOUT_MS
from blo_agent.store.generation import begin_generation, end_generation, log_salt

CHECKPOINT_PAGES: Final = 2000
"""From so many pages on, the write-ahead log is moved into the file."""
RETRY_PAGES: Final = 125
"""A reader was in the way: it is tried again after so many more pages."""


class WriteAheadLog:
    """The write-ahead log of the writer's connection; used in the writer's thread, between groups.

    Args:
        connection: The writer's connection; its write-ahead log hook is taken.
        path: The store's file.
    """

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._pages = 0
        self._empty_at = CHECKPOINT_PAGES
        connection.set_wal_hook(self._note_pages)

    @property
    def is_due(self) -> bool:
        """Whether so many pages have gathered that the log is to be emptied."""
        return self._pages >= self._empty_at

    def empty(self, busy_timeout_ms: int | None = None) -> bool:
        """Move the log into the file; False: a reader was in the way for too long.

        Args:
            busy_timeout_ms: How long a reader is waited for; ``None``: as long as any writer waits.
        """
        connection = self._connection
        salt = log_salt(self._path)
        numbers = end_generation(connection)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS if busy_timeout_ms is None else busy_timeout_ms)
        try:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            is_empty = True
        except apsw.BusyError:
            is_empty = False
        finally:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        begin_generation(connection, numbers[-1:] if is_empty else numbers)
        if not is_empty and log_salt(self._path) != salt:
            # All had been moved, and SQLite has begun the log anew with what was just written.
            begin_generation(connection, numbers[-1:])
        self._empty_at = CHECKPOINT_PAGES if is_empty else self._pages + RETRY_PAGES
        return is_empty

    def _note_pages(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK
