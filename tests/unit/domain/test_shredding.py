"""Shredding: all agree, then all delete and say so; what a view tells about it (ADR 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.cases import SubmittedStep, decide, evolve, legal_steps
from blo_domain.commands import Target
from blo_domain.errors import RefusalReason, Refused
from blo_domain.lifecycle import LIFECYCLES, SHREDDING_STEPS, is_flagged, is_void
from blo_domain.reports.figure_counter import SHREDDED
from blo_domain.shredding import (
    ShreddingPlace,
    ShreddingProgress,
    ShreddingStatus,
    is_shredded,
    shredding_of,
    shredding_words,
)
from blo_schemas.ids import EventId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.verdicts import Outcome, Reason
from blo_schemas.views import CaseView, State
from tests.unit.domain.desk import (
    CASE,
    CONFERENCE,
    KYSON,
    LINK,
    PAIR,
    XIENG,
    Desk,
    command,
    walked,
)
from tests.unit.domain.ledger import DAY, PERSON, WEST, Ledger, value

A, B = KYSON, XIENG
SHRED, KEEP, CONFIRM = Step.SHRED, Step.KEEP, Step.CONFIRM_SHREDDING
CLOSING = ((B, Step.ACKNOWLEDGE), (B, Step.ACCEPT), (B, Step.ASSIGN), (B, Step.ANSWER))


def closed() -> Desk:
    return walked(Kind.DOCUMENT, *CLOSING, (A, Step.CLOSE))


def places(desk: Desk) -> dict[int, ShreddingPlace]:
    """Where the accepted events stand, by version."""
    accepted = [
        fact
        for fact, verdict in zip(desk.facts, desk.verdicts, strict=True)
        if verdict.outcome is Outcome.ACCEPTED
    ]
    return {
        version: ShreddingPlace(fact.position, EventId(bytes([fact.position] * 32)), fact.log_time)
        for version, fact in enumerate(accepted, 1)
    }


def told(desk: Desk) -> ShreddingProgress:
    return shredding_of(desk.case, places(desk))


# The sequence.


def test_the_contents_go_when_both_have_agreed_and_the_case_is_shredded_when_both_confirmed() -> (
    None
):
    desk = closed()
    assert desk.does(A, SHRED).state is State.CLOSED
    assert not is_shredded(desk.case)
    assert desk.does(B, SHRED).state is State.SHREDDING
    assert is_shredded(desk.case)
    assert desk.does(B, CONFIRM).state is State.SHREDDING
    assert desk.does(A, CONFIRM).state is State.SHREDDED
    assert legal_steps(desk.case, A, PAIR) == legal_steps(desk.case, B, PAIR) == ()


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.word)
def test_a_withdrawn_case_of_every_kind_can_be_shredded(kind: Kind) -> None:
    desk = walked(kind, (A, Step.WITHDRAW))
    for office, step in ((B, SHRED), (A, SHRED), (A, CONFIRM), (B, CONFIRM)):
        desk.does(office, step)
    assert desk.state is State.SHREDDED
    assert is_void(desk.case)
    assert not is_flagged(desk.case)


def test_while_something_is_owed_nothing_is_shredded() -> None:
    desk = walked(Kind.DOCUMENT, *CLOSING)
    for office in (A, B):
        with pytest.raises(Refused) as refused:
            desk.does(office, SHRED)
        assert refused.value.reason is RefusalReason.NOT_LEGAL_NOW
    assert desk.writes(A, SHRED, desk.case.version) is Reason.NOT_LEGAL_NOW


def test_nobody_confirms_before_all_have_agreed() -> None:
    desk = closed()
    assert desk.writes(A, CONFIRM, desk.case.version) is Reason.NOT_LEGAL_NOW
    desk.does(A, SHRED)
    for office in (A, B):
        assert desk.writes(office, CONFIRM, desk.case.version) is Reason.NOT_LEGAL_NOW
    assert not is_shredded(desk.case)


def test_an_office_agrees_once_and_confirms_once() -> None:
    desk = closed()
    desk.does(A, SHRED)
    with pytest.raises(Refused) as refused:
        desk.does(A, SHRED)
    assert refused.value.reason is RefusalReason.ALREADY_DONE
    desk.does(B, SHRED)
    desk.does(A, CONFIRM)
    assert desk.writes(A, CONFIRM, desk.case.version) is Reason.NOT_LEGAL_NOW


def test_who_proposed_may_take_it_back_and_the_other_may_refuse_until_it_is_agreed() -> None:
    for who in (A, B):
        desk = closed()
        assert KEEP not in legal_steps(desk.case, who, PAIR)
        assert desk.writes(who, KEEP, desk.case.version) is Reason.NOT_LEGAL_NOW
        desk.does(A, SHRED)
        assert KEEP in legal_steps(desk.case, who, PAIR)
        kept = desk.does(who, KEEP)
        assert (kept.state, kept.done_by, kept.joint_step) == (State.CLOSED, (), None)
        assert shredding_of(kept).status is ShreddingStatus.NONE
        desk.does(A, SHRED)
        desk.does(B, SHRED)
        assert desk.writes(who, KEEP, desk.case.version) is Reason.NOT_LEGAL_NOW


def test_two_proposals_that_cross_are_an_agreement() -> None:
    desk = closed()
    version = desk.case.version
    assert desk.writes(A, SHRED, version) is None
    assert desk.writes(B, SHRED, version) is None
    assert desk.verdicts[-1].crossed
    assert desk.state is State.SHREDDING


def test_a_consent_that_crosses_with_the_withdrawal_of_the_proposal_is_a_new_proposal() -> None:
    desk = closed()
    desk.does(A, SHRED)
    version = desk.case.version
    desk.does(A, KEEP)
    assert desk.writes(B, SHRED, version) is None
    assert desk.state is State.CLOSED
    assert [one.office for one in told(desk).consents] == [B]
    assert told(desk).awaited(PAIR) == (A,)


def test_a_withdrawal_that_crosses_with_the_consent_comes_too_late() -> None:
    desk = closed()
    desk.does(A, SHRED)
    version = desk.case.version
    desk.does(B, SHRED)
    assert desk.writes(A, KEEP, version) is Reason.NOT_LEGAL_NOW
    assert desk.state is State.SHREDDING


def test_a_case_that_is_opened_again_voids_the_consents() -> None:
    desk = closed()
    desk.does(A, SHRED)
    desk.does(A, Step.REOPEN)
    assert shredding_of(desk.case).status is ShreddingStatus.NONE
    desk.does(B, Step.ANSWER)
    desk.does(A, Step.CLOSE)
    desk.does(B, SHRED)
    assert desk.state is State.CLOSED
    assert [one.office for one in told(desk).consents] == [B]


def test_what_is_agreed_is_not_opened_again_and_not_corrected() -> None:
    desk = closed()
    desk.does(A, SHRED)
    desk.does(B, SHRED)
    version = desk.case.version
    assert desk.writes(A, Step.REOPEN, version) is Reason.NOT_LEGAL_NOW
    assert desk.writes(A, Step.SUPERSEDE, version, supersedes=1) is Reason.NOT_LEGAL_NOW
    assert desk.writes(A, Step.FEEDBACK, version) is Reason.NOT_LEGAL_NOW


def test_at_a_conference_every_office_agrees_and_every_office_confirms() -> None:
    desk = Desk(Kind.DOCUMENT, CONFERENCE)
    opener, *others = sorted(CONFERENCE)
    desk.does(opener, Step.OPEN)
    desk.does(opener, Step.WITHDRAW)
    for step, before, after in (
        (SHRED, State.WITHDRAWN, State.SHREDDING),
        (CONFIRM, State.SHREDDING, State.SHREDDED),
    ):
        for office in others:
            assert desk.does(office, step).state is before
        assert desk.does(opener, step).state is after


# What a command must and must not carry.


def test_a_confirmation_travels_without_words() -> None:
    desk = closed()
    desk.does(A, SHRED)
    desk.does(B, SHRED)
    for said in ({"reason": "done"}, {"dispatch": command(Kind.DOCUMENT, Step.OPEN).dispatch}):
        with pytest.raises(Refused) as refused:
            desk.does(A, CONFIRM, **said)
        assert refused.value.reason is RefusalReason.NO_CONTENT


@pytest.mark.parametrize("step", [SHRED, KEEP])
def test_shredding_and_keeping_need_a_reason(step: Step) -> None:
    desk = closed()
    desk.does(B, SHRED)
    with pytest.raises(Refused) as refused:
        decide(desk.case, command(Kind.DOCUMENT, step, reason=" "), PAIR, A)
    assert refused.value.reason is RefusalReason.REASON_MISSING


# What a view tells.


def test_the_two_consents_and_the_two_confirmations_are_named_with_their_places() -> None:
    desk = closed()
    assert told(desk).status is ShreddingStatus.NONE
    desk.does(B, SHRED)
    assert told(desk).status is ShreddingStatus.PROPOSED
    assert told(desk).awaited(PAIR) == (A,)
    assert told(desk).unconfirmed() == ()
    desk.does(A, SHRED)
    assert told(desk).status is ShreddingStatus.AGREED
    assert told(desk).awaited(PAIR) == told(desk).unconfirmed() == (B, A)
    desk.does(A, CONFIRM)
    assert told(desk).unconfirmed() == (B,)
    desk.does(B, CONFIRM)
    shredding = told(desk)
    assert shredding.status is ShreddingStatus.CONFIRMED
    assert [(one.office, one.place.position) for one in shredding.consents if one.place] == [
        (B, 6),
        (A, 7),
    ]
    assert [(one.office, one.place) for one in shredding.confirmations] == [
        (A, places(desk)[9]),
        (B, places(desk)[10]),
    ]
    assert shredding.agreed_at == desk.facts[7].log_time
    assert shredding.awaited(PAIR) == shredding.unconfirmed() == ()


def test_a_shredding_without_one_of_its_confirmations_can_be_found() -> None:
    desk = closed()
    for office, step in ((A, SHRED), (B, SHRED), (A, CONFIRM)):
        desk.does(office, step)
    shredding = shredding_of(desk.case)
    assert shredding.unconfirmed() == (B,)
    assert shredding.agreed_at is None
    assert shredding.confirmations[0].place is None


def test_the_desk_says_in_words_how_far_the_shredding_has_come() -> None:
    desk = closed()
    assert shredding_words(told(desk), PAIR) == ""
    desk.does(A, SHRED)
    assert shredding_words(told(desk), PAIR) == (
        f"Shredding is proposed by {A}; it needs the consent of {B}."
    )
    desk.does(B, SHRED)
    desk.does(A, CONFIRM)
    assert shredding_words(told(desk), PAIR) == (
        "The content was shredded by agreement on 1970-01-01, confirmed by vn-kyson at position "
        "8; the confirmation of la-xiengkhouang is missing."
    )
    desk.does(B, CONFIRM)
    assert shredding_words(told(desk), PAIR) == (
        "The content was shredded by agreement on 1970-01-01, confirmed by vn-kyson at position "
        "8 and la-xiengkhouang at position 9."
    )


# Whatever the order.

_SOME = st.sampled_from([SHRED, KEEP, CONFIRM, Step.REOPEN, Step.ANSWER, Step.CLOSE, Step.FEEDBACK])


@settings(max_examples=200, deadline=None)
@given(
    parties=st.sampled_from([PAIR, frozenset(sorted(CONFERENCE)[:3])]),
    written=st.lists(st.tuples(st.integers(0, 2), _SOME, st.integers(0, 3)), max_size=40),
)
def test_in_any_order_the_contents_go_only_after_a_consent_of_each_and_all_readers_agree(
    parties: frozenset[OfficeId], written: list[tuple[int, Step, int]]
) -> None:
    offices = sorted(parties)
    desk = Desk(Kind.DOCUMENT, parties)
    desk.does(offices[0], Step.OPEN)
    for step in (Step.ACKNOWLEDGE, Step.ACCEPT, Step.ASSIGN, Step.ANSWER):
        desk.does(offices[1], step)
    desk.does(offices[0], Step.CLOSE)
    seen: list[CaseView] = []
    for who, step, behind in written:
        version = max(1, desk.case.version - behind)
        desk.writes(offices[who % len(offices)], step, version)
        view = desk.case
        shredding = shredding_of(view)
        consenting = {one.office for one in shredding.consents}
        assert is_shredded(view) == (view.state in (State.SHREDDING, State.SHREDDED))
        assert is_shredded(view) <= (consenting == parties)
        assert (view.state is State.SHREDDED) == (is_shredded(view) and not shredding.unconfirmed())
        if view.joint_step is SHRED:
            assert consenting == set(view.done_by)
        if seen and is_shredded(seen[-1]):
            assert is_shredded(view), "what is agreed is never taken back"
        seen.append(view)
    again: CaseView | None = None
    for fact in desk.facts:
        again, _ = evolve(again, SubmittedStep(CASE, LINK, *fact[2:]), parties)
    assert again == desk.case


def test_the_steps_are_those_of_every_kind() -> None:
    assert all(table.steps >= SHREDDING_STEPS for table in LIFECYCLES.values())


# Reports.


def shredded(ledger: Ledger, case: bytes) -> None:
    """Forgets what no office can read any more."""
    ledger.events = [
        replace(event, body=None, on=DAY) if event.case == case else event
        for event in ledger.events
    ]


def test_figures_whose_contents_were_shredded_are_left_out_loudly() -> None:
    ledger = Ledger()
    kept, gone = ledger.penalty(), ledger.penalty()
    for office in (A, B):
        for case in (kept, gone):
            if office == B:
                case.does(B, Step.ACKNOWLEDGE)
    before = value(ledger, "overstay_penalties")
    fields = {"ground": "retention_ended"}
    opening = next(event for event in ledger.events if event.case == gone.id)
    for office in (A, B):
        case_event = gone.does(office, SHRED, fields, reason="(fictional)")
    assert case_event.version == 4
    shredded(ledger, gone.id)
    report = ledger.report()
    assert before == 2
    assert value(ledger, "overstay_penalties") == 1
    assert [(each.event_id, each.why) for each in report.left_out] == [(opening.event_id, SHREDDED)]


def test_a_withdrawn_case_counts_nothing_and_is_not_missed_when_it_is_shredded() -> None:
    ledger = Ledger()
    case = ledger.penalty()
    case.does(A, Step.WITHDRAW, reason="(fictional)")
    for office in (A, B):
        case.does(office, SHRED, {"ground": "inaccurate"}, reason="(fictional)")
    shredded(ledger, case.id)
    assert ledger.report().left_out == ()
    assert WEST in {event.link for event in ledger.events}


def test_a_correction_that_was_shredded_is_left_out_as_such() -> None:
    ledger = Ledger()
    case = ledger.penalty()
    fields = {"person": PERSON, "law": "(fictional)", "act": "overstay", "decision_number": "2"}
    said = {"corrects": "open", "fields": fields}
    correction = case.corrects(A, Target(Step.OPEN), said)
    case.does(B, Step.ACKNOWLEDGE)
    for office in (A, B):
        case.does(office, SHRED, {"ground": "inaccurate"}, reason="(fictional)")
    shredded(ledger, case.id)
    report = ledger.report()
    assert len({each.event_id for each in report.left_out}) == 2
    assert correction.event_id in {each.event_id for each in report.left_out}
    assert {each.why for each in report.left_out} == {SHREDDED}
