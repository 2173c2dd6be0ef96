"""What the writer promises: groups, order, refusals, and stopping when it must."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from concurrent.futures import Future

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_agent.store.connection import Transaction
from blo_agent.store.errors import (
    JobFailed,
    JobRefused,
    RefusedAfterWriting,
    StoreClosed,
    StoreError,
    StoreFailed,
)
from blo_agent.store.facade import Store
from blo_agent.store.tables import meta
from blo_agent.store.writer import (
    AFTER_ANSWERS,
    AFTER_COMMIT,
    AFTER_JOB,
    BEFORE_COMMIT,
    BEFORE_JOB,
    PROBE_POINTS,
    Limits,
)
from tests.patience import PATIENCE_S
from tests.unit.store.conftest import OpenStore

NAMES = "SELECT key FROM meta WHERE key NOT LIKE 'generation/%'"


class NotNow(JobRefused):
    """A refusal of these tests."""


def put(name: str, value: bytes = b"x") -> Callable[[Transaction], str]:
    def job(tx: Transaction) -> str:
        meta.put(tx, name, value)
        return name

    return job


def refuse(tx: Transaction) -> None:
    raise NotNow("not now")


def write_and_refuse(name: str) -> Callable[[Transaction], None]:
    def job(tx: Transaction) -> None:
        meta.put(tx, name, b"x")
        raise NotNow("too late")

    return job


def write_and_fail(name: str) -> Callable[[Transaction], None]:
    def job(tx: Transaction) -> None:
        meta.put(tx, name, b"x")
        raise ZeroDivisionError("a fault of the program")

    return job


def stored(store: Store) -> set[str]:
    return store.submit_read(lambda s: {key for (key,) in s.rows(NAMES)}).result()


class Hold:
    """Keeps the writer busy, so that what is handed in meanwhile forms one group."""

    def __init__(self, store: Store) -> None:
        self._go = threading.Event()
        started = threading.Event()

        def job(tx: Transaction) -> None:
            started.set()
            assert self._go.wait(PATIENCE_S)

        self._future = store.submit(job)
        assert started.wait(PATIENCE_S)

    def release(self) -> None:
        self._go.set()
        self._future.result(10)


class Points:
    """Counts the writer's steps; stops it at the given one."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.stop_at: str | None = None

    def __call__(self, point: str) -> None:
        self.passed.append(point)
        if point == self.stop_at:
            raise SystemExit(point)


async def test_a_written_value_is_returned_and_can_be_read(store: Store) -> None:
    assert await store.write(put("a", b"1")) == "a"
    assert await store.read(lambda snapshot: meta.get(snapshot, "a")) == b"1"


async def test_jobs_run_in_the_order_in_which_they_were_handed_in(store: Store) -> None:
    seen: list[int] = []

    def job(number: int) -> Callable[[Transaction], None]:
        return lambda tx: seen.append(number)

    await asyncio.gather(*(store.write(job(number)) for number in range(500)))
    assert seen == list(range(500))


def test_waiting_jobs_share_one_commit(open_store: OpenStore) -> None:
    points = Points()
    store = open_store(probe=points, limits=Limits(group=256, group_seconds=10))
    hold = Hold(store)
    futures = [store.submit(put(str(n))) for n in range(100)]
    hold.release()
    assert [future.result(10) for future in futures] == [str(n) for n in range(100)]
    store.close()
    assert points.passed.count(AFTER_JOB) == 101
    assert points.passed.count(AFTER_COMMIT) == 1


def test_a_group_is_bounded_in_number(open_store: OpenStore) -> None:
    points = Points()
    store = open_store(probe=points, limits=Limits(group=10, group_seconds=10))
    hold = Hold(store)
    futures = [store.submit(put(str(n))) for n in range(99)]
    hold.release()
    for future in futures:
        future.result(10)
    store.close()
    assert points.passed.count(AFTER_COMMIT) == 10


def test_a_group_is_bounded_in_time(open_store: OpenStore) -> None:
    points = Points()
    store = open_store(probe=points, limits=Limits(group_seconds=0.0))
    hold = Hold(store)
    futures = [store.submit(put(str(n))) for n in range(5)]
    hold.release()
    for future in futures:
        future.result(10)
    store.close()
    assert points.passed.count(AFTER_COMMIT) == 6


def test_a_future_is_resolved_only_after_the_commit(open_store: OpenStore) -> None:
    futures: list[Future[str]] = []
    early: list[str] = []

    def probe(point: str) -> None:
        if point in (AFTER_JOB, BEFORE_COMMIT, AFTER_COMMIT) and any(f.done() for f in futures):
            early.append(point)

    store = open_store(probe=probe)
    hold = Hold(store)
    futures.extend(store.submit(put(str(n))) for n in range(10))
    hold.release()
    for future in futures:
        future.result(10)
    assert early == []


def test_a_refusal_leaves_no_trace_and_the_group_goes_on(store: Store) -> None:
    hold = Hold(store)
    before, refused, after = store.submit(put("a")), store.submit(refuse), store.submit(put("b"))
    hold.release()
    assert (before.result(10), after.result(10)) == ("a", "b")
    with pytest.raises(NotNow, match="not now"):
        refused.result(10)
    assert stored(store) == {"a", "b"}
    assert store.failure is None


def test_an_undoable_job_may_refuse_after_it_has_written(store: Store) -> None:
    hold = Hold(store)
    before = store.submit(put("a"))
    refused = store.submit(write_and_refuse("half"), undoable=True)
    after = store.submit(put("b"), undoable=True)
    hold.release()
    assert (before.result(10), after.result(10)) == ("a", "b")
    with pytest.raises(NotNow, match="too late"):
        refused.result(10)
    assert stored(store) == {"a", "b"}


def test_a_refusal_after_a_write_is_a_fault_and_undoes_its_job_alone(store: Store) -> None:
    hold = Hold(store)
    before, refused = store.submit(put("a")), store.submit(write_and_refuse("half"))
    hold.release()
    with pytest.raises(JobFailed) as caught:
        refused.result(10)
    assert isinstance(caught.value.__cause__, RefusedAfterWriting)
    assert (before.result(10), stored(store)) == ("a", {"a"})


@settings(deadline=None, max_examples=40)
@given(
    kinds=st.lists(st.sampled_from(["write", "refuse", "undone"]), max_size=30),
    group=st.integers(1, 8),
)
def test_exactly_the_jobs_that_were_not_refused_are_stored(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], group: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "office.db"
    with Store(path, bytes(32), limits=Limits(group=group)) as store:
        futures: list[Future[object]] = []
        for number, kind in enumerate(kinds):
            job: Callable[[Transaction], object]
            job = {"write": put(str(number)), "refuse": refuse}.get(kind, write_and_refuse("u"))
            futures.append(store.submit(job, undoable=kind == "undone"))
        for kind, future in zip(kinds, futures, strict=True):
            assert (future.exception(10) is None) == (kind == "write")
        assert stored(store) == {str(n) for n, kind in enumerate(kinds) if kind == "write"}


def test_an_unexpected_error_undoes_its_job_alone_and_the_writer_goes_on(
    store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    mended: list[set[str]] = []

    def mend(tx: Transaction, failed: JobFailed) -> None:
        mended.append({key for (key,) in tx.rows(NAMES)})
        meta.put(tx, f"mended {failed.incident}", b"x")

    store.mend_with(mend)
    hold = Hold(store)
    jobs: list[Callable[[Transaction], object]] = [put("a"), write_and_fail("half"), put("b")]
    first, failing, last = [store.submit(job) for job in jobs]
    hold.release()
    with pytest.raises(JobFailed) as caught:
        failing.result(10)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert (first.result(10), last.result(10)) == ("a", "b")
    assert mended == [{"a"}], "memory is put back before the next job, from what was before"
    incident = caught.value.incident
    assert stored(store) == {"a", "b", f"mended {incident}"}
    assert store.failure is None
    assert incident in capfd.readouterr().err


@pytest.mark.parametrize(
    "own_failure",
    [
        apsw.FullError("disk full"),
        apsw.IOError("disk I/O error"),
        apsw.CorruptError("malformed"),
        MemoryError(),
        OSError(errno.ENOSPC, "no space"),
        SystemExit("killed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_disks_and_memorys_own_failure_rolls_back_the_group_and_stops_the_store(
    open_store: OpenStore, own_failure: BaseException
) -> None:
    def fail_for_good(tx: Transaction) -> None:
        raise own_failure

    failures: list[StoreError] = []
    store = open_store(on_failure=failures.append)
    store.submit(put("earlier")).result(10)
    hold = Hold(store)
    jobs: list[Callable[[Transaction], object]] = [put("a"), fail_for_good, put("b")]
    futures = [store.submit(job) for job in jobs]
    with pytest.raises(StoreFailed):
        hold.release()
    for future in futures:
        with pytest.raises(StoreFailed):
            future.result(10)
    with pytest.raises(StoreFailed):
        store.submit(put("later"))
    store.close()
    assert len(failures) == 1
    assert isinstance(store.failure, StoreFailed)
    assert stored(open_store()) == {"earlier"}


def test_memory_that_cannot_be_put_back_stops_the_store(open_store: OpenStore) -> None:
    def mend(tx: Transaction, failed: JobFailed) -> None:
        raise ZeroDivisionError

    store = open_store()
    store.mend_with(mend)
    with pytest.raises(StoreFailed):
        store.submit(write_and_fail("half")).result(10)
    store.close()
    assert stored(open_store()) == set()


async def test_the_stores_failure_fails_all_that_wait_on_the_loop(open_store: OpenStore) -> None:
    def full(tx: Transaction) -> None:
        raise apsw.FullError

    store = open_store(limits=Limits(waiting=4))
    hold = Hold(store)
    jobs = [put("a"), full, *(put(str(n)) for n in range(20))]
    waiting = [asyncio.ensure_future(store.write(job)) for job in jobs]
    await asyncio.sleep(0.01)
    with pytest.raises(StoreFailed):
        hold.release()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, StoreFailed) for result in results)
    with pytest.raises(StoreFailed):
        await store.write(put("later"))


@pytest.mark.parametrize("point", PROBE_POINTS)
def test_a_crash_at_any_point_loses_nothing_that_was_answered(
    open_store: OpenStore, point: str
) -> None:
    points = Points()
    store = open_store(probe=points)
    answered = [store.submit(put(name)).result(10) for name in ("a", "b")]
    points.stop_at = point
    last = store.submit(put("c"))
    error = last.exception(10)
    store.close()
    left = stored(open_store())
    assert set(answered) <= left
    if point in (BEFORE_JOB, AFTER_JOB, BEFORE_COMMIT):
        assert isinstance(error, StoreFailed)
        assert "c" not in left
    else:
        assert (error is None) == (point == AFTER_ANSWERS)
        assert "c" in left


async def test_a_full_queue_makes_callers_wait(open_store: OpenStore) -> None:
    store = open_store(limits=Limits(waiting=8))
    hold = Hold(store)
    waiting = [asyncio.ensure_future(store.write(put(str(n)))) for n in range(50)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert store.waiting <= 8
    hold.release()
    assert await asyncio.gather(*waiting) == [str(n) for n in range(50)]


async def test_a_caller_that_gives_up_does_not_stop_its_job(store: Store) -> None:
    hold = Hold(store)
    given_up = asyncio.ensure_future(store.write(put("a")))
    await asyncio.sleep(0.01)
    given_up.cancel()
    hold.release()
    assert await store.write(put("b")) == "b"
    assert given_up.cancelled()
    assert stored(store) == {"a", "b"}


def test_a_handle_does_not_outlive_its_job(store: Store) -> None:
    kept: list[Transaction] = []
    store.submit(kept.append).result(10)
    store.submit(put("a")).result(10)
    with pytest.raises(RuntimeError, match="after the job it belonged to"):
        meta.put(kept[0], "b", b"x")
    with pytest.raises(RuntimeError, match="after the job it belonged to"):
        kept[0].rows("SELECT 1")


def test_closing_carries_out_what_waits_and_refuses_what_follows(open_store: OpenStore) -> None:
    store = open_store()
    futures = [store.submit(put(str(n))) for n in range(300)]
    store.close()
    store.close()
    assert all(future.exception() is None for future in futures)
    with pytest.raises(StoreClosed):
        store.submit(put("late"))
    with pytest.raises(StoreClosed):
        store.submit_read(lambda snapshot: None)
    assert len(stored(open_store())) == 300


def test_many_threads_write_at_once(store: Store) -> None:
    def work(name: str) -> None:
        for number in range(100):
            store.submit(put(f"{name}{number}")).result(10)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored(store)) == 400


async def test_the_store_belongs_to_one_event_loop(store: Store) -> None:
    await store.write(put("a"))

    def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="one event loop"):
            asyncio.run(store.write(put("b")))

    await asyncio.to_thread(elsewhere)
