import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

import pytest

from blo_runtime.errors import TaskEndedEarly, TaskFailed
from blo_runtime.supervision import StopSignal, Supervisor


async def forever() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise ValueError("disk full")


async def ends() -> None:
    await asyncio.sleep(0)


Work = Callable[[], Awaitable[object]]


async def supervise(stop: StopSignal, works: Mapping[str, Work], body: Work | None = None) -> None:
    async with Supervisor(stop) as tasks:
        for name, work in works.items():
            tasks.start(name, work)
        await (body or tasks.until_stopped)()


async def test_a_failing_task_brings_the_program_down_with_its_name_and_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop = StopSignal()
    ended: list[str] = []

    async def other() -> None:
        try:
            await forever()
        finally:
            ended.append("outbox")

    with pytest.raises(TaskFailed, match="'reader' failed: ValueError: disk full") as caught:
        await supervise(stop, {"outbox": other, "reader": fails})
    assert caught.value.task == "reader"
    assert isinstance(caught.value.__cause__, ValueError)
    assert ended == ["outbox"]
    assert stop.is_set()
    assert stop.reason == "task reader failed"
    logged = capsys.readouterr().err
    assert '"task":"reader"' in logged
    assert "ValueError: disk full" in logged


async def test_a_failing_task_interrupts_the_body_wherever_it_waits() -> None:
    with pytest.raises(TaskFailed):
        await supervise(StopSignal(), {"reader": fails}, body=forever)


async def test_a_task_that_returns_before_the_stop_brings_the_program_down() -> None:
    with pytest.raises(TaskEndedEarly, match="'reader'"):
        await supervise(StopSignal(), {"reader": ends})


async def test_a_task_cancelled_from_within_brings_the_program_down() -> None:
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    with pytest.raises(TaskEndedEarly, match="cancelled from within"):
        await supervise(StopSignal(), {"reader": cancels_itself})


async def test_a_task_that_may_end_may_end() -> None:
    stop = StopSignal()
    async with Supervisor(stop) as tasks:
        task = tasks.start("import", ends, may_end=True)
        await task
        assert not stop.is_set()


async def test_a_task_may_return_after_the_stop() -> None:
    stop = StopSignal()
    async with Supervisor(stop) as tasks:
        task = tasks.start("reader", stop.wait)
        await asyncio.sleep(0)
        stop.request("SIGTERM")
        await task
        await tasks.until_stopped()


async def test_leaving_cancels_and_awaits_every_task_started_or_not() -> None:
    ended: list[str] = []

    async def tidy() -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(0)
            ended.append("tidy")

    async with Supervisor(StopSignal()) as tasks:
        tasks.start("tidy", tidy)
        await asyncio.sleep(0)
        never_begun = tasks.start("late", forever)
    assert ended == ["tidy"]
    assert never_begun.cancelled()


async def test_a_task_may_answer_its_cancellation_by_returning() -> None:
    async def returns() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await forever()

    async with Supervisor(StopSignal()) as tasks:
        task = tasks.start("reader", returns)
        await asyncio.sleep(0)
    assert task.done()


async def test_an_error_while_ending_is_raised() -> None:
    async def fails_at_the_end() -> None:
        try:
            await forever()
        finally:
            raise OSError("cannot flush")

    with pytest.raises(TaskFailed, match="cannot flush"):
        await supervise(StopSignal(), {"store": fails_at_the_end}, body=ends)


async def test_several_failures_are_all_raised() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await supervise(StopSignal(), {"a": fails, "b": fails})
    assert {error.task for error in caught.value.exceptions if isinstance(error, TaskFailed)} == {
        "a",
        "b",
    }


async def test_an_error_of_the_body_is_raised_as_it_is() -> None:
    with pytest.raises(ValueError, match="disk full"):
        await supervise(StopSignal(), {"reader": forever}, body=fails)


async def test_the_first_reason_to_stop_stays() -> None:
    stop = StopSignal()
    assert not stop.is_set()
    stop.request("SIGTERM")
    stop.request("SIGINT")
    await stop.wait()
    assert stop.reason == "SIGTERM"
