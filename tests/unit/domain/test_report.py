"""The annual report: which figures, of which period, and what it could not count (docs/domain.md §4, §5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from blo_domain.commands import Target
from blo_domain.errors import InconsistentInput
from blo_domain.reports.annual_report import (
    IN_SUMMARY,
    OFFICES_ACTIVE,
    Period,
    annual_report,
    reporting_year,
)
from blo_domain.reports.figure_rules import is_read
from blo_schemas.summary import Step
from tests.unit.domain.ledger import (
    AFTER,
    BEFORE,
    DAY,
    FAMILY,
    FIRST,
    KYSON,
    LAST,
    NORTH,
    PHASE,
    QUEPHONG,
    SEIZED,
    WEST,
    XAMTAI,
    XIENG,
    YEAR,
    Ledger,
    group,
    value,
)
from tests.unit.domain.shown import shown, summary_of, value_of


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_the_year_of_seed_003_gives_the_figures_of_its_report(ledger: Ledger) -> None:
    cases = [
        ledger.joint_case(WEST, KYSON, XIENG, "CA-1"),
        ledger.joint_case(NORTH, QUEPHONG, XAMTAI, "CA-2"),
    ]
    for number in range(28):
        office = (KYSON, QUEPHONG)[number % 2]
        trips = 5 if number < 16 else 4
        cases[number % 2].does(office, Step.DEPLOY_GROUP, group(1 + number, trips))
    cases[0].does(KYSON, Step.PHASE_REPORT, PHASE)
    for number in range(29):
        ledger.patrol(f"TT-{number}")
    for _ in range(38):
        ledger.refused_residence()
    for _ in range(4):
        ledger.deported()
    for _ in range(5):
        ledger.penalty()
    ledger.delegation()
    assert summary_of(ledger.report()) == {
        "blo_offices_active": 2,
        "joint_cases": 2,
        "working_groups": 28,
        "person_trips": 128,
        "arrests": {"total": 3, "la": 1},
        "seizures": SEIZED,
        "bilateral_patrols": 29,
        "residence_refused": 38,
        "deportations_received": 4,
        "overstay_penalties": 5,
        "delegations": 1,
    }
    patrol = ledger.patrol("TT-30")
    patrol.corrects(
        QUEPHONG, Target(Step.COMPLETE), {"corrects": "complete", "fields": {"headcount": 9}}
    )
    report = ledger.report()
    # What no figure asks for need not be read.
    read = [event for event in ledger.events if is_read(event.kind, event.step)]
    assert len(read) < len(ledger.events)
    ledger.events[:] = [
        event if event in read else replace(event, body=None) for event in ledger.events
    ]
    assert summary_of(ledger.report()) == summary_of(report)
    assert ledger.report().left_out == report.left_out == ()


def test_a_year_without_events_is_a_report_of_zeros(ledger: Ledger) -> None:
    empty = dict.fromkeys(IN_SUMMARY, 0) | {"arrests": {"total": 0}, "seizures": []}
    assert summary_of(ledger.report()) == empty


# Periods.


def test_the_reporting_year_runs_from_november_to_october() -> None:
    assert reporting_year(2025) == Period(FIRST, LAST)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InconsistentInput, match="can't end on 2025-03-01, before 2025-03-02"):
        Period(date(2025, 3, 2), DAY)


def test_a_period_can_be_one_day(ledger: Ledger) -> None:
    ledger.patrol("TT-1")
    assert value(ledger, "bilateral_patrols", Period(DAY, DAY)) == 1


@pytest.mark.parametrize(("on", "counts"), [(BEFORE, 0), (FIRST, 1), (LAST, 1), (AFTER, 0)])
def test_the_business_date_decides_the_period(ledger: Ledger, on: date, counts: int) -> None:
    ledger.patrol("TT-1", on)
    ledger.refused_residence(on)
    ledger.delegation(on=on)
    figures = summary_of(ledger.report())
    assert figures["bilateral_patrols"] == counts
    assert figures["residence_refused"] == counts
    assert figures["delegations"] == counts
    assert figures["blo_offices_active"] == 2 * counts


def test_a_late_entry_counts_in_the_year_in_which_it_happened(ledger: Ledger) -> None:
    ledger.patrol("TT-1", AFTER)
    ledger.patrol("TT-2", AFTER, reported=LAST)
    assert value(ledger, "bilateral_patrols") == 1
    assert value(ledger, "bilateral_patrols", reporting_year(2026)) == 1


def test_the_province_is_no_branch(ledger: Ledger) -> None:
    ledger.delegation()
    assert value(ledger, OFFICES_ACTIVE) == 0


def test_an_active_office_is_shown_by_its_first_event_of_the_period(ledger: Ledger) -> None:
    ledger.penalty(on=BEFORE)
    first_case = ledger.penalty(on=FIRST)
    ledger.penalty(on=LAST)
    active = shown(ledger.report()[OFFICES_ACTIVE])
    first = next(e for e in ledger.events if e.case == first_case.id)
    assert (active["value"], active["events"]) == (1, [first.event_id.hex()])


# What can't be counted is shown.


def test_an_event_whose_content_cannot_be_opened_is_left_out_and_named(ledger: Ledger) -> None:
    ledger.patrol("TT-1")
    unopened = next(e for e in ledger.events if e.step is Step.COMPLETE)
    ledger.events[ledger.events.index(unopened)] = replace(unopened, body=None)
    report = ledger.report()
    assert value_of(report["bilateral_patrols"]) == 0
    assert [omission.event_id for omission in report.left_out] == [unopened.event_id]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"supersedes": 99}, "it corrects an event that is not there"),
        ({"supersedes": None}, "it corrects an event that is not there"),
        ({"supersedes": 1}, "it carries the fields of another step"),
        ({"body": None}, "its content could not be opened"),
    ],
)
def test_a_correction_that_cannot_be_applied_is_left_out_and_named(
    ledger: Ledger, change: dict[str, Any], why: str
) -> None:
    patrol = ledger.patrol("TT-1")
    said = {"corrects": "complete", "fields": {"headcount": 10}}
    correction = patrol.corrects(QUEPHONG, Target(Step.COMPLETE), said, on=AFTER)
    ledger.events[-1] = replace(correction, **change)
    report = ledger.report()
    assert value_of(report["bilateral_patrols"]) == 1
    assert [(each.event_id, each.why) for each in report.left_out] == [(correction.event_id, why)]


def test_a_correction_with_unreadable_fields_is_left_out_and_named(ledger: Ledger) -> None:
    patrol = ledger.patrol("TT-1")
    said = {"corrects": "complete", "fields": {"headcount": 10}}
    patrol.corrects(QUEPHONG, Target(Step.COMPLETE), said)
    body = replace_body(ledger.events[-1].body)
    ledger.events[-1] = replace(ledger.events[-1], body=body)
    (left_out,) = ledger.report().left_out
    assert left_out.why.startswith("its fields can't be read")


def replace_body(correction: Any) -> Any:
    return type(correction)(corrects=correction.corrects, body=b"\xff", body_version=1)


def test_an_event_without_its_case_is_a_defect_of_the_caller(ledger: Ledger) -> None:
    ledger.penalty()
    with pytest.raises(InconsistentInput, match="has no case"):
        annual_report(ledger.events, {}, FAMILY, YEAR)
