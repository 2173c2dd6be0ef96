"""A copy is read back after each writing, and a restore that is cut off loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.store import backup as copies
from blo_agent.store.backup import restore
from blo_agent.store.connection import open_connection
from blo_agent.store.content_digest import content_digest
from blo_agent.store.errors import BackupRefused, StoreCorrupt, StoreError, StoreMissing
from blo_agent.store.facade import Store, open_store
from blo_agent.store.generation import log_of
from tests.killed import killed_at_each_step
from tests.unit.store.conftest import KEY, OpenStore
from tests.unit.store.test_generation import names, put

OTHER_KEY = bytes(32)


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("at", [100, 8192 + 100, -200])
def test_a_copy_that_the_disk_has_spoiled_is_no_backup(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    store.submit(put("n1", 50_000)).result(10)
    forget = copies._forget_pages

    def spoil(path: Path) -> None:
        flip(path, at % path.stat().st_size)
        forget(path)

    monkeypatch.setattr(copies, "_forget_pages", spoil)
    with pytest.raises(BackupRefused, match="what was written there is not right"):
        store.backup_now(tmp_path / "backup", OTHER_KEY)
    assert not list(tmp_path.glob("backup*"))


def test_a_copy_with_other_rows_is_no_backup(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.submit(put("n1")).result(10)

    def change(path: Path) -> None:
        connection = open_connection(path, OTHER_KEY)
        connection.execute("UPDATE meta SET value = x'01' WHERE key = 'n1'")
        connection.wal_checkpoint(mode=3)
        connection.close()

    monkeypatch.setattr(copies, "_forget_pages", change)
    with pytest.raises(BackupRefused, match="not those of the store"):
        store.backup_now(tmp_path / "backup", OTHER_KEY)


def test_the_digest_is_of_the_rows_alone(store: Store, tmp_path: Path) -> None:
    store.submit(put("n1")).result(10)
    first = store.backup_now(tmp_path / "a", KEY)
    second = store.backup_now(tmp_path / "b", OTHER_KEY)
    assert first.digest == second.digest
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()
    store.submit(put("n2")).result(10)
    assert store.backup_now(tmp_path / "c", KEY).digest != first.digest
    with Store(tmp_path / "b", OTHER_KEY) as opened:
        connection = open_connection(opened.path, OTHER_KEY, read_only=True)
        assert content_digest(connection) == second.digest
        connection.close()


def test_a_damaged_store_is_told_by_its_backup(
    store_path: Path, open_store: OpenStore, tmp_path: Path
) -> None:
    store = open_store()
    store.submit(put("n1", 200_000)).result(10)
    store.checkpoint_now()
    for page in range(2, store_path.stat().st_size // 8192):
        flip(store_path, page * 8192 + 100)
    with pytest.raises(StoreCorrupt, match="restore the last"):
        store.backup_now(tmp_path / "backup", OTHER_KEY)
    store.close()
    with pytest.raises(StoreCorrupt, match="restore the last"):
        Store(store_path, KEY)
    assert not list(tmp_path.glob("backup*"))


def test_what_lay_there_before_a_restore_is_kept_and_opens(
    store_path: Path, open_store: OpenStore, tmp_path: Path
) -> None:
    store = open_store()
    store.submit(put("n1")).result(10)
    store.backup_now(tmp_path / "backup", OTHER_KEY)
    store.submit(put("n2")).result(10)
    store.close()
    done = restore(store_path, KEY, tmp_path / "backup", OTHER_KEY, former="former")
    assert done.former == tmp_path / "former"
    with Store(store_path, KEY) as restored:
        assert names(restored) == ["n1"]
    with Store(tmp_path / "former" / store_path.name, KEY) as former:
        assert names(former) == ["n1", "n2"]
    with pytest.raises(BackupRefused, match="can't be kept"):
        restore(store_path, KEY, tmp_path / "backup", OTHER_KEY, former="former")


def test_a_backup_is_restored_from_where_nothing_can_be_written(
    store: Store, tmp_path: Path
) -> None:
    store.submit(put("n1")).result(10)
    (tmp_path / "disk").mkdir()
    store.backup_now(tmp_path / "disk" / "backup", OTHER_KEY)
    before = sorted((tmp_path / "disk").iterdir())
    restore(tmp_path / "new.db", KEY, tmp_path / "disk" / "backup", OTHER_KEY, former="former")
    assert sorted((tmp_path / "disk").iterdir()) == before, "not even a side file was made"


def test_a_missing_store_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="blo agent restore"):
        open_store(tmp_path / "office.db", KEY)
    assert list(tmp_path.iterdir()) == []


# A process that is killed in the middle of a restore.


def restore_in(folder: Path) -> None:
    restore(folder / "office.db", KEY, folder / "backup", OTHER_KEY, former="former")


def opened_names(path: Path) -> list[str] | str:
    try:
        with Store(path, KEY) as store:
            return names(store)
    except StoreError as error:
        return type(error).__name__


def test_a_restore_that_is_killed_anywhere_leaves_a_whole_store_or_one_that_is_refused(
    tmp_path: Path, store_path: Path, open_store: OpenStore
) -> None:
    store = open_store()
    store.submit(put("n1")).result(10)
    store.backup_now(tmp_path / "backup", OTHER_KEY)
    store.submit(put("n2")).result(10)
    store.close()
    # As after a crash: the newest entry is in the log alone.
    original = tmp_path / "original"
    original.mkdir()
    for file in (store_path, log_of(store_path), tmp_path / "backup"):
        file.rename(original / file.name)
    assert log_of(original / store_path.name).stat().st_size
    left = killed_at_each_step(
        original, tmp_path / "killed", "tests.unit.store.test_verified_copies:restore_in"
    )
    seen = [opened_names(folder / store_path.name) for folder in left]
    # Never the file without its log, which nothing would show.
    assert seen[0] == ["n1", "n2"]
    assert "StoreMixed" in seen
    assert seen[-1] == ["n1"]
    assert all(names in (["n1", "n2"], "StoreMixed", ["n1"]) for names in seen)
    before = seen.index("StoreMixed")
    assert all(names == ["n1", "n2"] for names in seen[:before])
    # What the words of the refusal say to do helps.
    again = left[before]
    restore(again / "office.db", KEY, again / "backup", OTHER_KEY, former="again")
    assert opened_names(again / "office.db") == ["n1"]
