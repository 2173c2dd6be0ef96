"""``docs/scenarios.md`` says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blo_domain.lifecycle import LIFECYCLES, NEEDS_REASON, STATES_DUE
from blo_lab.network.network_file import articles
from blo_lab.scenario import ScenarioError, read
from blo_lab.scenario.lines import FIELDS, LINE_STEPS
from blo_schemas.summary import Kind, PauseGround, Step, Urgency


@pytest.fixture(scope="module")
def page(project_root: Path) -> str:
    return (project_root / "docs" / "scenarios.md").read_text(encoding="utf-8")


def words(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


def test_the_table_lists_every_field_and_no_other(page: str) -> None:
    table = page[page.index("| field |") : page.index("`fields.dispatch` are")]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert rows == list(FIELDS)


def test_every_kind_is_listed(page: str) -> None:
    section = page[page.index("## Kinds and steps") : page.index("- Steps of the base")]
    assert words(section) == {kind.word for kind in Kind}


def test_every_step_is_listed_where_it_belongs(page: str) -> None:
    steps = page[page.index("- Steps of the base") : page.index("A file is refused if")]
    base, _, single = steps.partition("- Steps of single kinds")
    assert words(base) == {step.word for step in Step if step <= Step.FEEDBACK}
    assert words(single) == {step.word for step in Step if step > Step.FEEDBACK}
    for listed, kinds in re.findall(r"((?:`\w+`[,;\s]*)+)\(([a-z ]+)\)", single):
        assert words(listed) <= steps_of(kinds), kinds


def steps_of(plural: str) -> set[str]:
    """The steps of the kind that the page calls so in the plural."""
    names = {
        "wanted persons": Kind.WANTED_PERSON,
        "joint cases": Kind.JOINT_CASE,
        "residence refused": Kind.RESIDENCE_REFUSED,
        "contact changes": Kind.CONTACT_CHANGE,
        "patrols": Kind.PATROL,
        "support": Kind.SUPPORT,
    }
    kind = names.get(plural) or Kind[plural.removesuffix("s").upper()]
    return {step.word for step in LIFECYCLES[kind].steps}


def test_the_closed_lists_are_whole(page: str) -> None:
    assert {one.word for one in Urgency} <= words(page)
    assert {one.word for one in PauseGround} <= words(page)
    due = next(line for line in page.splitlines() if line.startswith("| `due`"))
    assert words(due.split("|")[2]) == {step.word for step in STATES_DUE}
    assert len(NEEDS_REASON) == 7
    assert set(LINE_STEPS) <= words(page)


def test_its_example_can_be_read(page: str) -> None:
    example = page[page.index("```json\n") + 8 :].partition("```")[0]
    assert len(read("page", example, articles()).lines) == 2


def test_its_error_is_what_the_program_says(page: str) -> None:
    line = (
        '{"at": "2025-03-01T08:00:00+07:00", "office": "vn-kyson", "link": '
        '"vn-kyson~la-xiengkhouang", "case": "a", "do": "open", "kind": "patrol", '
        '"on": "2025-03-01", "fields": {"code": "x", "marker_from": "1"}}'
    )
    with pytest.raises(ScenarioError) as caught:
        read("mine.jsonl", line, articles())
    shown = " ".join(page[page.index("blo: mine.jsonl") :].split())
    said = str(caught.value).replace("line 1", "line 3").partition("Nothing")[0]
    assert shown.startswith(f"blo: {said}Nothing was started")
