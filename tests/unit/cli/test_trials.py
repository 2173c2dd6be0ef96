"""Every command of ``blo`` goes through the same trials; a new one is found by itself."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
import msgspec
import pytest

from blo_cli import terminal
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import Exit
from blo_cli.main import run
from blo_cli.parameters import JsonOption
from blo_schemas.plain_text import plain
from tests.unit.cli.every_command import ALL, LEAVES, name_of

ENCODINGS = ("ascii", "latin-1", "cp1258", "utf-8")
EVIL = "Kỳ Sơn\n\x1b[8msigned by key 1: good\x9b\u202e\u200b\u2028\U000e0041[red]:smiley:[/x]"
EVERY = pytest.mark.parametrize("words", ALL, ids=name_of)
EVERY_LEAF = pytest.mark.parametrize("words", LEAVES, ids=name_of)


def test_all_names_are_listed_without_a_broker() -> None:
    """The whole tree, so that a rename is seen here and not by an operator at night."""
    assert sorted(" ".join(words) for words in LEAVES) == [
        *("agent backup", "agent certificate install", "agent certificate list"),
        *(
            "agent certificate renew",
            "agent disclose",
            "agent init",
            "agent journal export",
            "agent key protect",
            "agent key unprotect",
        ),
        *("agent people add", "agent people confirm", "agent people invite", "agent people list"),
        *("agent regrant", "agent rekey", "agent replace"),
        *("agent report compare", "agent report compute", "agent report export"),
        *("agent report freeze", "agent report list", "agent report review"),
        *("agent report sign", "agent request", "agent restore", "agent resume", "agent run"),
        "agent search rebuild",
        *("agent sign", "agent system add", "agent system list", "agent system revoke"),
        *("agent system webhook", "agent verify"),
        *("audit bundle", "audit heads", "audit init", "audit journal", "audit paper verify"),
        *("audit proof make", "audit proof verify"),
        *("audit replay", "audit report compare", "audit report show", "audit report verify"),
        *("audit request", "audit response-times", "audit verify"),
        *("audit witness init", "audit witness request", "audit witness run"),
        *("config example", "country admit", "country init"),
        *("demo", "doctor", "lab down", "lab up"),
        *("link accept", "link propose", "monitoring dashboard", "monitoring rules", "office init"),
        *("processors as-of", "processors dead list", "processors dead retry"),
        *("processors dead show", "processors init", "processors request", "processors run"),
        *("processors what-if", "topics apply", "topics plan"),
        *("trust agreement", "trust certificate", "trust check", "trust fetch"),
        *("trust fingerprint", "trust key new"),
        *("trust office", "trust publish", "trust revocation", "trust root", "trust show"),
        "trust sign",
    ]


@EVERY
def test_a_command_is_of_the_house_and_explains_itself(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(ALL[words], CliCommand | CommandGroup)
    assert run([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: {' '.join(('blo', *words))}")
    assert "--debug" in shown
    assert ALL[words].help
    assert all(
        getattr(one, "help", "") for one in ALL[words].params if one.param_type_name == "option"
    )


PAPERS = {
    ("audit", "heads"): "writes a file",
    ("audit", "report", "show"): "a report's file is JSON already",
}
"""Commands of the audit that print no findings and no list."""

SILENT = {"init", "request", "run", "sign", "export", "new", "root", "certificate", "office"} | {
    *("agreement", "revocation", "compute", "review", "freeze", "disclose", "resume"),
    *("accept", "admit", "dashboard", "example", "rules", "fingerprint", "propose"),
    *("up", "down", "demo", "add", "invite", "confirm", "revoke", "make", "rebuild", "webhook"),
}
"""Last words of commands that print what they made, and no findings or list."""


@EVERY_LEAF
def test_a_command_that_prints_findings_or_a_list_has_json_of_a_documented_form(
    words: tuple[str, ...], project_root: Path
) -> None:
    forms = [each for each in LEAVES[words].params if isinstance(each, JsonOption)]
    if words[-1] in SILENT or words in PAPERS:
        assert forms == []
        return
    (option,) = forms
    assert msgspec.json.schema(option.form)
    page = (project_root / "docs" / "cli.md").read_text(encoding="utf-8")
    section = page.partition(f"## blo {' '.join(words)}\n")[2].partition("\n## ")[0]
    assert "`--json` prints " in section


NEVER_REPLACED = {
    "init": "a request lies beside keys",
    "new": "keys",
    "replace": "a request lies beside keys",
    "sign": "a document that is signed in place",
    "disclose": "what opens contents to somebody",
    **dict.fromkeys(
        ("root", "certificate", "office", "agreement", "revocation"), "a trust document"
    ),
}
"""Last words of commands whose files take the place of none, and what they write."""


@EVERY_LEAF
def test_a_file_takes_the_place_of_another_only_if_that_is_asked_for(
    words: tuple[str, ...],
) -> None:
    names = {each.name for each in LEAVES[words].params}
    if names & {"output", "out", "xlsx", "paper"} and words[-1] not in NEVER_REPLACED:
        assert "replace" in names


@EVERY_LEAF
def test_no_argument_is_taken_as_it_comes(words: tuple[str, ...]) -> None:
    """Each has a type that refuses newlines, controls and what else it can't be."""
    assert [each.name for each in LEAVES[words].params if each.type is click.STRING] == []


@EVERY_LEAF
def test_an_argument_of_one_line_refuses_what_could_forge_another(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for parameter in LEAVES[words].params:
        if not isinstance(parameter.type, click.Path | click.Choice) and parameter.type.name in (
            *("text", "link", "hex", "host:port", "day", "day..day", "moment", "zone"),
        ):
            with pytest.raises(click.BadParameter):
                parameter.type.convert(EVIL, parameter, None)
    del capsys


class Stream:
    """A standard output over a file descriptor, in an encoding."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        self.text: TextIO = io.TextIOWrapper(
            io.FileIO(descriptor, "w"), encoding=encoding, errors="strict"
        )


@EVERY
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_encoding_can_show_a_commands_help(
    words: tuple[str, ...], encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(target, encoding=encoding))
    assert run([*words, "--help"]) == 0
    sys.stdout.flush()
    assert target.getvalue().decode(encoding).startswith("Usage: blo")


@EVERY
@pytest.mark.parametrize("columns", ["0", "1"])
def test_no_width_hides_a_commands_help(
    words: tuple[str, ...],
    columns: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run([*words, "--help"]) == 0
    assert "--debug" in capsys.readouterr().out


def closed_pipe() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


OUTPUTS = pytest.mark.parametrize(
    ("opened", "code"), [(closed_pipe, Exit.READER_GONE), (full_disk, Exit.ERROR)]
)


@EVERY
@OUTPUTS
def test_an_output_that_can_not_be_written_is_no_finding(
    words: tuple[str, ...],
    opened: Callable[[], int],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Stream(opened()).text as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert run([*words, "--help"]) == code
        told = capsys.readouterr().err
        assert ("standard output cannot be written" in told) == (code == Exit.ERROR)
        assert told.count("\n") == (code == Exit.ERROR)


@EVERY_LEAF
@OUTPUTS
def test_a_check_that_failed_is_not_told_by_an_output_that_failed(
    words: tuple[str, ...],
    opened: Callable[[], int],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def finds_nothing_wrong() -> int:
        terminal.line("all is well")
        return Exit.OK

    with Stream(opened()).text as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert run_instead(words, finds_nothing_wrong, monkeypatch) == code


def run_instead(
    words: tuple[str, ...],
    work: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    *options: str,
) -> int:
    """Runs a command whose work is replaced, without any of its arguments."""
    command = LEAVES[words]
    for parameter in command.params:
        monkeypatch.setattr(parameter, "required", False)
    monkeypatch.setattr(command, "callback", lambda **_: work())
    return run([*words, *options])


@EVERY_LEAF
def test_a_defect_ends_a_command_with_70_one_sentence_and_a_file(
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def fail() -> NoReturn:
        raise KeyError(EVIL)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert run_instead(words, fail, monkeypatch) == Exit.UNEXPECTED
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    (incident,) = tmp_path.iterdir()
    assert str(incident) in told.err
    assert "Traceback" in incident.read_text()
    assert run_instead(words, fail, monkeypatch, "--debug") == Exit.UNEXPECTED
    assert "Traceback" in capsys.readouterr().err


@EVERY_LEAF
def test_a_foreign_text_in_an_error_begins_no_line(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error in (click.UsageError(EVIL), OSError(5, EVIL, EVIL), click.BadParameter(EVIL)):

        def fail(error: Exception = error) -> NoReturn:
            raise error

        assert run_instead(words, fail, monkeypatch) == Exit.ERROR
        told = capsys.readouterr().err
        assert plain(EVIL) in told
        assert not any(line.startswith("\x1b") for line in told.split("\n"))
        assert not set(EVIL) & set(told) & set("\x1b\x9b\u202e\u200b\u2028\U000e0041")


@EVERY_LEAF
def test_ctrl_c_ends_a_command_with_130(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> NoReturn:
        raise KeyboardInterrupt

    assert run_instead(words, interrupt, monkeypatch) == Exit.INTERRUPTED
    assert capsys.readouterr().err == "blo: interrupted\n"


@EVERY
def test_a_name_that_is_nearly_right_is_put_right(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--debgu"]) == Exit.ERROR
    assert "--debug" in capsys.readouterr().err
    command = ALL[words]
    if isinstance(command, click.Group):
        name = command.list_commands(click.Context(command))[-1]
        assert run([*words, f"{name}x"]) == Exit.ERROR
        assert f"Did you mean {name}?" in capsys.readouterr().err
        assert run([*words, "qqqq"]) == Exit.ERROR
        assert f"There are: {', '.join(command.list_commands(click.Context(command)))}" in (
            capsys.readouterr().err
        )


# The same with real processes, for what only a process shows.


def blo(*arguments: str, **given: Any) -> subprocess.CompletedProcess[bytes]:
    # Without ``site``, which in the C locale reads no path of the checkout that is not in ASCII.
    places = {"PYTHONPATH": os.pathsep.join(sys.path)}
    environment = os.environ | places | given.pop("env", {})
    return subprocess.run(
        [sys.executable, "-S", "-m", "blo_cli", *arguments],
        check=False,
        env=environment,
        timeout=120,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given},
    )


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1258"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_a_process_in_any_locale_says_what_is_wrong(env: dict[str, str]) -> None:
    done = blo("trust", "show", "Kỳ Sơn.blo", env=env)
    assert done.returncode == Exit.ERROR
    assert b"cannot be read" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_process_whose_reader_has_gone_is_silent() -> None:
    writer = closed_pipe()
    try:
        done = blo("--help", stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.READER_GONE, b"")


def test_a_process_on_a_full_disk_says_so_once() -> None:
    with Path("/dev/full").open("wb") as full:
        done = blo("--help", stdout=full)
    assert done.returncode == Exit.ERROR
    assert done.stderr == (b"blo: standard output cannot be written (No space left on device)\n")


def test_a_process_without_standard_streams_ends_as_it_should() -> None:
    done = blo("--help", preexec_fn=lambda: os.closerange(0, 3))
    assert done.returncode == Exit.ERROR


def test_errors_that_can_not_be_told_keep_their_code() -> None:
    with Path("/dev/full").open("wb") as full:
        assert blo("nonsense", stderr=full).returncode == Exit.ERROR
