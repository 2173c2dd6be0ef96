"""A fresh machine is told what it lacks, and the setup can be broken off anywhere."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Prerequisites = Callable[..., subprocess.CompletedProcess[str]]

PROJECT_FILES = ("pyproject.toml", "deploy/pyproject.toml")
TOOLS = ("sh", "sed", "head", "grep")
JAVA_17 = """echo 'openjdk version "17.0.15" 2025-04-15' >&2"""
JAVA_25 = """echo 'openjdk version "25" 2025-09-16' >&2"""
JAVA_11 = """echo 'openjdk version "11.0.2" 2019-01-15' >&2"""
JAVA_8 = """echo 'java version "1.8.0_452"' >&2"""
NO_JAVA = "echo 'Unable to locate a Java Runtime.' >&2; exit 1"


@pytest.fixture
def prerequisites(tmp_path: Path, project_root: Path) -> Prerequisites:
    """Runs the script on a machine that has only the given programs, each a line of shell."""

    def run(*wanted: str, programs: dict[str, str]) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "bin"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        for tool in TOOLS:
            program = shutil.which(tool)
            assert program is not None
            (path / tool).symlink_to(program)
        for name, line in programs.items():
            (path / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
            (path / name).chmod(0o755)
        return subprocess.run(
            [str(project_root / "deploy" / "setup" / "prerequisites"), *wanted],
            env={"PATH": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("java", [JAVA_17, JAVA_25])
def test_a_machine_that_has_all_hears_nothing(prerequisites: Prerequisites, java: str) -> None:
    python = f'exec "{sys.executable}" "$@"'
    fonts = "printf 'Noto Sans\\nNoto Sans Lao\\nNoto Sans CJK SC,Noto Sans CJK SC Bold\\n'"
    programs = {"python3": python, "java": java, "mvn": ":", "chromium": ":", "fc-list": fonts}
    wanted = ("python", "java", "maven", "chromium", "fonts")
    result = prerequisites(*wanted, programs=programs)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_missing_program_is_named_with_its_command(prerequisites: Prerequisites) -> None:
    wanted = ("python", "java", "maven", "curl", "chromium", "fonts", "prometheus")
    result = prerequisites(*wanted, programs={})
    assert result.returncode == 1
    for words in (
        "missing: python3",
        "apt-get install python3 python3-venv",
        "missing: java",
        "apt-get install openjdk-17-jre-headless",
        "missing: mvn",
        "apt-get install maven",
        "brew install maven",
        "missing: curl",
        "apt-get install curl",
        "missing: chromium",
        "apt-get install chromium",
        "missing: prometheus",
        "apt-get install prometheus prometheus-alertmanager",
        "missing: the font Noto Sans Lao",
        "apt-get install fontconfig fonts-noto-core fonts-noto-cjk",
    ):
        assert words in result.stderr


@pytest.mark.parametrize(
    ("program", "name", "line", "words"),
    [
        ("java", "java", JAVA_11, "is Java 11.0.2, 17 or newer"),
        ("java", "java", JAVA_8, "is Java 1.8.0_452, 17 or newer"),
        ("java", "java", NO_JAVA, "missing: java"),
        ("python", "python3", '[ "$1" = -c ] && echo 3.9.2; exit 1', "python3 is Python 3.9.2"),
        ("python", "python3", 'case "$2" in *venv*) exit 1;; esac', "missing: the venv module"),
    ],
    ids=["java-11", "java-8", "java-is-a-notice", "python-3.9", "python-without-venv"],
)
def test_what_is_too_old_or_incomplete_is_named(
    prerequisites: Prerequisites, program: str, name: str, line: str, words: str
) -> None:
    result = prerequisites(program, programs={name: line})
    assert result.returncode == 1
    assert words in result.stderr
    assert "apt-get install" in result.stderr


def test_only_what_is_asked_for_is_looked_for(prerequisites: Prerequisites) -> None:
    assert prerequisites("java", programs={"java": JAVA_17}).returncode == 0
    assert prerequisites("cobol", programs={}).returncode == 2


@pytest.mark.parametrize(
    ("target", "environment", "programs", "fetches"),
    [
        ("demo", {}, "python java maven", True),
        ("demo", {"KAFKA_HOME": "kafka"}, "python java", False),
        ("demo", {"BLO_BOOTSTRAP": "127.0.0.1:9092"}, "python", False),
        ("test", {}, "python curl java maven chromium fonts prometheus", True),
        ("test", {"KAFKA_HOME": "kafka"}, "python curl java chromium fonts prometheus", False),
        ("bench", {}, "python java maven", True),
        ("test-fast", {}, "python", False),
    ],
)
def test_a_target_asks_for_what_it_needs_before_anything_is_made(
    project_root: Path, target: str, environment: dict[str, str], programs: str, fetches: bool
) -> None:
    output = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target],
        cwd=project_root,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert output[0].split() == ["deploy/setup/prerequisites", *programs.split()]
    assert any("deploy/kafka/fetch" in line for line in output) is fetches


class Setup:
    """The environment script with its steps recorded instead of done."""

    def __init__(self, script: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.done: list[str] = []
        self.breaks_at: str | None = None
        self.module: dict[str, Any] = runpy.run_path(str(script))
        scope = self.module["main"].__globals__
        scope |= {"ROOT": root, "VENV": self.venv, "PYTHON": self.venv / "bin" / "python"}
        scope["pip"] = lambda *arguments: self.step(arguments[0])
        monkeypatch.setattr("venv.create", lambda *_, **__: self.make())

    def make(self) -> None:
        shutil.rmtree(self.venv, ignore_errors=True)
        (self.venv / "bin").mkdir(parents=True)
        (self.venv / "bin" / "python").touch()
        self.step("venv")

    def step(self, name: str) -> None:
        if name == self.breaks_at:
            raise KeyboardInterrupt
        self.done.append(name)

    def run(self) -> list[str]:
        self.done.clear()
        assert self.module["main"]() == 0
        return self.done


@pytest.fixture
def setup(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    (tmp_path / "requirements-dev.lock").write_text("one", encoding="ascii")
    (tmp_path / "deploy").mkdir()
    for name in PROJECT_FILES:
        (tmp_path / name).write_text("one", encoding="ascii")
    return Setup(project_root / "deploy" / "setup" / "environment", tmp_path, monkeypatch)


ALL = ["venv", "--only-binary", "--no-deps"]


def test_a_second_setup_does_nothing(setup: Setup) -> None:
    assert setup.run() == ALL
    assert setup.run() == []


def test_a_changed_lock_makes_the_environment_anew(setup: Setup) -> None:
    setup.run()
    (setup.root / "requirements-dev.lock").write_text("two", encoding="ascii")
    assert setup.run() == ALL


@pytest.mark.parametrize("name", PROJECT_FILES)
def test_a_changed_project_file_is_installed_into_the_same_environment(
    setup: Setup, name: str
) -> None:
    setup.run()
    (setup.root / name).write_text("two", encoding="ascii")
    assert setup.run() == ["--no-deps"]


@pytest.mark.parametrize(
    ("step", "again"), [("venv", ALL), ("--only-binary", ALL), ("--no-deps", ["--no-deps"])]
)
def test_a_setup_that_was_broken_off_is_taken_up_again(
    setup: Setup, step: str, again: list[str]
) -> None:
    setup.breaks_at = step
    with pytest.raises(KeyboardInterrupt):
        setup.run()
    setup.breaks_at = None
    assert setup.run() == again


def test_an_environment_that_lost_its_python_is_made_anew(setup: Setup) -> None:
    setup.run()
    (setup.venv / "bin" / "python").unlink()
    assert setup.run() == ALL


@pytest.mark.parametrize(
    ("locale", "told"), [("C", "C.UTF-8"), ("POSIX", "C.UTF-8"), ("C.UTF-8", "C.UTF-8")]
)
def test_a_checkout_may_lie_under_any_name_in_any_locale(
    project_root: Path, tmp_path: Path, locale: str, told: str
) -> None:
    """Python reads where an editable installation lies by the locale."""
    place = tmp_path / "Nghệ An" / "BLO thử"
    place.mkdir(parents=True)
    shutil.copy(project_root / "Makefile", place)
    output = subprocess.run(
        ["make", "--silent", "--eval=show: ; @echo $$LC_ALL", "show"],
        cwd=place,
        env={"PATH": os.environ["PATH"], "LC_ALL": locale},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output.strip() == told
