"""``Store``: the office's encrypted file with its one writer and its readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import apsw

from blo_agent.store.backup import VerifiedCopy, copy_to
from blo_agent.store.connection import failure_of, open_connection
from blo_agent.store.errors import StoreError, StoreMissing
from blo_agent.store.generation import check_generation
from blo_agent.store.lock import StoreLock
from blo_agent.store.reader import Query, ReaderPool
from blo_agent.store.schema import migrate
from blo_agent.store.writer import Job, Limits, Mend, StoreWriter

T = TypeVar("T")


class Store:
    """An open store. Used from one event loop, or from threads without one.

    Args:
        path: The file; made if it is not there.
        key: Its key, exactly 32 bytes.
        limits: Bounds of the writer.
        probe: For tests: see ``StoreWriter``.
        on_failure: Called once, from another thread, when the store has failed; it should make
            the program end, see ``blo_agent.store.writer``.

    Raises:
        ValueError: The key has another length.
        StoreInUse: Another process has the store open.
        WrongStoreKey: The file does not open with the key.
        NewerStore: The file was written by a newer program.
        StoreCorrupt: The file is damaged.
        StoreMixed: The file and its write-ahead log are of different moments.
        StoreFailed: The disk refuses to read or to write.
    """

    def __init__(
        self,
        path: Path,
        key: bytes,
        *,
        limits: Limits | None = None,
        probe: Callable[[str], None] | None = None,
        on_failure: Callable[[StoreError], None] | None = None,
    ) -> None:
        self.path = path
        self._lock = StoreLock(path)
        try:
            _prepare(path, key)
            self._connect = partial(open_connection, path, key)
            self._connect_reader = partial(open_connection, path, key, read_only=True)
            self._writer = StoreWriter(
                path,
                self._connect,
                limits=limits,
                probe=probe,
                on_failure=on_failure,
            )
            self._writer.start()
        except apsw.Error as error:
            self._lock.release()
            raise failure_of(path, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._readers = ReaderPool(path, self._connect_reader)

    @property
    def failure(self) -> StoreError | None:
        """Why the store has stopped; ``None`` while it has not failed."""
        return self._writer.failure

    async def failed(self) -> StoreError:
        """Waits until the store has failed, and returns the error."""
        return await self._writer.failed()

    @property
    def waiting(self) -> int:
        """How many jobs wait for the writer, for a metric."""
        return self._writer.waiting

    def mend_with(self, mend: Mend) -> None:
        """Have memory put back from the disk by ``mend`` whenever a job was rolled back."""
        self._writer.mend = mend

    def on_committed(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called on the event loop after each group of jobs that it waits for."""
        self._writer.on_committed = tell

    async def write(self, job: Job[T], *, undoable: bool = False) -> T:
        """Carries out ``job`` in the writer's thread; returns once it is on disk.

        See ``blo_agent.store.writer`` for what it promises.
        """
        return await self._writer.write(job, undoable=undoable)

    def submit(self, job: Job[T], *, undoable: bool = False) -> Future[T]:
        """As ``write``, for a thread without an event loop."""
        return self._writer.submit(job, undoable=undoable)

    async def read(self, query: Query[T]) -> T:
        """Runs ``query`` on the last committed state, in a reader's thread."""
        return await self._readers.read(query)

    def submit_read(self, query: Query[T]) -> Future[T]:
        """As ``read``, for a thread without an event loop."""
        return self._readers.submit(query)

    async def backup(self, destination: Path, key: bytes) -> VerifiedCopy:
        """Writes a consistent copy under ``key`` to a new file, and verifies it; the store goes on.

        Raises:
            BackupRefused: The destination exists, can't be written, or is not what was written.
            StoreCorrupt: The store is damaged.
        """
        return await asyncio.to_thread(self.backup_now, destination, key)

    def backup_now(self, destination: Path, key: bytes) -> VerifiedCopy:
        """As ``backup``, for a thread without an event loop."""
        source = self._connect_reader()
        try:
            return copy_to(source, destination, key)
        finally:
            source.close()

    async def checkpoint(self) -> bool:
        """Moves the write-ahead log into the file and empties it.

        After keys were shredded, this takes the last pages that held them off the disk. False: a
        reader was in the way for too long; try again later.
        """
        return await asyncio.to_thread(self.checkpoint_now)

    def checkpoint_now(self) -> bool:
        """As ``checkpoint``, for a thread without an event loop."""
        return self._writer.checkpoint().result()

    async def aclose(self) -> None:
        """Carries out the waiting jobs and closes the file, without blocking the event loop."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Carries out the waiting jobs and closes the file; may be called twice."""
        self._readers.close()
        self._writer.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_store(path: Path, key: bytes) -> Store:
    """Opens a store that is there; a file that is missing is not replaced by an empty one.

    Raises:
        StoreMissing: There is no file.
        StoreError: As ``Store``.
    """
    if not path.exists():
        raise StoreMissing(path)
    return Store(path, key)


def _prepare(path: Path, key: bytes) -> None:
    check_generation(path, key)
    connection = open_connection(path, key)
    try:
        migrate(connection, path)
    finally:
        connection.close()
