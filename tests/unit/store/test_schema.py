"""Bringing a file to the newest version, or refusing it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from blo_agent.store.connection import open_connection
from blo_agent.store.errors import NewerStore
from blo_agent.store.schema import MIGRATIONS, SCHEMA_VERSION, migrate
from tests.unit.store.conftest import KEY, OpenStore

FIRST = "CREATE TABLE one(a INTEGER) STRICT"
SECOND = "CREATE TABLE two(a INTEGER) STRICT; INSERT INTO two SELECT a FROM one;"


def tables(connection: apsw.Connection) -> set[str]:
    return {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_schema").fetchall()}


def test_a_new_file_gets_the_newest_version(store_path: Path) -> None:
    connection = open_connection(store_path, KEY)
    assert migrate(connection, store_path) == 0
    assert connection.pragma("user_version") == SCHEMA_VERSION
    assert migrate(connection, store_path) == SCHEMA_VERSION
    connection.close()


def test_an_older_file_gets_what_it_lacks_and_keeps_its_rows(store_path: Path) -> None:
    connection = open_connection(store_path, KEY)
    migrate(connection, store_path, (FIRST,))
    connection.execute("INSERT INTO one VALUES (7)")
    assert migrate(connection, store_path, (FIRST, SECOND)) == 1
    assert connection.execute("SELECT a FROM two").fetchall() == [(7,)]
    assert connection.pragma("user_version") == 2
    connection.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(store_path: Path) -> None:
    connection = open_connection(store_path, KEY)
    migrate(connection, store_path, (FIRST,))
    with pytest.raises(apsw.SQLError):
        migrate(connection, store_path, (FIRST, SECOND, "CREATE NONSENSE"))
    assert tables(connection) == {"one"}
    assert connection.pragma("user_version") == 1
    connection.close()


def test_a_newer_file_is_refused_in_words_and_left_alone(
    open_store: OpenStore, store_path: Path
) -> None:
    connection = open_connection(store_path, KEY)
    migrate(connection, store_path, (*MIGRATIONS, FIRST))
    connection.close()
    with pytest.raises(NewerStore, match="newer program") as caught:
        open_store()
    assert (caught.value.found, caught.value.known) == (SCHEMA_VERSION + 1, SCHEMA_VERSION)
    connection = open_connection(store_path, KEY)
    assert "one" in tables(connection)
    assert connection.pragma("user_version") == SCHEMA_VERSION + 1
    connection.close()


def test_columns_hold_only_what_they_are_declared_for(store_path: Path) -> None:
    connection = open_connection(store_path, KEY)
    migrate(connection, store_path)
    with pytest.raises(apsw.ConstraintError):
        connection.execute("INSERT INTO links VALUES ('a', 'many', x'00', x'00')")
    connection.close()
