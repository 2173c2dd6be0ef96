"""The command: subcommands on demand, and every expected error as one clear message."""

from __future__ import annotations

import stat
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from blo_cli import commands, errors, main
from blo_cli.interrupts import Interrupted
from blo_domain.errors import RefusalReason, Refused
from blo_lab.broker import KafkaNotFoundError
from blo_lab.errors import LabError
from blo_log.errors import TopicExists
from blo_runtime.errors import ClockWentBack
from blo_schemas.errors import Truncated

SUBCOMMANDS = ["agent", "demo", "lab", "topics", "trust"]


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_version_is_the_distribution_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"blo, version {version('blo-exchange')}\n"


def test_help_names_all_subcommands_and_imports_none() -> None:
    out = python(
        "import sys; from blo_cli.main import run; run(['--help']);"
        "print(sorted(m for m in sys.modules if m.startswith('blo_')))"
    )
    assert all(f"  {name} " in out for name in SUBCOMMANDS)
    assert eval(out.splitlines()[-1]) == [
        *("blo_cli", "blo_cli.commands", "blo_cli.errors", "blo_cli.incident_file"),
        *("blo_cli.interrupts", "blo_cli.main", "blo_cli.subcommands", "blo_cli.terminal"),
        *("blo_lab", "blo_lab.commands", "blo_schemas", "blo_schemas.plain_text"),
    ]


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_subcommand_is_there_and_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run([name, "--help"]) == 0
    assert f"Usage: blo {name}" in capsys.readouterr().out


def test_python_dash_m_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "blo_cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("blo, version")


@pytest.mark.parametrize("arguments", [["nonsense"], ["demo", "--nonsense"], ["lab", "up"]])
def test_a_wrong_use_is_told_with_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == 2
    assert "Error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        LabError("here", "is wrong", todo="Do that"),
        errors.CannotWrite("here", OSError(13, "Permission denied")),
        Refused(RefusalReason.NOT_LEGAL_NOW, "not now"),
        Truncated("Header", "the bytes end"),
        TopicExists("blo.directory"),
        KafkaNotFoundError("no Kafka broker"),
        ClockWentBack("the clock went back"),
        PermissionError(13, "Permission denied", "/some/file"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_expected_error_is_one_message_with_code_2(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails_with(error, monkeypatch) == errors.Exit.ERROR
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("blo: ")
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err


def test_a_message_says_what_where_and_what_to_do() -> None:
    message = str(LabError("the folder", "is not empty", todo="Name another one"))
    assert message == "the folder: is not empty. Name another one"


def test_a_defect_of_ours_is_one_sentence_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert fails_with(ZeroDivisionError("by\x1b[8m zero"), monkeypatch) == 70
    (incident,) = tmp_path.iterdir()
    told = capsys.readouterr().err
    assert told.startswith("blo: this is a defect of blo (ZeroDivisionError); send ")
    assert str(incident) in told
    assert told.count("\n") == 1
    assert stat.S_IMODE(incident.stat().st_mode) == 0o600
    text = incident.read_text()
    assert "in failing" in text
    assert "ZeroDivisionError: by\\x1b[8m zero" in text


def test_debug_shows_the_traceback_before_the_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert fails_with(ZeroDivisionError(), monkeypatch, "--debug") == 70
    told = capsys.readouterr().err
    assert told.startswith("Traceback")
    assert told.splitlines()[-1].startswith("blo: this is a defect")


def test_an_incident_file_that_can_not_be_made_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert fails_with(ZeroDivisionError(), monkeypatch) == 70
    assert "no incident file can be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("interruption", "code"),
    [(Interrupted(2), 130), (Interrupted(15), 143), (KeyboardInterrupt(), 130)],
)
def test_an_interruption_is_told_with_the_shell_s_code(
    interruption: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fails_with(interruption, monkeypatch) == code
    assert capsys.readouterr().err.strip() == "blo: interrupted"


def fails_with(error: BaseException, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    @click.command(cls=commands.CliCommand)
    def failing() -> None:
        raise error

    monkeypatch.setattr(commands.LazyGroup, "get_command", lambda *_: failing)
    return main.run(["demo", *options])


@pytest.mark.parametrize("result", [0, 1, errors.Exit.CHECK_FAILED, None])
def test_a_subcommand_s_result_is_the_exit_code(
    result: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def ends() -> int | None:
        return result

    monkeypatch.setattr(commands.LazyGroup, "get_command", lambda *_: ends)
    assert main.run(["demo"]) == (result or 0)


def test_every_floor_has_its_tree_of_errors(project_root: Path) -> None:
    floors = {path.name for path in project_root.glob("[sd]*/blo_*") if path.is_dir()}
    trees = {one.__module__.partition(".")[0] for one in errors.expected_errors()}
    assert trees == floors
