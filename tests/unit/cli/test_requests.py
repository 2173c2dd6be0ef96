"""Requests for certificates: made with the keys, printed again at any time, never over a key."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from blo_agent.store.facade import Store
from blo_agent.store.keyfile import load_store_key
from blo_cli.main import run

PINS = f'[trust.pins]\nvn = "{"0" * 64}"\n'
KAFKA = '[kafka]\nbootstrap = "127.0.0.1:1"\n'
ADMIN = "[admin]\nport = 0\n"
CONFIGS = {
    "agent": (
        ["agent"],
        (
            'office = "vn-kyson"\n[store]\npath = "keys/office.db"\nkey = "keys/office.key"\n'
            f"{PINS}{KAFKA}{ADMIN}"
        ),
    ),
    "processors": (
        ["processors"],
        f'processor = "vn-p"\ncorridor = "la-vn"\nkeys = "keys/p.key"\n{PINS}{KAFKA}{ADMIN}',
    ),
    "witness": (
        ["audit", "witness"],
        (
            'witness = "vn-w"\ncorridors = ["la-vn"]\nkeys = "keys/w.key"\nstate = "witness.json"\n'
            f"{PINS}{KAFKA}{ADMIN}"
        ),
    ),
    "auditor": (["audit"], f'auditor = "vn-audit"\nkeys = "keys/a.key"\n{PINS}{KAFKA}'),
}


@pytest.fixture(params=CONFIGS)
def program(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[list[str], Path]:
    words, text = CONFIGS[request.param]
    config = tmp_path / "program.toml"
    config.write_text(text)
    return words, config


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_a_request_is_printed_again_and_its_keys_are_private(
    program: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words, config = program
    assert run([*words, "init", "--config", str(config)]) == 0
    first = capsys.readouterr().out
    assert run([*words, "request", "--config", str(config)]) == 0
    assert capsys.readouterr().out == first
    assert json.loads(first)["subject"].startswith("vn-")
    keys = config.parent / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()} <= {0o600}


def test_a_request_never_takes_the_place_of_a_key(
    program: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words, config = program
    assert run([*words, "init", "--config", str(config)]) == 0
    (key,) = config.parent.glob("keys/*.key")
    before = key.read_bytes()
    capsys.readouterr()
    assert run([*words, "request", "--config", str(config), "--output", str(key)]) == 2
    assert "is there already and was not touched" in capsys.readouterr().err
    assert key.read_bytes() == before


def test_keys_that_were_made_with_a_request_in_their_place_keep_it(
    program: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words, config = program
    key = config.parent / "keys" / CONFIGS_KEY[config.read_text().split('"')[1]]
    assert run([*words, "init", "--config", str(config), "--request", str(key)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert b"signing_key" not in key.read_bytes()
    assert run([*words, "request", "--config", str(config)]) == 0


CONFIGS_KEY = {"vn-kyson": "office.key", "vn-p": "p.key", "vn-w": "w.key", "vn-audit": "a.key"}


def test_a_request_is_printed_while_the_agent_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(CONFIGS["agent"][1])
    assert run(["agent", "init", "--config", str(config)]) == 0
    first = capsys.readouterr().out
    with Store(tmp_path / "keys/office.db", load_store_key(tmp_path / "keys/office.key")):
        assert run(["agent", "request", "--config", str(config)]) == 0
    assert capsys.readouterr().out == first
