"""The shipped scenario: what the seed says, counted three ways, and what surrounds it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from blo_lab.network.network_file import articles
from blo_lab.scenario import Scenario, ScenarioLine, load, read
from blo_lab.scenarios import YEAR_OF_SEED_003
from blo_lab.scenarios.year003 import year_of_seed_003
from blo_schemas.summary import Kind, Step
from blo_schemas.verdicts import Outcome, Reason
from tests.unit.domain.shown import summary_of, value_of
from tests.unit.lab.simulated import Simulation, step_of

WORLD = articles()
FIRST, LAST = date(2024, 11, 1), date(2025, 10, 31)
BRANCHES = ("vn-kyson", "vn-quephong")
FIGURES: dict[str, Any] = {
    "blo_offices_active": 2,
    "joint_cases": 2,
    "working_groups": 28,
    "person_trips": 128,
    "arrests": {"total": 3, "la": 1},
    "seizures": [
        {"substance": "methamphetamine_crystal", "amount": 38, "unit": "kg"},
        {"substance": "heroin", "amount": 8, "unit": "banh"},
        {"substance": "synthetic_unspecified", "amount": 18000, "unit": "tablet"},
    ],
    "bilateral_patrols": 29,
    "residence_refused": 38,
    "deportations_received": 4,
    "overstay_penalties": 5,
    "delegations": 1,
}
BEYOND: dict[str, Any] = {
    "delegation_persons": 4,
    "patrol_person_trips": 348,
    "notices_sent": 4,
    "notices_received": 2,
    "requests_answered": 9,
    "wanted_arrested": 1,
    "handovers": 1,
    "briefings": 1,
}
"""Figures of the scenario's fictional rest, which the seed does not give."""
TEXT = YEAR_OF_SEED_003.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def year() -> Scenario:
    return load(YEAR_OF_SEED_003, WORLD)


@pytest.fixture(scope="module")
def simulation(year: Scenario) -> Simulation:
    return Simulation(year, WORLD)


def test_the_file_is_what_the_generator_writes() -> None:
    assert year_of_seed_003() == TEXT


def test_it_is_a_readable_year_of_lines(year: Scenario) -> None:
    assert 350 <= len(year.lines) <= 500
    assert {line.link for line in year.lines if line.link} == set(WORLD.links_by_name)


def test_the_rules_count_exactly_the_figures_of_the_seed(simulation: Simulation) -> None:
    report = simulation.report(FIRST, LAST)
    assert summary_of(report) == FIGURES
    assert report.left_out == ()
    told = {one.name: value_of(one) for one in report.indicators if any(one.totals.values())}
    assert told == FIGURES | BEYOND


# The same figures again, from the lines alone: none of the program's counting is used here.


class Fact(msgspec.Struct):
    """A reported step with its corrections applied."""

    line: ScenarioLine
    kind: Kind
    opening: dict[str, Any]
    on: date
    body: dict[str, Any]


def facts(year: Scenario) -> Iterator[Fact]:
    """What the two links with Laos and the conference report, withdrawn and declined cases aside."""
    kinds: dict[str, Kind] = {}
    openings: dict[str, dict[str, Any]] = {}
    void = {line.case for line in year.lines if line.step in (Step.WITHDRAW, Step.DECLINE)}
    found: list[Fact] = []
    for line in year.lines:
        if line.step is None or line.case in void or line.link == "vn-tralinh~cn-jingxi":
            continue
        if line.kind is not None:
            kinds[line.case], openings[line.case] = line.kind, line.body
        assert line.on is not None
        if line.corrects is None:
            found.append(Fact(line, kinds[line.case], openings[line.case], line.on, line.body))
            continue
        same = [
            fact
            for fact in found
            if (fact.line.case, fact.line.office, fact.line.step)
            == (line.case, line.office, line.corrects.step)
        ]
        corrected = same[line.corrects.nth - 1]
        corrected.on, corrected.body = line.on, line.body
    return (fact for fact in found if FIRST <= fact.on <= LAST)


def test_the_figures_can_be_counted_by_hand_from_the_lines(year: Scenario) -> None:
    told = list(facts(year))

    def of(kind: Kind, step: Step) -> list[Fact]:
        return [fact for fact in told if (fact.kind, fact.line.step) == (kind, step)]

    groups: dict[Any, int] = {}
    for fact in of(Kind.JOINT_CASE, Step.DEPLOY_GROUP):
        if fact.body.get("sent_by", fact.line.office) in BRANCHES:
            group = fact.opening["code"], fact.body["group"]
            groups.setdefault(group, fact.body["person_trips"])
    phases = {
        (fact.opening["code"], fact.body["phase"]): fact.body
        for fact in of(Kind.JOINT_CASE, Step.PHASE_REPORT)
    }
    (phase,) = phases.values()
    received = of(Kind.DEPORTATION, Step.RECEIVE)
    penalties = of(Kind.PENALTY, Step.OPEN)
    counted = {
        "blo_offices_active": len({fact.line.office for fact in told}.intersection(BRANCHES)),
        "joint_cases": len({f.opening["code"] for f in of(Kind.JOINT_CASE, Step.JOIN)}),
        "working_groups": len(groups),
        "person_trips": sum(groups.values()),
        "arrests": {
            "total": sum(one["count"] for one in phase["arrests"]),
            "la": sum(one["count"] for one in phase["arrests"] if one.get("nationality") == "la"),
        },
        "seizures": [{**one, "amount": int(one["amount"])} for one in phase["seizures"]],
        "bilateral_patrols": len({f.opening["code"] for f in of(Kind.PATROL, Step.COMPLETE)}),
        "residence_refused": len(of(Kind.RESIDENCE_REFUSED, Step.COORDINATE)),
        "deportations_received": sum(fact.line.office in BRANCHES for fact in received),
        "overstay_penalties": sum(fact.body["act"] == "overstay" for fact in penalties),
        "delegations": len(of(Kind.DELEGATION, Step.TRAVEL)),
    }
    assert counted == FIGURES


# The traps of docs/domain.md §5: each of them changes a figure when it is not heeded.


def summary_without(year: Scenario, drop: Callable[[ScenarioLine], bool]) -> dict[str, Any]:
    kept = tuple(line for line in year.lines if not drop(line))
    return summary_of(Simulation(Scenario("less", kept), WORLD).report(FIRST, LAST))


def test_without_its_corrections_two_figures_would_be_wrong(year: Scenario) -> None:
    wrong = summary_without(year, lambda line: line.step is Step.SUPERSEDE)
    assert wrong == {**FIGURES, "person_trips": 138, "bilateral_patrols": 28}


def test_the_days_before_and_after_the_year_are_there_and_outside(
    simulation: Simulation,
) -> None:
    wider = summary_of(simulation.report(FIRST - timedelta(days=1), LAST + timedelta(days=1)))
    before = summary_of(simulation.report(FIRST - timedelta(days=1), LAST))
    assert {name for name in FIGURES if before[name] != FIGURES[name]} == {
        "bilateral_patrols",
        "residence_refused",
        "overstay_penalties",
    }
    assert {name for name in FIGURES if wider[name] != before[name]} == {
        "working_groups",
        "person_trips",
        "bilateral_patrols",
        "residence_refused",
        "deportations_received",
    }


def test_a_late_entry_counts_by_its_business_date(year: Scenario) -> None:
    late = [
        line
        for line in year.lines
        if line.on is not None and line.on <= LAST < line.at.date() and line.step is Step.COORDINATE
    ]
    assert len(late) == 1
    less = summary_without(year, lambda line: line in late)
    assert less["residence_refused"] == 37


def test_an_early_day_entered_within_the_year_does_not_count(year: Scenario) -> None:
    early = [
        line
        for line in year.lines
        if line.on is not None and line.on < FIRST <= line.at.date() and line.step is not None
    ]
    # One of them is a slip of the pen, which is corrected the day after and counts.
    corrected = {line.case for line in year.lines if line.corrects is not None}
    early = [line for line in early if (line.case, line.do) != ("patrol-qp-14", "complete")]
    assert "patrol-qp-14" in corrected
    assert {line.do for line in early} >= {"complete", "open", "coordinate"}
    assert summary_without(year, lambda line: line in early) == FIGURES


def test_what_both_offices_report_is_in_both_reports_and_counts_once(
    year: Scenario, simulation: Simulation
) -> None:
    report = simulation.report(FIRST, LAST)
    twice = {
        name: sum(len(one.also_reported) for one in report[name].counted)
        for name in ("bilateral_patrols", "working_groups", "arrests", "seizures")
    }
    assert twice == {"bilateral_patrols": 4, "working_groups": 2, "arrests": 1, "seizures": 1}
    for office in ("vn-kyson", "la-xiengkhouang"):
        done = {line.do for line in year.lines if line.office == office}
        assert {"complete", "phase_report", "deploy_group"} <= done


def test_the_business_day_is_the_office_s_and_not_utc_s(year: Scenario) -> None:
    first = next(line for line in year.lines if line.case == "residence-ks-01")
    assert first.on == FIRST
    assert (first.at - first.at.utcoffset()).date() < FIRST  # type: ignore[operator]


def test_other_offices_and_kinds_of_acts_are_in_the_log_and_not_in_the_figures(
    year: Scenario,
) -> None:
    others = {
        "patrol-tl": "another corridor",
        "deportation-ks-reverse": "received by the counterpart",
        "penalty-qp-other": "another act",
        "wanted-ks": "an arrest in a search",
        "residence-declined": "declined",
        "residence-withdrawn": "withdrawn",
        "deportation-withdrawn": "withdrawn",
    }
    assert set(others) <= {line.case for line in year.lines}
    assert summary_without(year, lambda line: line.case in others) == FIGURES


def test_the_first_patrol_on_province_level_is_as_the_seed_says(year: Scenario) -> None:
    (line,) = [
        line
        for line in year.lines
        if line.body.get("level") == "province" and line.kind is Kind.PATROL
    ]
    assert (line.body["marker_from"], line.body["marker_to"]) == ("363", "365")
    assert line.link == "vn-quephong~la-xamtai"
    assert any("Bộ Chỉ huy Quân sự tỉnh Hủa Phăn" in one for one in line.body["leaders"])


def test_the_delegation_goes_to_the_21st_briefing_of_the_eight_provinces(
    year: Scenario,
) -> None:
    (briefing,) = [line for line in year.lines if line.case == "briefing-21" and line.do == "open"]
    (travel,) = [line for line in year.lines if line.do == "travel"]
    assert briefing.body["ordinal"] == 21
    assert briefing.body["place"] == "Điện Biên"
    assert (travel.office, travel.link) == ("vn-nghean", briefing.link)


# Crossing and refusal.


def test_one_step_arrives_too_late_and_one_crosses_and_counts(simulation: Simulation) -> None:
    judged = [one for link in WORLD.links_by_name for one in simulation.judged(link)]
    rejected = [one for one in judged if one.verdict.outcome is Outcome.REJECTED]
    crossed = [one for one in judged if one.verdict.crossed]
    assert [one.verdict.reason for one in rejected] == [Reason.NOT_LEGAL_NOW]
    assert [one.written.line.case for one in rejected] == ["crossing-withdrawn"]
    assert [step_of(one) for one in rejected] == [Step.ANSWER]
    assert [(step_of(one), one.written.line.case) for one in crossed] == [
        (Step.URGE, "crossing-urged")
    ]


def test_one_step_is_refused_when_it_is_submitted(year: Scenario, simulation: Simulation) -> None:
    ((number, refused),) = simulation.refused.items()
    line = year.lines[number - 1]
    assert (line.case, line.do) == ("verify-reopened", "interim_reply")
    assert refused.reason.value == "not_legal_now"


# Breadth, and honesty.


def test_every_kind_and_step_that_the_year_is_to_show_is_there(year: Scenario) -> None:
    kinds = {line.kind for line in year.lines if line.kind is not None}
    assert kinds == set(Kind) - {Kind.AGREEMENT, Kind.SUPPORT, Kind.REPORT}
    base = {step for step in Step if step.value <= Step.FEEDBACK.value}
    assert base <= {line.step for line in year.lines}
    assert {line.do for line in year.lines if line.step is None} == {"line_down", "line_up"}
    assert {line.urgency.word for line in year.lines if line.urgency} == {"urgent", "very_urgent"}


def names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "name" and isinstance(inner, str):
                yield inner
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def test_no_name_of_a_person_is_given_without_saying_that_it_is_fictional() -> None:
    for line in TEXT.splitlines():
        for name in names(json.loads(line).get("fields", {})):
            if not name.endswith(".pdf"):
                assert "hư cấu" in name, name
                assert "fictional" in name, name


KNOWN_FROM_THE_SEED = re.compile(
    r"Hội nghị giao ban .*lần thứ 21|UBND tỉnh Nghệ An cử đoàn đại biểu|"
    r"Dự Hội nghị giao ban lần thứ 21|Bộ đội Biên phòng Nghệ An|Bộ Chỉ huy Quân sự tỉnh Hủa Phăn|"
    r"Quy chế phối hợp đã thống nhất \(seed 000\)"
)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def test_every_sentence_is_the_seed_s_or_says_that_it_is_fictional() -> None:
    for line in TEXT.splitlines():
        decoded = json.loads(line)
        for text in texts([decoded.get("fields"), decoded.get("reason")]):
            if " " in text and not KNOWN_FROM_THE_SEED.search(text):
                assert "hư cấu" in text or "虚构" in text or text in ("Điện Biên", "biển số xe")


def test_the_caption_s_other_case_is_quoted_and_never_counted() -> None:
    assert "60 bánh heroin, 37 kg" in TEXT
    assert not re.search(r'"amount": "(60|37)"', TEXT)


def test_the_file_can_be_read_from_text_as_well() -> None:
    assert len(read("year", TEXT, WORLD).lines) == TEXT.count("\n")
