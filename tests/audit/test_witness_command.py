"""``blo audit witness init``: keys that only the owner reads, and a request for a certificate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blo_cli.main import run
from blo_runtime.keyfiles import load_identity
from blo_schemas.ids import OfficeId
from blo_schemas.trust import Role

WITNESS = OfficeId("vn-witness")
CONFIG = f"""\
witness = "{WITNESS}"
corridors = ["la-vn"]
keys = "witness.key"
state = "witness.json"

[trust.pins]
vn = "{"00" * 32}"

[kafka]
bootstrap = "127.0.0.1:1"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "witness.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_init_makes_keys_and_prints_the_request(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "witness", "init", "--config", str(config)]) == 0
    request = json.loads(capsys.readouterr().out)
    assert request["subject"] == WITNESS
    assert (tmp_path / "witness.key").stat().st_mode & 0o777 == 0o600
    load_identity(tmp_path / "witness.key", WITNESS, Role.WITNESS)
    assert run(["audit", "witness", "init", "--config", str(config)]) == 2
    assert "nothing was changed" in capsys.readouterr().err
    written = tmp_path / "request.json"
    (tmp_path / "witness.key").unlink()
    arguments = ["audit", "witness", "init", "--config", str(config), "--request", str(written)]
    assert run(arguments) == 0
    assert json.loads(written.read_bytes())["subject"] == WITNESS


@pytest.mark.parametrize("state", ["rubbish", '{"v":1,"witness":"la-witness","links":{}}'])
def test_a_state_that_is_not_its_own_is_told_before_anything_is_signed(
    config: Path, tmp_path: Path, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "witness", "init", "--config", str(config)]) == 0
    (tmp_path / "witness.json").write_text(state)
    assert run(["audit", "witness", "run", "--config", str(config)]) == 2
    assert "safe copy" in capsys.readouterr().err
