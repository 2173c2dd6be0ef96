"""``blo agent``: set up, sign, and clear words when something is not there."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from blo_cli.main import run
from blo_cli.trust.files import read_document, read_request
from blo_schemas.codec import encode
from blo_schemas.trust import SignedDocument

CONFIG = """
office = "vn-kyson"
[store]
path = "store/office.db"
key = "store/office.key"
[trust.pins]
[kafka]
bootstrap = "127.0.0.1:1"
[api]
socket_acts_as = "office"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(CONFIG)
    return path


def test_init_makes_the_store_and_prints_the_request(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["agent", "init", "--config", str(config)]) == 0
    request = json.loads(capsys.readouterr().out)
    assert request["subject"] == "vn-kyson"
    assert (len(request["signing_key"]), len(request["kem_key"])) == (64, 2432)
    assert stat.S_IMODE((config.parent / "store" / "office.key").stat().st_mode) == 0o600


def test_init_can_write_the_request_for_blo_trust(config: Path) -> None:
    request = config.parent / "request.json"
    assert run(["agent", "init", "--config", str(config), "--request", str(request)]) == 0
    assert read_request(request).subject == "vn-kyson"


def test_init_never_touches_what_is_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agent", "init", "--config", str(config)]) == 0
    key = (config.parent / "store" / "office.key").read_bytes()
    capsys.readouterr()
    assert run(["agent", "init", "--config", str(config)]) == 2
    assert "nothing was changed" in capsys.readouterr().err
    assert (config.parent / "store" / "office.key").read_bytes() == key


@pytest.mark.parametrize("output", ["signed.blo", None])
def test_sign_adds_the_office_s_signature(config: Path, output: str | None) -> None:
    assert run(["agent", "init", "--config", str(config)]) == 0
    document = config.parent / "agreement.blo"
    document.write_bytes(encode(SignedDocument(b"payload", ())))
    arguments = ["agent", "sign", "--config", str(config), str(document)]
    if output is not None:
        arguments += ["--output", str(config.parent / output)]
    assert run(arguments) == 0
    signed = read_document(config.parent / (output or "agreement.blo"))
    assert (signed.payload, len(signed.signatures)) == (b"payload", 1)
    assert len(read_document(document).signatures) == (1 if output is None else 0)


def test_sign_refuses_what_is_no_document(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "x.blo").write_bytes(b"nonsense")
    arguments = ["agent", "sign", "--config", str(config), str(config.parent / "x.blo")]
    assert run(arguments) == 2
    assert "x.blo" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["init", "run", "verify"])
def test_a_wrong_configuration_names_file_and_key(
    config: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(CONFIG.replace('office = "vn-kyson"', 'ofice = "vn-kyson"'))
    assert run(["agent", command, "--config", str(config)]) == 2
    told = capsys.readouterr().err
    assert "agent.toml" in told
    assert "ofice" in told
    assert "Traceback" not in told


def test_verify_says_that_the_agent_does_not_run(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["agent", "verify", "--config", str(config)]) == 2
    assert "has no store" in capsys.readouterr().err
    assert run(["agent", "init", "--config", str(config)]) == 0
    capsys.readouterr()
    assert run(["agent", "verify", "--config", str(config)]) == 2
    told = capsys.readouterr().err
    assert "does not run" in told
    assert "blo agent run" in told
