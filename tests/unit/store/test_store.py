"""The file itself: encrypted, owned by one process, read without seeing what is uncommitted."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from blo_agent.store.connection import PAGE_SIZE, Snapshot, Transaction
from blo_agent.store.errors import StoreCorrupt, StoreInUse, WrongStoreKey
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal, meta, outbox
from tests.patience import PATIENCE_S
from tests.unit.store.conftest import KEY, OpenStore
from tests.unit.store.journal_chain import verify_journal
from tests.unit.store.samples import new_event

SECRET = b"Nguyen Van A, ho chieu B1234567"


def test_a_wrong_key_says_which_file_and_what_to_do(open_store: OpenStore) -> None:
    open_store().close()
    with pytest.raises(WrongStoreKey, match=r"office\.db") as caught:
        open_store(bytes(32))
    assert "key file" in caught.value.todo
    assert KEY.hex() not in str(caught.value)
    open_store()


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(open_store: OpenStore, size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        open_store(bytes(size))


def test_no_plaintext_lies_in_the_file_or_its_write_ahead_log(
    store: Store, store_path: Path
) -> None:
    def job(tx: Transaction) -> None:
        journal.append(tx, at=1, actor="officer-name", action="approve", detail=SECRET)
        outbox.add(tx, new_event(1)._replace(value=SECRET * 400))

    for _ in range(20):
        store.submit(job).result(10)
    wal = store_path.with_name("office.db-wal").read_bytes()
    assert len(wal) > 10_000
    store.close()
    file = store_path.read_bytes()
    assert len(file) > 10_000
    for word in (SECRET, b"officer-name", b"CREATE TABLE", b"SQLite format 3"):
        assert word not in wal
        assert word not in file


def test_all_files_are_readable_by_the_owner_only(store: Store, store_path: Path) -> None:
    store.submit(lambda tx: meta.put(tx, "a", b"x")).result(10)
    files = list(store_path.parent.glob("office.db*"))
    assert len(files) == 4
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_the_connection_is_as_durable_as_promised(store: Store) -> None:
    def settings(tx: Transaction) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "temp_store", "secure_delete")
        return tuple(tx.value(f"PRAGMA {name}") for name in names)

    assert store.submit(settings).result(10) == ("wal", 2, 2, 1)


def test_a_second_store_on_the_file_is_refused(store: Store, open_store: OpenStore) -> None:
    with pytest.raises(StoreInUse, match="another process"):
        open_store()
    store.close()
    open_store()


def test_a_second_process_is_refused(store: Store, store_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from blo_agent.store.facade import Store\n"
        "from blo_agent.store.errors import StoreInUse\n"
        "try: Store(Path(sys.argv[1]), bytes(range(32)))\n"
        "except StoreInUse: print('in use')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(store_path)],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert done.stdout.strip() == "in use"


async def test_a_reader_sees_only_what_is_committed_and_blocks_nobody(store: Store) -> None:
    await store.write(lambda tx: meta.put(tx, "a", b"old"))
    in_job, go_on = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        meta.put(tx, "a", b"new")
        in_job.set()
        assert go_on.wait(PATIENCE_S)

    writing = asyncio.ensure_future(store.write(slow))
    assert await asyncio.to_thread(in_job.wait, 10)
    assert await store.read(lambda snapshot: meta.get(snapshot, "a")) == b"old"
    go_on.set()
    await writing
    assert await store.read(lambda snapshot: meta.get(snapshot, "a")) == b"new"


def test_a_query_works_on_one_state_from_its_first_read_on(store: Store) -> None:
    store.submit(lambda tx: meta.put(tx, "a", b"old")).result(10)
    read_once, go_on = threading.Event(), threading.Event()

    def twice(snapshot: Snapshot) -> tuple[bytes | None, bytes | None]:
        first = meta.get(snapshot, "a")
        read_once.set()
        assert go_on.wait(PATIENCE_S)
        return first, meta.get(snapshot, "a")

    reading = store.submit_read(twice)
    assert read_once.wait(PATIENCE_S)
    store.submit(lambda tx: meta.put(tx, "a", b"new")).result(10)
    go_on.set()
    assert reading.result(10) == (b"old", b"old")


async def test_a_reader_can_not_write(store: Store) -> None:
    def sneak(snapshot: Snapshot) -> None:
        snapshot.rows("INSERT INTO meta VALUES ('a', x'00')")

    with pytest.raises(Exception, match="readonly"):
        await store.read(sneak)
    assert await store.read(lambda snapshot: meta.get(snapshot, "a")) is None


def test_a_query_that_raises_leaves_the_reader_usable(store: Store) -> None:
    def fail(snapshot: Snapshot) -> None:
        snapshot.iterate("SELECT * FROM sqlite_schema")
        raise ZeroDivisionError

    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            store.submit_read(fail).result(10)
    assert store.submit_read(lambda snapshot: snapshot.value("SELECT 7")).result(10) == 7


def test_a_damaged_page_is_found_by_readers_and_stops_the_writer(
    open_store: OpenStore, store_path: Path
) -> None:
    open_store().close()
    pages_of_the_schema = store_path.stat().st_size // PAGE_SIZE
    store = open_store()

    def fill(tx: Transaction) -> None:
        for number in range(200):
            outbox.add(tx, new_event(number)._replace(value=bytes(2_000)))

    store.submit(fill).result(10)
    store.close()
    damaged = bytearray(store_path.read_bytes())
    for page in range(pages_of_the_schema, len(damaged) // PAGE_SIZE):
        damaged[page * PAGE_SIZE + 77] ^= 1
    store_path.write_bytes(damaged)
    store = open_store()
    with pytest.raises(StoreCorrupt, match="damaged") as caught:
        store.submit_read(lambda snapshot: outbox.pending(snapshot, limit=500)).result(10)
    assert "backup" in caught.value.todo
    with pytest.raises(StoreCorrupt, match="damaged"):
        store.submit(lambda tx: tx.change("UPDATE outbox SET value = x'00'")).result(10)
    assert isinstance(store.failure, StoreCorrupt)


async def test_closing_from_the_loop_carries_out_what_waits(open_store: OpenStore) -> None:
    store = open_store()

    def job(tx: Transaction) -> int:
        return journal.append(tx, at=1, actor="officer", action="note").size

    writing = [asyncio.ensure_future(store.write(job)) for _ in range(50)]
    await asyncio.sleep(0)
    await store.aclose()
    assert await asyncio.gather(*writing) == list(range(1, 51))
    assert open_store().submit_read(verify_journal).result(10).size == 50


async def test_a_checkpoint_empties_the_write_ahead_log(store: Store, store_path: Path) -> None:
    await store.write(lambda tx: meta.put(tx, "a", b"x" * 200_000))
    wal = store_path.with_name("office.db-wal")
    assert wal.stat().st_size > 200_000
    assert await store.checkpoint()
    assert wal.stat().st_size < 20_000, "only the number of its new generation"
    assert await store.read(lambda snapshot: meta.get(snapshot, "a")) == b"x" * 200_000
    await store.write(lambda tx: meta.put(tx, "a", b"y"))
    assert await store.read(lambda snapshot: meta.get(snapshot, "a")) == b"y"
