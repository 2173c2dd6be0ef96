"""Comparing response times, and what another policy would change."""

from __future__ import annotations

from blo_domain.deadlines.policies import eu_2023_977, four_urgencies
from blo_domain.deadlines.responses import Responses, Window, changed, responses
from blo_schemas.clocks import ClockKind, ClockStatus
from blo_schemas.ids import OfficeId
from blo_schemas.summary import PauseGround, Step, Urgency
from tests.unit.deadlines.histories import (
    DAY,
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
)

YEAR = Window(at("2024-11-01 00:00"), at("2025-11-01 00:00"))
NEXT = Window(YEAR.end, at("2026-11-01 00:00"))
TERMS = {LINK: STOCK}


def answered(when: str, then: str) -> Case:
    return assigned(when, Urgency.URGENT).goes(LA, Step.ANSWER, then)


def test_each_side_has_a_row_for_each_clock() -> None:
    cases = [
        answered("2025-06-02 09:00", "2025-06-03 09:00"),
        answered("2025-06-02 09:00", "2025-06-05 09:00"),
        answered("2025-06-02 09:00", "2025-06-10 09:00"),
        assigned("2025-06-02 09:00", Urgency.URGENT),
        assigned("2025-06-02 09:00", Urgency.URGENT, opener=LA),
    ]
    views = [case.now for case in cases]
    found = {(row.office, row.clock): row for row in responses(views, TERMS, YEAR, YEAR.end)}
    assert found[LA, ClockKind.ANSWER] == Responses(
        LINK, LA, ClockKind.ANSWER, met=2, missed=2, open=1, median=3 * DAY, p90=8 * DAY
    )
    assert found[VN, ClockKind.ANSWER] == Responses(
        LINK, VN, ClockKind.ANSWER, met=0, missed=1, open=1, median=None, p90=None
    )
    assert found[LA, ClockKind.ACKNOWLEDGE].met == 4


def test_a_response_time_leaves_standstills_out() -> None:
    case = assigned("2025-06-02 09:00", Urgency.URGENT)
    case.goes(LA, Step.PAUSE, "2025-06-03 09:00", pause_ground=PauseGround.COURT)
    case.goes(LA, Step.RESUME, "2025-06-04 09:00").goes(LA, Step.ANSWER, "2025-06-04 19:00")
    (row,) = [
        r for r in responses([case.now], TERMS, YEAR, YEAR.end) if r.clock is ClockKind.ANSWER
    ]
    assert (row.median, row.p90) == (DAY + 10 * HOUR, DAY + 10 * HOUR)


def test_the_middle_of_an_even_number_is_the_mean_of_two() -> None:
    cases = [answered("2025-06-02 09:00", f"2025-06-0{day} 09:00") for day in (3, 4, 5, 6)]
    rows = responses([case.now for case in cases], TERMS, YEAR, YEAR.end)
    (row,) = [one for one in rows if one.clock is ClockKind.ANSWER]
    assert (row.median, row.p90) == (2 * DAY + 12 * HOUR, 4 * DAY)


def test_what_is_due_with_the_last_day_of_the_year_belongs_to_the_year() -> None:
    case = opened("2025-10-29 16:00")  # To be acknowledged by the end of Friday 31 October.
    later = YEAR.end + DAY
    assert [row.missed for row in responses([case.now], TERMS, YEAR, later)] == [1]
    assert responses([case.now], TERMS, NEXT, later) == ()
    first = opened("2025-10-30 16:00")
    assert responses([first.now], TERMS, YEAR, NEXT.end) == ()
    assert len(responses([first.now], TERMS, NEXT, NEXT.end)) == 2


def test_what_still_runs_or_was_withdrawn_in_time_does_not_count() -> None:
    running = assigned("2025-06-02 09:00")
    withdrawn = opened("2025-06-02 09:00").goes(VN, Step.WITHDRAW, "2025-06-02 10:00")
    rows = responses([running.now, withdrawn.now], TERMS, YEAR, at("2025-06-03 09:00"))
    assert [(row.clock, row.met, row.missed) for row in rows] == [(ClockKind.ACKNOWLEDGE, 1, 0)]


def test_on_a_conference_it_counts_for_who_did_it_and_for_all_if_nobody_did() -> None:
    offices = (LA, OfficeId("la-hua"), VN)
    case = Case(opener=VN, parties=offices, urgency=Urgency.IMMEDIATE)
    case.goes(VN, Step.OPEN, "2025-06-02 09:00").goes(LA, Step.ACKNOWLEDGE, "2025-06-02 09:30")
    terms = {LINK: (term(four_urgencies(offices)),)}
    rows = responses([case.now], terms, YEAR, YEAR.end)
    assert {(row.office, row.clock, row.met, row.missed) for row in rows} == {
        (LA, ClockKind.ACKNOWLEDGE, 1, 0),
        (LA, ClockKind.ANSWER, 0, 1),
        (offices[1], ClockKind.ANSWER, 0, 1),
    }


def test_another_policy_names_the_clocks_that_would_stand_differently() -> None:
    case = assigned("2025-06-02 09:00").goes(LA, Step.ANSWER, "2025-06-12 09:00")
    other = (term(eu_2023_977(PAIR)),)
    (difference,) = changed(case.now, STOCK, other, YEAR.end)
    assert (difference.before.standing, difference.after.standing) == (
        ClockStatus.MET,
        ClockStatus.MISSED,
    )
    assert difference.case == case.id
    assert changed(case.now, STOCK, STOCK, YEAR.end) == ()
