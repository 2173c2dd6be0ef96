"""A scenario that can't be played is refused with the line, the field, and what was expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blo_cli.errors import CliError
from blo_lab.network.network_file import articles
from blo_lab.scenario import Scenario, ScenarioError, load, read

WORLD = articles()
LINK = "vn-kyson~la-xiengkhouang"
PATROL: dict[str, Any] = {
    "at": "2025-03-01T08:00:00+07:00",
    "office": "vn-kyson",
    "link": LINK,
    "case": "p",
    "do": "open",
    "kind": "patrol",
    "on": "2025-03-01",
    "fields": {
        "code": "HC-1",
        "marker_from": "363",
        "marker_to": "365",
        "dispatch": {"subject": "tuần tra"},
    },
}
CONFIRM: dict[str, Any] = {
    "at": "2025-03-01T09:00:00+07:00",
    "office": "vn-kyson",
    "link": LINK,
    "case": "p",
    "do": "confirm",
    "on": "2025-03-01",
}
DROP = object()


def changed(line: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {name: value for name, value in (line | fields).items() if value is not DROP}


def played(*lines: dict[str, Any] | str) -> Scenario:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    return read("some.jsonl", "\n".join(texts) + "\n", WORLD)


def refused(*lines: dict[str, Any] | str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        played(*lines)
    return caught.value


def test_a_good_line_is_read_with_its_types() -> None:
    line = changed(PATROL, urgency="urgent", due="2025-03-05T00:00:00Z", reason="vì sao")
    (read_line,) = played(line).lines
    assert (read_line.number, read_line.case, read_line.do) == (1, "p", "open")
    assert read_line.at_ms == 1_740_790_800_000
    assert read_line.due_ms == 1_741_132_800_000
    assert read_line.urgency is not None
    assert read_line.urgency.word == "urgent"
    assert read_line.dispatch == {"subject": "tuần tra"}
    assert read_line.body == {"code": "HC-1", "marker_from": "363", "marker_to": "365"}


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("", "", "one JSON object"),
        ("{", "", "one JSON object"),
        ("[]", "", "one JSON object"),
        ('{"at": NaN}', "", "one JSON object"),
        ('{"do": "open", "do": "close"}', "do", "each field once"),
        (changed(PATROL, at=DROP), "at", "a moment with its offset"),
        (changed(PATROL, at="2025-03-01T08:00:00"), "at", "a moment with its offset"),
        (changed(PATROL, at="yesterday"), "at", "a moment with its offset"),
        (changed(PATROL, at=1740790800), "at", "a moment with its offset"),
        (changed(PATROL, at="1969-12-31T23:59:59Z"), "at", "the years 1971 to 2098"),
        (changed(PATROL, at="2101-01-01T00:00:00Z"), "at", "the years 1971 to 2098"),
        (changed(PATROL, due="0001-01-01T00:00:00Z"), "due", "the years 1971 to 2098"),
        (changed(PATROL, office=DROP), "office", "an office's id"),
        (changed(PATROL, office=None), "office", "an office's id"),
        (changed(PATROL, office="vn-hanoi"), "office", "vn-kyson"),
        (changed(PATROL, office="vn-langson"), "office", "vn-kyson"),
        (changed(PATROL, office="vn-quephong"), "office", "one of la-xiengkhouang, vn-kyson"),
        (changed(PATROL, office="vn-nghean"), "office", "one of la-xiengkhouang, vn-kyson"),
        (changed(PATROL, link=DROP), "link", "a link's id"),
        (changed(PATROL, link="vn-a~la-b"), "link", LINK),
        (changed(PATROL, case=DROP), "case", "a label of 1 to 64 characters"),
        (changed(PATROL, case=""), "case", "a label of 1 to 64 characters"),
        (changed(PATROL, case="x" * 65), "case", "a label of 1 to 64 characters"),
        (changed(PATROL, do=DROP), "do", "a step's word"),
        (changed(PATROL, do="opn"), "do", "interim_reply"),
        (changed(PATROL, do="opn"), "do", "line_down, line_up"),
        (changed(PATROL, do="Open"), "do", "open"),
        (changed(PATROL, kind=DROP), "kind", "a kind's word"),
        (changed(PATROL, kind="parade"), "kind", "verification_request"),
        (changed(PATROL, urgency="khẩn"), "urgency", "routine, urgent, very_urgent, immediate"),
        (changed(PATROL, on=DROP), "on", "the business date"),
        (changed(PATROL, on="2025-02-30"), "on", "the business date"),
        (changed(PATROL, on="2025-03-01T00:00:00Z"), "on", "the business date"),
        (changed(PATROL, due="2025-03-05"), "due", "a moment with its offset"),
        (changed(PATROL, ground="court"), "ground", "only with pause"),
        (changed(PATROL, reason=5), "reason", "words"),
        (changed(PATROL, reason=""), "reason", "words"),
        (changed(PATROL, fields=5), "fields", "an object"),
        (changed(PATROL, colour="red"), "colour", "at, office, do, link, case, kind"),
    ],
)
def test_a_line_that_is_wrong_by_itself(line: Any, field: str, expected: str) -> None:
    error = refused(line)
    assert (error.file, error.line, error.field) == ("some.jsonl", 1, field)
    assert expected in error.expected
    assert "line 1" in str(error)
    assert field in str(error)
    assert error.expected in str(error)


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"code": "x"}, "fields.marker_from", "code, marker_from, marker_to, [level]"),
        ({**PATROL["fields"], "marker_to": "x"}, "fields.marker_to", "for patrol open"),
        ({**PATROL["fields"], "level": "village"}, "fields.level", "for patrol open"),
        ({**PATROL["fields"], "length": 5}, "fields.length", "for patrol open"),
        ({**PATROL["fields"], "headcount": 2.5}, "fields.headcount", "for patrol open"),
        ({**PATROL["fields"], "dispatch": {}}, "fields.dispatch.subject", "object"),
        ({**PATROL["fields"], "dispatch": {"subject": ""}}, "fields.dispatch.subject", "object"),
        (
            {**PATROL["fields"], "dispatch": {"subject": "x", "colour": "y"}},
            "fields.dispatch.colour",
            "subject, local_number",
        ),
    ],
)
def test_fields_that_do_not_fit_the_kind_and_step(
    fields: dict[str, Any], field: str, expected: str
) -> None:
    error = refused(changed(PATROL, fields=fields))
    assert error.field == field
    assert expected in error.expected


def test_fields_of_a_step_without_any() -> None:
    error = refused(PATROL, changed(CONFIRM, do="withdraw", reason="x", fields={"why": "so"}))
    assert (error.line, error.field) == (2, "fields.why")
    assert "no fields at all" in error.expected


def test_a_step_that_the_kind_does_not_have() -> None:
    error = refused(PATROL, changed(CONFIRM, do="join", fields={"lead": "x"}))
    assert (error.line, error.field) == (2, "do")
    assert "confirm" in error.expected
    assert "join" not in error.expected


@pytest.mark.parametrize(
    ("second", "field", "expected"),
    [
        (changed(CONFIRM, at="2025-03-01T07:59:59+07:00"), "at", "or later, as line 1"),
        (changed(PATROL), "case", "a new label"),
        (changed(CONFIRM, case="q"), "case", "an open line before"),
        (changed(CONFIRM, office="vn-quephong", link="vn-quephong~la-xamtai"), "link", LINK),
        (changed(CONFIRM, kind="patrol"), "kind", "only where a case is opened"),
        (changed(CONFIRM, due="2025-03-05T00:00:00Z"), "due", "only with open"),
        (changed(CONFIRM, do="pause", reason="x"), "ground", "clarification, court or other"),
        (
            changed(CONFIRM, do="pause", reason="x", ground="holiday"),
            "ground",
            "clarification, court, other",
        ),
    ],
)
def test_a_line_that_does_not_fit_to_the_ones_above(
    second: dict[str, Any], field: str, expected: str
) -> None:
    error = refused(PATROL, second)
    assert (error.line, error.field) == (2, field)
    assert expected in error.expected


def test_the_order_of_time_is_told_by_instants_and_not_by_their_spelling() -> None:
    later = changed(CONFIRM, at="2025-03-01T01:00:00Z")
    assert len(played(PATROL, later).lines) == 2
    earlier = changed(CONFIRM, at="2025-03-01T08:00:00+08:00")
    assert refused(PATROL, earlier).field == "at"


def correction(**fields: Any) -> dict[str, Any]:
    given = {"corrects": "confirm", "nth": 1, "fields": {"headcount": 3}} | fields
    return changed(CONFIRM, do="supersede", fields=changed(given))


def test_a_correction_names_an_earlier_step_of_the_office_and_carries_its_fields() -> None:
    line = played(PATROL, CONFIRM, correction()).lines[2]
    assert line.corrects is not None
    assert (line.corrects.step.word, line.corrects.nth) == ("confirm", 1)
    assert line.body == {"headcount": 3}


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        (changed(CONFIRM, do="supersede"), "fields.corrects", "the word of the step"),
        (correction(corrects="complete"), "fields.corrects", "open, confirm"),
        (correction(corrects="nonsense"), "fields.corrects", "confirm"),
        (correction(corrects="supersede"), "fields.corrects", "the step that was reported"),
        (correction(nth=0), "fields.nth", "counted from 1"),
        (correction(nth=2), "fields.nth", "1 to 1"),
        (correction(fields=DROP), "fields.fields", "all new fields"),
        (correction(fields={"persons": 3}), "fields.fields.persons", "for patrol confirm"),
        (correction(why="x"), "fields.why", "corrects, nth, fields"),
        (changed(correction(), office="la-xiengkhouang"), "fields.corrects", "no step yet"),
    ],
)
def test_a_correction_that_corrects_nothing(
    line: dict[str, Any], field: str, expected: str
) -> None:
    error = refused(PATROL, CONFIRM, line)
    assert (error.line, error.field) == (3, field)
    assert expected in error.expected


def switch(do: str, **fields: Any) -> dict[str, Any]:
    return {"at": "2025-03-02T08:00:00+07:00", "office": "vn-kyson", "do": do} | fields


def test_a_line_goes_down_and_up() -> None:
    lines = played(PATROL, switch("line_down"), switch("line_up")).lines
    assert [line.do for line in lines[1:]] == ["line_down", "line_up"]


@pytest.mark.parametrize(
    ("lines", "field", "expected"),
    [
        ([switch("line_up")], "do", "line_down before it"),
        ([switch("line_down"), switch("line_down")], "do", "line_up before it"),
        ([switch("line_down")], "do", "a line_up after it"),
        ([switch("line_down", link=LINK)], "link", "only at, office and do"),
        ([switch("line_down", fields={})], "fields", "only at, office and do"),
        ([switch("line_down", office="vn-x")], "office", "vn-kyson"),
    ],
)
def test_a_line_that_can_not_be_switched_so(
    lines: list[dict[str, Any]], field: str, expected: str
) -> None:
    error = refused(*lines)
    assert error.field == field
    assert expected in error.expected


def test_an_empty_file_is_no_scenario() -> None:
    with pytest.raises(ScenarioError, match="one JSON object"):
        read("some.jsonl", "", WORLD)


def test_an_empty_line_between_others_is_named() -> None:
    assert refused(PATROL, "", CONFIRM).line == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CliError, match=r"missing\.jsonl: cannot be read"):
        load(tmp_path / "missing.jsonl", WORLD)


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes(json.dumps(PATROL).encode() + b"\n\xe9\n")
    with pytest.raises(ScenarioError) as caught:
        load(path, WORLD)
    assert (caught.value.line, caught.value.file) == (2, "latin.jsonl")


def test_every_error_says_that_nothing_was_started() -> None:
    assert "Nothing was started" in str(refused("{"))
