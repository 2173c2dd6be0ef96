"""Processes of a lab: known by more than their number, all ended, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blo_lab.broker.processes import KnownProcess
from blo_lab.errors import LabError
from blo_lab.network import state
from blo_lab.network.programs import Programs, stop_all
from tests.patience import PATIENCE_S

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(300)"]
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('up', flush=True); time.sleep(300)"
)

STUBBORN = [sys.executable, "-c", DEAF]


@pytest.fixture
def programs() -> Iterator[Programs]:
    one = Programs(detached=False)
    yield one
    one.stop()


def start(programs: Programs, folder: Path, name: str, command: list[str] = SLEEP) -> KnownProcess:
    log = folder / f"{name}.log"
    programs.start(name, command, folder, log=log, run_file=folder / f"{name}.json")
    deadline = time.monotonic() + PATIENCE_S
    while "up" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return next(one.process for one in programs.running if one.name == name)


def test_what_was_started_is_known_and_ended(programs: Programs, tmp_path: Path) -> None:
    processes = [start(programs, tmp_path, name) for name in ("a", "b", "c")]
    assert all(process.alive for process in processes)
    assert programs.alive("a")
    programs.stop()
    assert not any(process.alive for process in processes)
    programs.stop()


def test_one_that_does_not_listen_is_killed(programs: Programs, tmp_path: Path) -> None:
    stubborn = start(programs, tmp_path, "a", STUBBORN)
    quick = start(programs, tmp_path, "b")
    assert stop_all([stubborn, quick], timeout_s=0.3) == [stubborn]
    assert not stubborn.alive
    assert not quick.alive


def test_a_process_that_only_has_the_number_is_left_alone() -> None:
    with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL) as other:
        try:
            stop_all([KnownProcess(other.pid, "another start")], timeout_s=0.1)
            assert other.poll() is None
        finally:
            other.kill()


def test_detached_ones_go_on_without_their_owner(tmp_path: Path) -> None:
    owner = (
        "import sys; from pathlib import Path; from blo_lab.network.programs import Programs\n"
        "programs = Programs(detached=True)\n"
        f"programs.start('a', {SLEEP!r}, Path({str(tmp_path)!r}), log=Path({str(tmp_path / 'a.log')!r}), run_file=Path('x'))\n"
        "print(programs.running[0].process.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", owner], capture_output=True, text=True, check=True)
    process = KnownProcess.of(int(done.stdout))
    assert process is not None
    assert stop_all([process]) == []


def test_the_others_die_with_their_owner_even_by_sigkill(tmp_path: Path) -> None:
    owner = (
        "import os, signal; from pathlib import Path\n"
        "from blo_lab.network.programs import Programs\n"
        "programs = Programs(detached=False)\n"
        f"programs.start('a', {SLEEP!r}, Path({str(tmp_path)!r}), log=Path({str(tmp_path / 'a.log')!r}), run_file=Path('x'))\n"
        "print(programs.running[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", owner], capture_output=True, text=True, check=False
    )
    process = KnownProcess.of(int(done.stdout))
    assert process is None or process.wait(PATIENCE_S)


def test_the_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "lab.json"
    mine = KnownProcess.of(os.getpid())
    assert mine is not None
    written = state.LabState(
        "127.0.0.1:9", embedded=True, programs=(state.Program("a", "run.json", mine),)
    )
    state.save(path, written)
    assert state.load(path) == written
    assert [one.name for one in tmp_path.iterdir()] == ["lab.json"]
    state.forget(path)
    state.forget(path)
    assert state.load(path) is None


def test_a_state_that_can_not_be_read_is_told_and_nothing_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "lab.json"
    path.write_text('{"programs": [{"name": "a", "process": 5}]}')
    with pytest.raises(LabError, match=r"lab\.json"):
        state.load(path)
