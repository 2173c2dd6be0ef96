"""One process per store: an advisory lock that ends with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from blo_agent.store.errors import StoreFailed, StoreInUse


class StoreLock:
    """Holds the lock of a store from construction until ``release``.

    The lock is on a file of its own beside the store, because SQLite drops its own locks when any
    descriptor of the store's file is closed.

    Args:
        path: The store's file.

    Raises:
        StoreInUse: Another process, or another store object, holds it.
        StoreFailed: The folder can't be written.
    """

    def __init__(self, path: Path) -> None:
        beside = path.with_name(path.name + ".lock")
        try:
            self._descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            todo = "Let the program's user write the file and its folder"
            raise StoreFailed(path, error, todo) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise StoreInUse(path) from None

    def release(self) -> None:
        """Gives the lock back; does nothing the second time."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
