"""When a clock is due: instants that were computed by hand."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from blo_domain.deadlines.evaluate import clock_states, next_change
from blo_domain.deadlines.plan import plan
from blo_domain.deadlines.policies import eu_2023_977, four_urgencies
from blo_schemas.clocks import ClockKind, ClockStatus
from blo_schemas.ids import CountryId, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.policy import Calendar, EscalationLevel
from blo_schemas.summary import Step, Urgency
from tests.unit.deadlines.histories import (
    DAY,
    HOUR,
    LA,
    PAIR,
    STOCK,
    VN,
    Case,
    at,
    opened,
    state_of,
    term,
    told,
)

IMMEDIATE, VERY, URGENT, ROUTINE = (
    Urgency.IMMEDIATE,
    Urgency.VERY_URGENT,
    Urgency.URGENT,
    Urgency.ROUTINE,
)
PARIS, TURIN = OfficeId("fr-lyon"), OfficeId("it-turin")
ALPS = four_urgencies((PARIS, TURIN), {PARIS: "Europe/Paris", TURIN: "Europe/Rome"})


def instants(case: Case, number: int = 0) -> tuple[str, str]:
    states = clock_states(case.now, STOCK, case.now.log_time)
    found = (state_of(states, clock, number) for clock in (ClockKind.ACKNOWLEDGE, ClockKind.ANSWER))
    acknowledge, answer = (told(one.due) for one in found)
    return acknowledge, answer


@pytest.mark.parametrize(
    ("urgency", "opener", "when", "acknowledge", "answer"),
    [
        # Elapsed hours take no notice of a Saturday night.
        (IMMEDIATE, VN, "2025-06-07 23:30", "2025-06-08 00:30", "2025-06-08 23:30"),
        (VERY, VN, "2025-06-06 22:00", "2025-06-07 02:00", "2025-06-09 22:00"),
        (URGENT, VN, "2025-06-05 09:00", "2025-06-06 09:00", "2025-06-10 09:00"),
        # Tết 2025: free from Monday 27 January to Friday 31 January, and the weekends around it.
        (ROUTINE, LA, "2025-01-23 10:00", "2025-02-04 00:00", "2025-02-21 00:00"),
        # The same request the other way: Laos works through Tết.
        (ROUTINE, VN, "2025-01-23 10:00", "2025-01-28 00:00", "2025-02-14 00:00"),
        # Pi Mai 2025: 14 to 16 April, and 1 May; then the other way, with Saturday 26 April worked
        # in exchange for Friday 2 May, 30 April and 1 May free.
        (ROUTINE, VN, "2025-04-10 09:00", "2025-04-18 00:00", "2025-05-08 00:00"),
        (ROUTINE, LA, "2025-04-24 09:00", "2025-04-27 00:00", "2025-05-20 00:00"),
        # Opened on a Saturday: Monday is the first working day. At midnight: that day is the day
        # of the opening and does not count.
        (ROUTINE, VN, "2025-06-07 12:00", "2025-06-11 00:00", "2025-06-28 00:00"),
        (ROUTINE, VN, "2025-06-09 00:00", "2025-06-12 00:00", "2025-07-01 00:00"),
        # Leap day: a Thursday like any other (8 March is free in Laos), and then it is March.
        (ROUTINE, VN, "2024-02-28 10:00", "2024-03-02 00:00", "2024-03-22 00:00"),
        (URGENT, VN, "2024-02-28 10:00", "2024-02-29 10:00", "2024-03-04 10:00"),
        (URGENT, VN, "2024-02-29 10:00", "2024-03-01 10:00", "2024-03-05 10:00"),
        # The last working day of a reporting year.
        (ROUTINE, VN, "2025-10-29 16:00", "2025-11-01 00:00", "2025-11-20 00:00"),
    ],
)
def test_the_default_deadlines(
    urgency: Urgency, opener: OfficeId, when: str, acknowledge: str, answer: str
) -> None:
    assert instants(opened(when, urgency, opener)) == (acknowledge, answer)


@pytest.mark.parametrize(
    ("urgency", "answer"),
    [(IMMEDIATE, 8 * HOUR), (VERY, 3 * DAY), (URGENT, 3 * DAY), (ROUTINE, 7 * DAY)],
)
def test_the_directive_s_deadlines_run_through_the_weekend(urgency: Urgency, answer: int) -> None:
    case = opened("2025-06-06 15:00", urgency)
    states = clock_states(case.now, (term(eu_2023_977(PAIR)),), case.now.log_time)
    assert {one.due for one in states} == {at("2025-06-06 15:00") + answer}


def test_the_ladder_rises_from_the_warning_to_the_ministry() -> None:
    case = opened("2025-06-06 10:00", IMMEDIATE)
    rungs = dict(plan(case.now, case.now.rounds[0], STOCK[0]).rungs)
    assert {rung: told(instant) for rung, instant in rungs.items()} == {
        EscalationLevel.WARNING: "2025-06-06 10:45",
        EscalationLevel.URGE_COUNTERPART: "2025-06-06 12:00",
        EscalationLevel.OWN_CHIEF: "2025-06-07 11:00",
        EscalationLevel.PROVINCE: "2025-06-09 11:00",
        EscalationLevel.MINISTRY: "2025-06-13 11:00",
    }


def test_the_warning_of_working_days_comes_at_the_end_of_a_working_day() -> None:
    case = opened("2025-01-23 10:00", opener=LA)
    acknowledge, answer = (plan(case.now, one, STOCK[0]).rungs[0][1] for one in case.now.rounds)
    assert told(acknowledge) == "2025-01-25 00:00"  # 75 % of 2 days: after the first.
    assert told(answer) == "2025-02-15 00:00"  # 75 % of 15 days: after the eleventh.


def test_rungs_in_working_days_count_from_the_day_that_ended() -> None:
    policy = four_urgencies(PAIR)
    two_days = policy.deadlines[0].acknowledge
    ladder = tuple(
        msgspec.structs.replace(step, after=two_days)
        if step.rung is EscalationLevel.OWN_CHIEF
        else step
        for step in policy.ladder[:3]
    )
    terms = (term(msgspec.structs.replace(policy, ladder=ladder)),)
    case = opened("2025-06-04 09:00")  # Due at the end of Friday 6 June.
    rungs = dict(plan(case.now, case.now.rounds[0], terms[0]).rungs)
    assert told(rungs[EscalationLevel.URGE_COUNTERPART]) == "2025-06-07 01:00"
    assert told(rungs[EscalationLevel.OWN_CHIEF]) == "2025-06-11 00:00"  # Monday, Tuesday.


def test_the_agreement_s_own_days_go_before_the_country_s() -> None:
    policy = four_urgencies(PAIR)
    calendars = (
        Calendar(
            country=CountryId("la"),
            extra_days_off=(date(2025, 6, 5),),
            extra_working_days=(date(2025, 6, 7),),
        ),
        Calendar(country=CountryId("vn")),
    )
    terms = (term(msgspec.structs.replace(policy, calendars=calendars)),)
    case = opened("2025-06-04 09:00")
    (acknowledge, _) = clock_states(case.now, terms, case.now.log_time)
    assert told(acknowledge.due) == "2025-06-08 00:00"  # Friday and Saturday.


@pytest.mark.parametrize(
    ("urgency", "when", "acknowledge", "utc"),
    [
        # Clocks go forward on Sunday 30 March 2025, so that day has 23 hours.
        (URGENT, "2025-03-29 10:00", "2025-03-30 10:00", "2025-03-30 08:00"),
        # 02:30 does not exist on that day; it is moved on by the hour that is left out.
        (URGENT, "2025-03-29 02:30", "2025-03-30 03:30", "2025-03-30 01:30"),
        (ROUTINE, "2025-03-28 10:00", "2025-04-02 00:00", "2025-04-01 22:00"),
        # They go back on Sunday 26 October, which has 25 hours and 02:30 twice: the later counts.
        (URGENT, "2025-10-25 10:00", "2025-10-26 10:00", "2025-10-26 09:00"),
        (URGENT, "2025-10-25 02:30", "2025-10-26 02:30", "2025-10-26 01:30"),
        (IMMEDIATE, "2025-10-26 00:30", "2025-10-26 01:30", "2025-10-25 23:30"),
    ],
)
def test_days_follow_the_zone_over_summer_time(
    urgency: Urgency, when: str, acknowledge: str, utc: str
) -> None:
    case = Case(opener=TURIN, parties=(PARIS, TURIN), urgency=urgency)
    case.takes(TURIN, Step.OPEN, at(when, "Europe/Paris"))
    state = clock_states(case.now, (term(ALPS),), case.now.log_time)[0]
    assert told(state.due, "Europe/Paris") == acknowledge
    assert told(state.due, "UTC") == utc


def test_hours_take_no_notice_of_summer_time() -> None:
    case = Case(opener=TURIN, parties=(PARIS, TURIN), urgency=IMMEDIATE)
    case.takes(TURIN, Step.OPEN, at("2025-03-29 10:00", "Europe/Paris"))
    answer = clock_states(case.now, (term(ALPS),), case.now.log_time)[1]
    assert told(answer.due, "Europe/Paris") == "2025-03-30 11:00"


def test_on_a_conference_the_latest_calendar_counts() -> None:
    offices = (LA, OfficeId("la-hua"), VN, OfficeId("vn-sonla"))
    terms = (term(four_urgencies(offices)),)
    case = Case(opener=VN, parties=offices)
    case.takes(VN, Step.OPEN, at("2025-01-23 10:00"))
    (state, _) = clock_states(case.now, terms, case.now.log_time)
    assert told(state.due) == "2025-02-04 00:00"  # The other Vietnamese office has Tết.
    assert state.owed_by == (offices[1], LA, offices[3])


def test_a_stated_due_date_counts_only_if_it_is_later() -> None:
    earlier = opened("2025-06-02 09:00", URGENT, due=at("2025-06-03 12:00"))
    later = opened("2025-06-02 09:00", URGENT, due=at("2025-06-20 12:00"))
    assert instants(earlier) == ("2025-06-03 09:00", "2025-06-07 09:00")
    assert instants(later) == ("2025-06-03 09:00", "2025-06-20 12:00")


def test_a_due_date_beyond_all_reason_breaks_nothing() -> None:
    case = opened("2025-06-02 09:00", URGENT, due=LAST_INSTANT)
    (_, answer) = clock_states(case.now, STOCK, case.now.log_time)
    assert told(answer.due, "UTC") == "2200-01-01 00:00"
    assert next_change(case.now, STOCK, case.now.log_time) is not None


def test_late_is_who_comes_at_the_deadline_itself() -> None:
    case = opened("2025-06-06 10:00", IMMEDIATE)
    deadline = at("2025-06-06 11:00")
    before, then = (
        clock_states(case.now, STOCK, now)[0].standing for now in (deadline - 1, deadline)
    )
    assert (before, then) == (ClockStatus.RUNNING, ClockStatus.MISSED)
    case.takes(LA, Step.ACKNOWLEDGE, deadline)
    state = clock_states(case.now, STOCK, deadline)[0]
    assert (state.standing, state.met_at, state.late) == (ClockStatus.MISSED, deadline, 0)
