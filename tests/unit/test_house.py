"""The house of docs/architecture.md: one meaning a name, the field's nouns, and a way to everything.

The lists here are short on purpose. A new exception needs a reason beside it.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PRODUCT = ("schemas", "services", "deploy")

SAME_CLASS_NAME: dict[str, str] = {}
"""Class names that more than one module may define, and why."""

TERMS_OF_ART = {
    "keyring": "the set of keys that an office holds; a noun of the field",
    "meaning": "what a code of the audit means; a noun",
    "monitoring": "watching programs by their metrics: the field's own noun",
    "padding": "what RFC 8446 and the wire format call the bytes that hide a length",
    "shredding": "the joint deletion of a case's key: ADR 7",
    "wording": "the sentences that a reader is shown for a code",
    "alert_wording": "the sentences that a reader is shown for an alert",
    "blo_sealing": "to seal is the field's word for encrypting with authentication",
}
"""Modules whose names end like a gerund and are nouns, and why."""

HOUSEHOLD = {
    "bag", "basket", "box", "cupboard", "drawer", "kitchen", "ledger", "notary", "paper",
    "papers", "pot", "scribe", "shelf", "shelves", "sieve", "surroundings", "toolbox", "tray",
}  # fmt: skip
"""Words that say nothing of what a module does. A desk is where an officer works: the pages."""

EXPORT_LISTS = {
    "services/blo_log/memory/log.py": "the other classes repeat the port, which documents them",
}
"""Modules that say in a list which names are public, and why."""

VAGUE = {"one", "found", "held", "told", "around", "taken"}
"""Names of variables where the noun of the thing can stand."""

VAGUE_AT_MOST = {
    "blo_agent": 68,
    "blo_audit": 3,
    "blo_cli": 0,
    "blo_desk": 0,
    "blo_domain": 0,
    "blo_lab": 169,
    "blo_log": 17,
    "blo_processors": 15,
    "blo_printout": 0,
    "blo_projection": 11,
    "blo_runtime": 11,
    "blo_schemas": 0,
    "blo_sealing": 13,
}
"""How often each package still binds a vague name. A number here may only fall."""


def package_of(path: Path) -> str:
    return path.relative_to(Path(__file__).parents[2]).parts[1]


@functools.cache
def modules(*folders: str) -> dict[Path, ast.Module]:
    """Every module of these folders, parsed."""
    root = Path(__file__).parents[2]
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Names of variables, parameters, attributes and fields, as often as each is bound."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name


def defined_names(tree: ast.Module) -> set[str]:
    """Classes and functions of a module, and methods as ``Class.method``."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    names = set()
    for node in tree.body:
        if isinstance(node, kinds):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, kinds)
            }
    return names


def test_no_class_name_has_two_meanings() -> None:
    places = defaultdict(set)
    for path, tree in modules(*PRODUCT).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(str(path))
    repeated = {name: sorted(paths) for name, paths in places.items() if len(paths) > 1}
    assert {name: where for name, where in repeated.items() if name not in SAME_CLASS_NAME} == {}
    assert repeated.keys() >= SAME_CLASS_NAME.keys(), "an exception that nothing needs any more"


def test_modules_are_called_by_nouns_of_the_field() -> None:
    paths = modules(*PRODUCT)
    stems = {path.stem for path in paths} | {path.parent.name for path in paths}
    gerunds = {stem for stem in stems if stem.rpartition("_")[2].endswith("ing")}
    assert gerunds - TERMS_OF_ART.keys() == set()
    assert TERMS_OF_ART.keys() - gerunds == set(), "a term of art that is no module any more"
    assert [stem for stem in sorted(stems) if HOUSEHOLD & set(stem.split("_"))] == []


def test_only_packages_say_what_they_export(project_root: Path) -> None:
    """A module's public names are those without an underscore; a second list goes stale."""
    lists = {
        str(path.relative_to(project_root))
        for path, tree in modules(*PRODUCT).items()
        if path.name != "__init__.py" and "__all__" in set(bound_names(tree))
    }
    assert lists == EXPORT_LISTS.keys()


def test_vague_names_grow_fewer() -> None:
    """Call the thing by its noun; then lower the number in ``VAGUE_AT_MOST``."""
    counts: Counter[str] = Counter()
    for path, tree in modules(*PRODUCT).items():
        counts[package_of(path)] += sum(name in VAGUE for name in bound_names(tree))
    assert {name: count for name, count in counts.items() if count > VAGUE_AT_MOST[name]} == {}


QUESTIONS = (
    "a command accepted", "a record's signature checked", "which head counts",
    "a record become a view", "an alert raised", "a processor's output become bytes",
    "reports counted", "talk to Kafka", "the lab", "a metric declared", "JSON described",
)  # fmt: skip
"""What a newcomer asks; each is one row of the table in docs/architecture.md."""


def table(root: Path) -> list[list[str]]:
    """The rows under "Where to look": question, path, name."""
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## Where to look\n")[2].partition("\n## ")[0]
    rows = [row.strip("| ").split(" | ") for row in section.splitlines() if row.startswith("| ")]
    return rows[1:]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_newcomers_question_is_answered_by_one_place(question: str, project_root: Path) -> None:
    [row] = [row for row in table(project_root) if question in row[0]]
    path, name = (cell.strip("`") for cell in row[1:])
    place = project_root / path
    assert place.exists()
    inside = [place] if place.is_file() else sorted(place.rglob("*.py"))
    trees = modules(*PRODUCT)
    assert any(name in defined_names(trees[module]) for module in inside)


def test_every_step_of_the_figure_names_what_is_there(project_root: Path) -> None:
    text = (project_root / "docs" / "architecture.md").read_text(encoding="utf-8")
    figure = text.partition("## The way of an event\n")[2].partition("\n## ")[0]
    steps = re.findall(r"(blo_\w+(?:/\w+)+\.py)\s+(\w+(?:\.\w+)?)", figure)
    assert {path.partition("/")[0] for path, _ in steps} >= {
        "blo_agent", "blo_audit", "blo_domain", "blo_log", "blo_processors", "blo_projection",
        "blo_sealing",
    }  # fmt: skip
    for path, name in steps:
        trees = modules(*PRODUCT)
        assert name in defined_names(trees[project_root / "services" / path]), (path, name)


def test_the_documents_show_every_floor(project_root: Path) -> None:
    packages = {
        path.parent.name for path in modules(*PRODUCT) if path.parent.parent.name in PRODUCT
    }
    for page in ("README.md", "docs/architecture.md"):
        text = (project_root / page).read_text(encoding="utf-8")
        house = text.partition("## The house\n")[2].partition("\n## ")[0]
        assert packages - set(re.findall(r"blo_\w+", house)) == set(), page
