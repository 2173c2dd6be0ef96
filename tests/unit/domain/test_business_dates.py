"""How far ahead a business date may lie: one day, or ten years where a step plans."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from blo_domain.business_dates import PLANNED_AHEAD, PLANS, check_date
from blo_domain.commands import Command
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.errors import RefusalReason, Refused
from blo_domain.reports.figure_rules import RULES
from blo_schemas.bodies import body_from_json, body_type
from blo_schemas.summary import Kind, Step
from tests.unit.domain.desk import KYSON, PAIR

POLICY = four_urgencies(sorted(PAIR))
TODAY = date(2026, 3, 1)
NOON = int(datetime(2026, 3, 1, 5, tzinfo=UTC).timestamp()) * 1000
"""Noon in Hanoi and Vientiane."""

PATROL: dict[str, object] = {"code": "TT-1", "marker_from": "363", "marker_to": "365"}


def command(on: date, kind: Kind = Kind.PENALTY, step: Step = Step.OPEN) -> Command:
    fields: dict[tuple[Kind, Step], object] = {
        (Kind.PENALTY, Step.OPEN): {
            "person": {"name": "A (fictional)"},
            "law": "(fictional)",
            "act": "overstay",
            "decision_number": "1",
        },
        (Kind.PATROL, Step.OPEN): PATROL,
        (Kind.PATROL, Step.COMPLETE): {"headcount": 10},
        (Kind.PATROL, Step.SUPERSEDE): {"corrects": "complete", "fields": {"headcount": 10}},
    }
    return Command(kind=kind, step=step, on=on, body=body_from_json(kind, step, fields[kind, step]))


def words(wanted: Command, now: int = NOON) -> str:
    with pytest.raises(Refused) as refused:
        check_date(wanted, KYSON, POLICY, now)
    assert refused.value.reason is RefusalReason.DATE_AHEAD
    return refused.value.words


@pytest.mark.parametrize("days", [-90_000, 0, 1])
def test_what_happened_may_lie_a_day_ahead(days: int) -> None:
    check_date(command(TODAY + timedelta(days=days)), KYSON, POLICY, NOON)


@pytest.mark.parametrize("on", [TODAY + timedelta(days=2), date(2126, 3, 1), date.max])
def test_what_happened_lies_no_further_ahead(on: date) -> None:
    for wanted in (
        command(on),
        command(on, Kind.PATROL, Step.COMPLETE),
        command(on, Kind.PATROL, Step.SUPERSEDE),
    ):
        assert f"{on} of" in words(wanted)
        assert "here it is 2026-03-01" in words(wanted)
        assert "2026-03-02 is the latest" in words(wanted)


def test_a_plan_may_lie_ahead_and_not_without_end() -> None:
    check_date(command(TODAY + PLANNED_AHEAD, Kind.PATROL), KYSON, POLICY, NOON)
    words(command(TODAY + PLANNED_AHEAD + timedelta(days=1), Kind.PATROL))
    words(command(date(2126, 3, 1), Kind.PATROL))


def test_the_day_is_that_of_the_office() -> None:
    evening = NOON + 13 * 3_600_000  # 18:00 UTC: already 2 March where the office is
    check_date(command(date(2026, 3, 3)), KYSON, POLICY, evening)
    words(command(date(2026, 3, 4)), evening)


def test_no_figure_counts_a_step_that_plans() -> None:
    planned = {(kind, step) for kind, steps in PLANS.items() for step in steps}
    assert not planned & {(rule.kind, rule.step) for rule in RULES}
    for kind, step in planned:
        assert body_type(kind, step) is not None
