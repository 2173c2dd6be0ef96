"""Copies of the store, each under a key of its own, and how one takes the place of the store.

Every copy is verified after it was written: its file is opened again from the disk, SQLite checks
its pages and indexes, and the digest of its rows must be the one of the state that was copied.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from blo_agent.store.connection import (
    CORRUPTION,
    Transaction,
    check_key_size,
    open_alone,
    open_connection,
)
from blo_agent.store.content_digest import content_digest
from blo_agent.store.errors import BackupRefused, StoreCorrupt, WrongStoreKey
from blo_agent.store.generation import begin_generation, check_generation, log_of
from blo_agent.store.lock import StoreLock
from blo_agent.store.tables import meta
from blo_runtime.files import sync_folder
from blo_schemas.ids import Digest

_SIDE_FILES: Final = ("-wal", "-shm", "-journal")
_PROBLEMS: Final = 5
"""So many of SQLite's sentences on a damaged copy are shown."""


class VerifiedCopy(NamedTuple):
    """A copy that was read back and compared.

    Attributes:
        path: Its file.
        digest: The digest of its rows (``content_digest``).
        size: The file's length in bytes.
    """

    path: Path
    digest: Digest
    size: int


class RestoredStore(NamedTuple):
    """A backup that took the place of the store.

    Attributes:
        copy: The store's new file.
        former: The folder with the files that lay there before; ``None``: there were none.
    """

    copy: VerifiedCopy
    former: Path | None


def copy_to(
    source: apsw.Connection, destination: Path, key: bytes, *, is_backup: bool = True
) -> VerifiedCopy:
    """Writes a consistent copy of the store, encrypted with ``key``, to a new file, and verifies it.

    The copy appears under its name only when it is whole, on disk and verified.

    Args:
        source: A connection of its own to the store; its writer may go on meanwhile.
        destination: The new file; must not exist.
        key: The copy's key, 32 bytes; may differ from the store's.
        is_backup: Whether the copy is of the past for whoever loads it: then it shows no contents
            before the log was read (ADR 7).

    Raises:
        BackupRefused: The destination exists, can't be written, or is not what was written.
        StoreCorrupt: The source is damaged.
    """
    check_key_size(key)
    if destination.exists():
        raise BackupRefused(destination, "the file exists", todo="Name a new file for the backup")
    partial = destination.with_name(destination.name + ".partial")
    discard_copy(partial)
    try:
        # From here on the source shows one state, whatever its writer does.
        source.execute("BEGIN DEFERRED")
        try:
            digest = content_digest(source)
            _copy(source, partial, key, is_backup=is_backup)
        finally:
            source.execute("ROLLBACK")
        _forget_pages(partial)
        _verify(partial, key, digest, destination)
        size = partial.stat().st_size
        os.replace(partial, destination)  # noqa: PTH105 - beside the other calls of os
        sync_folder(destination.parent)
    except CORRUPTION as error:
        raise StoreCorrupt(Path(source.filename), error) from error
    except (OSError, apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
        raise BackupRefused(
            destination,
            f"the backup can't be written ({error})",
            todo="Make room, or name a folder that can be written",
        ) from error
    finally:
        with suppress(OSError):
            discard_copy(partial)
    return VerifiedCopy(destination, digest, size)


def restore(
    path: Path, key: bytes, backup: Path, backup_key: bytes, *, former: str
) -> RestoredStore:
    """Puts a backup in the place of the store, with nothing beside it; no process may have it open.

    The files that lay there before are kept in a folder beside the store. A restore that is cut
    off leaves the former store, or a mixture that is refused at the next start: then it is done
    again.

    Args:
        path: The store's file; need not be there.
        key: The key that the store is to have.
        backup: A backup, or a copy of the store's file with the write-ahead log of its moment.
        backup_key: Its key.
        former: The name of the folder for the former files; must not exist.

    Raises:
        StoreInUse: A process has the store open.
        StoreMixed: The backup lies beside a write-ahead log of another moment.
        WrongStoreKey: The backup does not open with its key.
        StoreCorrupt: The backup is damaged.
        BackupRefused: There is no backup, or no room for a copy.
    """
    if not backup.is_file():
        raise BackupRefused(backup, "there is no such file", todo="Name the file of a backup")
    with StoreLock(path):
        fresh = path.with_name(path.name + ".restored")
        discard_copy(fresh)
        with closing(open_backup(backup, backup_key)) as source:
            copy = copy_to(source, fresh, key)
        kept = _keep_former(path, path.with_name(former))
        put_in_place(fresh, path)
    return RestoredStore(copy._replace(path=path), kept)


def open_backup(backup: Path, key: bytes) -> apsw.Connection:
    """Opens a backup, or the two files of a store of one moment, to read it.

    Raises:
        StoreMixed: The two files are of different moments.
        WrongStoreKey: The file does not open with the key.
        StoreCorrupt: Its first page is damaged.
    """
    check_key_size(key)
    check_generation(backup, key)
    log = log_of(backup)
    if log.exists() and log.stat().st_size:
        return open_connection(backup, key, read_only=True)
    # Needs no place for side files, so the backup may lie where nothing can be written.
    connection = open_alone(backup, key)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except apsw.NotADBError:
        connection.close()
        raise WrongStoreKey(backup) from None
    except apsw.CorruptError as error:
        connection.close()
        raise StoreCorrupt(backup, error) from error
    return connection


def put_in_place(fresh: Path, path: Path) -> None:
    """Puts a whole file in the place of the store, and takes away what lies beside that.

    The file comes first: cut off behind it, the log that is left is refused as a mixture. The other
    way round, a former file without its log would be taken for whole.
    """
    os.replace(fresh, path)  # noqa: PTH105 - beside the other calls of os
    sync_folder(path.parent)
    for suffix in _SIDE_FILES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    sync_folder(path.parent)


def _keep_former(path: Path, folder: Path) -> Path | None:
    """Have the store's files in a folder, too, without moving them."""
    files = [path, log_of(path)]
    if not any(file.exists() for file in files):
        return None
    try:
        folder.mkdir(mode=0o700)
        for file in files:
            if file.exists():
                _link(file, folder / file.name)
        sync_folder(folder)
    except OSError as error:
        raise BackupRefused(
            folder,
            f"the former store can't be kept there ({error})",
            todo="Make room, or give yourself the right to write there",
        ) from error
    return folder


def _link(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        shutil.copyfile(file, name)
        name.chmod(0o600)


def _copy(source: apsw.Connection, partial: Path, key: bytes, *, is_backup: bool) -> None:
    target = open_connection(partial, key)
    try:
        with target.backup("main", source, "main") as backup:
            # In one step: in several, each write of the store would start the copy again.
            backup.step(-1)
        # A copy is of no generation that a log could belong to.
        begin_generation(target, [])
        if is_backup:
            meta.put(Transaction(target), meta.RESTORED, b"\x01")
        target.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        target.close()
    with partial.open("rb") as file:
        os.fsync(file.fileno())


def _forget_pages(path: Path) -> None:
    """Have what is read next come from the disk, as far as the system lets go of its memory."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _verify(copy: Path, key: bytes, digest: Digest, destination: Path) -> None:
    todo = "Check the disk of the backup, and make another backup at once"
    try:
        with closing(open_alone(copy, key)) as connection:
            rows = connection.execute(f"PRAGMA integrity_check({_PROBLEMS})").fetchall()
            problems = [str(words) for (words,) in rows if words != "ok"]
            same = not problems and content_digest(connection) == digest
    except CORRUPTION as error:
        problems, same = [str(error)], False
    if not same:
        words = "; ".join(problems) or "its rows are not those of the store"
        raise BackupRefused(destination, f"what was written there is not right: {words}", todo=todo)


def discard_copy(path: Path) -> None:
    """Removes a file that is not needed any more, and what lies beside it."""
    for suffix in ("", *_SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
