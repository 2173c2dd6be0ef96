"""Copies under a key of their own, and changing the store's key."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import BackupRefused, WrongStoreKey
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal, meta
from tests.unit.store.conftest import KEY, OpenStore
from tests.unit.store.journal_chain import verify_journal

OTHER_KEY = bytes(reversed(range(32)))


def note(tx: Transaction) -> int:
    return journal.append(tx, at=1, actor="officer", action="note", detail=b"x" * 500).size


async def test_a_backup_opens_with_its_own_key_only(store: Store, tmp_path: Path) -> None:
    for _ in range(10):
        await store.write(note)
    copy = tmp_path / "backup.db"
    await store.backup(copy, OTHER_KEY)
    with pytest.raises(WrongStoreKey):
        Store(copy, KEY)
    with Store(copy, OTHER_KEY) as restored:
        assert (await restored.read(verify_journal)).size == 10
        assert await restored.write(note) == 11
    assert await store.write(note) == 11
    assert b"officer" not in copy.read_bytes()
    assert copy.stat().st_mode & 0o077 == 0


def test_a_backup_under_load_is_one_consistent_state(store: Store, tmp_path: Path) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            store.submit(note).result(10)

    writing = threading.Thread(target=work)
    writing.start()
    try:
        for number in range(3):
            store.backup_now(tmp_path / f"backup{number}", OTHER_KEY)
    finally:
        stop.set()
        writing.join()
    for number in range(3):
        with Store(tmp_path / f"backup{number}", OTHER_KEY) as restored:
            restored.submit_read(verify_journal).result(10)
    assert not list(tmp_path.glob("*.partial*"))


def test_a_backup_never_overwrites(store: Store, tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"precious")
    with pytest.raises(BackupRefused, match="exists"):
        store.backup_now(tmp_path / "taken", OTHER_KEY)
    with pytest.raises(BackupRefused, match="can't be written"):
        store.backup_now(tmp_path / "no" / "such" / "folder", OTHER_KEY)
    assert (tmp_path / "taken").read_bytes() == b"precious"


async def test_a_backup_says_that_it_is_one(open_store: OpenStore, tmp_path: Path) -> None:
    def restored(snapshot: Snapshot) -> bool:
        return meta.get(snapshot, meta.RESTORED) is not None

    with open_store() as store:
        copy = tmp_path / "backup.db"
        await store.backup(copy, OTHER_KEY)
        assert not await store.read(restored)
    with Store(copy, OTHER_KEY) as opened:
        assert await opened.read(restored)
