"""The file that says where a program can be reached is there while it runs, and no longer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from blo_runtime.run_file import pid_file


def test_it_names_the_process_and_its_ports_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with pid_file(path, api_port=1, admin_port=2):
        told = json.loads(path.read_bytes())
        assert told == {"pid": os.getpid(), "api_port": 1, "admin_port": 2}
        assert list(tmp_path.iterdir()) == [path]
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_a_failure_too(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), pid_file(tmp_path / "run.json", admin_port=2):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
