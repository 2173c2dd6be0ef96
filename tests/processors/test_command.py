"""``blo processors init`` and the key file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blo_cli.main import run
from blo_runtime.keyfiles import KeyFileError, load_identity
from tests.processors.process import write_config
from tests.processors.world import PROCESSOR, World


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = write_config(World(), tmp_path, "127.0.0.1:1")
    (tmp_path / "processor.key").unlink()
    return made


def test_init_makes_keys_that_only_the_owner_reads_and_prints_the_request(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["processors", "init", "--config", str(config)]) == 0
    request = json.loads(capsys.readouterr().out)
    assert request["subject"] == PROCESSOR
    assert len(bytes.fromhex(request["kem_key"])) == 1216
    keys = tmp_path / "processor.key"
    assert keys.stat().st_mode & 0o777 == 0o600
    load_identity(keys, PROCESSOR)
    assert run(["processors", "init", "--config", str(config)]) == 2
    assert "nothing was changed" in capsys.readouterr().err


def test_keys_that_others_can_read_are_refused(config: Path, tmp_path: Path) -> None:
    assert run(["processors", "init", "--config", str(config)]) == 0
    keys = tmp_path / "processor.key"
    keys.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_identity(keys, PROCESSOR)


@pytest.mark.parametrize("content", ["", "zz", "00ff"])
def test_a_damaged_key_file_is_refused_with_what_to_do(tmp_path: Path, content: str) -> None:
    keys = tmp_path / "processor.key"
    keys.write_text(content)
    keys.chmod(0o600)
    with pytest.raises(KeyFileError, match="Run `init`"):
        load_identity(keys, PROCESSOR)


def test_a_worker_does_not_start_with_keys_that_are_none(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "processor.key"
    keys.write_text("00" * 32 + "\n")
    keys.chmod(0o600)
    assert run(["processors", "run", "--config", str(config)]) == 2
    assert f"{keys}: does not hold a program's keys" in capsys.readouterr().err
