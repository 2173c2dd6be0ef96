"""The broker's jars are the ones that this repository names, or nothing is kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

JARS = {"kafka_2.13-4.4.0.jar": b"broker", "kafka-clients-4.4.0.jar": b"clients"}

Fetch = Callable[..., subprocess.CompletedProcess[str]]


def sums_of(jars: dict[str, bytes]) -> str:
    return "".join(f"{hashlib.sha256(jars[n]).hexdigest()}  {n}\n" for n in sorted(jars))


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "build" / "libs"


@pytest.fixture
def fetch(tmp_path: Path, into: Path, project_root: Path) -> Fetch:
    """Runs the script with a Maven that copies the jars it is given."""
    repository = tmp_path / "repository"
    repository.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(sums_of(JARS), encoding="ascii")

    def run(
        jars: dict[str, bytes], *arguments: str, maven_fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        for name, content in jars.items():
            (repository / name).write_bytes(content)
        script = f'#!/bin/sh\nfor a; do case $a in -DoutputDirectory=*) into=${{a#*=}};; esac; done\nmkdir -p "$into" && cp {repository}/* "$into"\nprintf "\\033[0m\\033[31mMaven says\\033[0m\\n\\033[0m"\n'
        mvn = programs / "mvn"
        mvn.write_text(script + ("exit 1\n" if maven_fails else ""), encoding="utf-8")
        mvn.chmod(0o755)
        return subprocess.run(
            [
                sys.executable,
                str(project_root / "deploy" / "kafka" / "fetch"),
                f"--sums={sums}",
                f"--into={into}",
                *arguments,
            ],
            env={"PATH": f"{programs}{os.pathsep}{os.defpath}"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def left_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def test_the_named_jars_are_fetched(fetch: Fetch, into: Path) -> None:
    assert fetch(JARS).returncode == 0
    assert {path.name: path.read_bytes() for path in into.iterdir()} == JARS
    assert left_in(into.parent) == ["libs"]


@pytest.mark.parametrize(
    ("jars", "word"),
    [
        (JARS | {"kafka-clients-4.4.0.jar": b"altered"}, "different: kafka-clients-4.4.0.jar"),
        (JARS | {"stranger-1.0.jar": b"?"}, "not in the list: stranger-1.0.jar"),
        ({"kafka_2.13-4.4.0.jar": b"broker"}, "missing: kafka-clients-4.4.0.jar"),
    ],
    ids=["different", "extra", "missing"],
)
def test_any_other_jar_stops_it_and_nothing_is_kept(
    fetch: Fetch, into: Path, jars: dict[str, bytes], word: str
) -> None:
    result = fetch(jars)
    assert result.returncode == 1
    assert word in result.stderr
    assert left_in(into.parent) == []


def test_a_jar_that_is_damaged_later_is_noticed_by_name(fetch: Fetch, into: Path) -> None:
    fetch(JARS)
    (into / "kafka-clients-4.4.0.jar").write_bytes(b"damaged")
    result = fetch(JARS)
    assert result.returncode == 1
    assert "different: kafka-clients-4.4.0.jar" in result.stderr
    assert f"expected {hashlib.sha256(b'clients').hexdigest()}" in result.stderr


def test_jars_that_are_there_are_not_fetched_again(fetch: Fetch) -> None:
    fetch(JARS)
    assert fetch(JARS, maven_fails=True).returncode == 0


def test_a_maven_that_fails_leaves_nothing(fetch: Fetch, into: Path) -> None:
    result = fetch(JARS, maven_fails=True)
    assert result.returncode == 1
    assert "Maven could not get the jars" in result.stderr
    assert left_in(into.parent) == []


def test_the_list_can_be_written_anew(fetch: Fetch, tmp_path: Path) -> None:
    newer = JARS | {"added-1.0.jar": b"added"}
    assert fetch(newer, "--write-sums").returncode == 0
    assert (tmp_path / "SHA256SUMS").read_text(encoding="ascii") == sums_of(newer)


def test_a_list_that_cannot_be_read_names_the_line(fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text(sums_of(JARS) + "nonsense\n", encoding="ascii")
    result = fetch(JARS)
    assert result.returncode == 1
    assert "line 3" in result.stderr


def test_maven_s_words_go_through_without_its_colours(fetch: Fetch) -> None:
    done = fetch(JARS, maven_fails=True)
    assert done.returncode != 0
    assert "Maven says\n" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
