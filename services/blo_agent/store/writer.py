"""The writer: one thread that carries out jobs and commits them in groups.

An fsync costs as much as a hundred small jobs, so all jobs that are waiting share one
transaction and one fsync. What the writer promises:

* **Durable before answered.** A job's future is resolved only after the commit of its group has
  reached the disk. Jobs run one after the other, in the order in which they were handed in.
* **A refusal leaves no trace.** A job refuses by raising a ``JobRefused`` before its first write
  and before it changes anything in memory. A job that can only know after writing is handed in as
  ``undoable``. The writer checks that a refusal of another job has written nothing; if it has, that
  is a fault of the program (``RefusedAfterWriting``).
* **An unexpected error undoes its job alone.** Every job runs in a savepoint. When it raises
  anything but a refusal, what it has written is taken back, ``mend`` puts back from the disk what
  it may have changed in memory, its caller gets a ``JobFailed`` with the incident's id, and the
  other jobs of the group go on. ``mend`` runs in the same transaction, before the next job.
* **The disk's and memory's own failure stops the store** (``is_store_failure``), as does a failed
  commit, or a ``mend`` that fails: the whole group is rolled back, all its futures and all waiting
  ones fail with ``StoreFailed``, ``on_failure`` is called once, and every later job is refused with
  ``StoreFailed``. The program must end and start again from the disk.
* **The writer alone moves the write-ahead log into the file**, between two groups, and begins a new
  generation with it (``blo_agent.store.write_ahead_log``).
* **A cancelled caller is not a cancelled job.** A caller that stops waiting does not know
  whether its job was carried out.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

import apsw

from blo_agent.store.connection import Transaction, failure_of, is_store_failure
from blo_agent.store.errors import (
    JobFailed,
    JobRefused,
    RefusedAfterWriting,
    StoreClosed,
    StoreError,
)
from blo_agent.store.write_ahead_log import WriteAheadLog
from blo_runtime.incidents import report_incident

T = TypeVar("T")
Job: TypeAlias = Callable[[Transaction], T]
Mend: TypeAlias = Callable[[Transaction, JobFailed], None]

BEFORE_JOB: Final = "before_job"
AFTER_JOB: Final = "after_job"
BEFORE_COMMIT: Final = "before_commit"
AFTER_COMMIT: Final = "after_commit"
AFTER_ANSWERS: Final = "after_answers"
PROBE_POINTS: Final = (BEFORE_JOB, AFTER_JOB, BEFORE_COMMIT, AFTER_COMMIT, AFTER_ANSWERS)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the writer.

    Attributes:
        waiting: Jobs that may wait, for each of the two ways in; further callers wait for room.
        group: Jobs that one transaction takes at most.
        group_seconds: No further job joins a transaction that has run for this long.
    """

    waiting: int = 4096
    group: int = 512
    group_seconds: float = 0.05


@dataclass(slots=True)
class _QueuedJob:
    job: Job[Any] | None
    undoable: bool
    future: asyncio.Future[Any] | Future[Any]
    value: Any = None
    error: BaseException | None = None


class StoreWriter:
    """Carries out jobs in one thread, in order, in grouped transactions.

    Args:
        path: The store's file, for messages.
        connect: Opens the connection that only this writer uses.
        limits: Bounds.
        probe: For tests: called with each of ``PROBE_POINTS`` as it is passed. If it raises, the
            writer stops there, as a process that is killed at that point would.
        on_failure: Called once, from the writer's thread, when the store has failed; it should
            make the program end.

    Attributes:
        mend: Puts back from the disk what a job that was rolled back may have changed in memory;
            called in the writer's thread. Set by whoever keeps such memory.
        on_committed: Called on the event loop after a group of jobs that it waits for.
    """

    def __init__(
        self,
        path: Path,
        connect: Callable[[], apsw.Connection],
        *,
        limits: Limits | None = None,
        probe: Callable[[str], None] | None = None,
        on_failure: Callable[[StoreError], None] | None = None,
    ) -> None:
        self._path = path
        self._connect = connect
        self._limits = limits or Limits()
        self._probe = probe
        self._on_failure = on_failure
        self.mend: Mend | None = None
        self.on_committed: Callable[[], None] | None = None
        self._queue: SimpleQueue[_QueuedJob | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._room = threading.Semaphore(self._limits.waiting)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_room = asyncio.Semaphore(self._limits.waiting)
        self._refuse_with: Callable[[], StoreError] | None = None
        self._failure: BaseException | None = None
        self._stopping = False
        self._taken: list[_QueuedJob] = []
        self._asked: list[_QueuedJob] = []
        self._broken: Future[StoreError] = Future()
        self._broken.set_running_or_notify_cancel()
        self._connection: apsw.Connection
        self._log: WriteAheadLog
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Opens the connection and starts the thread.

        Raises:
            StoreError: The connection can't be opened.
        """
        self._connection = self._connect()
        self._log = WriteAheadLog(self._connection, self._path)
        self._log.empty()
        self._thread.start()

    def close(self) -> None:
        """Carries out all waiting jobs, then ends the thread; blocks until that is done."""
        with self._gate:
            if self._refuse_with is None:
                self._refuse_with = lambda: StoreClosed(self._path)
                self._queue.put(None)
        self._thread.join()

    @property
    def failure(self) -> StoreError | None:
        """Why the writer has stopped; ``None`` while it has not failed."""
        return None if self._failure is None else failure_of(self._path, self._failure)

    async def failed(self) -> StoreError:
        """Waits until the writer has failed, and says why."""
        return await asyncio.wrap_future(self._broken)

    @property
    def waiting(self) -> int:
        """How many jobs wait to be taken up, for a metric."""
        return self._queue.qsize()

    async def write(self, job: Job[T], *, undoable: bool = False) -> T:
        """Carries out ``job`` and returns its value once it is on disk.

        All callers of one writer use the same event loop.

        Raises:
            JobRefused: What the job raised; it has left no trace.
            JobFailed: The job raised something else; it was rolled back.
            StoreFailed: The store has stopped.
            StoreClosed: The store was closed before.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._bind(loop)
        await self._loop_room.acquire()
        future: asyncio.Future[T] = loop.create_future()
        try:
            self._enqueue(_QueuedJob(job, undoable, future))
        except StoreError:
            self._loop_room.release()
            raise
        return await future

    def submit(self, job: Job[T], *, undoable: bool = False) -> Future[T]:
        """Hands in ``job`` from a thread without an event loop; blocks while there is no room.

        Raises:
            StoreFailed: The store has stopped.
            StoreClosed: The store was closed before.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        self._room.acquire()
        try:
            self._enqueue(_QueuedJob(job, undoable, future))
        except StoreError:
            self._room.release()
            raise
        return future

    def checkpoint(self) -> Future[bool]:
        """Moves the write-ahead log into the file and empties it; False: a reader was in the way.

        Raises:
            StoreFailed: The store has stopped.
            StoreClosed: The store was closed before.
        """
        future: Future[bool] = Future()
        future.set_running_or_notify_cancel()
        self._room.acquire()
        try:
            self._enqueue(_QueuedJob(None, undoable=False, future=future))
        except StoreError:
            self._room.release()
            raise
        return future

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise RuntimeError("a store is used from one event loop only")
        self._loop = loop

    def _enqueue(self, waiting: _QueuedJob) -> None:
        with self._gate:
            if self._refuse_with is not None:
                raise self._refuse_with()
            self._queue.put(waiting)

    # From here on: the writer's thread.

    def _run(self) -> None:
        try:
            while not self._stopping:
                first = self._queue.get()
                if first is None:
                    break
                if first.job is None:
                    self._asked.append(first)
                else:
                    self._commit_group(first)
                    self._answer()
                    self._passed(AFTER_ANSWERS)
                self._look_after_log()
            self._log.empty()
            self._connection.close()
        except BaseException as error:  # noqa: BLE001 - whatever it was, the store has failed
            self._fail(error)

    def _commit_group(self, first: _QueuedJob) -> None:
        connection = self._connection
        until = monotonic() + self._limits.group_seconds
        waiting: _QueuedJob | None = first
        self._taken.append(first)
        connection.execute("BEGIN IMMEDIATE")
        transaction = Transaction(connection)
        while waiting is not None:
            self._passed(BEFORE_JOB)
            self._carry_out(waiting, transaction)
            self._passed(AFTER_JOB)
            waiting = self._next(until)
        transaction.end()
        self._passed(BEFORE_COMMIT)
        connection.execute("COMMIT")
        self._passed(AFTER_COMMIT)

    def _next(self, until: float) -> _QueuedJob | None:
        if len(self._taken) >= self._limits.group or monotonic() >= until:
            return None
        try:
            waiting = self._queue.get_nowait()
        except Empty:
            return None
        if waiting is None:
            self._stopping = True
        elif waiting.job is None:
            self._asked.append(waiting)
            return None
        else:
            self._taken.append(waiting)
        return waiting

    def _look_after_log(self) -> None:
        """Between two groups: empty the write-ahead log if that is asked for or due."""
        if self._asked:
            self._taken, self._asked = self._asked, []
            done = self._log.empty()
            for waiting in self._taken:
                waiting.value = done
            self._answer()
        elif self._log.is_due:
            self._log.empty(busy_timeout_ms=0)

    def _carry_out(self, waiting: _QueuedJob, transaction: Transaction) -> None:
        connection = self._connection
        connection.execute("SAVEPOINT job")
        # Only now: a savepoint has full-text tables write what an earlier job left in their memory.
        before = connection.total_changes()
        try:
            if waiting.job is not None:
                waiting.value = waiting.job(transaction)
        except JobRefused as refusal:
            if connection.total_changes() == before:
                waiting.error = refusal.with_traceback(None)
            elif waiting.undoable:
                self._take_back(transaction)
                waiting.error = refusal.with_traceback(None)
            else:
                fault = RefusedAfterWriting(
                    f"a job wrote and then refused with {type(refusal).__name__}"
                )
                fault.__cause__ = refusal
                self._undo(waiting, transaction, fault)
        except Exception as error:
            if is_store_failure(error):
                raise
            self._undo(waiting, transaction, error)
        connection.execute("RELEASE job")

    def _undo(self, waiting: _QueuedJob, transaction: Transaction, error: Exception) -> None:
        """Take a job back, on disk and in memory, and let its caller know."""
        self._take_back(transaction)
        failed = JobFailed(report_incident("a job of the store", error), error)
        waiting.error = failed
        if self.mend is not None:
            self.mend(transaction, failed)

    def _take_back(self, transaction: Transaction) -> None:
        self._connection.execute("ROLLBACK TO job")
        transaction.memo.clear()

    def _answer(self) -> None:
        answered, self._taken = self._taken, []
        on_loop = []
        for waiting in answered:
            if isinstance(waiting.future, Future):
                _resolve(waiting.future, waiting)
                self._room.release()
            else:
                on_loop.append(waiting)
        if on_loop and self._loop is not None:
            # A loop that is closed has nobody left who waits.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._answer_on_loop, on_loop)

    def _answer_on_loop(self, answered: list[_QueuedJob]) -> None:
        for waiting in answered:
            if not waiting.future.done():
                _resolve(waiting.future, waiting)
            self._loop_room.release()
        if self.on_committed is not None:
            self.on_committed()

    def _passed(self, point: str) -> None:
        if self._probe is not None:
            self._probe(point)

    def _fail(self, cause: BaseException) -> None:
        # Closing without a commit rolls back, as the end of the process would.
        with suppress(apsw.Error):
            self._connection.close(True)  # noqa: FBT003 - positional only in apsw
        with self._gate:
            self._failure = cause
            self._refuse_with = lambda: failure_of(self._path, cause)
        with suppress(Empty):
            while True:
                waiting = self._queue.get_nowait()
                if waiting is not None:
                    self._taken.append(waiting)
        self._taken.extend(self._asked)
        self._asked = []
        for waiting in self._taken:
            waiting.error = failure_of(self._path, cause)
        self._answer()
        self._broken.set_result(failure_of(self._path, cause))
        if self._on_failure is not None:
            self._on_failure(failure_of(self._path, cause))


def _resolve(future: asyncio.Future[Any] | Future[Any], waiting: _QueuedJob) -> None:
    if waiting.error is not None:
        future.set_exception(waiting.error)
    else:
        future.set_result(waiting.value)
