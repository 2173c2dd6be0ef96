"""Uploads: a file comes in parts, and can be enclosed when it is whole and its hash is known.

Each function is a job of the store's thread. A broken upload goes on where it stands.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Final

from blo_agent.files.errors import FileRefusal, FileRefused
from blo_agent.files.media_type import UNKNOWN, media_type
from blo_agent.files.options import FileOptions
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import files, journal
from blo_agent.store.tables.files import FileRow, FileState, NewFileRow
from blo_domain.attachments import safe_name
from blo_schemas.files import CHUNK_SIZE, FILE_ID_SIZE, MAX_FILE_SIZE
from blo_schemas.ids import CaseId, FileId, LinkId, OfficeId
from blo_schemas.plain_text import plain

MOST_UPLOADS: Final = 500
"""Files of an office that are being uploaded, or that no step has named yet."""

KEPT_MS: Final = 7 * 86_400_000
"""After so long without a byte an upload that was left behind makes room for others."""

_WAITING: Final = (FileState.UPLOADING, FileState.READY)


def begin(
    office: OfficeId,
    actor: str,
    link: LinkId,
    case: CaseId | None,
    name: str,
    size: int,
    said: bytes | None,
    options: FileOptions,
    now: int,
    tx: Transaction,
) -> FileRow:
    """Begin an upload.

    Args:
        office: Who will send the file.
        actor: Who uploads it.
        link: On which link it may be enclosed.
        case: In which case; ``None``: in the step that opens one.
        name: Its name; folders in it and what can't be shown are left out.
        size: Its bytes.
        said: Its SHA-256, if the sender knows it.
        options: How much room there is.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        FileRefused: It is too large, or there is no room.
    """
    if not 1 <= size <= MAX_FILE_SIZE:
        raise FileRefused(
            FileRefusal.TOO_LONG, f"a file has 1 to {MAX_FILE_SIZE} bytes, not {size}"
        )
    left_behind = [
        row for row in files.in_states(tx, [FileState.UPLOADING]) if row.about.at < now - KEPT_MS
    ]
    if files.count(tx, _WAITING) - len(left_behind) >= MOST_UPLOADS:
        raise FileRefused(
            FileRefusal.TOO_MANY,
            f"{MOST_UPLOADS} files were uploaded and are in no step yet; send or delete some first",
        )
    check_room(tx, size - sum(row.about.size for row in left_behind), options)
    for row in left_behind:
        files.remove(tx, row.seq)
    file = FileId(os.urandom(FILE_ID_SIZE))
    return files.add(
        tx,
        NewFileRow(
            file, file, link, case, office, FileState.UPLOADING, safe_name(name), UNKNOWN, size,
            said, 0, actor, now,
        ),
    )  # fmt: skip


def append(file: bytes, offset: int, data: bytes, now: int, tx: Transaction) -> FileRow:
    """Take in the bytes of an upload that come next.

    Args:
        file: The upload.
        offset: How many bytes came before.
        data: What comes.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        FileRefused: The upload stands elsewhere, is over, or gets more bytes than it was said to
            have.
    """
    row = known(tx, file)
    about = row.about
    if about.state is not FileState.UPLOADING:
        raise FileRefused(FileRefusal.NOT_POSSIBLE, "this file is whole already", about.size)
    if offset != about.done:
        raise FileRefused(
            FileRefusal.OTHER_OFFSET,
            f"the upload stands at {about.done}, not at {offset}; go on from there",
            about.done,
        )
    if offset + len(data) > about.size:
        raise FileRefused(
            FileRefusal.TOO_LONG,
            f"the file was said to have {about.size} bytes, and more come",
            about.done,
        )
    at = offset
    rest = memoryview(data)
    while rest:
        number, inside = divmod(at, CHUNK_SIZE)
        before = files.piece(tx, row.seq, number) if inside else b""
        portion = bytes(rest[: CHUNK_SIZE - inside])
        files.put_piece(tx, row.seq, number, (before or b"") + portion)
        at += len(portion)
        rest = rest[len(portion) :]
    row = row._replace(about=about._replace(done=at, at=now))
    files.put(tx, row)
    return row


def hash_of(snapshot: Snapshot, row: FileRow) -> bytes:
    """SHA-256 of the bytes that are here; takes a while, so it is for a reader's thread."""
    whole = sha256()
    for piece in files.pieces(snapshot, row.seq):
        whole.update(piece)
    return whole.digest()


def finish(file: bytes, digest: bytes, now: int, tx: Transaction) -> FileRow:
    """Make an upload a file that a step can enclose, once all its bytes are here.

    Args:
        file: The upload.
        digest: SHA-256 of its bytes (``hash_of``), which can't change any more.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Returns:
        The file; an upload still, from its first byte, if its sender has said another hash.

    Raises:
        FileRefused: There is no such upload any more.
    """
    row = known(tx, file)
    about = row.about
    if about.state is not FileState.UPLOADING:
        return row
    if about.sha256 is not None and about.sha256 != digest:
        files.drop_pieces(tx, row.seq)
        row = row._replace(about=about._replace(done=0, at=now))
        files.put(tx, row)
        return row
    head = files.piece(tx, row.seq, 0) or b""
    about = about._replace(
        state=FileState.READY,
        sha256=digest,
        media_type=media_type(head, about.name),
        done=0,
        at=now,
    )
    files.put(tx, FileRow(row.seq, about))
    journal.append(
        tx,
        at=now,
        actor=about.actor,
        action="upload file",
        link=about.link,
        case=about.case,
        detail=digest,
    )
    return FileRow(row.seq, about)


def check_room(snapshot: Snapshot, size: int, options: FileOptions) -> None:
    """Refuse what the node has no room for.

    Raises:
        FileRefused: There is none.
    """
    kept = files.kept_bytes(snapshot)
    if kept + size > options.budget_bytes:
        raise FileRefused(
            FileRefusal.NO_ROOM,
            f"files take {kept} of {options.budget_bytes} bytes on this node, so {size} more have no "
            "room: let go of files that the log has (DELETE /v1/files/{file}), or ask the operator "
            "for a larger budget",
        )


def known(snapshot: Snapshot, file: bytes) -> FileRow:
    """A file of this node.

    Raises:
        FileRefused: There is none of that name.
    """
    row = files.get(snapshot, file)
    if row is None:
        raise FileRefused(FileRefusal.UNKNOWN_FILE, f"no file {plain(file.hex())} is known here")
    return row
