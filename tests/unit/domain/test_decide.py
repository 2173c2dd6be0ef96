"""What an office may decide, and in which words it is refused (docs/architecture.md, "The case", docs/domain.md §3, §6)."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from blo_domain.cases import ANY_CONTENT, decide, legal_steps
from blo_domain.commands import ChannelRules, Command, Target, content_of, is_classified
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.errors import RefusalReason, Refused
from blo_domain.wording import _NOUNS, _REFUSALS
from blo_schemas.bodies import Correction, NoFields, decode_body
from blo_schemas.bodies.operations import PhaseReport
from blo_schemas.bodies.steps import DeclineReason
from blo_schemas.codec import encode
from blo_schemas.content import CONTENT, Dispatch, HandlingCode
from blo_schemas.ids import CorridorId, OfficeId
from blo_schemas.measures import Arrests, Seizure, Substance, Unit
from blo_schemas.summary import Kind, PauseGround, Step, Summary, Urgency
from blo_schemas.trust import Agreement
from blo_schemas.views import CaseView
from tests.unit.domain.desk import ABOUT, DAY, KYSON, LINK, PAIR, XIENG, Desk, command, walked

A, B = KYSON, XIENG
STRANGER = OfficeId("cn-jingxi")


def refused(
    view: CaseView | None, wanted: Command, office: OfficeId, rules: ChannelRules = ANY_CONTENT
) -> tuple[RefusalReason, str]:
    with pytest.raises(Refused) as caught:
        decide(view, wanted, PAIR, office, rules)
    return caught.value.reason, caught.value.words


def opening(**changes: Any) -> Command:
    return command(Kind.DOCUMENT, Step.OPEN, **changes)


def assigned() -> Desk:
    return walked(Kind.DOCUMENT, (B, Step.ACKNOWLEDGE), (B, Step.ACCEPT), (B, Step.ASSIGN))


def test_a_decision_becomes_a_summary_that_says_what_was_known() -> None:
    urgent = Dispatch(subject="(fictional)", urgency_ground="a life is in danger (fictional)")
    wanted = opening(urgency=Urgency.IMMEDIATE, due=5_000, dispatch=urgent)
    summary = decide(None, wanted, PAIR, A)
    assert summary == Summary(1, Kind.DOCUMENT, Step.OPEN, Urgency.IMMEDIATE, 0, due=5_000)
    desk = Desk(Kind.DOCUMENT)
    desk.appends(A, summary)
    answer = decide(desk.case, command(Kind.DOCUMENT, Step.ACKNOWLEDGE), PAIR, B)
    assert answer == Summary(1, Kind.DOCUMENT, Step.ACKNOWLEDGE, Urgency.IMMEDIATE, 1)


def test_a_pause_says_its_ground_in_the_summary() -> None:
    pause = command(Kind.DOCUMENT, Step.PAUSE, pause_ground=PauseGround.COURT)
    assert decide(walked(Kind.DOCUMENT).case, pause, PAIR, B).pause_ground is PauseGround.COURT


def test_the_content_carries_the_body_in_its_current_version() -> None:
    wanted = opening(reason=None)
    content = content_of(wanted)
    assert CONTENT.decode(encode(content)) == content
    assert (content.on, content.dispatch, content.reason) == (DAY, ABOUT, None)
    body = decode_body(Kind.DOCUMENT, Step.OPEN, content.body_version, content.body)
    assert body == wanted.body


# Refused by the state of the case.


def test_who_is_no_party_is_refused() -> None:
    assert refused(None, opening(), STRANGER)[0] is RefusalReason.NOT_A_PARTY


def test_a_case_must_be_open_before_anything_else() -> None:
    wanted = command(Kind.DOCUMENT, Step.ACKNOWLEDGE)
    assert refused(None, wanted, B)[0] is RefusalReason.UNKNOWN_CASE


def test_a_case_is_opened_once() -> None:
    assert refused(walked(Kind.DOCUMENT).case, opening(), A)[0] is RefusalReason.CASE_EXISTS


def test_the_kind_must_be_that_of_the_case() -> None:
    wanted = command(Kind.PATROL, Step.CONFIRM)
    reason, words = refused(walked(Kind.DOCUMENT).case, wanted, B)
    assert reason is RefusalReason.KIND_MISMATCH
    assert "The case is a document" in words


def test_what_is_not_possible_now_is_refused_with_what_is() -> None:
    wanted = command(Kind.DOCUMENT, Step.ANSWER)
    reason, words = refused(walked(Kind.DOCUMENT).case, wanted, B)
    assert reason is RefusalReason.NOT_LEGAL_NOW
    assert words == (
        "A document that is sent has no step “answer” now. Possible now: acknowledge, pause, urge."
    )


def test_the_other_offices_step_is_refused() -> None:
    wanted = command(Kind.DOCUMENT, Step.ACKNOWLEDGE)
    assert refused(walked(Kind.DOCUMENT).case, wanted, A)[0] is RefusalReason.NOT_YOUR_STEP


@pytest.mark.parametrize(
    ("desk", "step"),
    [
        (walked(Kind.PATROL, (B, Step.CONFIRM)), Step.CONFIRM),
        (walked(Kind.INFORMATION_NOTICE, (B, Step.ACKNOWLEDGE)), Step.ACKNOWLEDGE),
    ],
)
def test_what_the_office_has_already_done_is_refused_as_such(desk: Desk, step: Step) -> None:
    reason, words = refused(desk.case, command(desk.kind, step), B)
    assert reason is RefusalReason.ALREADY_DONE
    assert "already done" in words


def test_legal_steps_are_those_that_decide_lets_pass() -> None:
    desk = walked(Kind.PATROL, (B, Step.CONFIRM))
    assert legal_steps(desk.case, B, PAIR) == (
        Step.ACKNOWLEDGE,
        Step.RETURN_FOR_INFORMATION,
        Step.DECLINE,
        Step.SUPERSEDE,
        Step.PAUSE,
        Step.URGE,
    )
    assert legal_steps(desk.case, STRANGER, PAIR) == ()


# Refused for what is missing.


@pytest.mark.parametrize("reason", [None, "", "  "])
@pytest.mark.parametrize(
    "step", [Step.DECLINE, Step.RETURN_FOR_INFORMATION, Step.PAUSE, Step.WITHDRAW, Step.REOPEN]
)
def test_these_steps_need_a_reason(step: Step, reason: str | None) -> None:
    desk = walked(Kind.DOCUMENT, (B, Step.ACKNOWLEDGE))
    office = B
    if step is Step.REOPEN:
        desk = assigned()
        desk.does(B, Step.ANSWER)
    if step in (Step.REOPEN, Step.WITHDRAW):
        office = A
    wanted = command(Kind.DOCUMENT, step, reason=reason)
    assert refused(desk.case, wanted, office)[0] is RefusalReason.REASON_MISSING


def test_other_steps_need_no_reason() -> None:
    wanted = command(Kind.DOCUMENT, Step.ACKNOWLEDGE, reason=None, dispatch=None)
    decide(walked(Kind.DOCUMENT).case, wanted, PAIR, B)


def test_opening_and_answering_need_a_document() -> None:
    assert refused(None, opening(dispatch=None), A)[0] is RefusalReason.DISPATCH_MISSING
    answer = command(Kind.DOCUMENT, Step.ANSWER, dispatch=None)
    assert refused(assigned().case, answer, B)[0] is RefusalReason.DISPATCH_MISSING


@pytest.mark.parametrize("char", "\n\r\x1b\x7f\x9b\u2028\u202e\u2066")
@pytest.mark.parametrize("field", ["subject", "signer"])
def test_a_field_of_one_line_holds_no_newline_and_no_control(field: str, char: str) -> None:
    given: dict[str, Any] = {"subject": "x", field: f"a{char}signed: good"}
    dispatch = Dispatch(**given)
    reason, words = refused(None, opening(dispatch=dispatch), A)
    assert reason is RefusalReason.WRONG_BODY
    assert f"“dispatch.{field}” is one line of text, and holds the character U+" in words
    assert char not in words


def test_a_text_of_several_lines_and_the_joiners_of_lao_are_let_pass() -> None:
    dispatch = Dispatch(subject="ຫ້ອງ\u200bການ")
    decide(None, opening(dispatch=dispatch, reason="one\ntwo"), PAIR, A)


def test_a_pause_needs_a_ground() -> None:
    wanted = command(Kind.DOCUMENT, Step.PAUSE, pause_ground=None)
    reason, _ = refused(walked(Kind.DOCUMENT).case, wanted, B)
    assert reason is RefusalReason.PAUSE_GROUND_MISSING


@pytest.mark.parametrize("urgency", [Urgency.URGENT, Urgency.VERY_URGENT, Urgency.IMMEDIATE])
def test_above_routine_the_ground_must_be_stated(urgency: Urgency) -> None:
    wanted = opening(urgency=urgency)
    assert refused(None, wanted, A)[0] is RefusalReason.URGENCY_GROUND_MISSING
    blank = Dispatch(subject="(fictional)", urgency_ground=" ")
    reason, _ = refused(None, opening(urgency=urgency, dispatch=blank), A)
    assert reason is RefusalReason.URGENCY_GROUND_MISSING


def test_raising_the_urgency_later_needs_a_ground_and_lowering_it_does_not() -> None:
    ground = Dispatch(subject="(fictional)", urgency_ground="flood (fictional)")
    desk = walked(Kind.DOCUMENT)
    wanted = command(Kind.DOCUMENT, Step.URGE, urgency=Urgency.URGENT, dispatch=None)
    assert refused(desk.case, wanted, A)[0] is RefusalReason.URGENCY_GROUND_MISSING
    raised = desk.does(A, Step.URGE, urgency=Urgency.URGENT, dispatch=ground)
    assert raised.urgency is Urgency.URGENT
    lowered = desk.does(A, Step.URGE, urgency=Urgency.ROUTINE, dispatch=None)
    assert lowered.urgency is Urgency.ROUTINE


def test_the_urgency_is_the_openers_to_set() -> None:
    ground = Dispatch(subject="(fictional)", urgency_ground="flood (fictional)")
    wanted = command(Kind.DOCUMENT, Step.URGE, urgency=Urgency.URGENT, dispatch=ground)
    assert refused(walked(Kind.DOCUMENT).case, wanted, B)[0] is RefusalReason.URGENCY_NOT_YOURS


def test_the_due_date_is_the_requesters_to_state() -> None:
    wanted = command(Kind.DOCUMENT, Step.ACKNOWLEDGE, due=9_000)
    assert refused(walked(Kind.DOCUMENT).case, wanted, B)[0] is RefusalReason.DUE_NOT_YOURS


def test_where_the_agreement_lists_grounds_a_refusal_names_one() -> None:
    desk = walked(Kind.DOCUMENT, (B, Step.ACKNOWLEDGE))
    rules = ChannelRules(refusal_grounds=("essential_interests", "irrelevant"))
    wanted = command(Kind.DOCUMENT, Step.DECLINE, body=DeclineReason(ground="no time"))
    reason, words = refused(desk.case, wanted, B, rules)
    assert reason is RefusalReason.REFUSAL_GROUND_UNKNOWN
    assert "essential_interests; irrelevant" in words
    decide(desk.case, replace(wanted, body=DeclineReason(ground="irrelevant")), PAIR, B, rules)
    decide(desk.case, wanted, PAIR, B)


def test_handling_in_other_words_needs_those_words() -> None:
    wanted = opening(dispatch=Dispatch(subject="(fictional)", handling=HandlingCode.H3))
    assert refused(None, wanted, A)[0] is RefusalReason.HANDLING_NOTE_MISSING


# Classified material.

CLASSIFIED = ["Mật", "Tối mật", "Tuyệt mật", "秘密", "机密", "绝密"]


@pytest.mark.parametrize("marking", CLASSIFIED)
def test_state_secrets_are_refused_however_they_are_written(marking: str) -> None:
    decomposed = unicodedata.normalize("NFD", marking)
    for written in (marking, marking.upper(), decomposed, f"Độ: {marking}!", f" {marking} "):
        wanted = opening(dispatch=Dispatch(subject="(fictional)", marking=written))
        assert refused(None, wanted, A)[0] is RefusalReason.CLASSIFIED_MARKING


def test_a_state_secret_is_refused_in_later_steps_too() -> None:
    secret = Dispatch(subject="(fictional)", marking="TỐI MẬT")
    wanted = command(Kind.DOCUMENT, Step.ACKNOWLEDGE, dispatch=secret)
    assert refused(walked(Kind.DOCUMENT).case, wanted, B)[0] is RefusalReason.CLASSIFIED_MARKING


@pytest.mark.parametrize("marking", ["Lưu hành nội bộ", "H2", "matter", "内部", "Mat"])
def test_a_working_marking_is_not_classified(marking: str) -> None:
    assert not is_classified(marking)


def test_an_agreement_can_refuse_further_markings() -> None:
    agreement = Agreement(
        link=LINK, corridor=CorridorId("la-vn"), partition=0, version=1,
        offices=tuple(sorted(PAIR)), policy=four_urgencies(sorted(PAIR)), effective_from=0,
        refused_markings=("Restricted", ""),
    )  # fmt: skip
    rules = ChannelRules.of(agreement)
    wanted = opening(dispatch=Dispatch(subject="(fictional)", marking="RESTRICTED"))
    assert refused(None, wanted, A, rules)[0] is RefusalReason.CLASSIFIED_MARKING
    decide(None, wanted, PAIR, A)
    decide(None, opening(dispatch=marked("open")), PAIR, A, rules)


def marked(marking: str) -> Dispatch:
    return Dispatch(subject="(fictional)", marking=marking)


# Bodies and quantities.


def test_the_body_must_be_that_of_the_step() -> None:
    reason, words = refused(None, opening(body=NoFields()), A)
    assert reason is RefusalReason.WRONG_BODY
    assert "ExchangeDocument" in words


def phase_report(*seizures: Seizure, arrests: tuple[Arrests, ...] = ()) -> Command:
    body = PhaseReport(phase=1, seizures=seizures, arrests=arrests)
    return command(Kind.JOINT_CASE, Step.PHASE_REPORT, body=body)


def seized(amount: str, unit: Unit) -> Seizure:
    return Seizure(substance=Substance.HEROIN, amount=Decimal(amount), unit=unit)


@pytest.fixture
def running() -> CaseView:
    return walked(Kind.JOINT_CASE, (B, Step.JOIN)).case


def test_one_substance_may_be_reported_in_two_units(running: CaseView) -> None:
    decide(running, phase_report(seized("1.5", Unit.BLOCK), seized("2", Unit.GRAM)), PAIR, A)


def test_the_same_thing_is_not_listed_twice(running: CaseView) -> None:
    twice = phase_report(seized("1", Unit.GRAM), seized("2", Unit.GRAM))
    assert refused(running, twice, A)[0] is RefusalReason.QUANTITY
    unstated = (Arrests(count=1), Arrests(count=2))
    reason, words = refused(running, phase_report(arrests=unstated), A)
    assert reason is RefusalReason.QUANTITY
    assert "arrests of unstated nationality" in words


@pytest.mark.parametrize("unit", [Unit.TABLET, Unit.PLANT])
def test_tablets_and_plants_are_counted_in_whole_numbers(running: CaseView, unit: Unit) -> None:
    assert refused(running, phase_report(seized("1.5", unit)), A)[0] is RefusalReason.QUANTITY


# Corrections.


def correction(step: Step, body: Any, version: int = 1) -> Correction:
    return Correction(corrects=step, body=encode(body), body_version=version)


def correcting(step: Step, nth: int, body: Correction) -> Command:
    return command(Kind.JOINT_CASE, Step.SUPERSEDE, corrects=Target(step, nth), body=body)


@pytest.fixture
def reported() -> CaseView:
    """Versions: 1 opened by A, 2 joined by B, phases reported in 3 by A, 4 by B, 5 by A."""
    path = [(B, Step.JOIN), *((each, Step.PHASE_REPORT) for each in (A, B, A))]
    return walked(Kind.JOINT_CASE, *path).case


@pytest.mark.parametrize(("office", "nth", "version"), [(A, 1, 3), (A, 2, 5), (B, 1, 4)])
def test_a_correction_finds_the_offices_own_step(
    reported: CaseView, office: OfficeId, nth: int, version: int
) -> None:
    wanted = correcting(Step.PHASE_REPORT, nth, correction(Step.PHASE_REPORT, PhaseReport(phase=1)))
    assert decide(reported, wanted, PAIR, office).supersedes == version


def test_without_a_target_the_first_step_of_that_name_is_corrected(reported: CaseView) -> None:
    body = correction(Step.PHASE_REPORT, PhaseReport(phase=1))
    wanted = command(Kind.JOINT_CASE, Step.SUPERSEDE, body=body)
    assert decide(reported, wanted, PAIR, A).supersedes == 3


def test_a_step_that_is_no_correction_names_no_version(reported: CaseView) -> None:
    wanted = command(Kind.JOINT_CASE, Step.CLOSE, corrects=Target(Step.PHASE_REPORT))
    assert decide(reported, wanted, PAIR, A).supersedes is None


@pytest.mark.parametrize("nth", [0, -1, 3])
def test_there_must_be_such_a_step(reported: CaseView, nth: int) -> None:
    body = correction(Step.PHASE_REPORT, PhaseReport(phase=1))
    wanted = correcting(Step.PHASE_REPORT, nth, body)
    assert refused(reported, wanted, A)[0] is RefusalReason.NOTHING_TO_SUPERSEDE


@pytest.mark.parametrize(
    "body",
    [
        correction(Step.DEPLOY_GROUP, PhaseReport(phase=1)),
        correction(Step.PHASE_REPORT, NoFields()),
        correction(Step.PHASE_REPORT, PhaseReport(phase=1), version=2),
        correction(Step.ARREST, NoFields()),
    ],
)
def test_a_correction_carries_the_fields_of_the_corrected_step(
    reported: CaseView, body: Correction
) -> None:
    wanted = correcting(Step.PHASE_REPORT, 1, body)
    assert refused(reported, wanted, A)[0] is RefusalReason.WRONG_BODY


def test_corrected_quantities_obey_the_same_rules(reported: CaseView) -> None:
    report = PhaseReport(phase=1, seizures=(seized("1.5", Unit.TABLET),))
    wanted = correcting(Step.PHASE_REPORT, 1, correction(Step.PHASE_REPORT, report))
    assert refused(reported, wanted, A)[0] is RefusalReason.QUANTITY


def test_every_step_has_a_noun_for_the_desk() -> None:
    assert set(_NOUNS) == set(Step)


def test_every_refusal_by_the_state_of_a_case_has_words() -> None:
    from_verdicts = {reason for reason in RefusalReason if reason.value in _STEP_REASONS}
    assert from_verdicts <= set(_REFUSALS)


_STEP_REASONS = {
    "not_a_party", "unknown_case", "case_exists", "kind_mismatch", "version_ahead",
    "not_legal_now", "not_your_step", "nothing_to_supersede",
}  # fmt: skip
