"""Files are whole under their names or not there, and only ordinary ones are read, up to a bound."""

from __future__ import annotations

import ast
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from blo_runtime.files import (
    NewFile,
    check_new_file,
    make_private_folder,
    read_file,
    read_with_mode,
    write_file,
)

WRITERS = {
    "services/blo_agent/api/openapi_file.py": "a schema of the repository",
    "services/blo_agent/api/problem_document.py": "a page of the documentation",
    "services/blo_agent/store/connection.py": "SQLite's own file",
    "services/blo_agent/store/lock.py": "a lock, empty for ever",
    "services/blo_cli/incident_file.py": "a new file in the temporary folder, when all else fails",
    "services/blo_desk/catalogs/update.py": "catalogs of the repository",
    "services/blo_domain/lifecycle/diagram.py": "a page of the documentation",
    "services/blo_domain/people/page.py": "a page of the documentation",
    "services/blo_processors/snapshot/state_file.py": "SQLite's own file",
    "services/blo_runtime/files.py": "the one writer",
    "services/blo_schemas/jsonschema.py": "schemas of the repository",
    "deploy/blo_lab/broker/server.py": "a log that is appended to",
    "deploy/blo_lab/network/fork_server.py": "a log that is appended to",
    "deploy/blo_lab/network/programs.py": "a log that is appended to",
}
"""Modules that may make files by other means, and why."""


READERS = {
    "services/blo_desk/assets.py": "files of the distribution",
    "services/blo_printout/pdf.py": "a file of the distribution",
    "services/blo_domain/holiday_tables/__init__.py": "a file of the distribution",
    "services/blo_processors/snapshot/rules.py": "the program's own source",
}
"""Modules that may read files by other means, and why."""


def failing_write(path: Path, *, replace: bool = False) -> None:
    with NewFile(path, replace=replace) as new:
        new.stream.write(b"half")
        raise RuntimeError


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "Nghệ An, báo cáo.json"
    with pytest.raises(RuntimeError):
        failing_write(path)
    assert list(tmp_path.iterdir()) == []
    write_file(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) & 0o133 == 0


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="kept"):
        write_file(path, b"new")
    with pytest.raises(FileExistsError):
        check_new_file(path)
    with pytest.raises(RuntimeError):
        failing_write(path, replace=True)
    assert path.read_bytes() == b"old"
    write_file(path, b"new", replace=True)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "made"

    def race() -> None:
        with NewFile(path) as new:
            new.stream.write(b"mine")
            path.write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        race()
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", ["missing/x", ".", "link"])
def test_a_place_that_can_not_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "else")
    path = tmp_path / place
    with pytest.raises(OSError, match=str(path)) as failure:
        write_file(path, b"x")
    assert failure.value.filename == str(path)
    assert not (tmp_path / "nowhere").exists()


FULL = """
import resource, signal, sys
from pathlib import Path
from blo_runtime.files import write_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_file(Path(sys.argv[1]), bytes(100_000))
except OSError as error:
    print(error.filename)
"""


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "big"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(path)
    assert list(tmp_path.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


@pytest.fixture
def open_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_private_files_and_folders_are_private_under_any_umask(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    assert [stat.S_IMODE((tmp_path / part).stat().st_mode) for part in ("a", "a/b")] == [0o700] * 2
    write_file(tmp_path / "key", b"x", private=True)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert read_with_mode(tmp_path / "key", 10) == (b"x", 0o600)
    write_file(tmp_path / "paper", b"x")
    assert stat.S_IMODE((tmp_path / "paper").stat().st_mode) == 0o644


def test_only_an_ordinary_file_is_read_and_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_file(path, 10) == b"0123456789"
    with pytest.raises(OSError, match="longer than 9 bytes"):
        read_file(path, 9)
    os.mkfifo(tmp_path / "pipe")
    for other in (Path("/dev/zero"), tmp_path / "pipe"):
        with pytest.raises(OSError, match="is no ordinary file"):
            read_file(other, 10)
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path, 10)


def makes_files(tree: ast.Module) -> bool:
    """Whether a module calls something that makes a file."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        if node.attr in {"write_bytes", "write_text", "O_CREAT", "mkstemp"}:
            return True
    return any(
        isinstance(node, ast.Constant) and node.value in {"wb", "ab", "xb", "w", "a", "x", "w+b"}
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "open"
        for node in call.args
    )


def test_every_program_writes_files_in_one_way(project_root: Path) -> None:
    found = set()
    for folder in ("services", "deploy"):
        for path in (project_root / folder).rglob("*.py"):
            if makes_files(ast.parse(path.read_text(encoding="utf-8"))):
                found.add(str(path.relative_to(project_root)))
    assert found - WRITERS.keys() == set()


def test_every_program_reads_files_in_one_way(project_root: Path) -> None:
    found = set()
    for path in (project_root / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"read_bytes", "read_text"}:
                found.add(str(path.relative_to(project_root)))
    assert found - READERS.keys() == set()
