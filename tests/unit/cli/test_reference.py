"""docs/cli.md is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

from blo_cli.reference import document
from tests.unit.cli.every_command import LEAVES


def test_the_page_is_made_from_the_commands(project_root: Path) -> None:
    """``make diagrams`` writes it anew."""
    page = (project_root / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == document()
    for words in LEAVES:
        assert f"## blo {' '.join(words)}\n" in page
