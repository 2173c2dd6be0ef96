"""A lab takes only a folder that is its to take, and leaves nothing when it can't start."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blo_cli.interrupts import Interrupts
from blo_cli.main import run
from blo_lab.broker import BrokerStartError, ExternalBroker, KafkaNotFoundError
from blo_lab.broker.processes import KnownProcess
from blo_lab.errors import LabError
from blo_lab.network import state
from blo_lab.network.admin import AdminClient
from blo_lab.network.fork_server import ForkServer
from blo_lab.network.lab import Lab, steady_ports, stop_lab
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import articles
from blo_lab.network.programs import Programs
from blo_lab.network.staff import PASSWORD, STAFF
from blo_lab.network.table import AGENT, LabProgram, the_programs
from blo_runtime.run_file import RunFile
from tests.patience import PATIENCE_S

NO_KAFKA = {"KAFKA_HOME": "/nonexistent", "PATH": "/usr/bin"}


def lab(folder: Path, environ: dict[str, str] | None = None, *, simulated: bool = True) -> Lab:
    return Lab(
        Layout(folder),
        articles(),
        NO_KAFKA if environ is None else environ,
        Interrupts(),
        simulated_time=simulated,
        detached=True,
        again=True,
        tell=lambda _: None,
    )


def test_a_start_that_fails_leaves_nothing_of_what_it_made(tmp_path: Path) -> None:
    one = lab(tmp_path / "a" / "b")
    with pytest.raises(KafkaNotFoundError):
        one.start()
    assert (tmp_path / "a" / "b").is_dir()
    one.undo()
    one.undo()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_that_was_there_stays(tmp_path: Path) -> None:
    one = lab(tmp_path)
    with pytest.raises(KafkaNotFoundError):
        one.start()
    one.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    one = lab(tmp_path)
    with pytest.raises(LabError, match="is not empty"):
        one.start()
    one.undo()
    assert (tmp_path / "thesis.txt").read_text() == "x"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LabError, match="is no folder"):
        lab(tmp_path / "file").start()


def test_a_folder_in_which_a_lab_runs_is_not_taken(tmp_path: Path) -> None:
    state.save(Layout(tmp_path).state, state.LabState("127.0.0.1:1", embedded=False))
    with pytest.raises(LabError, match="blo lab down"):
        lab(tmp_path).start()


@pytest.mark.parametrize(
    ("before", "what"),
    [
        (
            b'{"simulated_time":false,"embedded":true}',
            "without --simulated-time, for its own Kafka",
        ),
        (b'{"simulated_time":true,"embedded":false}', "with --simulated-time, for the Kafka of"),
    ],
)
def test_a_lab_is_taken_up_again_only_as_it_was_made(
    tmp_path: Path, before: bytes, what: str
) -> None:
    Layout(tmp_path).finished.write_bytes(before)
    one = lab(tmp_path)
    with pytest.raises(LabError, match=what):
        one.start()
    one.undo()
    assert Layout(tmp_path).finished.read_bytes() == before


@pytest.mark.parametrize("before", [None, b"title = 'another'"])
def test_a_lab_of_another_network_is_not_taken_up(tmp_path: Path, before: bytes | None) -> None:
    layout = Layout(tmp_path)
    layout.finished.write_bytes(b'{"simulated_time":true,"embedded":true}')
    if before is not None:
        layout.network.write_bytes(before)
    with pytest.raises(LabError, match=r"provisioned for another network.*name another folder"):
        lab(tmp_path).start()


def test_a_network_that_is_none_starts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("title = 7\n")
    assert run(["lab", "up", str(tmp_path / "lab"), "--network", str(mine)]) == 2
    assert f"{mine}, line 1, title: is of type int, not str" in capsys.readouterr().err
    assert not (tmp_path / "lab").exists()


def test_a_program_that_has_ended_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    one = lab(tmp_path)
    last = one.programs[-1]
    for program in one.programs:
        program.folder.mkdir(parents=True)
        seconds = "0" if program is last else "60"
        words = f"echo its last words; exec sleep {seconds}"
        one._running.start(
            program.subject,
            ["sh", "-c", words],
            program.folder,
            log=program.log,
            run_file=program.run_file,
        )
    try:
        with pytest.raises(LabError, match=r"(?s)witness vn-witness: has ended.*its last words"):
            one.check_alive(within_s=30)
    finally:
        one._running.stop()


def test_programs_that_run_are_looked_at_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lab(tmp_path)
    asked: list[str] = []

    def alive(name: str) -> bool:
        asked.append(name)
        return True

    monkeypatch.setattr(one._running, "alive", alive)
    one.check_alive()
    assert asked == [program.subject for program in one.programs]


def test_a_kafka_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokerStartError, match=r"127\.0\.0\.1:1"):
        lab(tmp_path, {"BLO_BOOTSTRAP": "127.0.0.1:1"}).start()


def test_an_address_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="BLO_BOOTSTRAP"):
        lab(tmp_path, {"BLO_BOOTSTRAP": "nowhere"}).start()


def test_down_ends_what_the_folder_names_and_can_be_said_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = Layout(tmp_path)
    layout.store("vn-kyson").mkdir(parents=True)
    layout.run_file("vn-kyson").write_text("{}")
    programs = Programs(detached=True)
    command = [sys.executable, "-c", "import time; time.sleep(300)"]
    programs.start(
        "vn-kyson",
        command,
        tmp_path,
        log=tmp_path / "log",
        run_file=layout.run_file("vn-kyson"),
    )
    (running,) = programs.running
    state.save(layout.state, state.LabState("x", embedded=True, programs=programs.running))

    assert run(["lab", "down", str(tmp_path)]) == 0
    assert not running.process.alive
    assert not layout.run_file("vn-kyson").exists()
    assert run(["lab", "down", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [f"stopped the lab of {tmp_path}", f"no lab runs in {tmp_path}"]


def test_down_leaves_a_process_alone_that_only_has_the_number(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    programs = Programs(detached=False)
    command = [sys.executable, "-c", "import time; time.sleep(300)"]
    programs.start(
        "vn-kyson", command, tmp_path, log=tmp_path / "log", run_file=tmp_path / "run.json"
    )
    try:
        (running,) = programs.running
        other = KnownProcess(running.process.pid, "another start")
        program = state.Program("vn-kyson", str(tmp_path / "run.json"), other)
        state.save(layout.state, state.LabState("x", embedded=False, programs=(program,)))
        assert stop_lab(layout)
        assert running.process.alive
    finally:
        programs.stop()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--clock", "2025-03-01T08:00:00+07:00"], "needs --simulated-time"),
        (["--simulated-time", "--clock", "noon"], "a time with its offset"),
        (["--simulated-time", "--clock", "2025-03-01T08:00:00"], "a time with its offset"),
    ],
)
def test_a_clock_that_can_not_be_set_is_refused_before_anything_starts(
    tmp_path: Path, arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lab", "up", str(tmp_path / "lab"), *arguments]) == 2
    assert what in capsys.readouterr().err
    assert not (tmp_path / "lab").exists()


def test_up_without_kafka_says_what_to_do_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAFKA_HOME", "/nonexistent")
    monkeypatch.delenv("BLO_BOOTSTRAP", raising=False)
    assert run(["lab", "up", str(tmp_path / "lab")]) == 2
    assert "KAFKA_HOME" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


class FakeLab:
    """Stands for a lab that starts at once."""

    undone = False

    def __init__(self, layout: Layout, *_: Any, simulated_time: bool, **__: Any) -> None:
        self.layout = layout
        self.broker = ExternalBroker("127.0.0.1:9", ready_s=1.0, version="4.4.0")
        self.world = articles()
        self.programs = the_programs(layout, self.world)
        self.simulated_time = simulated_time
        self.clocks: list[int] = []
        made.append(self)

    def start(self) -> None:
        assert self.simulated_time

    def clients(self) -> dict[str, Any]:
        return {"vn-kyson": FakeClient(self.clocks)}

    def admin(self, program: LabProgram) -> AdminClient:
        return AdminClient(program.title, 40_000 + self.programs.index(program))

    def place(self, program: LabProgram) -> RunFile:
        api = 50_000 if program.kind is AGENT else None
        return RunFile(1, 40_000 + self.programs.index(program), api)

    def undo(self) -> None:
        self.undone = True


class FakeClient:
    """Stands for an agent whose clock can be set, and whose people are there already."""

    office = "vn-kyson"

    def __init__(self, clocks: list[int]) -> None:
        self.clock = clocks.append

    def people(self) -> list[Any]:
        return [SimpleNamespace(person=person) for person, _ in STAFF]


made: list[FakeLab] = []


def test_up_sets_the_clocks_and_says_where_everything_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("blo_lab.network.command.Lab", FakeLab)
    clock = ["--simulated-time", "--clock", "2025-03-01T08:00:00+07:00"]
    assert run(["lab", "up", str(tmp_path), *clock]) == 0
    (lab,) = made
    assert lab.clocks == [1_740_790_800_000]
    assert not lab.undone
    said = capsys.readouterr().out
    for words in (str(tmp_path), "4.4.0 at 127.0.0.1:9", "http://localhost:50000/"):
        assert words in said
    assert f"blo audit replay --config {tmp_path / 'auditor.toml'}" in said
    agent = next(program for program in lab.programs if program.kind is AGENT)
    store = lab.layout.store(agent.subject)
    assert f"(cd {store} && curl -s --unix-socket api.socket http://agent/v1/links)" in said
    assert f"chief or officer (fictional), with the password: {PASSWORD}" in said
    assert all(str(link.id) in said for link in lab.world.links.values())
    for number, program in enumerate(lab.programs):
        (line,) = [line for line in said.splitlines() if f"127.0.0.1:{40_000 + number}" in line]
        assert str(program.config.relative_to(tmp_path)) in line


def test_the_ports_of_the_apis_stand_side_by_side_and_are_nobody_s(tmp_path: Path) -> None:
    offices = [f"vn-{number}" for number in range(3)]
    ports = steady_ports(offices, tmp_path)
    assert ports == steady_ports(offices, tmp_path), "a folder has the same ports each time"
    assert list(ports) == offices
    first = ports["vn-0"]
    assert list(ports.values()) == [first, first + 1, first + 2]
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", first + 1))
        assert first not in steady_ports(offices, tmp_path).values()
    assert steady_ports([str(number) for number in range(5000)], tmp_path) == {}


def test_a_forked_program_is_blo_writes_its_log_and_ends_with_its_owner(tmp_path: Path) -> None:
    programs = Programs(detached=False)
    programs.prepare(tmp_path)
    assert programs.forks
    log = tmp_path / "log"
    names = {"log": log, "run_file": tmp_path / "run.json"}
    programs.fork("a", ["trust", "check", str(tmp_path / "nothing")], tmp_path, **names)
    deadline = time.monotonic() + PATIENCE_S
    while not log.exists() or "nothing" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    programs.stop()
    assert not Programs(detached=True).forks


def test_what_a_fork_server_started_dies_with_its_owner(tmp_path: Path) -> None:
    agent = tmp_path / "agent.toml"
    agent.write_text(
        'office = "vn-a"\n[store]\npath = "a.db"\nkey = "a.key"\n[trust.pins]\n'
        '[kafka]\nbootstrap = "127.0.0.1:1"\n'
    )
    assert run(["agent", "init", "--config", str(agent)]) == 0
    server = ForkServer(tmp_path)
    process = server.fork(["agent", "run", "--config", str(agent)], tmp_path, tmp_path / "log")
    assert process is not None
    deadline = time.monotonic() + PATIENCE_S
    while not (tmp_path / "run.json").exists():
        assert time.monotonic() < deadline, (tmp_path / "log").read_text()
        time.sleep(0.01)
    server.close()
    assert process.wait(PATIENCE_S)
    server.close()
    assert server.fork([], tmp_path, tmp_path / "log") is None
