"""How large the clocks of a case can become, whatever its offices do."""

from __future__ import annotations

import os
from typing import Final

import pytest

from blo_domain.deadlines.fold import MAX_SET_ANEW
from blo_domain.lifecycle import LIFECYCLES, MAX_CASE_STEPS, MAX_TURNS, most_turns
from blo_schemas.clocks import ClockKind, ClockView, Ending, PauseInterval, Round, RoundResult
from blo_schemas.codec import MAX_RECORD_SIZE
from blo_schemas.ids import CertificateTag, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.outputs import (
    CASE_RECORD,
    MAX_CASE_RECORD_SIZE,
    OUTPUT,
    OUTPUT_VERSION,
    SIGNED_OUTPUT,
    CaseRecord,
    Output,
    OutputKind,
)
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.verdicts import Outcome, Reason
from blo_sealing.keys import NodeKeys
from blo_sealing.outputs import open_output, processor_summary_key, seal_output
from blo_sealing.statements import sign_output
from tests.unit.deadlines.histories import LA, LINK, VN, Case, at
from tests.unit.domain.test_full_cases import largest_view

START: Final = at("2025-01-20 09:00")
LARGEST: Final = LAST_INSTANT
OFFICE: Final = OfficeId("vn-".ljust(64, "x"))


def opened(kind: Kind, *steps: Step) -> Case:
    case = Case(kind)
    case.takes(VN, Step.OPEN, START, due=START)
    for step in steps:
        assert case.takes(LA, step, START).outcome is Outcome.ACCEPTED
    return case


def test_each_office_can_pause_its_share_and_no_office_pauses_without_end() -> None:
    case = opened(Kind.VERIFICATION_REQUEST)
    paused = {
        office: _until_full(case, (office, Step.PAUSE), (office, Step.RESUME))
        for office in (VN, LA)
    }
    assert paused == {VN: MAX_TURNS * 3 // 4, LA: MAX_TURNS // 4}
    assert len(case.now.pauses) == MAX_TURNS


def test_a_case_is_opened_again_only_so_often() -> None:
    answered = (Step.ACKNOWLEDGE, Step.ACCEPT, Step.ASSIGN, Step.ANSWER)
    case = opened(Kind.VERIFICATION_REQUEST, *answered)
    times = _until_full(case, (VN, Step.REOPEN), (LA, Step.ANSWER))
    assert times == MAX_TURNS * 3 // 4
    assert len(case.now.rounds) == times + 2


def test_a_contact_change_is_corrected_and_confirmed_only_so_often() -> None:
    case = opened(Kind.CONTACT_CHANGE, Step.ACKNOWLEDGE, Step.VERIFY_CHANGE)
    while True:
        assert case.view is not None
        verdict = case.takes(LA, Step.SUPERSEDE, START, supersedes=case.view.version)
        if verdict.outcome is not Outcome.ACCEPTED:
            break
        assert case.takes(LA, Step.VERIFY_CHANGE, START).outcome is Outcome.ACCEPTED
    assert verdict.reason is Reason.CASE_FULL
    assert len(case.now.rounds) == MAX_TURNS * 3 // 4 + 2


def test_changes_of_urgency_set_clocks_anew_only_so_often() -> None:
    case = opened(Kind.URGING)
    for number in range(MAX_CASE_STEPS):
        case.urgency = Urgency(1 + number % 4)
        case.takes(VN, Step.URGE, START + number)
    assert len(case.now.rounds) == MAX_SET_ANEW
    assert case.takes(LA, Step.ACKNOWLEDGE, START).outcome is Outcome.ACCEPTED
    assert all(one.end is not None for one in case.now.rounds)


def _until_full(case: Case, *steps: tuple[OfficeId, Step]) -> int:
    for done in range(MAX_CASE_STEPS):
        for office, step in steps:
            verdict = case.takes(office, step, START + done)
            if verdict.outcome is not Outcome.ACCEPTED:
                assert verdict.reason is Reason.CASE_FULL
                return done
    raise AssertionError


@pytest.mark.parametrize("parties", [2, 8, 9, 64])
def test_every_office_of_a_conference_has_a_share_of_the_pauses(parties: int) -> None:
    assert most_turns(parties) // 2 // parties >= 2


@pytest.mark.parametrize("rounds", [0, MAX_CASE_STEPS // 2, MAX_CASE_STEPS])
def test_the_largest_case_record_is_sealed_and_sent_as_one_record(rounds: int) -> None:
    """Even if every ordinary step of a case began a round or a standstill."""
    ended = RoundResult(Ending.REPLACED, Step.CONFIRM_SHREDDING, OFFICE, LARGEST, LARGEST)
    one = Round(
        ClockKind.ACKNOWLEDGE, LARGEST, LARGEST, LARGEST, LARGEST, Urgency.IMMEDIATE, LARGEST, ended
    )
    still = PauseInterval(LARGEST, LARGEST, PauseGround.OTHER, True, LARGEST, LARGEST)
    view = largest_view()
    clocks = ClockView(
        1, view.case, view.link, view.kind, OFFICE, Urgency.IMMEDIATE, LARGEST,
        (one,) * (MAX_SET_ANEW + 2 + rounds), (still,) * (MAX_CASE_STEPS - rounds),
        view.version, LARGEST, LARGEST,
    )  # fmt: skip
    body = CASE_RECORD.encode(CaseRecord(view, clocks))
    assert len(body) < MAX_CASE_RECORD_SIZE
    keys = NodeKeys.generate(os.urandom)
    key = processor_summary_key(keys, LINK, "2025-03")
    largest = body.ljust(MAX_CASE_RECORD_SIZE, b"\x01")
    draft = Output(
        OUTPUT_VERSION, OutputKind.CASE, view.link, OFFICE, CertificateTag(bytes(8)), LARGEST,
        LAST_INSTANT, None, None, largest,
    )  # fmt: skip
    value = SIGNED_OUTPUT.encode(sign_output(seal_output(draft, key), keys.signing))
    assert len(value) < MAX_RECORD_SIZE
    read = OUTPUT.decode(SIGNED_OUTPUT.decode(value).output)
    assert open_output(read, key) == largest


def test_the_steps_that_begin_rounds_or_standstills_are_those_that_are_limited() -> None:
    limited = {
        (kind, step)
        for kind, table in LIFECYCLES.items()
        for (_, step), rule in table.lookup.items()
        if rule.turns
    }
    turning = {Step.PAUSE, Step.REOPEN, Step.RETURN_FOR_INFORMATION}
    assert {step for _, step in limited} == turning | {Step.SUPERSEDE}
    assert [kind for kind, step in limited if step is Step.SUPERSEDE] == [Kind.CONTACT_CHANGE]
