"""New keys for the store and for its backups; a change that is cut off is finished or undone.

The next key lies beside the key's file until all is encrypted with it. Whoever asks for the store's
key in the meantime first finds out which of the two the store opens with.
"""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from blo_agent.custody.backups import BackupFolder
from blo_agent.store.backup import copy_to, discard_copy, open_backup, put_in_place
from blo_agent.store.connection import CORRUPTION, KEY_SIZE, open_alone, open_connection
from blo_agent.store.generation import check_generation, end_generation
from blo_agent.store.keyfile import AskPassphrase, is_wrapped, load_store_key, write_key
from blo_agent.store.lock import StoreLock
from blo_runtime.files import sync_folder
from blo_schemas.ids import OfficeId

_NEXT: Final = ".next"
_FRESH: Final = ".rekeyed"


def rekey_store(path: Path, key_file: Path, ask: AskPassphrase) -> None:
    """Encrypts the store with a new key, which takes the place of the one in its file.

    A key that is wrapped stays wrapped under its passphrase. No process may have the store open.

    Args:
        path: The store's file.
        key_file: The file of its key.
        ask: Gives the passphrase of a wrapped key.

    Raises:
        StoreInUse: A process has the store open.
        StoreError: The key or the store can't be read, or there is no room for a copy; the store
            and its key are as they were.
    """
    finish_rekey(path, key_file, ask)
    with StoreLock(path):
        old = load_store_key(key_file, ask)
        new = _write_next(key_file, ask)
        _empty_log(path, old)
        fresh = path.with_name(path.name + _FRESH)
        discard_copy(fresh)
        with closing(open_backup(path, old)) as source:
            copy_to(source, fresh, new, is_backup=False)
        put_in_place(fresh, path)
        _take_next(key_file)


def finish_rekey(path: Path, key_file: Path, ask: AskPassphrase) -> None:
    """Finishes a change of the store's key that was cut off, or undoes what it had begun.

    Raises:
        StoreInUse: The change goes on in another process.
        KeyFileUnusable: The next key can't be read.
    """
    following = _next_of(key_file)
    if not following.exists():
        return
    with StoreLock(path):
        if path.exists() and _opens(path, load_store_key(following, ask)):
            _take_next(key_file)
        else:
            following.unlink(missing_ok=True)
        discard_copy(path.with_name(path.name + _FRESH))


def rekey_backups(
    folder: Path, office: OfficeId, key_file: Path, ask: AskPassphrase, store: Path
) -> int:
    """Encrypts all backups of an office with a new key, each verified before it takes its place.

    One that was cut off goes on where it stood. No process may have the store open, because it
    would make backups with the old key.

    Returns:
        How many backups there are.

    Raises:
        StoreInUse: A process has the store open.
        StoreError: A key or a backup can't be read, or there is no room for a copy.
    """
    with StoreLock(store):
        old = load_store_key(key_file, ask)
        following = _next_of(key_file)
        is_begun = following.exists()
        new = load_store_key(following, ask) if is_begun else _write_next(key_file, ask)
        backups = BackupFolder(folder, office).files()
        for backup in backups:
            fresh = backup.with_name(backup.name + _FRESH)
            discard_copy(fresh)
            if _opens(backup, new):
                continue
            with closing(open_backup(backup, old)) as source:
                copy_to(source, fresh, new)
            os.replace(fresh, backup)  # noqa: PTH105 - beside the other calls of os
            sync_folder(folder)
        _take_next(key_file)
    return len(backups)


def _next_of(key_file: Path) -> Path:
    return key_file.with_name(key_file.name + _NEXT)


def _write_next(key_file: Path, ask: AskPassphrase) -> bytes:
    key = secrets.token_bytes(KEY_SIZE)
    passphrase = ask(key_file) if is_wrapped(key_file) else None
    write_key(_next_of(key_file), key, passphrase, replace=True)
    return key


def _take_next(key_file: Path) -> None:
    os.replace(_next_of(key_file), key_file)  # noqa: PTH105 - beside the other calls of os
    sync_folder(key_file.parent)


def _empty_log(path: Path, key: bytes) -> None:
    """Have all of the store in its one file, so that nothing else can be of another key."""
    check_generation(path, key)
    with closing(open_connection(path, key)) as connection:
        end_generation(connection)
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _opens(path: Path, key: bytes) -> bool:
    try:
        with closing(open_alone(path, key)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except CORRUPTION:
        return False
    return True
