"""What the documents name is there: files, targets of make, and nothing outside the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = ("CONTRIBUTING.md", "SECURITY.md", "README.md", "docs/lab.md", "docs/domain.md")


@pytest.mark.parametrize("name", PAGES)
def test_every_file_and_target_that_a_page_names_is_there(name: str, project_root: Path) -> None:
    page = project_root / name
    text = page.read_text(encoding="utf-8")
    links = {page.parent / one for one in re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", text)}
    paths = set(re.findall(r"`?((?:schemas|services|deploy|tests|docs)/[\w./-]*\w)", text))
    missing = [str(one) for one in links if not one.exists()]
    missing += [one for one in paths if not (project_root / one).exists()]
    makefile = (project_root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)", text))
    missing += [one for one in targets if not re.search(rf"^{one}:", makefile, re.MULTILINE)]
    assert missing == []


def test_the_licence_is_apache_s_word_for_word(project_root: Path) -> None:
    text = (project_root / "LICENSE").read_text(encoding="ascii")
    assert text.lstrip().startswith("Apache License\n                           Version 2.0")
    assert len(text.encode()) == 11_358
