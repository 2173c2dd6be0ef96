"""The lifecycle tables: how a case of each kind goes (docs/domain.md §2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_domain.lifecycle import (
    ATTACHED,
    LIFECYCLES,
    SHRED_STATES,
    By,
    Transition,
    compose,
    is_flagged,
)
from blo_domain.lifecycle.diagram import document, main
from blo_schemas.bodies import BODIES
from blo_schemas.bodies.administration import ContactChange
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.views import State
from tests.unit.domain.desk import CONFERENCE, DAY, KYSON, XIENG, Desk, walked

A, B = KYSON, XIENG

# (kind, (who, step, state afterwards) ...), all opened by A.
PATHS: list[tuple[Kind, list[tuple[OfficeId, Step, State]]]] = [
    (
        Kind.INFORMATION_NOTICE,
        [(B, Step.ACKNOWLEDGE, State.ACKNOWLEDGED), (B, Step.FEEDBACK, State.ACKNOWLEDGED)],
    ),
    (
        Kind.VERIFICATION_REQUEST,
        [
            (B, Step.ACKNOWLEDGE, State.ACKNOWLEDGED),
            (B, Step.RETURN_FOR_INFORMATION, State.RETURNED),
            (A, Step.SUPPLY_INFORMATION, State.ACKNOWLEDGED),
            (B, Step.ACCEPT, State.ACCEPTED),
            (B, Step.ASSIGN, State.ASSIGNED),
            (B, Step.INTERIM_REPLY, State.ASSIGNED),
            (B, Step.INTERIM_REPLY, State.ASSIGNED),
            (B, Step.ANSWER, State.ANSWERED),
            (A, Step.REOPEN, State.ASSIGNED),
            (B, Step.ANSWER, State.ANSWERED),
            (A, Step.CLOSE, State.CLOSED),
            (A, Step.FEEDBACK, State.CLOSED),
            (A, Step.REOPEN, State.ASSIGNED),
        ],
    ),
    (
        Kind.DOCUMENT,
        [(B, Step.ACKNOWLEDGE, State.ACKNOWLEDGED), (B, Step.DECLINE, State.DECLINED)],
    ),
    (
        Kind.WANTED_PERSON,
        [
            (B, Step.ACKNOWLEDGE, State.ACKNOWLEDGED),
            (B, Step.ACCEPT, State.ACCEPTED),
            (B, Step.LOCATE, State.LOCATED),
            (B, Step.ARREST, State.ARRESTED),
            (B, Step.HAND_OVER, State.HANDED_OVER),
            (A, Step.CLOSE, State.CLOSED),
        ],
    ),
    (
        Kind.HANDOVER,
        [
            (B, Step.SCHEDULE, State.SCHEDULED),
            (A, Step.SCHEDULE, State.SCHEDULED),
            (A, Step.SIGN_MINUTES, State.SCHEDULED),
            (B, Step.SIGN_MINUTES, State.SIGNED),
            (B, Step.TRANSFER_ONWARD, State.TRANSFERRED_ONWARD),
        ],
    ),
    (
        Kind.JOINT_CASE,
        [
            (B, Step.JOIN, State.RUNNING),
            (A, Step.DEPLOY_GROUP, State.RUNNING),
            (B, Step.DEPLOY_GROUP, State.RUNNING),
            (A, Step.PHASE_REPORT, State.RUNNING),
            (B, Step.PHASE_REPORT, State.RUNNING),
            (B, Step.CLOSE, State.RUNNING),
            (A, Step.CLOSE, State.CLOSED),
        ],
    ),
    (
        Kind.PATROL,
        [
            (B, Step.CONFIRM, State.PROPOSED),
            (A, Step.CONFIRM, State.CONFIRMED),
            (A, Step.COMPLETE, State.DONE),
            (B, Step.COMPLETE, State.DONE),
            (A, Step.SIGN_MINUTES, State.DONE),
            (B, Step.SIGN_MINUTES, State.SIGNED),
        ],
    ),
    (Kind.RESIDENCE_REFUSED, [(B, Step.COORDINATE, State.COORDINATED)]),
    (
        Kind.DEPORTATION,
        [(B, Step.RECEIVE, State.RECEIVED), (B, Step.TRANSFER_ONWARD, State.TRANSFERRED_ONWARD)],
    ),
    (Kind.PENALTY, [(B, Step.ACKNOWLEDGE, State.ACKNOWLEDGED)]),
    (
        Kind.BRIEFING,
        [
            (B, Step.ACKNOWLEDGE, State.INVITED),
            (A, Step.HOLD, State.HELD),
            (A, Step.RECORD_ACTION, State.HELD),
            (A, Step.SIGN_MINUTES, State.HELD),
            (B, Step.SIGN_MINUTES, State.SIGNED),
            (B, Step.RECORD_ACTION, State.SIGNED),
            (B, Step.COMPLETE_ACTION, State.SIGNED),
        ],
    ),
    (
        Kind.CONTACT_CHANGE,
        [(B, Step.ACKNOWLEDGE, State.ACKNOWLEDGED), (B, Step.VERIFY_CHANGE, State.CONFIRMED)],
    ),
    (Kind.URGING, [(B, Step.ACKNOWLEDGE, State.ACKNOWLEDGED)]),
    (
        Kind.AGREEMENT,
        [
            (A, Step.SIGN, State.PROPOSED),
            (B, Step.SIGN, State.SIGNED),
            (B, Step.BRING_INTO_FORCE, State.IN_FORCE),
            (A, Step.REPLACE, State.SUPERSEDED),
        ],
    ),
    (
        Kind.DELEGATION,
        [
            (B, Step.APPROVE, State.APPROVED),
            (A, Step.TRAVEL, State.TRAVELLED),
            (A, Step.SUBMIT_REPORT, State.REPORTED),
        ],
    ),
    (
        Kind.SUPPORT,
        [
            (A, Step.SURVEY, State.SURVEYED),
            (A, Step.BUILD, State.BUILT),
            (A, Step.HAND_OVER, State.BUILT),
            (B, Step.HAND_OVER, State.HANDED_OVER),
        ],
    ),
    (
        Kind.REPORT,
        [
            (B, Step.REVIEW, State.REVIEWED),
            (A, Step.SIGN, State.REVIEWED),
            (B, Step.SIGN, State.SIGNED),
            (A, Step.FREEZE, State.FROZEN),
        ],
    ),
]


@pytest.mark.parametrize(("kind", "path"), PATHS, ids=lambda each: getattr(each, "word", ""))
def test_a_case_goes_the_way_of_its_kind(
    kind: Kind, path: list[tuple[OfficeId, Step, State]]
) -> None:
    desk = walked(kind)
    for office, step, expected in path:
        assert desk.does(office, step).state is expected


def test_every_kind_has_a_path_above() -> None:
    assert {kind for kind, _ in PATHS} == set(Kind) == set(LIFECYCLES)


def test_the_tables_have_exactly_the_steps_that_have_bodies() -> None:
    steps = {(kind, step) for kind, table in LIFECYCLES.items() for step in table.steps}
    assert steps == set(BODIES)


def test_no_state_has_two_joint_steps_because_the_view_records_the_progress_of_one() -> None:
    for table in LIFECYCLES.values():
        joint = [state for (state, _), rule in table.lookup.items() if rule.joint]
        assert len(joint) == len(set(joint))


def test_a_joint_step_moves_the_case() -> None:
    assert not [1 for t in LIFECYCLES.values() for r in t.lookup.values() if r.joint and r.stays]


def test_every_state_can_be_reached_and_every_state_named_has_been_reached() -> None:
    for table in LIFECYCLES.values():
        reached = {table.first}
        for _ in table.states:
            reached |= {r.target for (state, _), r in table.lookup.items() if state in reached}
        left = {state for state, _ in table.lookup}
        assert reached == set(table.states) == left | {State.SHREDDED}


def test_every_step_can_be_corrected_in_every_state_that_has_a_content() -> None:
    for table in LIFECYCLES.values():
        corrected = {state for state, step in table.lookup if step is Step.SUPERSEDE}
        assert corrected == set(table.states) - SHRED_STATES


def test_contents_are_shredded_only_where_nothing_more_is_owed() -> None:
    for table in LIFECYCLES.values():
        assert table.settled == table.ends | ({State.CLOSED} & set(table.states))
        assert table.settled
        assert State.WITHDRAWN in table.settled
        assert not table.settled & {State.SENT, State.ASSIGNED, State.RUNNING, State.IN_FORCE}


def test_what_was_agreed_to_be_shredded_leads_nowhere_else() -> None:
    for table in LIFECYCLES.values():
        rows = {step for state, step in table.lookup if state in SHRED_STATES}
        assert rows == {Step.CONFIRM_SHREDDING}


def test_attached_steps_move_nothing() -> None:
    for table in LIFECYCLES.values():
        assert all(rule.stays for (_, step), rule in table.lookup.items() if step in ATTACHED)


def test_only_the_opener_withdraws_and_never_what_is_over() -> None:
    for table in LIFECYCLES.values():
        rows = [row for row in table.transitions if row.step is Step.WITHDRAW]
        assert rows
        assert all(row.by is By.OPENER for row in rows)
        assert not {state for row in rows for state in row.sources} & {State.CLOSED, *table.ends}


def test_what_is_paused_can_be_resumed() -> None:
    for table in LIFECYCLES.values():
        paused = {state for state, step in table.lookup if step is Step.PAUSE}
        assert paused == {state for state, step in table.lookup if step is Step.RESUME}


def test_a_joint_case_that_both_chiefs_have_opened_cannot_be_withdrawn() -> None:
    desk = walked(Kind.JOINT_CASE, (B, Step.JOIN))
    assert desk.writes(A, Step.WITHDRAW, 2)


def test_a_table_that_says_two_things_about_one_step_is_refused() -> None:
    opens = Transition(Step.OPEN, By.OPENER, (), State.SENT)
    closes = Transition(Step.CLOSE, By.OPENER, (State.SENT,), State.CLOSED)
    with pytest.raises(ValueError, match="document has two rows for close in sent"):
        compose(Kind.DOCUMENT, "", (opens, closes, closes))


def test_a_table_begins_with_opening() -> None:
    with pytest.raises(ValueError, match="must begin with opening"):
        compose(Kind.DOCUMENT, "", [Transition(Step.CLOSE, By.OPENER, (State.SENT,), State.CLOSED)])


def test_a_contact_change_is_flagged_until_it_was_verified_or_declined() -> None:
    desk = walked(Kind.CONTACT_CHANGE)
    assert is_flagged(desk.case)
    assert is_flagged(desk.does(B, Step.ACKNOWLEDGE))
    assert not is_flagged(desk.does(B, Step.VERIFY_CHANGE))
    declined = walked(Kind.CONTACT_CHANGE, (B, Step.ACKNOWLEDGE), (B, Step.DECLINE))
    assert not is_flagged(declined.case)


def test_a_contact_change_that_is_corrected_after_it_was_verified_is_flagged_again() -> None:
    desk = walked(Kind.CONTACT_CHANGE, (B, Step.ACKNOWLEDGE), (B, Step.VERIFY_CHANGE))
    other = ContactChange(new="0900 000 000 (fictional)", effective=DAY)
    desk.corrects(A, Step.OPEN, other)
    assert is_flagged(desk.case)
    assert not is_flagged(desk.does(B, Step.VERIFY_CHANGE))


def test_nothing_else_is_flagged() -> None:
    assert not is_flagged(walked(Kind.DOCUMENT).case)


# Links of more than two offices.

VA, VB, LA, LB = (OfficeId(each) for each in ("vn-a", "vn-b", "la-a", "la-b"))


def conference(kind: Kind) -> Desk:
    desk = Desk(kind, CONFERENCE)
    desk.does(VA, Step.OPEN)
    return desk


def test_at_a_conference_the_minutes_wait_for_those_who_take_part_and_for_nobody_else() -> None:
    desk = conference(Kind.BRIEFING)
    desk.does(LA, Step.ACKNOWLEDGE)
    desk.does(LB, Step.ACKNOWLEDGE)
    desk.does(VB, Step.URGE)
    desk.does(LA, Step.HOLD)
    assert desk.does(LB, Step.SIGN_MINUTES).done_by == (LB,)
    assert desk.does(VA, Step.SIGN_MINUTES).done_by == (LB, VA)
    assert desk.does(LA, Step.SIGN_MINUTES).state is State.SIGNED


def test_nobody_signs_minutes_alone() -> None:
    desk = conference(Kind.BRIEFING)
    desk.does(VA, Step.HOLD)
    assert desk.does(VA, Step.SIGN_MINUTES).state is State.HELD
    assert desk.does(LB, Step.SIGN_MINUTES).state is State.SIGNED


def test_an_agreement_of_a_conference_needs_every_office() -> None:
    desk = conference(Kind.AGREEMENT)
    *first, last = sorted(CONFERENCE)
    for office in first:
        assert desk.does(office, Step.SIGN).state is State.PROPOSED
    assert desk.does(last, Step.SIGN).state is State.SIGNED


def test_at_a_conference_each_office_acknowledges_and_joins_for_itself() -> None:
    desk = conference(Kind.DOCUMENT)
    assert desk.does(LA, Step.ACKNOWLEDGE).state is State.ACKNOWLEDGED
    assert desk.does(LB, Step.ACKNOWLEDGE).state is State.ACKNOWLEDGED
    joint = conference(Kind.JOINT_CASE)
    assert joint.does(LA, Step.JOIN).state is State.RUNNING
    assert joint.does(LB, Step.JOIN).state is State.RUNNING


# The generated document.


def test_the_document_in_the_repository_is_up_to_date(project_root: Path) -> None:
    stored = (project_root / "docs/lifecycles.md").read_text(encoding="utf-8")
    assert stored == document(), "run `make diagrams`"


def test_the_command_writes_the_document(tmp_path: Path) -> None:
    main([str(tmp_path / "lifecycles.md")])
    assert (tmp_path / "lifecycles.md").read_text(encoding="utf-8") == document()
