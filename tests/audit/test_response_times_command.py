"""``blo audit response-times``: what a ministry types, and is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_cli.main import run

CONFIG = """
[trust.pins]
"""


def test_a_configuration_without_keys_is_told_what_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "auditor.toml"
    config.write_text(CONFIG)
    arguments = ["--config", str(config), "--from", "2024-11-01", "--to", "2025-10-31"]
    assert run(["audit", "response-times", *arguments]) == 2
    told = capsys.readouterr().err
    assert "names no keys" in told
    assert "blo audit init" in told
