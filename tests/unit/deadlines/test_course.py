"""The course of a case: pauses, returns, corrections, reopenings, late answers, new agreements."""

from __future__ import annotations

import msgspec
import pytest

from blo_domain.deadlines.evaluate import clock_states
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.plan import plan
from blo_domain.deadlines.policies import eu_2023_977, four_urgencies
from blo_domain.deadlines.terms import FOREVER, in_force, terms_of, with_policy
from blo_domain.errors import InconsistentInput
from blo_schemas.clocks import ClockKind, ClockState, ClockStatus, Ending
from blo_schemas.ids import CorridorId, OfficeId
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.trust import Agreement, Superior
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
    state_of,
    term,
    told,
)


def answer(case: Case, when: str, number: int = 0) -> ClockState:
    return state_of(clock_states(case.now, STOCK, at(when)), ClockKind.ANSWER, number)


def acknowledgement(case: Case, when: str, number: int = 0) -> ClockState:
    return state_of(clock_states(case.now, STOCK, at(when)), ClockKind.ACKNOWLEDGE, number)


def test_a_pause_over_a_weekend_costs_the_working_days_that_end_in_it() -> None:
    case = assigned("2025-06-02 09:00")
    assert told(answer(case, "2025-06-03 09:00").due) == "2025-06-24 00:00"
    case.goes(LA, Step.PAUSE, "2025-06-06 15:00", pause_ground=PauseGround.COURT)
    paused = answer(case, "2025-06-07 12:00")
    assert (paused.standing, paused.due) == (ClockStatus.PAUSED, None)
    case.goes(LA, Step.RESUME, "2025-06-09 10:00")  # Friday ended in it, Monday did not.
    assert told(answer(case, "2025-06-09 10:00").due) == "2025-06-25 00:00"
    assert answer(case, "2025-06-09 10:00").active == 4 * DAY + 6 * HOUR


def test_a_day_at_whose_end_the_clock_still_stands_does_not_count() -> None:
    case = assigned("2025-06-02 09:00")
    case.goes(LA, Step.PAUSE, "2025-06-06 15:00", pause_ground=PauseGround.COURT)
    case.goes(LA, Step.RESUME, "2025-06-07 00:00")
    assert told(answer(case, "2025-06-07 00:00").due) == "2025-06-25 00:00"


def test_a_pause_within_a_day_costs_no_working_day() -> None:
    case = assigned("2025-06-02 09:00")
    case.goes(VN, Step.PAUSE, "2025-06-05 10:00", pause_ground=PauseGround.OTHER)
    case.goes(VN, Step.RESUME, "2025-06-05 15:00")
    assert told(answer(case, "2025-06-05 15:00").due) == "2025-06-24 00:00"


def test_calendar_days_move_by_the_paused_time() -> None:
    case = assigned("2025-06-05 09:00", Urgency.URGENT)
    case.goes(LA, Step.PAUSE, "2025-06-06 15:00", pause_ground=PauseGround.COURT)
    case.goes(LA, Step.RESUME, "2025-06-09 10:00")  # 67 hours.
    assert told(answer(case, "2025-06-09 10:00").due) == "2025-06-13 04:00"


def test_a_pause_after_the_deadline_takes_nothing_back() -> None:
    case = assigned("2025-06-05 09:00", Urgency.IMMEDIATE)
    case.goes(LA, Step.PAUSE, "2025-06-06 10:00", pause_ground=PauseGround.COURT)
    late = answer(case, "2025-06-10 10:00")
    assert (late.standing, told(late.due)) == (ClockStatus.MISSED, "2025-06-06 09:00")


def test_while_information_is_awaited_the_opener_owes_and_the_clock_stands() -> None:
    case = opened("2025-06-02 09:00", Urgency.URGENT)
    case.goes(LA, Step.ACKNOWLEDGE, "2025-06-02 10:00")
    case.goes(LA, Step.RETURN_FOR_INFORMATION, "2025-06-03 12:00")
    waiting = answer(case, "2025-06-04 12:00")
    assert (waiting.standing, waiting.owed_by) == (ClockStatus.PAUSED, (VN,))
    case.goes(VN, Step.SUPPLY_INFORMATION, "2025-06-05 12:00")
    going = answer(case, "2025-06-05 12:00")
    assert (going.standing, going.owed_by) == (ClockStatus.RUNNING, (LA,))
    assert told(going.due) == "2025-06-09 09:00"


def test_a_pause_within_a_return_counts_once() -> None:
    case = opened("2025-06-02 09:00", Urgency.URGENT)
    case.goes(LA, Step.ACKNOWLEDGE, "2025-06-02 10:00")
    case.goes(LA, Step.RETURN_FOR_INFORMATION, "2025-06-03 12:00")
    case.goes(LA, Step.PAUSE, "2025-06-04 12:00", pause_ground=PauseGround.COURT)
    case.goes(VN, Step.SUPPLY_INFORMATION, "2025-06-05 12:00")
    assert answer(case, "2025-06-05 18:00").standing is ClockStatus.PAUSED
    case.goes(LA, Step.RESUME, "2025-06-06 12:00")
    assert told(answer(case, "2025-06-06 12:00").due) == "2025-06-10 09:00"


def test_an_answer_while_paused_meets_and_ends_the_pause() -> None:
    case = assigned("2025-06-05 09:00", Urgency.URGENT)
    case.goes(LA, Step.PAUSE, "2025-06-06 09:00", pause_ground=PauseGround.COURT)
    case.goes(LA, Step.ANSWER, "2025-06-30 09:00")
    met = answer(case, "2025-06-30 09:00")
    assert (met.standing, met.active, met.late) == (ClockStatus.MET, DAY, 0)
    case.goes(VN, Step.REOPEN, "2025-07-01 09:00")
    assert answer(case, "2025-07-01 09:00", 1).standing is ClockStatus.RUNNING


def test_an_answer_that_comes_late_was_missed_and_then_met() -> None:
    case = assigned("2025-06-05 09:00", Urgency.IMMEDIATE)
    case.goes(LA, Step.ANSWER, "2025-06-06 10:30")
    late = answer(case, "2025-06-30 09:00")
    assert late.standing is ClockStatus.MISSED
    assert told(late.met_at) == "2025-06-06 10:30"
    assert late.late == 90 * 60_000
    assert late.owed_by == ()


def test_a_reopening_begins_a_round_of_its_own() -> None:
    case = assigned("2025-06-02 09:00", Urgency.URGENT, due=at("2025-06-20 00:00"))
    case.goes(LA, Step.ANSWER, "2025-06-03 09:00")
    case.goes(VN, Step.REOPEN, "2025-06-10 09:00")
    first, second = answer(case, "2025-06-10 09:00"), answer(case, "2025-06-10 09:00", 1)
    assert first.standing is ClockStatus.MET
    assert (second.standing, told(second.due)) == (ClockStatus.RUNNING, "2025-06-15 09:00")
    assert [one.clock for one in case.now.rounds].count(ClockKind.ACKNOWLEDGE) == 1


def test_a_corrected_urgency_counts_from_the_original_opening() -> None:
    case = assigned("2025-06-02 09:00", Urgency.URGENT)
    case.goes(VN, Step.SUPERSEDE, "2025-06-02 15:00", supersedes=1, urgency=Urgency.VERY_URGENT)
    before, after = answer(case, "2025-06-02 15:00"), answer(case, "2025-06-02 15:00", 1)
    assert before.standing is ClockStatus.VOID
    assert told(after.due) == "2025-06-05 09:00"
    # The acknowledgement had been met before: nothing rewrites it.
    assert acknowledgement(case, "2025-06-02 15:00").standing is ClockStatus.MET


def test_a_corrected_urgency_makes_nobody_late_before_it() -> None:
    case = assigned("2025-06-02 09:00")
    case.goes(VN, Step.SUPERSEDE, "2025-06-10 09:00", supersedes=1, urgency=Urgency.IMMEDIATE)
    assert told(answer(case, "2025-06-10 09:00", 1).due) == "2025-06-10 09:00"


def test_an_urgency_corrected_while_the_case_stands_still_is_due_when_it_goes_on() -> None:
    case = assigned("2025-06-02 09:00")
    case.goes(LA, Step.PAUSE, "2025-06-05 09:00", pause_ground=PauseGround.COURT)
    case.goes(VN, Step.SUPERSEDE, "2025-06-06 09:00", supersedes=1, urgency=Urgency.IMMEDIATE)
    assert answer(case, "2025-06-06 12:00", 1).standing is ClockStatus.PAUSED
    case.goes(LA, Step.RESUME, "2025-06-07 09:00")
    rungs = dict(plan(case.now, case.now.rounds[-1], STOCK[0]).rungs)
    assert told(answer(case, "2025-06-07 09:00", 1).due) == "2025-06-07 09:00"
    assert told(rungs[EscalationLevel.URGE_COUNTERPART]) == "2025-06-07 10:00"


def test_a_corrected_due_date_replaces_the_old_one() -> None:
    case = assigned("2025-06-02 09:00", Urgency.URGENT)
    case.goes(VN, Step.SUPERSEDE, "2025-06-03 09:00", supersedes=1, due=at("2025-06-30 00:00"))
    assert told(answer(case, "2025-06-03 09:00", 1).due) == "2025-06-30 00:00"
    assert len([one for one in case.now.rounds if one.clock is ClockKind.ANSWER]) == 2


def test_another_office_sets_neither_urgency_nor_due_date() -> None:
    case = assigned("2025-06-02 09:00", Urgency.URGENT)
    case.goes(
        LA, Step.INTERIM_REPLY, "2025-06-02 10:00", urgency=Urgency.ROUTINE, due=at("2026-01-01")
    )
    assert len(case.now.rounds) == 2
    assert (case.now.urgency, case.now.due) == (Urgency.URGENT, None)


def test_a_refusal_is_an_answer() -> None:
    case = opened("2025-06-02 09:00", Urgency.URGENT)
    case.goes(LA, Step.ACKNOWLEDGE, "2025-06-02 10:00").goes(LA, Step.DECLINE, "2025-06-03 09:00")
    assert answer(case, "2025-06-03 09:00").standing is ClockStatus.MET


def test_a_withdrawal_voids_what_was_not_late_and_forgives_nothing_else() -> None:
    case = opened("2025-06-02 09:00", Urgency.IMMEDIATE)
    case.goes(VN, Step.WITHDRAW, "2025-06-02 12:00")
    assert acknowledgement(case, "2025-06-09 12:00").standing is ClockStatus.MISSED
    assert acknowledgement(case, "2025-06-09 12:00").late == 2 * HOUR
    assert answer(case, "2025-06-09 12:00").standing is ClockStatus.VOID


def test_whoever_joins_at_once_has_received_it() -> None:
    case = opened("2025-06-02 09:00", Urgency.URGENT, kind=Kind.JOINT_CASE)
    case.goes(LA, Step.JOIN, "2025-06-02 10:00")
    assert {one.standing for one in clock_states(case.now, STOCK, case.now.log_time)} == {
        ClockStatus.MET
    }


def test_a_corrected_contact_change_has_to_be_confirmed_again() -> None:
    case = opened("2025-06-02 09:00", Urgency.URGENT, kind=Kind.CONTACT_CHANGE)
    case.goes(LA, Step.ACKNOWLEDGE, "2025-06-02 10:00")
    case.goes(LA, Step.VERIFY_CHANGE, "2025-06-02 11:00")
    case.goes(VN, Step.SUPERSEDE, "2025-06-20 09:00", supersedes=1)
    again = state_of(clock_states(case.now, STOCK, at("2025-06-20 09:00")), ClockKind.CONFIRM, 1)
    assert (again.standing, told(again.due)) == (ClockStatus.RUNNING, "2025-06-25 09:00")
    case.goes(LA, Step.VERIFY_CHANGE, "2025-06-21 09:00")
    again = state_of(clock_states(case.now, STOCK, at("2025-06-21 09:00")), ClockKind.CONFIRM, 1)
    assert again.standing is ClockStatus.MET


def test_log_time_that_steps_back_counts_as_the_latest_so_far() -> None:
    case = opened("2025-06-02 09:00", Urgency.URGENT)
    case.goes(LA, Step.ACKNOWLEDGE, "2025-06-02 12:00")
    case.goes(LA, Step.ACCEPT, "2025-06-02 11:00").goes(LA, Step.ASSIGN, "2025-06-02 08:00")
    case.goes(LA, Step.ANSWER, "2025-06-02 10:00")
    assert told(answer(case, "2025-06-02 12:00").met_at) == "2025-06-02 12:00"
    assert case.now.log_time == at("2025-06-02 12:00")


def test_a_newer_agreement_counts_from_its_own_day_and_rewrites_nothing() -> None:
    begins = at("2025-06-04 00:00")
    terms = (term(end=begins), term(eu_2023_977(PAIR), begins, version=2))
    old, new = assigned("2025-06-03 23:59"), assigned("2025-06-04 00:00")
    late = at("2025-06-25 12:00")
    assert (
        told(state_of(clock_states(old.now, terms, late), ClockKind.ANSWER).due)
        == "2025-06-25 00:00"
    )
    assert (
        told(state_of(clock_states(new.now, terms, late), ClockKind.ANSWER).due)
        == "2025-06-11 00:00"
    )
    old.goes(LA, Step.ANSWER, "2025-06-05 09:00").goes(VN, Step.REOPEN, "2025-06-06 09:00")
    again = state_of(clock_states(old.now, terms, late), ClockKind.ANSWER, 1)
    assert told(again.due) == "2025-06-13 09:00"


def test_what_if_another_policy_had_held() -> None:
    begins = at("2025-06-04 00:00")
    case = assigned("2025-06-04 09:00")
    proposed = with_policy(eu_2023_977(PAIR), STOCK, begins)
    assert [(one.start, one.end, one.policy.name) for one in proposed] == [
        (0, begins, "four-urgencies"),
        (begins, FOREVER, "eu-2023-977"),
    ]
    state = state_of(clock_states(case.now, proposed, at("2025-06-05 09:00")), ClockKind.ANSWER)
    assert told(state.due) == "2025-06-11 09:00"
    assert with_policy(four_urgencies(PAIR), STOCK) == STOCK


def test_terms_come_from_agreements() -> None:
    superior = OfficeId("vn-nghean")
    agreement = Agreement(
        link=LINK,
        corridor=CorridorId("la-vn"),
        partition=0,
        version=3,
        offices=PAIR,
        superiors=(Superior(superior=superior, office=VN),),
        observers=(OfficeId("vn-ministry"),),
        policy=four_urgencies(PAIR),
        effective_from=5,
    )
    (one,) = terms_of([(agreement, 5, FOREVER), (agreement, 9, 9)])
    assert (one.version, one.others(VN)) == (3, (LA,))
    assert one.notified(EscalationLevel.WARNING, VN) == (LA,)
    assert one.notified(EscalationLevel.OWN_CHIEF, VN) == PAIR
    assert one.notified(EscalationLevel.PROVINCE, VN) == (superior,)
    assert one.notified(EscalationLevel.MINISTRY, VN) == (OfficeId("vn-ministry"),)
    assert term().notified(EscalationLevel.MINISTRY, VN) == PAIR
    assert in_force((one,), 0) is one


def test_what_contradicts_itself_is_refused() -> None:
    case = opened("2025-06-02 09:00")
    with pytest.raises(InconsistentInput, match="open at 7"):
        fold_clocks(case.now, case.facts[0])
    later = case.goes(LA, Step.ACKNOWLEDGE, "2025-06-02 10:00").facts[1]
    with pytest.raises(InconsistentInput, match="no opening"):
        fold_clocks(None, later)
    with pytest.raises(InconsistentInput, match="without an agreement"):
        clock_states(case.now, (), case.now.log_time)
    alone = msgspec.structs.replace(case.now, opener=LA)
    assert term().others(alone.opener) == (VN,)


def test_a_round_says_which_step_ended_it() -> None:
    case = opened("2025-06-02 09:00").goes(LA, Step.ACKNOWLEDGE, "2025-06-02 10:00")
    end = case.now.rounds[0].end
    assert end is not None
    assert (end.ending, end.step, end.office) == (Ending.MET, Step.ACKNOWLEDGE, LA)
    assert (end.at, end.position) == (at("2025-06-02 10:00"), 10)


def test_without_contents_nothing_is_owed_any_more() -> None:
    case = opened("2025-06-02 09:00", kind=Kind.CONTACT_CHANGE)
    case.goes(LA, Step.ACKNOWLEDGE, "2025-06-02 10:00")
    case.goes(LA, Step.VERIFY_CHANGE, "2025-06-02 11:00")
    case.goes(VN, Step.SUPERSEDE, "2025-06-02 12:00", supersedes=1)
    running = state_of(clock_states(case.now, STOCK, at("2025-06-02 13:00")), ClockKind.CONFIRM, 1)
    assert running.standing is ClockStatus.RUNNING
    for step in (Step.SHRED, Step.CONFIRM_SHREDDING):
        for office in (LA, VN):
            case.goes(office, step, "2025-06-03 09:00")
    (ended,) = [
        one.end for one in case.now.rounds if (one.clock, one.number) == (ClockKind.CONFIRM, 1)
    ]
    assert ended is not None
    assert (ended.ending, ended.step, ended.office) == (Ending.VOID, Step.CONFIRM_SHREDDING, LA)
