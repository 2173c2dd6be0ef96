"""Running a program: signals, named tasks, a bounded end, exit codes.

::

    async def main(stop: StopSignal) -> None:
        async with Supervisor(stop) as tasks:
            tasks.start("reader", reader.run)
            tasks.start("outbox", outbox.run)
            await tasks.until_stopped()

    sys.exit(run(main))
"""

import asyncio
import os
import queue
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import IntEnum
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import uvloop

from blo_runtime.errors import ConfigurationError, TaskEndedEarly, TaskFailed
from blo_runtime.library_logs import interpreter_in_logs
from blo_runtime.logs import describe, get_logger
from blo_runtime.watchdog import LoopWatchdog

_LONGEST_GRACE_S = 2.0


class ExitCode(IntEnum):
    """How a program ended; a second signal ends it with 128 plus the signal's number."""

    OK = 0
    """It did its work, or was asked to stop and did."""
    FAILED = 70
    """It or one of its tasks raised something that nobody expects: a defect."""
    UNABLE = 2
    """It could not be done: its configuration is wrong, or what it needs is not there."""
    SHUTDOWN_OVERRAN = 3
    """It was asked to stop and some of its tasks did not in time."""
    LOOP_BLOCKED = 4
    """Its event loop stood still; the watchdog ended it."""


class StopSignal:
    """The request to stop, given to everything that runs for long.

    Attributes:
        reason: Why, as ``SIGTERM``; empty until the request.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._event = asyncio.Event()

    def is_set(self) -> bool:
        """Return whether the program was asked to stop."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return when the program is asked to stop."""
        await self._event.wait()

    def request(self, reason: str) -> None:
        """Ask the program to stop; the first reason stays. Call it in the event loop's thread."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()


class Supervisor:
    """Named tasks that run as long as the program does; an asynchronous context manager.

    A task that raises, or returns before the stop, is logged with its name, requests the stop,
    and cancels the others. Leaving the block cancels all tasks and waits for them; what they
    raise while ending is raised too.

    Args:
        stop: The program's stop signal.

    Raises:
        TaskFailed: On leaving the block: a task raised.
        TaskEndedEarly: On leaving the block: a task returned before the stop.
        ExceptionGroup: On leaving the block: several of these.
    """

    def __init__(self, stop: StopSignal) -> None:
        self._stop = stop
        self._leaving = False
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    def start(
        self, name: str, work: Callable[[], Awaitable[object]], *, may_end: bool = False
    ) -> "asyncio.Task[None]":
        """Start a task.

        Args:
            name: What logs and errors call it.
            work: What it does; called in the task.
            may_end: Whether it may return before the stop.

        Returns:
            The task, for a caller that waits for it.
        """
        task = self._group.create_task(self._supervise(name, work, may_end=may_end), name=name)
        self._tasks.append(task)
        return task

    async def until_stopped(self) -> None:
        """Return when the program is asked to stop; a failing task cancels the wait."""
        await self._stop.wait()

    async def __aenter__(self) -> Self:
        """Begin; tasks may be started from here on."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what runs, wait for it, raise what it raised."""
        self._leaving = True
        for task in self._tasks:
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as several:
            if len(several.exceptions) > 1:
                raise
            only = several.exceptions[0]
            raise only from only.__cause__

    async def _supervise(
        self, name: str, work: Callable[[], Awaitable[object]], *, may_end: bool
    ) -> None:
        try:
            await work()
        except asyncio.CancelledError as error:
            this = asyncio.current_task()
            if this is None or this.cancelling():
                raise
            self._report(name, error)
            raise TaskEndedEarly(name, f"task {name!r} was cancelled from within") from error
        except Exception as error:
            self._report(name, error)
            raise TaskFailed(name, f"task {name!r} failed: {describe(error)}") from error
        if not (may_end or self._leaving or self._stop.is_set()):
            early = TaskEndedEarly(name, f"task {name!r} ended before the program was to stop")
            self._report(name, early)
            raise early

    def _report(self, name: str, error: BaseException) -> None:
        get_logger().error("task failed", task=name, exc_info=error)
        # The stop bounds the end of the others, which are now cancelled.
        self._stop.request(f"task {name} failed")


def run(
    main: Callable[[StopSignal], Awaitable[None]],
    *,
    shutdown_s: float = 10.0,
    watchdog_s: float | None = None,
    expected: tuple[type[Exception], ...] = (),
) -> int:
    """Run a program on uvloop until it ends; call it in the main thread.

    SIGTERM and SIGINT request the stop, a second one ends the process at once. After the request
    the program has ``shutdown_s``; what then still runs is named in the log and cancelled, and
    after as long again, two seconds at most, the process ends whatever is left.

    Args:
        main: The program; it returns when its work is done, or soon after the stop.
        shutdown_s: How long it may take to stop, in seconds.
        watchdog_s: For how many seconds the event loop may stand still; None for no watchdog.
        expected: Errors that are no defects: what the program needs is not there, or has failed.

    Returns:
        An `ExitCode`, for `sys.exit`.
    """
    stop = StopSignal()
    grace_s = min(shutdown_s, _LONGEST_GRACE_S)
    with ExitStack() as stack:
        stack.enter_context(interpreter_in_logs())
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        deadline = stack.enter_context(_Deadline(runner.get_loop(), shutdown_s + grace_s))
        stack.enter_context(_signals(runner.get_loop(), stop, deadline))
        stack.enter_context(runner)
        return runner.run(_program(main, stop, deadline, shutdown_s, watchdog_s, expected))


async def _program(
    main: Callable[[StopSignal], Awaitable[None]],
    stop: StopSignal,
    deadline: "_Deadline",
    shutdown_s: float,
    watchdog_s: float | None,
    expected: tuple[type[Exception], ...],
) -> ExitCode:
    with ExitStack() as stack:
        if watchdog_s is not None:
            loop = asyncio.get_running_loop()
            stack.enter_context(LoopWatchdog(loop, watchdog_s, _end_blocked(watchdog_s)))
        _name_this_task("program")
        task = asyncio.create_task(_call(main, stop))
        stopping = asyncio.create_task(stop.wait(), name="stop signal")
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        deadline.arm()
        if stop.is_set():
            get_logger().info("stopping", reason=stop.reason)
        if not task.done():
            await asyncio.wait({task}, timeout=shutdown_s)
        stopping.cancel()
        if task.done():
            return _outcome(task, expected)
        names = _names(asyncio.get_running_loop())
        get_logger().error("shutdown overran", task=names, limit_s=shutdown_s)
        return ExitCode.SHUTDOWN_OVERRAN


async def _call(main: Callable[[StopSignal], Awaitable[None]], stop: StopSignal) -> None:
    _name_this_task("main")
    await main(stop)


def _name_this_task(name: str) -> None:
    if task := asyncio.current_task():
        task.set_name(name)


def _outcome(task: "asyncio.Task[None]", expected: tuple[type[Exception], ...]) -> ExitCode:
    if task.cancelled():
        get_logger().error("program failed", error="main was cancelled from within")
        return ExitCode.FAILED
    error = task.exception()
    if error is None:
        return ExitCode.OK
    if isinstance(error, ConfigurationError):
        sys.stderr.write(f"{error}\n")
        return ExitCode.UNABLE
    get_logger().error("program failed", exc_info=error)
    return ExitCode.UNABLE if isinstance(root_of(error), expected) else ExitCode.FAILED


def root_of(error: BaseException) -> BaseException:
    """What a program's failure is about: the error of the task that failed."""
    while isinstance(error, TaskFailed) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _end_blocked(limit_s: float) -> Callable[[list[str]], None]:
    def end(where: list[str]) -> None:
        get_logger().error("event loop blocked", limit_s=limit_s, where=where)
        os._exit(ExitCode.LOOP_BLOCKED)

    return end


@contextmanager
def _signals(
    loop: asyncio.AbstractEventLoop, stop: StopSignal, deadline: "_Deadline"
) -> Iterator[None]:
    """Turn signals into the stop request.

    Handlers of the interpreter, not of the loop, so that the second signal works even when the
    loop is blocked.
    """
    first = True

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal first
        if not first:
            os._exit(128 + number)
        first = False
        deadline.arm()
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.request, signal.Signals(number).name)

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Deadline:
    """Ends the process when it has not ended by itself a while after `arm`.

    In a thread, because a blocked loop, a task that ignores its cancellation and an executor's
    endless job all keep the loop from doing it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        self._loop = loop
        self._limit_s = limit_s
        # SimpleQueue.put may be called in a signal handler, Event.set may not.
        self._armed: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._wait, name="shutdown deadline", daemon=True)

    def arm(self) -> None:
        """Start counting; again changes nothing."""
        self._armed.put(None)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self.arm()
        self._thread.join()

    def _wait(self) -> None:
        self._armed.get()
        if self._ended.wait(self._limit_s):
            return
        threads = [one.name for one in threading.enumerate() if not one.daemon]
        left = _names(self._loop) + [f"thread {name}" for name in threads if name != "MainThread"]
        get_logger().error("shutdown cut off", task=left, limit_s=self._limit_s)
        os._exit(ExitCode.SHUTDOWN_OVERRAN)


_OWN_TASKS = frozenset({"program", "stop signal"})


def _names(loop: asyncio.AbstractEventLoop) -> list[str]:
    tasks = [task for task in asyncio.all_tasks(loop) if task.get_name() not in _OWN_TASKS]
    return sorted(f"{task.get_name()} ({_where(task)})" for task in tasks)


def _where(task: "asyncio.Task[Any]") -> str:
    frames = task.get_stack(limit=1)
    if not frames:
        return "not started"
    return f"{Path(frames[0].f_code.co_filename).name}:{frames[0].f_lineno}"
