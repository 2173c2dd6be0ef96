"""The table of threats names its tests; a test that was renamed must not leave a hole in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def _named(text: str) -> set[str]:
    cells = [row.rsplit("|", 2)[1] for row in text.splitlines() if row.startswith("| ")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_threat_names_a_test_or_a_vector_that_exists(project_root: Path) -> None:
    text = (project_root / "docs" / "threats.md").read_text()
    defined = {
        name
        for path in (project_root / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    vectors = {path.stem for path in (project_root / "tests/vectors/reject").glob("*.json")}
    checks = {"no plaintext on the broker"}
    missing = sorted(_named(text) - defined - vectors - checks)
    if missing:
        pytest.fail(f"docs/threats.md names what does not exist: {', '.join(missing)}")


def test_no_row_is_without_a_test(project_root: Path) -> None:
    text = (project_root / "docs" / "threats.md").read_text()
    rows = [row for row in text.splitlines() if row.startswith("| ") and "shown by" not in row]
    bare = [row for row in rows if "`" not in row.rsplit("|", 2)[1] and "known limit" not in row]
    assert bare == []
