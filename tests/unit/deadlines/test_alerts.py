"""The ladder: which alerts there are, who is told, and what clears them."""

from __future__ import annotations

import msgspec
import pytest

from blo_domain.deadlines.evaluate import alerts, next_change, uncleared_alerts
from blo_domain.deadlines.policies import four_urgencies
from blo_schemas.clocks import ALERT, Alert, ClockKind
from blo_schemas.codec import encode
from blo_schemas.hashes import alert_id, clearing_id
from blo_schemas.ids import LinkId
from blo_schemas.policy import EscalationLevel, Span, SpanUnit
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from tests.unit.deadlines.histories import (
    CASE,
    HOUR,
    LA,
    LINK,
    PAIR,
    STOCK,
    VN,
    Case,
    assigned,
    at,
    opened,
    term,
    told,
)


def reached(
    case: Case, when: str, clock: ClockKind = ClockKind.ANSWER
) -> list[tuple[EscalationLevel | None, str]]:
    found = uncleared_alerts(alerts(case.now, STOCK, at(when)))
    return [(one.rung, told(one.since)) for one in found if one.clock is clock]


def records(case: Case, when: str, clock: ClockKind = ClockKind.ANSWER) -> list[Alert]:
    return [one for one in alerts(case.now, STOCK, at(when)) if one.clock is clock]


def test_an_alert_says_all_that_its_reader_needs() -> None:
    case = opened("2025-06-06 10:00", Urgency.IMMEDIATE)
    (warning,) = alerts(case.now, STOCK, at("2025-06-06 10:50"))
    assert warning == Alert(
        v=1,
        id=alert_id(LINK, CASE, "acknowledge", "warning", 0),
        link=LINK,
        case=CASE,
        clock=ClockKind.ACKNOWLEDGE,
        signal=None,
        rung=EscalationLevel.WARNING,
        round=0,
        due=at("2025-06-06 11:00"),
        since=at("2025-06-06 10:45"),
        must_act=(LA,),
        notified=(LA,),
        position=7,
        policy="four-urgencies",
        agreement=1,
        holidays=1,
    )
    assert ALERT.decode(encode(warning)) == warning


def test_the_ladder_is_climbed_one_rung_after_the_other() -> None:
    case = assigned("2025-06-06 10:00", Urgency.IMMEDIATE)
    assert reached(case, "2025-06-07 03:59") == []
    assert reached(case, "2025-06-07 10:00") == [(EscalationLevel.WARNING, "2025-06-07 04:00")]
    assert reached(case, "2025-06-11 00:00")[1:] == [
        (EscalationLevel.URGE_COUNTERPART, "2025-06-07 11:00"),
        (EscalationLevel.OWN_CHIEF, "2025-06-08 10:00"),
        (EscalationLevel.PROVINCE, "2025-06-10 10:00"),
    ]
    assert reached(case, "2025-06-14 10:00")[-1] == (EscalationLevel.MINISTRY, "2025-06-14 10:00")


def test_the_answer_clears_every_rung_with_a_record_of_its_own() -> None:
    case = assigned("2025-06-06 10:00", Urgency.IMMEDIATE)
    case.goes(LA, Step.ANSWER, "2025-06-07 12:00")
    warning, urging, *clearings = records(case, "2025-06-30 10:00")
    assert {one.clears for one in clearings} == {warning.id, urging.id}
    assert {one.id for one in clearings} == {clearing_id(warning.id), clearing_id(urging.id)}
    assert {(one.cleared_by, told(one.cleared_at), one.position) for one in clearings} == {
        (Step.ANSWER, "2025-06-07 12:00", 19)
    }
    assert uncleared_alerts(alerts(case.now, STOCK, at("2025-06-30 10:00"))) == ()


def test_a_pause_holds_the_ladder_and_takes_nothing_back() -> None:
    case = assigned("2025-06-06 10:00", Urgency.IMMEDIATE)
    case.goes(LA, Step.PAUSE, "2025-06-07 12:00", pause_ground=PauseGround.COURT)
    before = records(case, "2025-06-07 12:00")
    assert [one.rung for one in before] == [
        EscalationLevel.WARNING,
        EscalationLevel.URGE_COUNTERPART,
    ]
    assert records(case, "2025-07-30 12:00") == before
    assert next_change(case.now, STOCK, case.now.log_time) is None
    case.goes(LA, Step.RESUME, "2025-07-30 12:00")
    assert reached(case, "2025-07-31 10:00")[-1] == (EscalationLevel.OWN_CHIEF, "2025-07-31 10:00")


def test_a_warning_keeps_the_deadline_that_was_known_then() -> None:
    case = assigned("2025-06-06 10:00", Urgency.IMMEDIATE)
    before = records(case, "2025-06-07 05:00")
    case.goes(LA, Step.PAUSE, "2025-06-07 05:00", pause_ground=PauseGround.COURT)
    case.goes(LA, Step.RESUME, "2025-06-08 05:00")
    assert records(case, "2025-06-08 05:00") == before


@pytest.mark.parametrize("kind", [Kind.INFORMATION_NOTICE, Kind.VERIFICATION_REQUEST])
def test_no_rung_is_reached_in_a_pause_that_the_receipt_ends(kind: Kind) -> None:
    policy = four_urgencies(PAIR)
    rows = tuple(
        msgspec.structs.replace(row, acknowledge=Span(amount=1, unit=SpanUnit.WORKING_DAYS))
        for row in policy.deadlines
    )
    terms = (term(msgspec.structs.replace(policy, deadlines=rows)),)
    case = opened("2025-06-02 09:00", kind=kind)
    assert [told(one.since) for one in alerts(case.now, terms, at("2025-06-03 09:00"))] == [
        "2025-06-03 00:00"  # On the last working day from its beginning.
    ]
    case.goes(LA, Step.PAUSE, "2025-06-02 12:00", pause_ground=PauseGround.COURT)
    case.goes(LA, Step.ACKNOWLEDGE, "2025-06-03 12:00")
    assert alerts(case.now, terms, at("2025-06-03 12:00")) == ()


def test_more_time_clears_what_was_late_and_the_new_round_has_new_ids() -> None:
    case = assigned("2025-06-06 10:00", Urgency.IMMEDIATE)
    case.goes(VN, Step.SUPERSEDE, "2025-06-07 12:00", supersedes=1, urgency=Urgency.URGENT)
    assert reached(case, "2025-06-07 12:00") == []
    assert {one.cleared_by for one in records(case, "2025-06-07 12:00") if one.clears} == {
        Step.SUPERSEDE
    }
    assert reached(case, "2025-06-11 10:00") == [(EscalationLevel.WARNING, "2025-06-10 04:00")]
    ids = [one.id for one in records(case, "2025-07-11 10:00")]
    assert len(set(ids)) == len(ids)


def test_a_reopened_case_is_warned_about_anew() -> None:
    case = assigned("2025-06-02 09:00", Urgency.IMMEDIATE)
    case.goes(LA, Step.ANSWER, "2025-06-03 08:00").goes(VN, Step.REOPEN, "2025-06-10 09:00")
    rounds = [(one.round, one.rung) for one in records(case, "2025-06-11 04:00")]
    assert rounds == [
        (0, EscalationLevel.WARNING),
        (0, EscalationLevel.WARNING),
        (1, EscalationLevel.WARNING),
    ]


def test_nothing_is_false_of_a_step_at_the_deadline_itself() -> None:
    case = opened("2025-06-06 10:00", Urgency.IMMEDIATE)
    then = at("2025-06-06 12:00")
    before = alerts(case.now, STOCK, then)
    case.takes(LA, Step.ACKNOWLEDGE, then)
    after = alerts(case.now, STOCK, then)
    assert after[: len(before)] == before
    assert len(after) == 2 * len(before)


def test_a_ticker_is_told_when_to_look_again() -> None:
    case = opened("2025-06-06 10:00", Urgency.IMMEDIATE)
    moments, after = [], case.now.log_time
    while (change := next_change(case.now, STOCK, after)) is not None:
        moments.append(told(change))
        after = change
    assert moments[:4] == [
        "2025-06-06 10:45",
        "2025-06-06 11:00",
        "2025-06-06 12:00",
        "2025-06-07 04:00",
    ]
    assert len(moments) == 11  # Two rungs of the two clocks fall on one instant.
    assert after == at("2025-06-07 10:00") + 7 * 24 * HOUR


def test_one_case_id_on_two_links_makes_two_ids() -> None:
    other = LinkId("la-xamtai~vn-quephong")
    one, two = (alert_id(link, CASE, "answer", "warning", 0) for link in (LINK, other))
    assert one != two
    assert alert_id(LINK, CASE, "answer", "warning", 1) != one
    assert tuple(sorted((VN, LA))) == PAIR
