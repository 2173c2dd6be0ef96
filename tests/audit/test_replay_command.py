"""``blo audit replay`` and ``init`` as an inspector meets them."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from blo_cli.main import run
from tests.audit.exhibits import Exhibit, with_envelope
from tests.audit.scene import T_LAST, replace, scene

KAFKA = '[kafka]\nbootstrap = "127.0.0.1:1"\n'


@pytest.fixture
def exhibit(monkeypatch: pytest.MonkeyPatch) -> Exhibit:
    """What the command reads, in the place of Kafka."""
    made = scene().exhibit.copy()
    module = import_module("blo_cli.audit.replay")
    monkeypatch.setattr(module, "open_source", lambda *_: made)
    return made


def _config(folder: Path, more: str = KAFKA) -> str:
    pins = "".join(f'{at} = "{pin.hex()}"\n' for at, pin in scene().exhibit.pins.items())
    path = folder / "auditor.toml"
    path.write_text(f"{more.partition('[')[0]}[trust.pins]\n{pins}[{more.partition('[')[2]}")
    return str(path)


def test_a_clean_log_ends_with_0_and_says_what_was_proved_and_what_not(
    exhibit: Exhibit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "replay", "--config", _config(tmp_path)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Nothing is wrong." in out
    assert "link-0 ====== records 60" in out
    assert "Proved ------ - The log of link-0 has 60 records" in out
    assert out.count("Whether what the offices wrote is true.") == 1
    assert "the last 2 records rest on the other signatures alone" in out


def test_a_breach_ends_with_1_and_is_told_with_position_meaning_and_what_to_do(
    exhibit: Exhibit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(exhibit, T_LAST, with_envelope(body_ct=lambda part: part[:-1] + b"\0"))
    assert run(["audit", "replay", "--config", _config(tmp_path), "--link", "link-0"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert f"breach payload_mismatch link-0 at {T_LAST}" in out
    assert "altered after it was signed" in out
    assert "To do: Keep this log" in out
    assert "1 breaches and 0 doubts" in out


def test_json_gives_the_same_for_machines(
    exhibit: Exhibit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = "00" * 16
    arguments = ["--mode", "amortised", "--seed", seed, "--sample", "0.5", "--json"]
    assert run(["audit", "replay", "--config", _config(tmp_path), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["clean"] is True
    assert told["mode"] == "amortised"
    assert [one["link"] for one in told["links"]] == ["link-0", "link-1"]
    assert told["links"][0]["seed"] == seed
    assert told["links"][0]["proved"]
    assert {"severity", "code", "position", "office", "means", "todo"} <= told["findings"][0].keys()


def test_what_cannot_be_audited_ends_with_2_and_says_why(
    exhibit: Exhibit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exhibit.documents_.clear()
    assert run(["audit", "replay", "--config", _config(tmp_path)]) == 2
    assert "none of the pinned roots" in capsys.readouterr().err


def test_a_configuration_without_a_place_to_read_from_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = _config(tmp_path, "[replay]\nsample = 0.5\n")
    assert run(["audit", "replay", "--config", config]) == 2
    assert "[kafka]" in capsys.readouterr().err


def test_a_wrong_seed_is_told_with_what_was_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "replay", "--config", _config(tmp_path), "--seed", "xyz"]) == 2
    assert "32 hex digits" in capsys.readouterr().err


def test_init_makes_keys_once_and_prints_the_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = _config(tmp_path, f'auditor = "vn-inspector"\nkeys = "auditor.key"\n{KAFKA}')
    assert run(["audit", "init", "--config", config]) == 0
    assert json.loads(capsys.readouterr().out)["subject"] == "vn-inspector"
    assert (tmp_path / "auditor.key").stat().st_mode & 0o077 == 0
    assert run(["audit", "init", "--config", config]) == 2


def test_keys_without_an_id_and_init_without_keys_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "init", "--config", _config(tmp_path)]) == 2
    assert "keys" in capsys.readouterr().err
    config = _config(tmp_path, f'keys = "auditor.key"\n{KAFKA}')
    assert run(["audit", "init", "--config", config]) == 2
    assert "auditor" in capsys.readouterr().err
