"""Signed trees: the office's own, the witnesses', and refused ones."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.ids import LinkId, OfficeId

MAX_REFUSED: Final = 64
"""Refused checkpoints that are kept per link and signer; one shows it, more show the same."""


class Cosigned(NamedTuple):
    """The largest tree of a link that this office has cosigned; ``note`` has its signature."""

    link: LinkId
    size: int
    root: bytes
    note: bytes


class Witnessed(NamedTuple):
    """The largest checkpoint of a witness; ``note`` has its signature."""

    link: LinkId
    signer: OfficeId
    size: int
    root: bytes
    note: bytes


class QuorumNote(NamedTuple):
    """The largest tree of a link that a witness and all parties have signed."""

    link: LinkId
    size: int
    note: bytes


class RefusedTree(NamedTuple):
    """A checkpoint that this office refused: why, and the notes that show it.

    Attributes:
        link: The link.
        signer: Whose signature it carries.
        size: Its size.
        root: Its root.
        at: When it was refused, by the office's clock, Unix milliseconds.
        words: Why.
        note: The checkpoint.
        other: The checkpoint that it contradicts, if there is one; else empty.
    """

    link: LinkId
    signer: OfficeId
    size: int
    root: bytes
    at: int
    words: str
    note: bytes
    other: bytes


def put_cosigned(tx: Transaction, cosigned: Cosigned) -> None:
    """Stores what this office has cosigned last of a link."""
    tx.execute(
        "INSERT OR REPLACE INTO cosigned(link, size, root, note) VALUES (?, ?, ?, ?)", cosigned
    )


def get_cosigned(snapshot: Snapshot, link: LinkId) -> Cosigned | None:
    """What this office has cosigned last of a link."""
    row = snapshot.row("SELECT link, size, root, note FROM cosigned WHERE link = ?", (link,))
    return None if row is None else Cosigned(*row)


def put_witnessed(tx: Transaction, witnessed: Witnessed) -> None:
    """Stores a witness's checkpoint unless a larger one of it is there."""
    tx.execute(
        "INSERT INTO witnessed(link, signer, size, root, note) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT(link, signer) DO UPDATE"
        " SET size = excluded.size, root = excluded.root, note = excluded.note"
        " WHERE excluded.size > size",
        witnessed,
    )


def get_witnessed(snapshot: Snapshot, link: LinkId, signer: OfficeId) -> Witnessed | None:
    """A witness's largest checkpoint of a link."""
    row = snapshot.row(
        "SELECT link, signer, size, root, note FROM witnessed WHERE link = ? AND signer = ?",
        (link, signer),
    )
    return None if row is None else Witnessed(*row)


def put_quorum(tx: Transaction, quorum: QuorumNote) -> None:
    """Stores a checkpoint with all signatures unless a larger one is there."""
    tx.execute(
        "INSERT INTO quorums(link, size, note) VALUES (?, ?, ?) ON CONFLICT(link) DO UPDATE"
        " SET size = excluded.size, note = excluded.note WHERE excluded.size > size",
        quorum,
    )


def get_quorum(snapshot: Snapshot, link: LinkId) -> QuorumNote | None:
    """The largest checkpoint of a link with all signatures."""
    row = snapshot.row("SELECT link, size, note FROM quorums WHERE link = ?", (link,))
    return None if row is None else QuorumNote(*row)


def put_refused(tx: Transaction, refused: RefusedTree) -> bool:
    """Keeps a refused checkpoint; returns whether it is a new one for which there was room."""
    kept = _count(tx, refused.link, refused.signer)
    if kept >= MAX_REFUSED:
        return False
    return (
        tx.change(
            "INSERT INTO refused_checkpoints(link, signer, size, root, at, words, note, other)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            refused,
        )
        > 0
    )


def _count(snapshot: Snapshot, link: LinkId, signer: OfficeId) -> int:
    row = snapshot.row(
        "SELECT count(*) FROM refused_checkpoints WHERE link = ? AND signer = ?", (link, signer)
    )
    return 0 if row is None else int(row[0])


def refused_of(snapshot: Snapshot, link: LinkId) -> list[RefusedTree]:
    """The refused checkpoints of a link, the oldest first."""
    rows = snapshot.rows(
        "SELECT link, signer, size, root, at, words, note, other FROM refused_checkpoints"
        " WHERE link = ? ORDER BY at, signer, size, root",
        (link,),
    )
    return [RefusedTree(*row) for row in rows]
