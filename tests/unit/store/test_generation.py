"""A file and a write-ahead log of different moments are refused, in any pairing."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from blo_agent.store.backup import restore
from blo_agent.store.connection import Snapshot, Transaction, open_connection
from blo_agent.store.errors import BackupRefused, StoreFailed, StoreInUse, StoreMixed
from blo_agent.store.facade import Store
from blo_agent.store.generation import log_of
from blo_agent.store.tables import meta
from blo_agent.store.writer import BEFORE_COMMIT
from tests.unit.store.conftest import KEY, OpenStore

OTHER_KEY = bytes(32)


def put(name: str, size: int = 1) -> Callable[[Transaction], None]:
    return lambda tx: meta.put(tx, name, bytes(size))


def names(store: Store) -> list[str]:
    def query(snapshot: Snapshot) -> list[str]:
        return [key for (key,) in snapshot.rows("SELECT key FROM meta WHERE key LIKE 'n%'")]

    return store.submit_read(query).result()


def copied(path: Path, folder: Path) -> Path:
    """The two files as they lie on the disk now, as a copy made while the agent runs."""
    folder.mkdir(parents=True)
    target = folder / path.name
    shutil.copy(path, target)
    if log_of(path).exists():
        shutil.copy(log_of(path), log_of(target))
    return target


def moments(path: Path, folder: Path) -> list[Path]:
    """Copies of one store at several moments: in one run, over checkpoints, and in the next."""
    found = []
    for run in range(3):
        store = Store(path, KEY)
        for step in range(3):
            store.submit(put(f"n{run}{step}")).result(10)
            found.append(copied(path, folder / f"{run}{step}"))
            store.submit(put(f"n{run}{step}b")).result(10)
            found.append(copied(path, folder / f"{run}{step}b"))
            assert store.checkpoint_now()
        store.close()
    return found


def pair(file: Path, log: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(file, folder / file.name)
    shutil.copy(log_of(log), log_of(folder / file.name))
    return folder / file.name


def test_an_older_file_beside_a_newer_log_is_refused_with_words_and_left_alone(
    tmp_path: Path, store_path: Path, open_store: OpenStore
) -> None:
    store = open_store()
    store.submit(put("n1")).result(10)
    store.close()
    shutil.copy(store_path, tmp_path / "older")
    store = open_store()
    store.submit(put("n2")).result(10)
    store.checkpoint_now()
    store.submit(put("n3")).result(10)
    crashed = copied(store_path, tmp_path / "crashed")
    shutil.copy(tmp_path / "older", crashed)
    before = crashed.read_bytes(), log_of(crashed).read_bytes()
    with pytest.raises(StoreMixed, match="of different moments") as refused:
        Store(crashed, KEY)
    assert "blo agent restore" in str(refused.value)
    assert (crashed.read_bytes(), log_of(crashed).read_bytes()) == before
    # What the words say to do helps.
    restore(crashed, KEY, tmp_path / "older", KEY, former="former")
    with Store(crashed, KEY) as restored:
        assert names(restored) == ["n1"]


def test_every_pairing_of_two_moments_is_refused_and_every_moment_opens(
    tmp_path: Path, store_path: Path
) -> None:
    found = moments(store_path, tmp_path / "m")
    for nth, (file, log) in enumerate(itertools.product(found, found)):
        mixed = pair(file, log, tmp_path / f"pair{nth}")
        if file.read_bytes() == log.read_bytes():
            with Store(mixed, KEY) as whole:
                assert len(names(whole)) == found.index(log) + 1
        else:
            with pytest.raises(StoreMixed):
                Store(mixed, KEY)


def test_a_backup_in_the_place_of_a_file_whose_log_was_left_is_refused(
    tmp_path: Path, store_path: Path, open_store: OpenStore
) -> None:
    store = open_store()
    store.submit(put("n1")).result(10)
    store.backup_now(tmp_path / "backup", KEY)
    store.submit(put("n2")).result(10)
    crashed = copied(store_path, tmp_path / "crashed")
    shutil.copy(tmp_path / "backup", crashed)
    with pytest.raises(StoreMixed):
        Store(crashed, KEY)


def test_a_checkpoint_that_a_reader_disturbs_leaves_a_log_that_belongs_to_its_file(
    tmp_path: Path, store_path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blo_agent.store.write_ahead_log.BUSY_TIMEOUT_MS", 50)
    store = open_store()
    store.submit(put("n1")).result(10)
    older = copied(store_path, tmp_path / "older")
    reading = open_connection(store_path, KEY, read_only=True)
    for number in range(2, 5):
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM meta").fetchall()
        store.submit(put(f"n{number}")).result(10)
        assert not store.checkpoint_now(), "a reader is in the way"
        reading.execute("ROLLBACK")
        with Store(copied(store_path, tmp_path / f"crashed{number}"), KEY) as whole:
            assert len(names(whole)) == number
    reading.close()
    assert store.checkpoint_now()
    store.submit(put("n5")).result(10)
    crashed = copied(store_path, tmp_path / "crashed")
    with pytest.raises(StoreMixed):
        Store(pair(older, crashed, tmp_path / "mixed"), KEY)
    with Store(crashed, KEY) as whole:
        assert names(whole) == ["n1", "n2", "n3", "n4", "n5"]


def test_a_crash_at_any_place_leaves_a_store_that_opens(
    tmp_path: Path, store_path: Path, open_store: OpenStore
) -> None:
    seen: list[Path] = []

    def probe(point: str) -> None:
        seen.append(copied(store_path, tmp_path / f"at{len(seen)}"))

    store = open_store(probe=probe)
    for number in range(12):
        store.submit(put(f"n{number}", 500_000)).result(10)
    store.close()
    for copy in seen:
        with Store(copy, KEY) as whole:
            assert names(whole) is not None
    assert not log_of(store_path).stat().st_size or names(open_store())


def test_the_log_stays_small_while_the_store_is_written(
    store_path: Path, open_store: OpenStore
) -> None:
    store = open_store()
    largest = 0
    for number in range(100):
        store.submit(put(f"n{number}", 400_000)).result(10)
        largest = max(largest, log_of(store_path).stat().st_size)
    assert largest < 24 * 1024 * 1024
    assert len(names(store)) == 100


def test_a_restore_takes_any_key_and_leaves_nothing_beside_the_store(
    tmp_path: Path, store_path: Path, open_store: OpenStore
) -> None:
    store = open_store()
    store.submit(put("n1")).result(10)
    store.backup_now(tmp_path / "backup", OTHER_KEY)
    with pytest.raises(StoreInUse):
        restore(store_path, KEY, tmp_path / "backup", OTHER_KEY, former="former")
    store.close()
    log_of(store_path).write_bytes(b"left by a crash")
    restore(store_path, KEY, tmp_path / "backup", OTHER_KEY, former="former")
    assert not log_of(store_path).exists()
    store = open_store()
    assert names(store) == ["n1"]
    marked = store.submit_read(lambda snapshot: meta.get(snapshot, meta.RESTORED)).result()
    assert marked is not None, "contents are withheld until the log was read"
    with pytest.raises(BackupRefused):
        restore(tmp_path / "elsewhere", KEY, tmp_path / "nothing", KEY, former="former")


def test_a_writer_that_stops_leaves_a_log_that_belongs_to_its_file(
    store_path: Path, open_store: OpenStore
) -> None:
    stop = False

    def probe(point: str) -> None:
        if stop and point == BEFORE_COMMIT:
            raise SystemExit

    store = open_store(probe=probe)
    store.submit(put("n1")).result(10)
    stop = True
    with pytest.raises(StoreFailed):
        store.submit(put("n2")).result(10)
    store.close()
    assert names(open_store()) == ["n1"]


def test_a_store_of_before_the_generations_opens(store_path: Path, open_store: OpenStore) -> None:
    open_store().close()
    connection = open_connection(store_path, KEY)
    connection.execute("DELETE FROM meta WHERE key = 'generation/base'")
    connection.pragma("application_id", 0)
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.execute("INSERT INTO meta VALUES ('n1', x'00')")
    connection.close()
    assert names(open_store()) == ["n1"]
