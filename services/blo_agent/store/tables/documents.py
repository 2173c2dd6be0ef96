"""Trust documents as they arrived, admitted or not (docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import DocumentId


class StoredDocument(NamedTuple):
    """A trust document.

    Attributes:
        id: Its id.
        document: The encoded ``SignedDocument``.
        admitted: Whether the trust rules admitted it; one that was not may be, later.
    """

    id: DocumentId
    document: bytes
    admitted: bool


def put(tx: Transaction, document: StoredDocument) -> bool:
    """Stores a document; returns whether that changed anything.

    One that was not admitted is replaced by a later copy, which may carry more signatures and
    then stands where it arrived first. One that was admitted stays as it is.
    """
    return (
        tx.change(
            "INSERT INTO documents(id, document, admitted) VALUES (?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET"
            " document = excluded.document, admitted = excluded.admitted WHERE admitted = 0",
            document,
        )
        > 0
    )


def iterate(snapshot: Snapshot) -> Iterator[StoredDocument]:
    """All documents, in the order in which they arrived first."""
    for row in snapshot.iterate("SELECT id, document, admitted FROM documents ORDER BY seq"):
        yield StoredDocument(row[0], row[1], bool(row[2]))
