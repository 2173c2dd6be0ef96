"""A case has room for so many steps; then it can only be carried to its end (``case_full``)."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.cases import SubmittedStep, decide, evolve, legal_steps
from blo_domain.errors import RefusalReason, Refused
from blo_domain.lifecycle import LIFECYCLES, MAX_CASE_STEPS, By, Lifecycle
from blo_domain.shredding import shredding_of
from blo_schemas.codec import MAX_RECORD_SIZE
from blo_schemas.errors import TooLarge, WrongType
from blo_schemas.grants import MAX_RECIPIENTS
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.summary import Kind, Step, Urgency
from blo_schemas.verdicts import Outcome, Reason
from blo_schemas.views import (
    CASE_VIEW,
    MAX_CASE_OFFICES,
    MAX_CASE_VERSION,
    MAX_VIEW_SIZE,
    CaseView,
    State,
)
from tests.unit.domain.desk import CONFERENCE, KYSON, XIENG, Desk, command, summary, walked

SHARE: Final = MAX_CASE_STEPS // 4
"""What each office of a pair can always take."""


def flooded(desk: Desk, office: OfficeId, step: Step = Step.URGE) -> int:
    """Has one office repeat a step until it is refused; returns how often it counted."""
    for done in count():
        reason = desk.writes(office, step, desk.case.version)
        if reason is not None:
            assert reason is Reason.CASE_FULL
            return done
    raise AssertionError


def full(kind: Kind) -> Desk:
    """A case in which both offices have urged until nothing more counted."""
    desk = walked(kind)
    flooded(desk, KYSON)
    flooded(desk, XIENG)
    return desk


def test_one_office_cannot_use_up_the_room_of_the_other() -> None:
    desk = walked(Kind.VERIFICATION_REQUEST)
    taken = flooded(desk, KYSON)
    assert taken == MAX_CASE_STEPS - SHARE - 1
    assert flooded(desk, XIENG) == SHARE
    assert desk.case.version == MAX_CASE_STEPS


def test_in_a_conference_each_office_keeps_its_share() -> None:
    offices = sorted(CONFERENCE)
    desk = Desk(Kind.JOINT_CASE, parties=CONFERENCE)
    desk.does(offices[0], Step.OPEN)
    flooded(desk, offices[0])
    shares = [flooded(desk, office) for office in offices[1:]]
    assert shares == [MAX_CASE_STEPS // 2 // len(offices)] * (len(offices) - 1)


def test_a_full_case_can_be_answered_closed_and_shredded() -> None:
    desk = full(Kind.VERIFICATION_REQUEST)
    for step in (Step.ACKNOWLEDGE, Step.ACCEPT, Step.ASSIGN, Step.ANSWER):
        desk.does(XIENG, step)
    desk.does(KYSON, Step.CLOSE)
    for step in (Step.SHRED, Step.CONFIRM_SHREDDING):
        desk.does(KYSON, step)
        desk.does(XIENG, step)
    assert desk.state is State.SHREDDED


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_from_every_state_a_full_case_comes_to_its_end(kind: Kind) -> None:
    table = LIFECYCLES[kind]
    ahead = _ahead(table)
    for state in table.states:
        assert State.SHREDDED in _reached(ahead, state), (kind, state)


def test_a_full_case_can_be_withdrawn_or_declined() -> None:
    assert full(Kind.VERIFICATION_REQUEST).does(KYSON, Step.WITHDRAW).state is State.WITHDRAWN
    desk = full(Kind.VERIFICATION_REQUEST)
    desk.does(XIENG, Step.ACKNOWLEDGE)
    assert desk.does(XIENG, Step.DECLINE).state is State.DECLINED


def test_a_full_case_is_not_opened_again_nor_returned() -> None:
    desk = full(Kind.VERIFICATION_REQUEST)
    desk.does(XIENG, Step.ACKNOWLEDGE)
    assert desk.writes(XIENG, Step.RETURN_FOR_INFORMATION, 1) is Reason.CASE_FULL
    for step in (Step.ACCEPT, Step.ASSIGN, Step.ANSWER):
        desk.does(XIENG, step)
    desk.does(KYSON, Step.CLOSE)
    assert desk.writes(KYSON, Step.REOPEN, 1) is Reason.CASE_FULL


def test_a_view_whose_columns_contradict_each_other_is_not_read() -> None:
    view = walked(Kind.PATROL, (XIENG, Step.CONFIRM)).case
    for change in (
        {"version": 3},
        {"author_codes": b"\0"},
        {"author_codes": b"\0\2"},
        {"step_codes": b"\1\xff"},
    ):
        broken = msgspec.structs.replace(view, **change)
        with pytest.raises(WrongType):
            CASE_VIEW.decode(CASE_VIEW.encode(broken))


def test_nothing_is_written_that_is_too_large_to_be_read() -> None:
    view = msgspec.structs.replace(largest_view(), superseded=(2**53,) * 10_000)
    with pytest.raises(TooLarge):
        CASE_VIEW.encode(view)


def test_an_office_can_still_say_once_that_it_keeps_the_contents_of_a_full_case() -> None:
    desk = full(Kind.VERIFICATION_REQUEST)
    desk.does(KYSON, Step.WITHDRAW)
    for office in (KYSON, XIENG):
        desk.does(KYSON, Step.SHRED)
        desk.does(office, Step.KEEP)
    desk.does(KYSON, Step.SHRED)
    assert [desk.writes(office, Step.KEEP, 1) for office in (KYSON, XIENG)] == [
        Reason.CASE_FULL,
        Reason.CASE_FULL,
    ]
    # Who does not want it does not consent.
    assert {one.office for one in shredding_of(desk.case).consents} == {KYSON}
    desk.does(XIENG, Step.SHRED)
    assert desk.state is State.SHREDDING


def test_consents_that_an_office_takes_back_itself_use_up_only_its_own_room() -> None:
    desk = walked(Kind.URGING, (KYSON, Step.WITHDRAW))
    assert _changes_of_mind(desk, KYSON) > SHARE
    assert desk.case.version <= MAX_CASE_STEPS - SHARE + 2
    assert _changes_of_mind(desk, XIENG) >= SHARE // 2 - 1


def _changes_of_mind(desk: Desk, office: OfficeId) -> int:
    """How often one office can consent to shredding and take that back."""
    for done in count():
        for step in (Step.SHRED, Step.KEEP):
            if desk.writes(office, step, 1) is not None:
                # The consent that is left must not agree the shredding with the next one.
                desk.writes(KYSON if office == XIENG else XIENG, Step.KEEP, 1)
                return done
    raise AssertionError


def test_a_refusal_says_what_is_still_possible() -> None:
    desk = full(Kind.VERIFICATION_REQUEST)
    desk.does(XIENG, Step.ACKNOWLEDGE)
    with pytest.raises(Refused) as caught:
        decide(desk.view, command(desk.kind, Step.URGE), desk.parties, KYSON)
    assert caught.value.reason is RefusalReason.CASE_FULL
    assert "Possible now: withdraw." in caught.value.words
    assert legal_steps(desk.case, XIENG, desk.parties) == (Step.ACCEPT, Step.DECLINE)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(LIFECYCLES)), st.randoms(use_true_random=False), st.booleans())
def test_no_play_makes_a_case_longer_than_its_bound(kind: Kind, random: object, pair: bool) -> None:
    parties = sorted([KYSON, XIENG] if pair else CONFERENCE)
    desk = Desk(kind, parties=frozenset(parties))
    desk.does(parties[0], Step.OPEN)
    steps = sorted(LIFECYCLES[kind].steps)
    refused = 0
    while refused < 400:
        office = random.choice(parties)  # type: ignore[attr-defined]
        step = random.choice(steps)  # type: ignore[attr-defined]
        version = desk.case.version
        target = random.randint(1, version)  # type: ignore[attr-defined]
        written = summary(kind, step, version, supersedes=target)
        desk.view, verdict = evolve(
            desk.view, SubmittedStep(desk.case.case, desk.case.link, office, written, version, version),
            desk.parties,
        )  # fmt: skip
        refused = 0 if verdict.outcome is Outcome.ACCEPTED else refused + 1
    assert desk.case.version <= MAX_CASE_STEPS + most_forward_steps(kind, len(parties))
    assert CASE_VIEW.decode(CASE_VIEW.encode(desk.case)) == desk.case


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_the_steps_that_lead_to_the_end_stay_below_the_bound_of_a_view(kind: Kind) -> None:
    assert MAX_CASE_STEPS + most_forward_steps(kind, MAX_RECIPIENTS) < MAX_CASE_VERSION


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_no_state_has_two_joint_steps_that_void_each_other(kind: Kind) -> None:
    joint = [state for (state, _), rule in LIFECYCLES[kind].lookup.items() if rule.joint]
    assert len(joint) == len(set(joint))


def test_the_largest_view_stays_far_below_every_limit() -> None:
    size = len(CASE_VIEW.encode(largest_view()))
    assert size < MAX_VIEW_SIZE < MAX_RECORD_SIZE // 4


def largest_view() -> CaseView:
    """A view in which everything that is bounded is as large as its bound."""
    offices = tuple(
        OfficeId(f"vn-{number:03}".ljust(64, "x")) for number in range(MAX_CASE_OFFICES)
    )
    return CaseView(
        v=1, case=bytes(32), link=LinkId("v" * 64), kind=Kind.REPORT,
        state=max(State, key=lambda state: len(state.value)), version=MAX_CASE_VERSION,
        urgency=Urgency.IMMEDIATE, opener=offices[0], opened_at=LAST_INSTANT, done_by=offices,
        joint_step=Step.SHRED, offices=offices,
        step_codes=bytes([Step.CONFIRM_SHREDDING]) * MAX_CASE_VERSION,
        author_codes=bytes([MAX_CASE_OFFICES - 1]) * MAX_CASE_VERSION,
        superseded=tuple(range(MAX_CASE_VERSION - MAX_CASE_STEPS, MAX_CASE_VERSION)),
        paused=True, crossed=MAX_CASE_VERSION, position=2**53, log_time=LAST_INSTANT,
    )  # fmt: skip


def most_forward_steps(kind: Kind, parties: int) -> int:
    """At most so many steps of a case with so many offices are not ordinary ones.

    The longest way through the table, with all offices in each joint step; each step that an
    office takes once; and for each office's last wish to keep the contents one round of consents.
    """
    table = LIFECYCLES[kind]
    ahead = _ahead(table)

    @cache
    def longest(state: State) -> int:
        return max(
            (_weight(table, state, to, parties) + longest(to) for to in ahead[state]), default=0
        )

    once = {step for (_, step), rule in table.lookup.items() if rule.once}
    return longest(table.first) + parties * (len(once) + 1 + parties)


def _weight(table: Lifecycle, state: State, target: State, parties: int) -> int:
    rules = [r for (s, _), r in table.lookup.items() if s is state and r.target is target]
    return parties if any(rule.by in (By.ALL, By.EVERY) for rule in rules) else 1


def _ahead(table: Lifecycle) -> dict[State, set[State]]:
    """Where a full case can go from each state."""
    ahead: dict[State, set[State]] = {state: set() for state in table.states}
    for (state, _), rule in table.lookup.items():
        if rule.forward and not rule.stays:
            ahead[state].add(rule.target)
    return ahead


def _reached(ahead: dict[State, set[State]], state: State) -> set[State]:
    return {state}.union(*(_reached(ahead, target) for target in ahead[state]))
