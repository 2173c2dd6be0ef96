"""What needs approval, who gives it, the way of a draft, and the handling codes."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from blo_domain.commands import Command, Target
from blo_domain.people.approval import (
    DEFAULT_POLICY,
    ApprovalRefused,
    ApprovedStep,
    check_approver,
    drafted_step,
    needs_approval,
)
from blo_domain.people.drafts import (
    DRAFT_RULES,
    DraftAct,
    DraftRefused,
    DraftState,
    RevisionConflict,
    check_revision,
    next_state,
    possible_acts,
)
from blo_domain.people.handling_codes import OnwardRefused, check_onward, restrictions
from blo_schemas.approvals import DRAFTED_STEP, drafted_step_digest
from blo_schemas.bodies.steps import Pause
from blo_schemas.content import Attachment, Dispatch, HandlingCode
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.people import OfficeRole
from blo_schemas.summary import Kind, PauseGround, Step, Urgency

VN, LA, ELSE = OfficeId("vn-a"), OfficeId("la-b"), OfficeId("vn-c")
LINK = LinkId("vn-a~la-b")


def test_by_default_what_binds_the_office_needs_approval() -> None:
    policies = [DEFAULT_POLICY]
    for step in (Step.OPEN, Step.ANSWER, Step.DECLINE, Step.SIGN_MINUTES, Step.SHRED):
        assert needs_approval(Kind.DOCUMENT, step, policies)
    for step in (Step.ACKNOWLEDGE, Step.ASSIGN, Step.URGE, Step.FEEDBACK, Step.CLOSE):
        assert not needs_approval(Kind.DOCUMENT, step, policies)


def test_the_agreement_adds_steps_that_the_office_s_policy_cannot_take_away() -> None:
    minimum = frozenset({ApprovedStep(Kind.WANTED_PERSON, Step.LOCATE)})
    assert needs_approval(Kind.WANTED_PERSON, Step.LOCATE, [frozenset(), minimum])
    assert not needs_approval(Kind.HANDOVER, Step.LOCATE, [frozenset(), minimum])


def test_a_correction_needs_approval_where_the_corrected_step_does() -> None:
    policies = [DEFAULT_POLICY]
    assert needs_approval(Kind.DOCUMENT, Step.SUPERSEDE, policies, corrects=Step.ANSWER)
    assert not needs_approval(Kind.DOCUMENT, Step.SUPERSEDE, policies, corrects=Step.ASSIGN)


def test_an_approver_is_a_chief_who_has_written_no_part_of_it() -> None:
    check_approver("an", {OfficeRole.CHIEF}, {"binh"})
    with pytest.raises(ApprovalRefused, match="Only the chief approves"):
        check_approver("an", {OfficeRole.DUTY_OFFICER}, {"binh"})
    with pytest.raises(ApprovalRefused, match="drafted or edited"):
        check_approver("an", {OfficeRole.CHIEF}, {"an", "binh"})


def command() -> Command:
    return Command(
        kind=Kind.DOCUMENT,
        step=Step.PAUSE,
        on=date(2025, 6, 4),
        body=Pause(),
        urgency=Urgency.ROUTINE,
        reason="reason",
        dispatch=Dispatch(
            subject="subject", attachments=(Attachment(name="a", size=1, sha256=bytes(32)),)
        ),
        corrects=Target(Step.OPEN, 1),
        due=5,
        pause_ground=PauseGround.COURT,
    )


def test_an_approval_names_every_field_of_a_command_and_its_attachments() -> None:
    """Changing any one part changes the digest."""
    base = command()
    case = CaseId(bytes(32))
    other_file = Attachment(name="a", size=1, sha256=bytes([1]) * 32)
    assert base.dispatch is not None
    changed = {
        "kind": Kind.REPORT,
        "step": Step.RESUME,
        "on": date(2025, 6, 5),
        "body": Pause(until=date(2025, 7, 1)),
        "urgency": None,
        "reason": "another",
        "dispatch": msgspec.structs.replace(base.dispatch, attachments=(other_file,)),
        "corrects": Target(Step.OPEN, 2),
        "due": 6,
        "pause_ground": PauseGround.OTHER,
    }
    assert changed.keys() == set(Command.__dataclass_fields__)
    commands = [base]
    for field, value in changed.items():
        values = {name: getattr(base, name) for name in changed}
        commands.append(Command(**{**values, field: value}))
    drafts = [drafted_step(VN, LINK, case, made) for made in commands]
    drafts += [
        drafted_step(LA, LINK, case, base),
        drafted_step(VN, LinkId("vn-c~la-b"), case, base),
        drafted_step(VN, LINK, None, base),
    ]
    digests = {drafted_step_digest(draft) for draft in drafts}
    assert len(digests) == len(drafts)
    for draft in drafts:
        assert DRAFTED_STEP.decode(DRAFTED_STEP.encode(draft)) == draft


def test_a_step_that_needs_approval_is_sent_only_when_it_is_approved() -> None:
    for state in DraftState:
        for act in DraftAct:
            for needed in (False, True):
                possible = act in possible_acts(state, approval_needed=needed)
                if possible:
                    target = next_state(state, act, approval_needed=needed)
                    assert target is DRAFT_RULES[act].target
                else:
                    with pytest.raises(DraftRefused):
                        next_state(state, act, approval_needed=needed)
    senders = [s for s in DraftState if DraftAct.SEND in possible_acts(s, approval_needed=True)]
    assert senders == [DraftState.APPROVED]
    assert not possible_acts(DraftState.SENT, approval_needed=True)
    assert not possible_acts(DraftState.DISCARDED, approval_needed=False)


def test_a_way_from_draft_over_return_to_sent() -> None:
    state = DraftState.DRAFT
    for act in (
        DraftAct.EDIT, DraftAct.SUBMIT, DraftAct.RETURN, DraftAct.EDIT, DraftAct.SUBMIT,
        DraftAct.APPROVE, DraftAct.TAKE_BACK, DraftAct.SUBMIT, DraftAct.APPROVE, DraftAct.SEND,
    ):  # fmt: skip
        state = next_state(state, act, approval_needed=True)
    assert state is DraftState.SENT


def test_what_changes_the_words_or_asks_again_makes_a_new_revision() -> None:
    revising = {act for act, rule in DRAFT_RULES.items() if rule.revises}
    assert revising == {DraftAct.EDIT, DraftAct.SUBMIT, DraftAct.TAKE_BACK}


def test_a_writer_who_saw_an_older_revision_is_told_both() -> None:
    check_revision(3, 3)
    with pytest.raises(RevisionConflict, match="seen revision 3, it is at 4") as raised:
        check_revision(3, 4)
    assert (raised.value.seen, raised.value.current) == (3, 4)


def test_h2_is_not_passed_on_without_the_provider_s_permission() -> None:
    check_onward([HandlingCode.H0, HandlingCode.H1], VN, ELSE, ())
    check_onward([HandlingCode.H2], VN, VN, ())
    check_onward([HandlingCode.H2], VN, ELSE, {ELSE})
    with pytest.raises(
        OnwardRefused, match="ask vn-a for a document in this case whose onward caveat names vn-c"
    ):
        check_onward([HandlingCode.H0, HandlingCode.H2], VN, ELSE, {LA})


def test_every_view_says_what_its_documents_forbid_once() -> None:
    strict = Dispatch(subject="s", handling=HandlingCode.H3, handling_note="only by hand")
    court = Dispatch(subject="s", handling=HandlingCode.H1, onward_caveat="province only")
    lines = restrictions([strict, court, strict])
    assert lines == (
        "H3: restricted as the provider's note says: only by hand",
        "H1: not to be used in court without the provider's permission",
        "Passing on: province only",
    )
