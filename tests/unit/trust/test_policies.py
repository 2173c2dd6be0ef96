"""The stock policies, and what a policy must have."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from blo_domain.deadlines.policies import PolicyError, check, eu_2023_977, four_urgencies
from blo_schemas.ids import CountryId, OfficeId
from blo_schemas.policy import (
    Calendar,
    Deadline,
    DeadlinePolicy,
    EscalationLevel,
    LadderStep,
    OfficeZone,
    Span,
    SpanUnit,
)
from blo_schemas.summary import Kind, Urgency
from tests.unit.trust.documents import CN_D, LA_B, VN_A

OFFICES = (LA_B, VN_A)


def span(text: str) -> Span:
    amount, unit = text.split()
    return Span(amount=int(amount), unit=SpanUnit(unit))


def changed(**changes: Any) -> DeadlinePolicy:
    policy = four_urgencies(OFFICES)
    fields = {field: getattr(policy, field) for field in policy.__struct_fields__}
    return DeadlinePolicy(**(fields | changes))


def row(acknowledge: str, answer: str, kind: Kind | None = None) -> Deadline:
    return Deadline(
        urgency=Urgency.URGENT, kind=kind, acknowledge=span(acknowledge), answer=span(answer)
    )


def fault(**changes: Any) -> str:
    with pytest.raises(PolicyError) as raised:
        check(changed(**changes), OFFICES)
    assert str(raised.value) == f"{raised.value.field}: {raised.value.problem}"
    return raised.value.field


@pytest.mark.parametrize("stock", [four_urgencies, eu_2023_977])
def test_the_stock_policies_are_whole(stock: Any) -> None:
    check(stock(OFFICES), OFFICES)
    check(stock((CN_D, VN_A)), (CN_D, VN_A))


def test_the_default_deadlines_are_those_of_the_domain() -> None:
    rows = {one.urgency: (one.acknowledge, one.answer) for one in four_urgencies(OFFICES).deadlines}
    assert rows == {
        Urgency.IMMEDIATE: (span("1 hours"), span("24 hours")),
        Urgency.VERY_URGENT: (span("4 hours"), span("3 calendar_days")),
        Urgency.URGENT: (span("1 calendar_days"), span("5 calendar_days")),
        Urgency.ROUTINE: (span("2 working_days"), span("15 working_days")),
    }


def test_the_eu_deadlines_are_eight_hours_three_days_and_seven_days() -> None:
    policy = eu_2023_977(OFFICES)
    assert {one.urgency: one.answer for one in policy.deadlines} == {
        Urgency.IMMEDIATE: span("8 hours"),
        Urgency.VERY_URGENT: span("3 calendar_days"),
        Urgency.URGENT: span("3 calendar_days"),
        Urgency.ROUTINE: span("7 calendar_days"),
    }
    assert len(policy.refusal_grounds) == 10
    assert four_urgencies(OFFICES).refusal_grounds == ()


def test_escalation_is_in_the_order_of_the_domain() -> None:
    assert [step.rung for step in four_urgencies(OFFICES).ladder] == list(EscalationLevel)


def test_zones_and_calendars_are_those_of_the_offices() -> None:
    policy = four_urgencies(OFFICES, {LA_B: "Asia/Bangkok"})
    assert policy.zones == (
        OfficeZone(office=LA_B, zone="Asia/Bangkok"),
        OfficeZone(office=VN_A, zone="Asia/Ho_Chi_Minh"),
    )
    assert [calendar.country for calendar in policy.calendars] == ["la", "vn"]


def test_an_office_of_a_country_without_a_known_zone_must_be_given_one() -> None:
    offices = (OfficeId("fr-a"), VN_A)
    with pytest.raises(PolicyError, match="fr-a"):
        four_urgencies(offices)
    check(four_urgencies(offices, {offices[0]: "Europe/Paris"}), offices)


@pytest.mark.parametrize("urgency", Urgency)
def test_every_urgency_needs_a_row_for_every_kind(urgency: Urgency) -> None:
    rows = four_urgencies(OFFICES).deadlines
    left = tuple(one for one in rows if one.urgency is not urgency)
    assert fault(deadlines=left) == f"deadlines.{urgency.word}"
    of_kind = Deadline(
        urgency=urgency, kind=Kind.PATROL, acknowledge=span("1 hours"), answer=span("1 hours")
    )
    assert fault(deadlines=(*left, of_kind)) == f"deadlines.{urgency.word}"


def test_a_row_must_not_be_there_twice_but_a_kind_may_have_its_own() -> None:
    rows = four_urgencies(OFFICES).deadlines
    patrol = row("1 hours", "2 hours", Kind.PATROL)
    check(changed(deadlines=(*rows, patrol)), OFFICES)
    assert fault(deadlines=(*rows, rows[1])) == "deadlines.urgent"
    assert fault(deadlines=(*rows, patrol, patrol)) == "deadlines.urgent.patrol"


@pytest.mark.parametrize(
    ("acknowledge", "answer", "bad"),
    [
        ("25 hours", "1 calendar_days", True),
        ("61 minutes", "1 hours", True),
        ("3 working_days", "2 working_days", True),
        ("24 hours", "1 calendar_days", False),
        ("90 working_days", "1 hours", False),
    ],
)
def test_acknowledging_cannot_take_longer_than_answering(
    acknowledge: str, answer: str, bad: bool
) -> None:
    rows = (*four_urgencies(OFFICES).deadlines, row(acknowledge, answer, Kind.PATROL))
    if bad:
        assert fault(deadlines=rows) == "deadlines.urgent.patrol"
    else:
        check(changed(deadlines=rows), OFFICES)


def step(rung: EscalationLevel, after: str | None = None) -> LadderStep:
    return LadderStep(rung=rung, after=after and span(after))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ladder", "field"),
    [
        (
            [
                step(EscalationLevel.OWN_CHIEF, "1 hours"),
                step(EscalationLevel.URGE_COUNTERPART, "2 hours"),
            ],
            "ladder",
        ),
        (
            [
                step(EscalationLevel.OWN_CHIEF, "1 hours"),
                step(EscalationLevel.OWN_CHIEF, "2 hours"),
            ],
            "ladder",
        ),
        (
            [
                step(EscalationLevel.URGE_COUNTERPART, "2 hours"),
                step(EscalationLevel.OWN_CHIEF, "120 minutes"),
            ],
            "ladder",
        ),
        ([step(EscalationLevel.WARNING, "1 hours")], "ladder.warning"),
        ([step(EscalationLevel.MINISTRY)], "ladder.ministry"),
    ],
)
def test_the_ladder_rises_and_only_the_warning_comes_before(
    ladder: list[LadderStep], field: str
) -> None:
    assert fault(ladder=tuple(ladder)) == field


def test_steps_whose_spans_do_not_compare_are_left_to_the_offices() -> None:
    ladder = (
        step(EscalationLevel.URGE_COUNTERPART, "9 hours"),
        step(EscalationLevel.OWN_CHIEF, "1 working_days"),
    )
    check(changed(ladder=ladder), OFFICES)
    check(changed(ladder=()), OFFICES)


def test_every_office_needs_one_known_zone() -> None:
    zones = four_urgencies(OFFICES).zones
    assert fault(zones=zones[:1]) == "zones.vn-a"
    assert fault(zones=(*zones, zones[0])) == "zones.la-b"
    stranger = OfficeZone(office=CN_D, zone="Asia/Shanghai")
    assert fault(zones=(*zones, stranger)) == "zones.cn-d"


@pytest.mark.parametrize(
    "zone",
    [
        "Asia/Hanoi",
        "Asia",
        "../../etc/passwd",
        "/etc/passwd",
        "a\0",
        "localtime",
        "Factory",
        "right/UTC",
    ],
)
def test_a_zone_must_be_in_the_time_zone_database(zone: str) -> None:
    zones = (OfficeZone(office=LA_B, zone=zone), four_urgencies(OFFICES).zones[1])
    assert fault(zones=zones) == "zones.la-b"


def test_every_country_needs_one_calendar_with_known_holidays() -> None:
    calendars = four_urgencies(OFFICES).calendars
    assert fault(calendars=calendars[1:]) == "calendars.la"
    assert fault(calendars=(*calendars, calendars[0])) == "calendars.la"
    assert fault(calendars=(*calendars, Calendar(country=CountryId("cn")))) == "calendars.cn"
    nowhere = (OfficeId("xx-a"), VN_A)
    policy = four_urgencies(nowhere, {nowhere[0]: "UTC"})
    with pytest.raises(PolicyError, match=r"calendars\.xx"):
        check(policy, nowhere)


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar(country=CountryId("la"), weekend=(7, 7)),
        Calendar(country=CountryId("la"), weekend=(1, 2, 3, 4, 5, 6, 7)),
        Calendar(
            country=CountryId("la"),
            extra_days_off=(date(2025, 1, 2),),
            extra_working_days=(date(2025, 1, 2),),
        ),
    ],
)
def test_a_calendar_must_not_contradict_itself(calendar: Calendar) -> None:
    assert fault(calendars=(calendar, four_urgencies(OFFICES).calendars[1])) == "calendars.la"


def test_a_refusal_ground_is_listed_once() -> None:
    assert fault(refusal_grounds=("a", "a")) == "refusal_grounds"


@pytest.mark.parametrize("text", ["87673 hours", "3654 calendar_days", "3654 working_days"])
def test_no_span_is_longer_than_ten_years(text: str) -> None:
    deadlines = four_urgencies(OFFICES).deadlines
    long = tuple(
        row("1 hours", text) if one.urgency is Urgency.URGENT else one for one in deadlines
    )
    assert fault(deadlines=long) == "deadlines.urgent.answer"
    assert fault(silent_after=span(text)) == "silent_after"
    assert fault(ladder=(step(EscalationLevel.MINISTRY, text),)) == "ladder.ministry"
    check(changed(silent_after=span("3653 working_days")), OFFICES)
