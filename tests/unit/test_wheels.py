"""What an office installs knows nothing of the lab; with the lab's wheel beside it, it does."""

from __future__ import annotations

import re
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

OWN = {
    *("agent", "audit", "config", "country", "doctor", "link", "monitoring", "office"),
    *("processors", "topics", "trust"),
}
LAB = {"demo", "lab"}


def unpacked(project: Path, folder: Path) -> Path:
    """Builds a project's wheel and unpacks it, as an installation would."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (wheel,) = (folder / "dist").iterdir()
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is installed here, but not this project."""
    folder = tmp_path_factory.mktemp("others")
    (installed,) = site.getsitepackages()
    for path in Path(installed).iterdir():
        if not re.match("_?blo_", path.name):
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def exchange(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(project_root, tmp_path_factory.mktemp("exchange"))


@pytest.fixture(scope="module")
def lab(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(project_root / "deploy", tmp_path_factory.mktemp("lab"))


def blo(*arguments: str, path: tuple[Path, ...]) -> subprocess.CompletedProcess[str]:
    """Runs ``blo`` with what lies in these folders only."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "blo_cli", *arguments],
        env={"PYTHONPATH": ":".join(map(str, path)), "LC_ALL": "C.UTF-8"},
        cwd=path[0],
        capture_output=True,
        text=True,
        check=False,
    )


def commands(*path: Path) -> set[str]:
    answer = blo("--help", path=path)
    assert answer.returncode == 0, answer.stderr
    return set(re.findall(r"^  ([a-z]+)  ", answer.stdout.partition("Commands:")[2], re.MULTILINE))


def test_without_the_lab_there_is_neither_lab_nor_demo(exchange: Path, others: Path) -> None:
    assert commands(exchange, others) == OWN
    for name in LAB:
        answer = blo(name, path=(exchange, others))
        assert answer.returncode == 2
        assert f"No such command '{name}'" in answer.stderr


def test_with_the_lab_there_are_both(exchange: Path, lab: Path, others: Path) -> None:
    assert commands(exchange, lab, others) == OWN | LAB
    for name in LAB:
        answer = blo(name, "--help", path=(exchange, lab, others))
        assert answer.returncode == 0, answer.stderr


def test_the_lab_s_wheel_holds_the_networks(lab: Path, project_root: Path) -> None:
    networks = project_root / "deploy" / "networks"
    assert {path.name: path.read_bytes() for path in networks.iterdir()} == {
        path.name: path.read_bytes() for path in (lab / "blo_lab" / "networks").iterdir()
    }


def test_nothing_that_an_office_installs_speaks_of_java_or_the_lab(exchange: Path) -> None:
    words = re.compile(
        r"\bjava\b|\bjars?\b|KAFKA_HOME|\bblo_lab\b|\bblo (lab|demo)\b", re.IGNORECASE
    )
    mentions = [
        f"{path.relative_to(exchange)}: {match[0]}"
        for path in exchange.rglob("*")
        if path.is_file() and path.suffix in (".py", ".toml", ".txt", ".json")
        for match in words.finditer(path.read_text(encoding="utf-8"))
    ]
    assert mentions == []
