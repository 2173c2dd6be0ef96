"""``blo audit replay --since``, and bundles that are cut behind a statement."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from blo_audit.replay import earlier
from blo_cli.main import run
from tests.audit.exhibits import LINK, Exhibit, flip
from tests.audit.scene import SIZE, replace, scene
from tests.audit.since import earlier_than

CUT = 40
Command = Callable[..., int]


@pytest.fixture(autouse=True)
def few_records_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "OVERLAP", 4)
    monkeypatch.setattr(import_module("blo_cli.audit.bundle"), "OVERLAP", 4)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[Exhibit]:
    """What stands in the place of Kafka: the only entry, as it was with fewer records."""
    shown = [earlier_than(scene().exhibit, {LINK: CUT})]
    module = import_module("blo_cli.audit.replay")
    monkeypatch.setattr(module, "open_source", lambda *_: shown[0])
    monkeypatch.setattr("blo_cli.audit.options.Reach.source", lambda _: shown[0])
    return shown


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs ``blo audit`` with the auditor's configuration; its keys are there."""
    pins = "".join(f'{at} = "{pin.hex()}"\n' for at, pin in scene().exhibit.pins.items())
    config = tmp_path / "auditor.toml"
    config.write_text(
        f'auditor = "vn-inspector"\nkeys = "auditor.key"\n[trust.pins]\n{pins}'
        '[kafka]\nbootstrap = "127.0.0.1:1"\n'
    )
    assert run(["audit", "init", "--config", str(config)]) == 0
    capsys.readouterr()

    def audit(*arguments: str | Path) -> int:
        return run(["audit", *map(str, arguments), "--config", str(config)])

    return audit


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_replays_go_on_from_statement_to_statement(
    log: list[Exhibit], command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first.audit", tmp_path / "second.audit"
    assert command("replay", "--statement", first) == 0
    assert first.stat().st_mode & 0o077 == 0
    log[0] = scene().exhibit.copy()
    capsys.readouterr()
    assert command("replay", "--since", first, "--statement", second) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"Every record from {CUT} on was read and hashed now" in out
    assert "rest on this auditor's own statement" in out
    assert command("replay", "--since", second, "--json") == 0
    in_parts = _json(capsys)
    assert command("replay", "--json") == 0
    whole = _json(capsys)
    assert in_parts["findings"] == whole["findings"]
    # A file that is there is not replaced, unless that is asked for.
    assert command("replay", "--since", first, "--statement", second) == 2
    assert command("replay", "--since", second, "--statement", second, "--replace") == 0


def test_a_refused_statement_ends_with_2_and_says_why(
    log: list[Exhibit], command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    no_statement = tmp_path / "no.audit"
    no_statement.write_bytes(b"blo/audit-state\n")
    assert command("replay", "--since", no_statement) == 2
    assert "it is no statement of an audit" in capsys.readouterr().err
    assert command("replay", "--since", tmp_path / "nowhere") == 2
    assert "it can't be opened" in capsys.readouterr().err
    assert command("replay", "--since", tmp_path) == 2
    assert "it is no ordinary file" in capsys.readouterr().err


def test_a_statement_needs_keys(
    log: list[Exhibit], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = "".join(f'{at} = "{pin.hex()}"\n' for at, pin in scene().exhibit.pins.items())
    config = tmp_path / "keyless.toml"
    config.write_text(f'[trust.pins]\n{pins}[kafka]\nbootstrap = "127.0.0.1:1"\n')
    for option in ("--statement", "--since"):
        assert run(["audit", "replay", option, "x", "--config", str(config)]) == 2
        assert "names no key file" in capsys.readouterr().err


@pytest.fixture
def cut_bundle(log: list[Exhibit], command: Command, tmp_path: Path) -> tuple[Path, Path]:
    """The statement over the first records, and a bundle of what came after."""
    statement, file = tmp_path / "first.audit", tmp_path / "new.bundle"
    assert command("replay", "--statement", statement) == 0
    log[0] = scene().exhibit.copy()
    assert command("bundle", "--link", LINK, "--since", statement, "-o", file) == 0
    return statement, file


def test_a_bundle_of_what_is_new_is_verified_offline_with_the_statement(
    cut_bundle: tuple[Path, Path], command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    statement, file = cut_bundle
    assert f"the records of {LINK} from {CUT - 4} on" in capsys.readouterr().out
    for arguments in (
        ("verify", file, "--since", statement, "--json"),
        ("replay", "--from-bundle", file, "--since", statement, "--link", LINK, "--json"),
    ):
        assert command(*arguments) == 0
        told = _json(capsys)
        link = told.get("whole") or told["links"][0]  # type: ignore[index]
        assert link["records"] == SIZE  # type: ignore[index]
        assert link["earlier"]["size"] == CUT  # type: ignore[index]
        # The bundle begins a little before the seam, and lacks the first record.
        assert link["earlier"]["reread"] == 4  # type: ignore[index]
        assert told["findings"]


def test_without_its_statement_or_with_another_a_cut_bundle_is_not_checked(
    cut_bundle: tuple[Path, Path],
    log: list[Exhibit],
    command: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    statement, file = cut_bundle
    for arguments in (("verify", file), ("replay", "--from-bundle", file, "--link", LINK)):
        assert command(*arguments) == 2
        assert "name the statement behind which it was cut" in capsys.readouterr().err
    later = tmp_path / "later.bundle"
    assert command("bundle", "--link", LINK, "--first", CUT + 1, "-o", later) == 0
    for arguments in (("verify", later), ("replay", "--from-bundle", later, "--link", LINK)):
        assert command(*arguments, "--since", statement) == 2
        assert f"it ends before record {CUT}" in capsys.readouterr().err
    replace(log[0], CUT - 2, flip)
    other = tmp_path / "other.bundle"
    assert command("bundle", "--link", LINK, "--since", statement, "-o", other) == 0
    for arguments in (("verify", other), ("replay", "--from-bundle", other, "--link", LINK)):
        assert command(*arguments, "--since", statement) == 2
        assert f"record {CUT - 2} has other bytes than then" in capsys.readouterr().err


def test_what_a_bundle_cannot_be_cut_to_is_told(
    cut_bundle: tuple[Path, Path],
    command: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    statement, _ = cut_bundle
    file = tmp_path / "no.bundle"
    both = ("bundle", "--link", LINK, "--since", statement, "-o", file)
    assert command(*both, "--first", "3") == 2
    assert "say one of --case, --period, --first and --since" in capsys.readouterr().err
    assert command("bundle", "--link", LINK, "--first", SIZE + 1, "-o", file) == 2
    assert f"has {SIZE} records" in capsys.readouterr().err
    assert not file.exists()
