"""Files of steps: what is known of each, and its bytes in pieces of a chunk's size."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.files import FILE_ID_SIZE
from blo_schemas.ids import CaseId, FileId, LinkId, OfficeId

_SELECT: Final = (
    "SELECT seq, id, file_id, link, case_id, office, state, name, media_type, size, sha256, done,"
    " actor, at, position, log_time, finding, read_to FROM files"
)
_INSERT: Final = (
    "INSERT INTO files(id, file_id, link, case_id, office, state, name, media_type, size, sha256,"
    " done, actor, at, position, log_time, finding, read_to)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE: Final = (
    "UPDATE files SET link = ?, case_id = ?, office = ?, state = ?, name = ?, media_type = ?,"
    " size = ?, sha256 = ?, done = ?, actor = ?, at = ?, position = ?, log_time = ?, finding = ?, read_to = ?"
    " WHERE seq = ?"
)
_IN_STATES: Final = "state IN (SELECT value FROM json_each(?))"
_COUNT: Final = (
    "SELECT count(*), coalesce(sum(size), 0) FROM files"
    " WHERE state IN (SELECT value FROM json_each(?))"
)
_LABEL: Final = b"blo/stored-file/v1\0"


class FileState(StrEnum):
    """Where a file stands. The first five are of files that this office sends."""

    UPLOADING = "uploading"
    READY = "ready"
    NAMED = "named"
    SENDING = "sending"
    SENT = "sent"
    ANNOUNCED = "announced"
    FETCHING = "fetching"
    WHOLE = "whole"
    FAULTY = "faulty"
    LET_GO = "let_go"


KEPT: Final = frozenset(
    {
        FileState.UPLOADING,
        FileState.READY,
        FileState.NAMED,
        FileState.SENDING,
        FileState.SENT,
        FileState.FETCHING,
        FileState.WHOLE,
    }
)
"""The states in which a file takes room in the store, or will."""

READABLE: Final = frozenset(
    {FileState.READY, FileState.NAMED, FileState.SENDING, FileState.SENT, FileState.WHOLE}
)
"""The states in which all bytes are here, and their hash was compared."""


class FileFinding(StrEnum):
    """What is wrong with a file that an event names. The list is closed."""

    MISSING_CHUNKS = "missing_chunks"
    WRONG_CHUNKS = "wrong_chunks"
    WRONG_HASH = "wrong_hash"


class NewFileRow(NamedTuple):
    """A file.

    Attributes:
        id: The node's own name of it, 16 bytes.
        file: Its id on the wire.
        link: The link.
        case: The case; ``None``: it waits for the step that opens one.
        office: Who sends it.
        state: Where it stands.
        name: Its name.
        media_type: What it is, by its content.
        size: Bytes.
        sha256: SHA-256 of its bytes, as somebody has said it or as it was computed.
        done: Bytes that came of an upload; else chunks that were sent, or fetched.
        actor: Who has uploaded it, or wanted it.
        at: When it came to its state, Unix milliseconds.
        position: Log position of the first event that names it.
        log_time: Log time of that event, Unix milliseconds.
        finding: What is wrong with it.
        read_to: The offset in the log of files from which its chunks are looked for; ``None``: that
            of the event's log time.
    """

    id: bytes
    file: FileId
    link: LinkId
    case: CaseId | None
    office: OfficeId
    state: FileState
    name: str
    media_type: str
    size: int
    sha256: bytes | None
    done: int
    actor: str
    at: int
    position: int | None = None
    log_time: int | None = None
    finding: FileFinding | None = None
    read_to: int | None = None


class FileRow(NamedTuple):
    """A stored file: its number in the store, and what is known of it."""

    seq: int
    about: NewFileRow


class Withdrawal(NamedTuple):
    """Chunks of a shredded case that this office has sent, and deletes at the broker."""

    link: LinkId
    case: CaseId
    file: FileId
    chunks: int


def stored_id(link: LinkId, case: CaseId, file: FileId) -> bytes:
    """The node's name of a file that an event names: no other link or case can name the same."""
    return sha256(_LABEL + link.encode() + b"\0" + case + file).digest()[:FILE_ID_SIZE]


def add(tx: Transaction, about: NewFileRow) -> FileRow:
    """Adds a file."""
    return FileRow(tx.insert(_INSERT, _values(about)), about)


def put(tx: Transaction, row: FileRow) -> None:
    """Stores what has changed of a file; its ids stay."""
    tx.execute(_UPDATE, (*_values(row.about)[2:], row.seq))


def get(snapshot: Snapshot, file: bytes) -> FileRow | None:
    """The file with this name on this node."""
    return _row(snapshot.row(f"{_SELECT} WHERE id = ?", (file,)))


def at_place(snapshot: Snapshot, link: LinkId, case: CaseId, file: FileId) -> FileRow | None:
    """The file that the events of a case name by this id."""
    return _row(
        snapshot.row(
            f"{_SELECT} WHERE link = ? AND case_id = ? AND file_id = ?", (link, case, file)
        )
    )


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[FileRow]:
    """The files of a case, in the order in which they were known here."""
    rows = snapshot.rows(f"{_SELECT} WHERE link = ? AND case_id = ? ORDER BY seq", (link, case))
    return [row for row in map(_row, rows) if row is not None]


def in_states(snapshot: Snapshot, states: Collection[FileState]) -> list[FileRow]:
    """The files in some states, the oldest first."""
    rows = snapshot.rows(f"{_SELECT} WHERE {_IN_STATES} ORDER BY seq", (_listed(states),))
    return [row for row in map(_row, rows) if row is not None]


def count(snapshot: Snapshot, states: Collection[FileState]) -> int:
    """How many files are in some states."""
    row = snapshot.row(_COUNT, (_listed(states),))
    return 0 if row is None else int(row[0])


def counts(snapshot: Snapshot) -> dict[tuple[LinkId, FileState], int]:
    """How many files each link has in each state."""
    rows = snapshot.rows("SELECT link, state, count(*) FROM files GROUP BY link, state")
    return {(LinkId(link), FileState(state)): number for link, state, number in rows}


def kept_bytes(snapshot: Snapshot) -> int:
    """Bytes of all files that take room here, or will."""
    row = snapshot.row(_COUNT, (_listed(KEPT),))
    return 0 if row is None else int(row[1])


def put_piece(tx: Transaction, seq: int, number: int, data: bytes) -> None:
    """Stores a piece, or replaces it."""
    tx.execute("INSERT OR REPLACE INTO file_pieces VALUES (?, ?, ?)", (seq, number, data))


def piece(snapshot: Snapshot, seq: int, number: int) -> bytes | None:
    """A piece of a file."""
    data: bytes | None = snapshot.value(
        "SELECT data FROM file_pieces WHERE seq = ? AND number = ?", (seq, number)
    )
    return data


def pieces(snapshot: Snapshot, seq: int) -> Iterator[bytes]:
    """The pieces of a file, in order."""
    rows = snapshot.iterate("SELECT data FROM file_pieces WHERE seq = ? ORDER BY number", (seq,))
    return (data for (data,) in rows)


def piece_numbers(snapshot: Snapshot, seq: int) -> set[int]:
    """Which pieces of a file are here."""
    rows = snapshot.rows("SELECT number FROM file_pieces WHERE seq = ?", (seq,))
    return {number for (number,) in rows}


def drop_pieces(tx: Transaction, seq: int) -> None:
    """Removes the bytes of a file."""
    tx.execute("DELETE FROM file_pieces WHERE seq = ?", (seq,))


def remove(tx: Transaction, seq: int) -> None:
    """Removes a file and its bytes."""
    drop_pieces(tx, seq)
    tx.execute("DELETE FROM files WHERE seq = ?", (seq,))


def withdraw(tx: Transaction, withdrawal: Withdrawal) -> None:
    """Notes chunks that are to be deleted at the broker."""
    tx.execute("INSERT OR REPLACE INTO file_withdrawals VALUES (?, ?, ?, ?)", withdrawal)


def withdrawals(snapshot: Snapshot, limit: int) -> list[Withdrawal]:
    """Chunks that are to be deleted at the broker."""
    rows = snapshot.rows(
        "SELECT link, case_id, file_id, chunks FROM file_withdrawals LIMIT ?", (limit,)
    )
    return [Withdrawal._make(row) for row in rows]


def is_withdrawing(snapshot: Snapshot, link: LinkId, case: CaseId) -> bool:
    """Whether chunks of a shredded case are still to be deleted at the broker."""
    waiting = snapshot.value(
        "SELECT 1 FROM file_withdrawals WHERE link = ? AND case_id = ? LIMIT 1", (link, case)
    )
    return waiting is not None


def withdrawn(tx: Transaction, withdrawal: Withdrawal) -> None:
    """Notes that the broker has deleted chunks."""
    tx.execute(
        "DELETE FROM file_withdrawals WHERE link = ? AND case_id = ? AND file_id = ?",
        withdrawal[:3],
    )


def _listed(states: Collection[FileState]) -> str:
    return msgspec.json.encode(sorted(state.value for state in states)).decode()


def _values(about: NewFileRow) -> tuple[bytes | str | int | None, ...]:
    finding = None if about.finding is None else about.finding.value
    return (*about[:5], about.state.value, *about[6:15], finding, about.read_to)


def _row(row: Row | None) -> FileRow | None:
    if row is None:
        return None
    finding = None if row[16] is None else FileFinding(row[16])
    return FileRow(
        row[0],
        NewFileRow._make((*row[1:6], FileState(row[6]), *row[7:16], finding, row[17])),
    )
