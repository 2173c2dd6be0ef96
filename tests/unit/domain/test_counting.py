"""Counting: every figure opens its events, and everything counts once (docs/domain.md §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from blo_domain.commands import Target
from blo_domain.lifecycle import LIFECYCLES
from blo_domain.reports.annual_report import (
    IN_SUMMARY,
    OFFICES_ACTIVE,
    annual_report,
    reporting_year,
)
from blo_domain.reports.figure_counter import reports_in_force
from blo_domain.reports.figure_rules import RULES
from blo_schemas.bodies import Correction, decode_body
from blo_schemas.codec import encode
from blo_schemas.summary import Kind, Step
from blo_schemas.views import State
from tests.unit.domain.ledger import (
    AFTER,
    BEFORE,
    DIENBIEN,
    EIGHT,
    FAMILY,
    FIRST,
    KYSON,
    LAST,
    NGHEAN,
    NORTH,
    PERSON,
    PHASE,
    QUEPHONG,
    SEIZED,
    WEST,
    XAMTAI,
    XIENG,
    YEAR,
    Case,
    Ledger,
    group,
    value,
)
from tests.unit.domain.shown import shown, summary_of, value_of


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def joint(ledger: Ledger) -> Case:
    return ledger.joint_case(WEST, KYSON, XIENG, "CA-1")


# Once.


def test_what_both_offices_report_counts_once_by_the_first_report(
    ledger: Ledger, joint: Case
) -> None:
    ours = joint.does(KYSON, Step.DEPLOY_GROUP, group(1, 4))
    theirs = joint.does(XIENG, Step.DEPLOY_GROUP, group(1, 6, sent_by=KYSON))
    first = joint.does(XIENG, Step.PHASE_REPORT, {**PHASE, "arrests": [{"count": 5}]})
    second = joint.does(KYSON, Step.PHASE_REPORT, PHASE)
    report = ledger.report()
    assert value_of(report["working_groups"]) == 1
    assert value_of(report["person_trips"]) == 4
    assert value_of(report["arrests"]) == {"total": 5}
    assert shown(report["person_trips"]) == {
        "value": 4,
        "unit": "person_trips",
        "events": [ours.event_id.hex()],
        "also_reported": [theirs.event_id.hex()],
        "corrections": [],
    }
    assert value_of(report["seizures"]) == SEIZED
    assert shown(report["seizures"])["events"] == [first.event_id.hex()]
    assert shown(report["seizures"])["also_reported"] == [second.event_id.hex()]


def test_a_patrol_that_both_report_as_done_counts_once(ledger: Ledger) -> None:
    patrol = ledger.patrol("TT-1", headcount=10)
    patrol.does(XAMTAI, Step.COMPLETE, {"headcount": 12})
    assert value(ledger, "bilateral_patrols") == 1
    assert value(ledger, "patrol_person_trips") == 10


def test_one_patrol_in_two_cases_of_a_link_counts_once_however_its_code_is_written(
    ledger: Ledger,
) -> None:
    ledger.patrol("TT-1 Đ")
    ledger.patrol(" tt-1  đ")
    assert value(ledger, "bilateral_patrols") == 1


def test_equal_codes_on_two_links_are_two_things(ledger: Ledger, joint: Case) -> None:
    other = ledger.joint_case(NORTH, QUEPHONG, XAMTAI, "CA-1")
    joint.does(KYSON, Step.DEPLOY_GROUP, group(1))
    other.does(QUEPHONG, Step.DEPLOY_GROUP, group(1))
    assert value(ledger, "joint_cases") == 2
    assert value(ledger, "working_groups") == 2


def test_of_two_reports_the_first_ones_date_decides_even_if_only_the_second_is_in_the_period(
    ledger: Ledger,
) -> None:
    patrol = ledger.patrol("TT-1", BEFORE)
    patrol.does(XAMTAI, Step.COMPLETE, {"headcount": 10}, FIRST)
    assert value(ledger, "bilateral_patrols") == 0
    assert value(ledger, "bilateral_patrols", reporting_year(2024)) == 1


def test_a_periodic_briefing_in_two_cases_counts_once_and_ad_hoc_ones_each(
    ledger: Ledger,
) -> None:
    for fields in [{"ordinal": 21}, {"ordinal": 21}, {"ordinal": 22}, {}, {}, {}]:
        case = ledger.opens(WEST, KYSON, Kind.BRIEFING, {"host": "(fictional)", **fields})
        case.does(XIENG, Step.HOLD)
    assert value(ledger, "briefings") == 5


def test_the_order_in_which_events_are_given_changes_nothing(ledger: Ledger, joint: Case) -> None:
    joint.does(XIENG, Step.DEPLOY_GROUP, group(1, 6, sent_by=KYSON))
    joint.does(KYSON, Step.DEPLOY_GROUP, group(1, 4))
    said = {"corrects": "deploy_group", "fields": group(1, 7, sent_by=KYSON)}
    joint.corrects(XIENG, Target(Step.DEPLOY_GROUP), said)
    backwards = annual_report(ledger.events[::-1], ledger.views, FAMILY, YEAR)
    assert backwards == ledger.report()
    assert value_of(backwards["person_trips"]) == 7


# Units.


def test_units_are_neither_converted_nor_summed_with_others(ledger: Ledger, joint: Case) -> None:
    def heroin(amount: float, unit: str) -> dict[str, Any]:
        return {"substance": "heroin", "amount": amount, "unit": unit}

    joint.does(
        KYSON, Step.PHASE_REPORT, {"phase": 1, "seizures": [heroin(8, "banh"), heroin(0.1, "kg")]}
    )
    joint.does(
        KYSON, Step.PHASE_REPORT, {"phase": 2, "seizures": [heroin(350, "g"), heroin(0.2, "kg")]}
    )
    joint.does(KYSON, Step.PHASE_REPORT, {"phase": 3, "seizures": [heroin(60, "banh")]})
    assert value(ledger, "seizures") == [
        heroin(68, "banh"),
        heroin(0.3, "kg"),
        heroin(350, "g"),
    ]


def test_nationalities_that_are_not_stated_are_in_the_total_only(
    ledger: Ledger, joint: Case
) -> None:
    joint.does(KYSON, Step.PHASE_REPORT, PHASE)
    both = [{"count": 2, "nationality": "vn"}, {"count": 1, "nationality": "la"}]
    joint.does(KYSON, Step.PHASE_REPORT, {"phase": 2, "arrests": both})
    assert value(ledger, "arrests") == {"total": 6, "la": 2, "vn": 2}


def test_person_trips_of_patrols_are_not_those_of_working_groups(
    ledger: Ledger, joint: Case
) -> None:
    joint.does(KYSON, Step.DEPLOY_GROUP, group(1, 4))
    ledger.patrol("TT-1", headcount=10)
    assert value(ledger, "person_trips") == 4
    assert value(ledger, "patrol_person_trips") == 10


# Corrections.


def test_a_correction_replaces_the_whole_report(ledger: Ledger, joint: Case) -> None:
    wrong = joint.does(KYSON, Step.PHASE_REPORT, {**PHASE, "arrests": [{"count": 30}]})
    said = {"corrects": "phase_report", "fields": PHASE}
    correction = joint.corrects(KYSON, Target(Step.PHASE_REPORT), said)
    arrests = shown(ledger.report()["arrests"])
    assert arrests["value"] == {"total": 3, "la": 1}
    assert arrests["events"] == [wrong.event_id.hex()]
    assert arrests["corrections"] == [correction.event_id.hex()]


def test_a_correction_replaces_the_business_date(ledger: Ledger) -> None:
    patrol = ledger.patrol("TT-1", AFTER)
    said = {"corrects": "complete", "fields": {"headcount": 10}}
    patrol.corrects(QUEPHONG, Target(Step.COMPLETE), said, on=LAST)
    assert value(ledger, "bilateral_patrols") == 1


def test_a_correction_of_a_correction_is_the_one_in_force(ledger: Ledger, joint: Case) -> None:
    joint.does(KYSON, Step.DEPLOY_GROUP, group(1, 1))
    for trips, target in [(2, Step.DEPLOY_GROUP), (3, Step.SUPERSEDE)]:
        said = {"corrects": "deploy_group", "fields": group(1, trips)}
        joint.corrects(KYSON, Target(target), said)
    assert value(ledger, "person_trips") == 3


def test_a_corrected_code_makes_two_patrols_one(ledger: Ledger) -> None:
    ledger.patrol("TT-1")
    second = ledger.patrol("TT-2")
    plan = {"code": "TT-1", "marker_from": "363", "marker_to": "365"}
    second.corrects(QUEPHONG, Target(Step.OPEN), {"corrects": "open", "fields": plan})
    assert value(ledger, "bilateral_patrols") == 1


def test_a_corrected_step_can_stop_counting(ledger: Ledger) -> None:
    penalty = ledger.penalty()
    fields = {"person": PERSON, "law": "(fictional)", "act": "smuggling", "decision_number": "1"}
    penalty.corrects(KYSON, Target(Step.OPEN), {"corrects": "open", "fields": fields})
    assert value(ledger, "overstay_penalties") == 0


def test_a_correction_whose_fields_no_decoder_can_read_is_left_out_and_says_why(
    ledger: Ledger, joint: Case
) -> None:
    joint.does(KYSON, Step.PHASE_REPORT, PHASE)
    said = {"corrects": "phase_report", "fields": PHASE}
    correction = joint.corrects(KYSON, Target(Step.PHASE_REPORT), said)
    no_utc = encode({"called_at": "0001-01-01T00:00:00+23:59"})
    urge = Correction(corrects=Step.URGE, body=no_utc, body_version=1)
    urged = replace(
        correction, step=Step.URGE, body=decode_body(correction.kind, Step.URGE, 1, encode({}))
    )
    spoiled = replace(
        correction, body=urge, version=urged.version + 1, position=urged.position + 1,
        supersedes=urged.version,
    )  # fmt: skip
    reports, left_out = reports_in_force([urged, spoiled])
    assert [report.corrections for report in reports] == [()]
    (left,) = left_out
    assert left.why == "its fields can't be read: Urge: date value out of range"


# Whose work, and which cases.


def test_only_the_familys_delegations_penalties_and_receptions_count(ledger: Ledger) -> None:
    ledger.delegation(DIENBIEN)
    ledger.penalty(office=XIENG)
    theirs = ledger.opens(WEST, KYSON, Kind.DEPORTATION, {"citizen": PERSON, "gate": "Nậm Cắn"})
    theirs.does(XIENG, Step.RECEIVE)
    figures = summary_of(ledger.report())
    assert figures["delegations"] == 0
    assert figures["overstay_penalties"] == 0
    assert figures["deportations_received"] == 0


def test_other_penalties_are_no_overstays(ledger: Ledger) -> None:
    ledger.penalty("smuggling")
    assert value(ledger, "overstay_penalties") == 0


def test_a_group_that_the_other_side_sent_is_not_the_familys(ledger: Ledger, joint: Case) -> None:
    joint.does(XIENG, Step.DEPLOY_GROUP, group(1, sent_by=XIENG))
    joint.does(XIENG, Step.DEPLOY_GROUP, group(2, sent_by=KYSON))
    assert value(ledger, "working_groups") == 1


def test_a_group_that_the_counterpart_reports_as_its_own_neither_counts_nor_displaces_one(
    ledger: Ledger, joint: Case
) -> None:
    joint.does(XIENG, Step.DEPLOY_GROUP, group(1, 900))
    joint.does(KYSON, Step.DEPLOY_GROUP, group(1, 4))
    joint.does(XIENG, Step.DEPLOY_GROUP, group(2, 900, sent_by=XIENG))
    report = ledger.report()
    assert value_of(report["working_groups"]) == 1
    assert value_of(report["person_trips"]) == 4
    assert shown(report["person_trips"])["also_reported"] == []


def test_a_group_that_cannot_be_read_is_told_because_it_may_be_the_familys(
    ledger: Ledger, joint: Case
) -> None:
    closed = joint.does(XIENG, Step.DEPLOY_GROUP, group(1, 6, sent_by=KYSON))
    ledger.events[-1] = replace(closed, body=None)
    assert closed.event_id in {each.event_id for each in ledger.report().left_out}


SPELLINGS = [
    "CA‑01",  # non-breaking hyphen
    "CA–01",
    "CA −\u00a001",
    "C\u200bA-\u00ad01",
    "ＣＡ－０１",
    "ca 01",
    "\ufeffCA\u2060-01 ",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_code_in_two_spellings_is_one_case(ledger: Ledger, spelling: str) -> None:
    for code in ("CA-01", spelling):
        case = ledger.joint_case(WEST, KYSON, XIENG, code)
        case.does(KYSON, Step.DEPLOY_GROUP, group(1))
        case.does(KYSON, Step.PHASE_REPORT, PHASE)
        ledger.patrol(code)
    for name in ("joint_cases", "working_groups", "bilateral_patrols", "person_trips"):
        assert value(ledger, name) == (4 if name == "person_trips" else 1), name
    assert value(ledger, "arrests")["total"] == 3


def test_a_code_with_its_tone_on_the_one_or_the_other_vowel_is_one(ledger: Ledger) -> None:
    ledger.patrol("Hòa Bình 1")
    ledger.patrol("HOÀ BÌNH 1")
    ledger.patrol("Hoa Bình 1")
    assert value(ledger, "bilateral_patrols") == 2


def test_a_case_without_any_of_the_familys_offices_does_not_count(ledger: Ledger) -> None:
    fields = {"host": "Điện Biên", "ordinal": 21}
    others = ledger.opens(EIGHT, DIENBIEN, Kind.BRIEFING, fields)
    others.does(XIENG, Step.HOLD)
    assert value(ledger, "briefings") == 0
    others.does(NGHEAN, Step.SIGN_MINUTES, {"signatory": {"name": "A (fictional)"}})
    assert value(ledger, "briefings") == 1


def test_a_joint_case_counts_when_the_other_side_has_joined(ledger: Ledger) -> None:
    ledger.opens(WEST, KYSON, Kind.JOINT_CASE, {"code": "CA-1", "lead": "A (fictional)"})
    assert value(ledger, "joint_cases") == 0
    ledger.joint_case(WEST, KYSON, XIENG, "CA-2")
    assert value(ledger, "joint_cases") == 1


def test_what_was_withdrawn_does_not_count(ledger: Ledger) -> None:
    penalty = ledger.penalty()
    penalty.does(KYSON, Step.WITHDRAW)
    assert value(ledger, "overstay_penalties") == 0


def test_what_was_declined_does_not_count(ledger: Ledger) -> None:
    penalty = ledger.penalty()
    declined = msgspec.structs.replace(ledger.views[penalty.ref], state=State.DECLINED)
    ledger.views[penalty.ref] = declined
    assert value(ledger, "overstay_penalties") == 0


def test_notices_are_told_apart_by_who_sent_them(ledger: Ledger) -> None:
    notice = {
        "crime_type": "drugs",
        "area": "(fictional)",
        "source_grade": "A",
        "information_grade": 1,
    }
    ledger.opens(WEST, KYSON, Kind.INFORMATION_NOTICE, notice)
    for _ in range(2):
        received = ledger.opens(WEST, XIENG, Kind.INFORMATION_NOTICE, notice)
        received.does(KYSON, Step.ACKNOWLEDGE)
    assert value(ledger, "notices_sent") == 1
    assert value(ledger, "notices_received") == 2


def test_a_handover_counts_when_both_have_signed_by_the_last_signature(ledger: Ledger) -> None:
    case = ledger.opens(WEST, KYSON, Kind.HANDOVER, {"person": PERSON})
    time = {"gate": "Nậm Cắn", "time": "2025-11-01T09:00:00+07:00"}
    case.does(XIENG, Step.SCHEDULE, time, LAST)
    signed = {"signatory": {"name": "A (fictional)"}}
    first = case.does(XIENG, Step.SIGN_MINUTES, signed, LAST)
    assert value(ledger, "handovers") == 0
    last = case.does(KYSON, Step.SIGN_MINUTES, signed, AFTER)
    assert value(ledger, "handovers") == 0
    handovers = shown(ledger.report(reporting_year(2026))["handovers"])
    assert handovers["events"] == [last.event_id.hex()]
    assert handovers["also_reported"] == [first.event_id.hex()]


def test_travellers_are_the_head_and_the_members_unless_the_travel_says_otherwise(
    ledger: Ledger,
) -> None:
    ledger.delegation()
    assert value(ledger, "delegation_persons") == 3


# The table.


def test_every_rule_counts_a_step_that_its_kind_has() -> None:
    assert all(rule.step in LIFECYCLES[rule.kind].steps for rule in RULES)


def test_joint_rules_are_those_of_joint_steps_that_need_all() -> None:
    for rule in RULES:
        rows = [r for (_, s), r in LIFECYCLES[rule.kind].lookup.items() if s is rule.step]
        assert rule.joint == any(row.joint for row in rows)


def test_each_figure_has_one_rule() -> None:
    names = [OFFICES_ACTIVE, *(rule.indicator for rule in RULES)]
    assert len(names) == len(set(names))
    assert tuple(names[: len(IN_SUMMARY)]) == IN_SUMMARY
