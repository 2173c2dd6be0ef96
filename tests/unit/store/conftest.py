"""Stores for tests, closed at their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.schema import MIGRATIONS

KEY = bytes(range(32))
OpenStore = Callable[..., Store]


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "office.db"


@pytest.fixture
def open_store(store_path: Path) -> Iterator[OpenStore]:
    """Opens the test's store; keyword arguments go to ``Store``."""
    opened: list[Store] = []

    def start(key: bytes = KEY, **options: object) -> Store:
        store = Store(store_path, key, **options)  # type: ignore[arg-type]
        opened.append(store)
        return store

    yield start
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()


@pytest.fixture
def tx() -> Transaction:
    """A transaction on tables in memory."""
    connection = apsw.Connection(":memory:")
    for script in MIGRATIONS:
        connection.execute(script)
    return Transaction(connection)
