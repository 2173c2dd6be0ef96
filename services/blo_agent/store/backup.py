"""Backups of the store, each under a key of its own, and how one replaces the store."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import apsw

from blo_agent.store.connection import CORRUPTION, Transaction, open_connection
from blo_agent.store.errors import BackupRefused, StoreCorrupt
from blo_agent.store.generation import begin_generation, check_generation
from blo_agent.store.lock import StoreLock
from blo_agent.store.tables import meta
from blo_runtime.files import sync_folder


def copy_to(source: apsw.Connection, destination: Path, key: bytes) -> None:
    """Writes a consistent copy of the store, encrypted with ``key``, to a new file.

    The copy appears under its name only when it is whole and on disk. It is marked as a backup:
    whoever loads it shows no contents before the log was read (ADR 7).

    Args:
        source: A connection of its own to the store; its writer may go on meanwhile.
        destination: The new file; must not exist.
        key: The copy's key, 32 bytes; may differ from the store's.

    Raises:
        BackupRefused: The destination exists or can't be written.
        StoreCorrupt: The source is damaged.
    """
    if destination.exists():
        raise BackupRefused(destination, "the file exists", todo="Name a new file for the backup")
    partial = destination.with_name(destination.name + ".partial")
    _discard(partial)
    try:
        _copy(source, partial, key)
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
            _discard(partial)


def restore(path: Path, key: bytes, backup: Path, backup_key: bytes) -> None:
    """Puts a backup in the place of the store, with nothing beside it; no process may have it open.

    Args:
        path: The store's file; need not be there.
        key: The key that the store is to have.
        backup: A backup, or a copy of the store's file with the write-ahead log of its moment.
        backup_key: Its key.

    Raises:
        StoreInUse: A process has the store open.
        StoreMixed: The backup lies beside a write-ahead log of another moment.
        WrongStoreKey: The backup does not open with its key.
        BackupRefused: There is no backup, or no room for a copy.
    """
    if not backup.is_file():
        raise BackupRefused(backup, "there is no such file", todo="Name the file of a backup")
    with StoreLock(path):
        fresh = path.with_name(path.name + ".restored")
        _discard(fresh)
        check_generation(backup, backup_key)
        source = open_connection(backup, backup_key, read_only=True)
        try:
            copy_to(source, fresh, key)
        finally:
            source.close()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        os.replace(fresh, path)  # noqa: PTH105 - beside the other calls of os
        sync_folder(path.parent)


def _copy(source: apsw.Connection, partial: Path, key: bytes) -> None:
    target = open_connection(partial, key)
    try:
        with target.backup("main", source, "main") as backup:
            # In one step: in several, each write of the store would start the copy again.
            backup.step(-1)
        # A copy is of no generation that a log could belong to.
        begin_generation(target, [])
        meta.put(Transaction(target), meta.RESTORED, b"\x01")
        target.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        target.close()
    with partial.open("rb") as file:
        os.fsync(file.fileno())


def _discard(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
