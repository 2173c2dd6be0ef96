"""The broker's processes: what ends them, what they outlive, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blo_lab.broker import processes
from blo_lab.broker.processes import KnownProcess
from blo_lab.broker.server import Server
from tests.patience import PATIENCE_S
from tests.signals import interruptible

pytestmark = pytest.mark.slow

SOURCE_ROOTS = ("schemas", "services", "deploy")
SLEEPER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def wait_for_log(log: Path, word: str) -> None:
    wait_until(lambda: log.exists() and word in log.read_text())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server()
    running.launch(SLEEPER, tmp_path, tmp_path / "log", detached=False)
    yield running
    running.kill()


def known(server: Server) -> KnownProcess:
    assert server.process is not None
    return server.process


def test_a_known_process_is_not_another_of_the_same_number(server: Server) -> None:
    process = known(server)
    other = KnownProcess(process.pid, "another start")
    assert not other.alive
    other.send(signal.SIGKILL)
    assert process.alive


def test_a_stopped_server_leaves_nothing_and_can_be_stopped_again(server: Server) -> None:
    process = known(server)
    server.stop(timeout_s=PATIENCE_S)
    assert not process.alive
    assert not server.alive
    server.stop(timeout_s=PATIENCE_S)
    server.kill()


def test_a_server_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)"
    server = Server()
    command = [sys.executable, "-c", f"{deaf}; time.sleep(600)"]
    server.launch(command, tmp_path, tmp_path / "log", detached=False)
    process = known(server)
    wait_for_log(tmp_path / "log", "deaf")
    server.stop(timeout_s=0.2)
    assert not process.alive


def test_a_paused_server_can_be_stopped(server: Server) -> None:
    process = known(server)
    server.pause()
    assert process.frozen
    server.stop(timeout_s=PATIENCE_S)
    assert not process.alive


def test_a_server_is_out_of_the_terminals_reach(server: Server) -> None:
    assert os.getsid(known(server).pid) != os.getsid(0)


def test_a_server_started_in_a_thread_outlives_the_thread(tmp_path: Path) -> None:
    server = Server()
    thread = threading.Thread(
        target=server.launch, args=(SLEEPER, tmp_path, tmp_path / "log"), kwargs={"detached": False}
    )
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert server.alive
    server.kill()


OWNER = """
import sys, time
from pathlib import Path
from blo_lab.broker.server import Server
server = Server()
directory = Path(sys.argv[1])
server.launch(sys.argv[3:], directory, directory / "log", detached=sys.argv[2] == "detached")
print(server.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(("mode", "survives"), [("guarded", False), ("detached", True)])
def test_only_a_detached_server_outlives_an_owner_that_is_killed(
    tmp_path: Path, project_root: Path, mode: str, survives: bool
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), mode, *SLEEPER],
        env={"PYTHONPATH": os.pathsep.join(str(project_root / root) for root in SOURCE_ROOTS)},
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout is not None
        process = KnownProcess.of(int(owner.stdout.readline()))
        owner.kill()
    assert process is not None
    assert process.wait(timeout_s=1.0 if survives else PATIENCE_S) is not survives
    Server(process).kill()
    assert not process.alive


def test_an_interrupt_while_launching_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    spawn = server._spawn

    def interrupted(
        command: list[str], directory: Path, log: Path, detached: bool, environ: None
    ) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        spawn(command, directory, log, detached, environ)

    monkeypatch.setattr(server, "_spawn", interrupted)
    with interruptible(), pytest.raises(KeyboardInterrupt):
        server.launch(SLEEPER, tmp_path, tmp_path / "log", detached=False)
    process = known(server)
    server.kill()
    assert not process.alive


def test_a_child_whose_owner_is_gone_before_it_is_known_is_killed(tmp_path: Path) -> None:
    launcher = Path(processes.__file__).with_name("launcher.py")
    reading, writing = os.pipe()
    os.close(reading)
    born = tmp_path / "born"
    program = f"import pathlib, time; pathlib.Path({str(born)!r}).touch(); time.sleep(0.5)"
    survived = f"; pathlib.Path({str(tmp_path / 'survived')!r}).touch()"
    ended = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            str(launcher),
            "detached",
            sys.executable,
            "-c",
            program + survived,
        ],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        check=False,
        timeout=PATIENCE_S,
    )
    os.close(writing)
    assert ended.returncode == 1
    time.sleep(1.5)
    assert not (tmp_path / "survived").exists()
