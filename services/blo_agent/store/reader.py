"""A small pool of threads with read-only connections.

In WAL mode a reader works on the state of the last commit, is never blocked by the writer and
never blocks it, and can't see what is not committed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import apsw

from blo_agent.store.connection import CORRUPTION, Snapshot
from blo_agent.store.errors import StoreClosed, StoreCorrupt

T = TypeVar("T")
Query: TypeAlias = Callable[[Snapshot], T]

READERS: Final = 2


class ReaderPool:
    """Runs queries, each on one consistent state.

    Args:
        path: The store's file, for messages.
        connect: Opens a read-only connection.
        readers: Number of threads.
    """

    def __init__(
        self, path: Path, connect: Callable[[], apsw.Connection], *, readers: int = READERS
    ) -> None:
        self._path = path
        self._connect = connect
        self._own = threading.local()
        self._connections: list[apsw.Connection] = []
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")
        self._closed = False

    async def read(self, query: Query[T]) -> T:
        """Runs ``query`` and returns its value, which must not be an open iterator.

        Raises:
            StoreCorrupt: A page of the file is damaged.
            StoreClosed: The store was closed before.
        """
        return await asyncio.wrap_future(self.submit(query))

    def submit(self, query: Query[T]) -> Future[T]:
        """As ``read``, for a thread without an event loop.

        Raises:
            StoreClosed: The store was closed before.
        """
        if self._closed:
            raise StoreClosed(self._path)
        return self._pool.submit(self._run, query)

    def close(self) -> None:
        """Waits for the queries under way and closes the connections."""
        self._closed = True
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def _run(self, query: Query[T]) -> T:
        connection = self._connection()
        snapshot = Snapshot(connection)
        try:
            connection.execute("BEGIN DEFERRED")
            try:
                return query(snapshot)
            finally:
                snapshot.end()
                connection.execute("ROLLBACK")
        except CORRUPTION as error:
            raise StoreCorrupt(self._path, error) from error

    def _connection(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._connections.append(connection)
        return connection
