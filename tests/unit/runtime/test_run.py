"""Programs under `run`, each in a process of its own."""

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blo_runtime.supervision import ExitCode, StopSignal, run
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.slow

PRELUDE = """
import asyncio, os, sys, threading, time
from pathlib import Path
from blo_runtime.errors import *
from blo_runtime.supervision import *

def say(text):
    print(text, flush=True)
"""

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(project_root: Path) -> Iterator[Start]:
    programs: list[subprocess.Popen[str]] = []

    def run_script(text: str) -> "subprocess.Popen[str]":
        program = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(text)],
            env={"PYTHONPATH": str(project_root / "services")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        programs.append(program)
        return program

    yield run_script
    for program in programs:
        program.kill()
        program.communicate()


def _until(program: "subprocess.Popen[str]", word: str) -> None:
    assert program.stdout is not None
    assert program.stdout.readline().strip() == word


def _end(program: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = program.communicate(timeout=PATIENCE_S)
    return program.returncode, out, err


def _logged(err: str) -> dict[str, dict[str, Any]]:
    return {line["event"]: line for line in map(json.loads, err.splitlines())}


def test_a_program_that_returns_ends_with_0_on_uvloop() -> None:
    seen: list[str] = []

    async def main(stop: StopSignal) -> None:
        seen.append(type(asyncio.get_running_loop()).__module__)

    assert run(main) == ExitCode.OK
    assert seen == ["uvloop"]


def test_the_signal_handlers_are_as_before_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    async def main(stop: StopSignal) -> None:
        return

    run(main)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_the_program_to_stop(start: Start, number: signal.Signals) -> None:
    program = start("""
        async def main(stop):
            say("ready")
            await stop.wait()
            say("stopped by " + stop.reason)
        sys.exit(run(main))
    """)
    _until(program, "ready")
    program.send_signal(number)
    code, out, err = _end(program)
    assert (code, out.strip()) == (ExitCode.OK, f"stopped by {number.name}")
    assert _logged(err)["stopping"]["reason"] == number.name


BUSY_ENDINGS = {
    "a waiting loop": "await asyncio.sleep(3600)",
    "a blocked loop": "while True: time.sleep(0.01)",
}


@pytest.mark.parametrize("ending", BUSY_ENDINGS.values(), ids=BUSY_ENDINGS)
def test_a_second_signal_ends_at_once(start: Start, ending: str) -> None:
    program = start(f"""
        async def main(stop):
            say("ready")
            await stop.wait()
            say("stopping")
            {ending}
        sys.exit(run(main, shutdown_s=3600))
    """)
    _until(program, "ready")
    program.send_signal(signal.SIGTERM)
    _until(program, "stopping")
    program.send_signal(signal.SIGINT)
    code, _, _ = _end(program)
    assert code == 128 + signal.SIGINT


def test_a_failing_program_ends_as_a_defect_and_says_why(start: Start) -> None:
    code, _, err = _end(
        start("""
        async def main(stop):
            raise ValueError("disk full")
        sys.exit(run(main))
    """)
    )
    assert code == ExitCode.FAILED
    assert _logged(err)["program failed"]["error"] == "ValueError: disk full"


def test_a_failure_that_is_no_defect_ends_a_program_as_unable(start: Start) -> None:
    code, _, err = _end(
        start("""
        async def fails():
            raise OSError("disk full")
        async def main(stop):
            async with Supervisor(stop) as tasks:
                tasks.start("store", fails)
                await tasks.until_stopped()
        sys.exit(run(main, expected=(OSError,)))
    """)
    )
    assert code == ExitCode.UNABLE
    assert "disk full" in _logged(err)["program failed"]["error"]


def test_a_failing_task_ends_the_program_as_a_defect_with_its_name(start: Start) -> None:
    code, _, err = _end(
        start("""
        async def fails():
            raise ValueError("disk full")
        async def main(stop):
            async with Supervisor(stop) as tasks:
                tasks.start("reader", fails)
                await tasks.until_stopped()
        sys.exit(run(main))
    """)
    )
    assert code == ExitCode.FAILED
    assert _logged(err)["task failed"]["task"] == "reader"
    assert "'reader' failed: ValueError: disk full" in _logged(err)["program failed"]["error"]


def test_a_failing_task_does_not_wait_for_ever_for_the_others(start: Start) -> None:
    code, _, err = _end(
        start("""
        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    pass
        async def fails():
            await asyncio.sleep(0)
            raise ValueError("disk full")
        async def main(stop):
            async with Supervisor(stop) as tasks:
                tasks.start("stubborn", stubborn)
                tasks.start("reader", fails)
                await tasks.until_stopped()
        sys.exit(run(main, shutdown_s=0.2))
    """)
    )
    assert code == ExitCode.SHUTDOWN_OVERRAN
    assert any(name.startswith("stubborn ") for name in _logged(err)["shutdown overran"]["task"])
    assert any(name.startswith("stubborn ") for name in _logged(err)["shutdown cut off"]["task"])


def test_a_program_that_does_not_stop_is_named_cancelled_and_ends_with_3(start: Start) -> None:
    program = start("""
        async def slow():
            await asyncio.sleep(3600)
        async def main(stop):
            task = asyncio.create_task(slow(), name="slow export")
            say("ready")
            try:
                await task
            finally:
                say("cleaned up")
        sys.exit(run(main, shutdown_s=1.0))
    """)
    _until(program, "ready")
    program.send_signal(signal.SIGTERM)
    code, out, err = _end(program)
    assert code == ExitCode.SHUTDOWN_OVERRAN
    assert out.strip() == "cleaned up"
    names = [name.split(" (")[0] for name in _logged(err)["shutdown overran"]["task"]]
    assert names == ["main", "slow export"]


@pytest.mark.parametrize(
    "hold",
    ["time.sleep(3600)", "await asyncio.to_thread(time.sleep, 3600)"],
    ids=["a blocked loop", "an executor's endless job"],
)
def test_nothing_holds_up_the_end_for_ever(start: Start, hold: str) -> None:
    program = start(f"""
        async def main(stop):
            say("ready")
            await stop.wait()
            {hold}
        sys.exit(run(main, shutdown_s=0.2))
    """)
    _until(program, "ready")
    program.send_signal(signal.SIGTERM)
    code, _, err = _end(program)
    assert code == ExitCode.SHUTDOWN_OVERRAN
    assert _logged(err)["shutdown cut off"]["task"]


def test_a_wrong_configuration_ends_with_2_and_only_the_message(start: Start) -> None:
    code, _, err = _end(
        start("""
        async def main(stop):
            raise Missing(Path("a.toml"), "kafka", "missing", expected="a table", todo="Add it.")
        sys.exit(run(main))
    """)
    )
    assert code == ExitCode.UNABLE
    assert err == "a.toml: kafka: missing; expected a table. Add it.\n"


def test_a_blocked_loop_is_ended_by_the_watchdog_which_says_where(start: Start) -> None:
    code, _, err = _end(
        start("""
        def grinds():
            time.sleep(3600)
        async def main(stop):
            grinds()
        sys.exit(run(main, watchdog_s=0.2))
    """)
    )
    assert code == ExitCode.LOOP_BLOCKED
    assert _logged(err)["event loop blocked"]["where"][-1].endswith(" grinds")


def test_a_turning_loop_is_left_alone_by_the_watchdog() -> None:
    async def main(stop: StopSignal) -> None:
        for _ in range(20):
            await asyncio.sleep(0.01)

    assert run(main, watchdog_s=30) == ExitCode.OK
