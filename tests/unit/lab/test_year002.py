"""The year 2023 of seed 002: exactly what the article says, and no other figure."""

from __future__ import annotations

from datetime import date

import pytest

from blo_domain.reports.annual_report import Period, reporting_year
from blo_lab.network.network_file import load_network, shipped
from blo_lab.scenario import Scenario, load
from blo_lab.scenarios import SHIPPED, YEAR_OF_SEED_002
from blo_lab.scenarios.year002 import year_of_seed_002
from blo_lab.scenarios.year003 import year_of_seed_003
from blo_schemas.summary import Kind, Step
from tests.unit.domain.shown import value_of
from tests.unit.lab.simulated import Simulation

YEAR = SHIPPED["2023"]
WORLD = load_network(shipped()[YEAR.network])
FIGURES = {"wanted_arrested": 11, "handovers": 11, "support_buildings": 21}
PROVINCES = {"la-bolikhamxay", "la-houaphan", "la-xiengkhouang"}


@pytest.fixture(scope="module")
def year() -> Scenario:
    return load(YEAR_OF_SEED_002, WORLD)


@pytest.fixture(scope="module")
def simulation(year: Scenario) -> Simulation:
    return Simulation(year, WORLD)


def test_the_file_is_what_the_generator_writes() -> None:
    assert year_of_seed_002() == YEAR_OF_SEED_002.read_text(encoding="utf-8")


def test_the_rules_count_what_the_article_says_and_nothing_else(simulation: Simulation) -> None:
    report = simulation.report(YEAR.first, YEAR.last)
    told = {one.name: value_of(one) for one in report.indicators if any(one.totals.values())}
    assert told == FIGURES
    assert report.left_out == ()


def test_the_figures_can_be_counted_by_hand_from_the_lines(year: Scenario) -> None:
    kinds = {line.case: line.kind for line in year.lines if line.kind is not None}

    def of(kind: Kind, step: Step) -> list[str]:
        return [one.case for one in year.lines if (kinds[one.case], one.step) == (kind, step)]

    assert len(of(Kind.WANTED_PERSON, Step.ARREST)) == 11
    # Minutes are signed by who gives and by who takes.
    assert len(of(Kind.HANDOVER, Step.SIGN_MINUTES)) == 2 * len(set(of(Kind.HANDOVER, Step.OPEN)))
    assert len(set(of(Kind.HANDOVER, Step.OPEN))) == 11
    (buildings,) = set(of(Kind.SUPPORT, Step.HAND_OVER))
    handed = [one for one in year.lines if (one.case, one.step) == (buildings, Step.HAND_OVER)]
    assert {one.body["buildings"] for one in handed} == {21}
    assert {one.office for one in handed} == {"vn-nghean", *PROVINCES}
    assert all(one.on is not None and one.on.year == 2023 for one in handed)


def test_the_memorandum_was_signed_by_all_four_on_its_day(year: Scenario) -> None:
    signed = [line for line in year.lines if line.step is Step.SIGN]
    assert {line.office for line in signed} == {"vn-nghean", *PROVINCES}
    assert {line.on for line in signed} == {date(2024, 8, 16)}
    assert {line.body["place"] for line in signed} == {"thành phố Vinh"}


def test_no_person_of_it_is_real_or_stands_in_the_other_scenario(year: Scenario) -> None:
    names = {line.body["person"]["name"] for line in year.lines if "person" in line.body}
    assert len(names) == 11
    assert all(name.startswith("(hư cấu) ") and name.endswith(" — fictional") for name in names)
    other = year_of_seed_003()
    assert not [name for name in names if name in other]


def test_the_reporting_years_of_seed_003_part_it_without_losing_anything(
    simulation: Simulation,
) -> None:
    whole: dict[str, int] = dict.fromkeys(FIGURES, 0)
    for period in (reporting_year(2023), reporting_year(2024)):
        assert isinstance(period, Period)
        report = simulation.report(period.first, period.last)
        for name in whole:
            whole[name] += value_of(report[name])
    assert whole == FIGURES
