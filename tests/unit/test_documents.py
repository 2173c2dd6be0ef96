"""What the documents name is there: files, targets of make, and nothing outside the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

PAGES = ("CONTRIBUTING.md", "SECURITY.md", "README.md", "docs/lab.md", "docs/domain.md")


@pytest.mark.parametrize("name", PAGES)
def test_every_file_and_target_that_a_page_names_is_there(name: str, project_root: Path) -> None:
    page = project_root / name
    text = page.read_text(encoding="utf-8")
    links = {page.parent / link for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", text)}
    paths = set(re.findall(r"`?((?:schemas|services|deploy|tests|docs)/[\w./-]*\w)", text))
    missing = [str(link) for link in links if not link.exists()]
    missing += [path for path in paths if not (project_root / path).exists()]
    makefile = (project_root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)", text))
    missing += [
        target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)
    ]
    assert missing == []


def test_every_module_and_test_that_a_document_names_is_there(project_root: Path) -> None:
    there = [f"/{name}" for name in texts(project_root)]
    tests = {
        name
        for path in (project_root / "tests").rglob("*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    } | {path.stem for path in (project_root / "tests").rglob("*.py")}
    missing = []
    for page in [*project_root.glob("*.md"), *(project_root / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        modules = set(re.findall(r"[A-Za-z_][\w/]*\.py\b", text))
        missing += [
            f"{page.name}: {module}"
            for module in sorted(modules)
            if not any(name.endswith(f"/{module}") for name in there)
        ]
        named = set(re.findall(r"`(test_\w+)`", text)) - tests
        missing += [f"{page.name}: {name}" for name in sorted(named)]
    assert missing == []


def test_the_licence_is_apache_s_word_for_word(project_root: Path) -> None:
    text = (project_root / "LICENSE").read_text(encoding="ascii")
    assert text.lstrip().startswith("Apache License\n                           Version 2.0")
    assert len(text.encode()) == 11_358


def texts(root: Path) -> dict[str, str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    names = [name for name in listed.split("\0") if name and (root / name).is_file()]
    return {name: (root / name).read_text(encoding="utf-8", errors="replace") for name in names}


def test_nothing_cites_a_page_or_a_section_that_the_repository_lacks(project_root: Path) -> None:
    # In pieces, so that this file does not contain what it looks for.
    elsewhere = re.compile("(?:DES" + r"IGN|DOM" + r"AIN|HOU" + r"SE)\s+(?:#\s*)?§")
    cited = re.compile(r"docs/([\w-]+\.md)(?: §(\d+)|, \"([A-Z][^\"]*)\")?")
    lacking = []
    for name, text in texts(project_root).items():
        lacking += [f"{name}: {match[0]}" for match in elsewhere.finditer(text)]
        for page, number, title in cited.findall(text):
            path = project_root / "docs" / page
            wanted = f"## {number} " if number else f"## {title}"
            if not path.is_file():
                lacking.append(f"{name}: docs/{page}")
            elif (number or title) and f"\n{wanted}" not in path.read_text(encoding="utf-8"):
                lacking.append(f"{name}: docs/{page}, {number or title}")
    assert lacking == []
