"""The linter and the import contracts really refuse what the design refuses."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLOCKS_AND_DICE = [
    "import time\n\nNOW = time.time()\n",
    "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)\n",
    "import datetime\n\nTODAY = datetime.date.today()\n",
    "import os\n\nHOME = os.environ\n",
    'import os\n\nHOME = os.getenv("HOME")\n',
    "import random\n\nDIE = random\n",
]


def banned(root: Path, path: str, source: str) -> bool:
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select=TID251", f"--stdin-filename={path}", "-"],
        cwd=root,
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (0, 1), result.stderr
    return "TID251" in result.stdout


@pytest.mark.parametrize("package", ["schemas/blo_schemas", "services/blo_domain"])
@pytest.mark.parametrize("source", CLOCKS_AND_DICE)
def test_pure_floors_have_no_clock_no_environment_and_no_dice(
    project_root: Path, package: str, source: str
) -> None:
    assert banned(project_root, f"{package}/sample.py", source)


@pytest.mark.parametrize(
    ("package", "refused"),
    [
        ("services/blo_sealing", True),
        ("services/blo_agent", True),
        ("services/blo_log", False),
        ("services/blo_runtime", False),
        ("services/blo_cli", False),
        ("deploy/blo_lab", False),
    ],
)
def test_only_what_touches_the_world_may_ask_it(
    project_root: Path, package: str, refused: bool
) -> None:
    assert banned(project_root, f"{package}/sample.py", CLOCKS_AND_DICE[0]) is refused


def test_nothing_waits_in_a_way_that_can_lose_a_cancellation(project_root: Path) -> None:
    """Also where the linter lets clocks and dice pass: the ban is of one list for all of them."""
    assert banned(
        project_root, "services/blo_agent/sample.py", "import asyncio\nasyncio.wait_for\n"
    )
    uses = []
    for folder in ("schemas", "services", "deploy", "tests"):
        for path in sorted((project_root / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            uses += [f"{path}:{line}" for line in uses_of_wait_for(tree)]
    assert uses == []


def uses_of_wait_for(tree: ast.AST) -> Iterator[int]:
    """The lines on which ``asyncio.wait_for`` is named."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="asyncio"), attr="wait_for"):
                yield node.lineno
            case ast.ImportFrom(module="asyncio") if any(
                name.name in ("wait_for", "*") for name in node.names
            ):
                yield node.lineno


@pytest.fixture
def house(tmp_path: Path, project_root: Path) -> Path:
    """Every floor as an empty package, under the project's own contracts."""
    text = (project_root / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    for root in ("schemas", "services", "deploy"):
        for init in (project_root / root).glob("*/__init__.py"):
            package = tmp_path / init.parent.name
            package.mkdir()
            (package / "__init__.py").touch()
    return tmp_path


def broken_contracts(house: Path) -> list[str]:
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    result = subprocess.run(
        [sys.executable, "-c", command],
        cwd=house,
        env={"PYTHONPATH": str(house), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = result.stdout.splitlines()
    assert any(line.startswith("Contracts:") for line in lines), result.stdout + result.stderr
    return [line.removesuffix(" BROKEN") for line in lines if line.endswith(" BROKEN")]


def test_an_empty_house_keeps_every_contract(house: Path) -> None:
    assert broken_contracts(house) == []


@pytest.mark.parametrize(
    ("importer", "imported", "contract"),
    [
        ("blo_schemas", "blo_domain", "A floor imports only from floors below"),
        ("blo_sealing", "blo_log", "A floor imports only from floors below"),
        ("blo_log", "blo_runtime", "A floor imports only from floors below"),
        ("blo_agent", "blo_cli", "A floor imports only from floors below"),
        ("blo_cli", "blo_lab", "A floor imports only from floors below"),
        ("blo_lab", "aiokafka", "Only blo_log imports aiokafka"),
        ("blo_agent", "cryptography.hazmat.primitives", "Only blo_sealing imports cryptography"),
        ("blo_domain", "nacl.bindings", "Only blo_sealing imports cryptography"),
        ("blo_agent", "aiokafka", "Only blo_log imports aiokafka"),
        (
            "blo_log",
            "apsw",
            "Only blo_agent and two temporary tables import SQLite",
        ),
        ("blo_domain", "asyncio", "The rules do no I/O"),
        ("blo_domain", "socket", "The rules do no I/O"),
        ("blo_domain", "holidays", "Nothing that runs imports holidays"),
    ],
)
def test_a_wrong_import_breaks_its_contract(
    house: Path, importer: str, imported: str, contract: str
) -> None:
    (house / importer / "wrong.py").write_text(f"import {imported}\n", encoding="utf-8")
    assert [name for name in broken_contracts(house) if name.startswith(contract)]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("blo_domain", "decimal"),
        ("blo_sealing", "cryptography.hazmat.primitives"),
        ("blo_log", "aiokafka"),
        ("blo_agent", "apsw"),
        ("blo_cli", "blo_agent"),
        ("blo_lab", "blo_cli"),
    ],
)
def test_a_right_import_breaks_none(house: Path, importer: str, imported: str) -> None:
    (house / importer / "right.py").write_text(f"import {imported}\n", encoding="utf-8")
    assert broken_contracts(house) == []
