"""The digest of all rows of a store: two stores with one digest hold the same."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import Final

import apsw

from blo_agent.store.generation import BASE
from blo_agent.store.tables import meta
from blo_schemas.codec import encode
from blo_schemas.ids import Digest

_OF_A_FILE: Final = (BASE, meta.RESTORED, meta.BACKUP)
"""Values that belong to a file and not to what it holds: its generation, whether it is a copy."""
_AT_ONCE: Final = 256
"""So many rows are hashed together."""
_LABEL: Final = b"blo/store-content/v1\0"


def content_digest(connection: apsw.Connection) -> Digest:
    """The digest of the tables' definitions and of all their rows, in the order of their keys.

    Reads the whole store. The generation of the file, and the marks of a copy, are left out.

    Raises:
        apsw.CorruptError: A page is damaged.
    """
    schema = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    ).fetchall()
    digest = sha256(_LABEL + encode(schema))
    for kind, name, _, sql in schema:
        if kind == "table" and not str(sql).upper().startswith("CREATE VIRTUAL"):
            digest.update(encode(name))
            rows = _rows(connection, str(name))
            while some := list(islice(rows, _AT_ONCE)):
                digest.update(encode(some))
    return Digest(digest.digest())


def _rows(connection: apsw.Connection, table: str) -> apsw.Cursor:
    """The rows of a table, straight from it: an index would give them in another order."""
    # A name comes from the file, and SQL takes no name as a parameter.
    quoted = table.replace('"', '""')
    if table != "meta":
        return connection.execute(f'SELECT * FROM "{quoted}" NOT INDEXED')  # noqa: S608
    return connection.execute(
        "SELECT * FROM meta NOT INDEXED WHERE key NOT IN (?, ?, ?)", _OF_A_FILE
    )
