"""What each event does to a case, and which events do not count (docs/architecture.md, "The case")."""

from __future__ import annotations

import pytest

from blo_domain.cases import SubmittedStep, evolve
from blo_schemas.codec import encode
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Summary, Urgency
from blo_schemas.verdicts import ACCEPTED, CROSSED, Reason, rejected
from blo_schemas.views import CASE_VIEW, CaseView, State
from tests.unit.domain.desk import CASE, KYSON, LINK, PAIR, XIENG, Desk, summary, walked

A, B = KYSON, XIENG
STRANGER = OfficeId("cn-jingxi")


def test_opening_makes_the_first_version() -> None:
    written = summary(Kind.PATROL, Step.OPEN, 0, urgency=Urgency.URGENT)
    view, verdict = evolve(None, SubmittedStep(CASE, LINK, A, written, 7, 1_700), PAIR)
    assert verdict == ACCEPTED
    assert view == CaseView(
        v=1, case=CASE, link=LINK, kind=Kind.PATROL, state=State.PROPOSED, version=1,
        urgency=Urgency.URGENT, opener=A, opened_at=1_700, done_by=(), joint_step=None,
        offices=(A,), step_codes=bytes((Step.OPEN,)), author_codes=b"\0", superseded=(),
        paused=False, crossed=0, position=7, log_time=1_700,
    )  # fmt: skip


def test_a_step_keeps_what_it_does_not_change() -> None:
    desk = walked(Kind.PATROL, (B, Step.CONFIRM))
    assert desk.case == CaseView(
        v=1, case=CASE, link=LINK, kind=Kind.PATROL, state=State.PROPOSED, version=2,
        urgency=Urgency.ROUTINE, opener=A, opened_at=1_000, done_by=(B,),
        joint_step=Step.CONFIRM, offices=(A, B), step_codes=bytes((Step.OPEN, Step.CONFIRM)),
        author_codes=b"\0\1", superseded=(), paused=False, crossed=0, position=1,
        log_time=1_001,
    )  # fmt: skip
    assert (desk.case.steps, desk.case.authors) == ((Step.OPEN, Step.CONFIRM), (A, B))


def test_a_view_can_be_written_and_read_back() -> None:
    desk = walked(Kind.PATROL, (B, Step.CONFIRM), (A, Step.PAUSE))
    assert CASE_VIEW.decode(encode(desk.case)) == desk.case


def test_a_step_of_a_case_that_is_not_open_is_rejected() -> None:
    assert Desk(Kind.PATROL).writes(A, Step.CONFIRM, 0) is Reason.UNKNOWN_CASE


def test_a_step_of_a_case_on_another_link_is_rejected() -> None:
    desk = walked(Kind.PATROL)
    other = LinkId("vn-quephong~la-xamtai")
    fact = SubmittedStep(CASE, other, A, summary(Kind.PATROL, Step.CONFIRM, 1), 3, 1_003)
    assert evolve(desk.case, fact, PAIR) == (desk.case, rejected(Reason.UNKNOWN_CASE))


def test_an_open_case_cannot_be_opened_again_even_as_another_kind() -> None:
    desk = walked(Kind.PATROL)
    assert desk.writes(A, Step.OPEN, 0) is Reason.CASE_EXISTS
    fact = SubmittedStep(CASE, LINK, B, summary(Kind.DOCUMENT, Step.OPEN, 0), 3, 1_003)
    assert evolve(desk.case, fact, PAIR)[1] == rejected(Reason.CASE_EXISTS)


def test_a_step_of_another_kind_is_rejected() -> None:
    desk = walked(Kind.PATROL)
    fact = SubmittedStep(CASE, LINK, B, summary(Kind.DOCUMENT, Step.ACKNOWLEDGE, 1), 3, 1_003)
    assert evolve(desk.case, fact, PAIR) == (desk.case, rejected(Reason.KIND_MISMATCH))


@pytest.mark.parametrize(("step", "version"), [(Step.OPEN, 1), (Step.CONFIRM, 2)])
def test_a_step_that_claims_to_have_seen_the_future_is_rejected(step: Step, version: int) -> None:
    desk = Desk(Kind.PATROL) if step is Step.OPEN else walked(Kind.PATROL)
    assert desk.writes(B, step, version) is Reason.VERSION_AHEAD


def test_a_step_that_is_not_possible_now_is_rejected_and_changes_nothing() -> None:
    desk = walked(Kind.VERIFICATION_REQUEST)
    before = desk.case
    assert desk.writes(B, Step.ANSWER, 1) is Reason.NOT_LEGAL_NOW
    assert desk.case is before


@pytest.mark.parametrize(("office", "step"), [(A, Step.ACKNOWLEDGE), (B, Step.WITHDRAW)])
def test_the_other_offices_step_is_rejected(office: OfficeId, step: Step) -> None:
    desk = walked(Kind.VERIFICATION_REQUEST)
    assert desk.writes(office, step, 1) is Reason.NOT_YOUR_STEP


@pytest.mark.parametrize("step", [Step.OPEN, Step.ACKNOWLEDGE])
def test_who_is_no_party_does_nothing(step: Step) -> None:
    desk = Desk(Kind.PENALTY) if step is Step.OPEN else walked(Kind.PENALTY)
    assert desk.writes(STRANGER, step, len(desk.facts)) is Reason.NOT_A_PARTY


def test_of_two_crossing_steps_the_log_decides_and_a_legal_second_one_is_flagged() -> None:
    desk = walked(Kind.JOINT_CASE, (B, Step.JOIN))
    assert desk.appends(A, summary(Kind.JOINT_CASE, Step.DEPLOY_GROUP, 2)) == ACCEPTED
    assert desk.appends(B, summary(Kind.JOINT_CASE, Step.DEPLOY_GROUP, 2)) == CROSSED
    assert (desk.case.version, desk.case.crossed) == (4, 1)


def test_an_answer_that_crosses_with_a_withdrawal_is_rejected() -> None:
    desk = walked(
        Kind.VERIFICATION_REQUEST, (B, Step.ACKNOWLEDGE), (B, Step.ACCEPT), (B, Step.ASSIGN)
    )
    assert desk.writes(A, Step.WITHDRAW, 4) is None
    assert desk.writes(B, Step.ANSWER, 4) is Reason.NOT_LEGAL_NOW
    assert desk.state is State.WITHDRAWN


# Joint steps.


def test_a_joint_step_moves_the_case_when_the_last_office_has_done_it() -> None:
    desk = walked(Kind.PATROL, (B, Step.CONFIRM))
    view = desk.does(A, Step.CONFIRM)
    assert (view.state, view.done_by, view.joint_step) == (State.CONFIRMED, (), None)


def test_an_office_does_a_joint_step_only_once() -> None:
    desk = walked(Kind.PATROL, (B, Step.CONFIRM))
    assert desk.writes(B, Step.CONFIRM, 2) is Reason.NOT_LEGAL_NOW


def test_what_is_done_in_between_does_not_void_a_joint_step_under_way() -> None:
    desk = walked(Kind.JOINT_CASE, (B, Step.JOIN), (A, Step.CLOSE), (B, Step.PHASE_REPORT))
    assert desk.case.done_by == (A,)
    assert desk.does(B, Step.CLOSE).state is State.CLOSED


def test_leaving_the_state_voids_a_joint_step_under_way() -> None:
    desk = walked(Kind.PATROL, (A, Step.CONFIRM), (B, Step.RETURN_FOR_INFORMATION))
    assert (desk.case.done_by, desk.case.joint_step) == ((), None)
    desk.does(A, Step.SUPPLY_INFORMATION)
    assert desk.does(B, Step.CONFIRM).state is State.PROPOSED
    assert desk.does(A, Step.CONFIRM).state is State.CONFIRMED


@pytest.mark.parametrize(
    ("kind", "path", "office", "step"),
    [
        (Kind.INFORMATION_NOTICE, [(B, Step.ACKNOWLEDGE)], B, Step.ACKNOWLEDGE),
        (Kind.JOINT_CASE, [(B, Step.JOIN)], B, Step.JOIN),
        (
            Kind.PATROL,
            [(A, Step.CONFIRM), (B, Step.CONFIRM), (A, Step.COMPLETE)],
            A,
            Step.COMPLETE,
        ),
    ],
)
def test_what_each_office_does_once_it_cannot_do_twice(
    kind: Kind, path: list[tuple[OfficeId, Step]], office: OfficeId, step: Step
) -> None:
    desk = walked(kind, *path)
    assert desk.writes(office, step, desk.case.version) is Reason.NOT_LEGAL_NOW


# Pausing.


def test_clocks_are_paused_and_resumed_without_moving_the_case() -> None:
    desk = walked(Kind.DOCUMENT)
    assert desk.writes(B, Step.RESUME, 1) is Reason.NOT_LEGAL_NOW
    assert desk.does(B, Step.PAUSE).paused
    assert desk.writes(A, Step.PAUSE, 2) is Reason.NOT_LEGAL_NOW
    assert desk.does(B, Step.ACKNOWLEDGE).paused
    assert not desk.does(A, Step.RESUME).paused
    assert desk.state is State.ACKNOWLEDGED


def test_a_pause_ends_where_no_clock_runs() -> None:
    desk = walked(
        Kind.DOCUMENT, (B, Step.ACKNOWLEDGE), (B, Step.ACCEPT), (B, Step.ASSIGN), (B, Step.PAUSE)
    )
    assert not desk.does(B, Step.ANSWER).paused
    assert not desk.does(A, Step.REOPEN).paused


# Correcting.


def supersedes(version: int) -> Summary:
    return summary(Kind.JOINT_CASE, Step.SUPERSEDE, 3, supersedes=version)


@pytest.fixture
def reported() -> Desk:
    """Versions: 1 opened by A, 2 joined by B, 3 a phase reported by A."""
    return walked(Kind.JOINT_CASE, (B, Step.JOIN), (A, Step.PHASE_REPORT))


def test_a_correction_names_the_version_that_it_corrects(reported: Desk) -> None:
    assert reported.appends(A, supersedes(3)) == ACCEPTED
    assert reported.appends(A, supersedes(1)) == CROSSED
    view = reported.case
    assert (view.superseded, view.state, view.version) == ((1, 3), State.RUNNING, 5)


@pytest.mark.parametrize("version", [4, 2**53])
def test_what_is_not_there_cannot_be_corrected(reported: Desk, version: int) -> None:
    assert reported.appends(A, supersedes(version)).reason is Reason.NOTHING_TO_SUPERSEDE


def test_a_correction_of_nothing_is_rejected(reported: Desk) -> None:
    assert reported.writes(A, Step.SUPERSEDE, 3) is Reason.NOTHING_TO_SUPERSEDE


def test_only_a_correction_corrects(reported: Desk) -> None:
    for step in (Step.PAUSE, Step.PHASE_REPORT):
        assert reported.writes(A, step, 3, supersedes=1) is None
    assert reported.case.superseded == ()


def test_another_offices_report_cannot_be_corrected(reported: Desk) -> None:
    assert reported.appends(A, supersedes(2)).reason is Reason.NOT_YOUR_STEP


def test_what_was_corrected_is_corrected_again_by_correcting_the_correction(
    reported: Desk,
) -> None:
    assert reported.appends(A, supersedes(3)) == ACCEPTED
    assert reported.appends(A, supersedes(3)).reason is Reason.NOTHING_TO_SUPERSEDE
    assert reported.appends(A, supersedes(4)).reason is None
    assert reported.case.superseded == (3, 4)


def test_a_closed_case_can_still_be_corrected(reported: Desk) -> None:
    reported.does(A, Step.CLOSE)
    reported.does(B, Step.CLOSE)
    assert reported.appends(A, supersedes(3)) == CROSSED
    assert reported.state is State.CLOSED


# Urgency.


def test_only_the_opener_changes_the_urgency() -> None:
    desk = walked(Kind.DOCUMENT)
    assert desk.writes(A, Step.URGE, 1, urgency=Urgency.URGENT) is None
    assert desk.case.urgency is Urgency.URGENT
    assert desk.writes(B, Step.ACKNOWLEDGE, 1, urgency=Urgency.ROUTINE) is None
    assert desk.case.urgency is Urgency.URGENT
