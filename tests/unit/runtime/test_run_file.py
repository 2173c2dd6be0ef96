"""The file that says where a program can be reached is there while it runs, and no longer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from blo_runtime.errors import RunFileUnusable
from blo_runtime.run_file import RunFile, read_run_file, run_file


def test_it_names_the_process_and_its_ports_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert read_run_file(path) is None
    with run_file(path, api_port=1, admin_port=2):
        told = json.loads(path.read_bytes())
        assert told == {"pid": os.getpid(), "api_port": 1, "admin_port": 2}
        assert read_run_file(path) == RunFile(os.getpid(), 2, 1)
        assert list(tmp_path.iterdir()) == [path]
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_a_failure_too(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), run_file(tmp_path / "run.json", admin_port=2):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"pid": 1}',
        b'{"pid": 0, "admin_port": 2}',
        b'{"pid": 1, "admin_port": 0}',
        b'{"pid": 1, "admin_port": 65536}',
        b'{"pid": 1, "admin_port": "2"}',
        b'{"pid": 1, "admin_port": ' + b"9" * 300 + b"}",
        b"[" * 4000,
        b" " * 5000,
    ],
)
def test_a_damaged_one_is_told_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(data)
    with pytest.raises(RunFileUnusable, match=r"run\.json .*Stop the program and start it again"):
        read_run_file(path)


def test_a_folder_in_its_place_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunFileUnusable, match="cannot be read"):
        read_run_file(tmp_path)
