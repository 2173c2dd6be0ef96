"""Approvals in journals: what is proved, and what hostile journals try to pass off as approved."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_audit.approvals import ApprovalAudit
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_schemas.approvals import (
    ADD_PASSKEY,
    APPROVAL,
    APPROVE,
    REMOVE_PASSKEY,
    SEND_DRAFT,
    SENT_DRAFT,
    SET_POLICY,
    STORED_POLICY,
    Approval,
    PasskeyAssertion,
    SecondFactor,
    SentDraft,
    StoredPolicy,
    StoredStep,
    approval_challenge,
)
from blo_schemas.journal import JOURNAL_VERSION, JournalEntry
from blo_schemas.summary import Kind, Step
from blo_sealing.passkeys import RelyingParty
from tests.people.authenticator import Authenticator

DRAFT, DIGEST, EVENT = b"d" * 16, b"g" * 32, b"e" * 32
PARTY = RelyingParty("office.example", "https://office.example")
Act = tuple[str, str, bytes]


class Approver:
    """A chief with a passkey, and what a journal says of them."""

    def __init__(self, *, verifies: bool = True) -> None:
        self.key = Authenticator(PARTY, verifies=verifies)

    def adds(self, person: str = "chief") -> Act:
        return person, ADD_PASSKEY, self.key.credential + self.key.public_key

    def assertion(self, digest: bytes = DIGEST, revision: int = 1) -> PasskeyAssertion:
        return self.key.sign(approval_challenge(DRAFT, revision, digest))

    def approval(self, **changed: object) -> Approval:
        made = Approval(
            draft=DRAFT,
            revision=1,
            digest=DIGEST,
            approver="chief",
            name="Chief (fictional)",
            authors=("duty",),
            at=1,
            factor=SecondFactor.PASSKEY,
            passkey=self.assertion(),
        )
        return msgspec.structs.replace(made, **changed)

    def approves(self, **changed: object) -> Act:
        made = self.approval(**changed)
        return "chief", APPROVE.format(made.factor.value), APPROVAL.encode(made)


def sends(**changed: object) -> Act:
    made = SentDraft(
        draft=DRAFT,
        revision=1,
        digest=DIGEST,
        event=EVENT,
        kind=Kind.VERIFICATION_REQUEST,
        step=Step.OPEN,
        corrects=None,
        approved=True,
    )
    return "duty", SEND_DRAFT, SENT_DRAFT.encode(msgspec.structs.replace(made, **changed))


def audited(*acts: Act) -> tuple[ApprovalAudit, list[Code]]:
    findings = Findings()
    audit = ApprovalAudit(findings)
    audit.read(
        JournalEntry(JOURNAL_VERSION, seq, seq, actor, action, None, None, detail, bytes(32))
        for seq, (actor, action, detail) in enumerate(acts)
    )
    return audit, [finding.code for finding in findings]


def test_a_proved_approval_of_exactly_what_was_sent_has_no_finding() -> None:
    chief = Approver()
    audit, codes = audited(chief.adds(), chief.approves(), sends())
    assert codes == []
    assert (audit.sent, audit.proved, audit.by_code) == (1, 1, 0)


def test_a_one_time_code_counts_and_is_named() -> None:
    chief = Approver()
    acts = [chief.approves(factor=SecondFactor.TOTP, passkey=None), sends()]
    audit, codes = audited(*acts)
    assert codes == [Code.APPROVAL_BY_CODE]
    assert (audit.proved, audit.by_code) == (0, 1)


Hostile = Callable[[Approver], list[Act]]
MISSING = Code.APPROVAL_MISSING


@pytest.mark.parametrize(
    ("acts", "codes"),
    [
        (lambda c: [sends()], [MISSING]),
        (lambda c: [sends(approved=False)], [MISSING]),
        (lambda c: [c.adds(), sends(), c.approves()], [MISSING]),
        (lambda c: [c.adds(), c.approves(), sends(revision=2)], [MISSING]),
        (lambda c: [c.adds(), c.approves(), sends(draft=b"x" * 16)], [MISSING]),
        (lambda c: [c.adds(), c.approves(), sends(digest=b"x" * 32)], [Code.APPROVED_OTHERWISE]),
        (
            lambda c: [
                c.adds(),
                c.approves(),
                sends(digest=b"x" * 32, approved=False, step=Step.URGE),
            ],
            [Code.APPROVED_OTHERWISE],
        ),
        (lambda c: [c.approves(), sends()], [Code.APPROVAL_BY_UNKNOWN_KEY, MISSING]),
        (lambda c: [c.approves(), c.adds(), sends()], [Code.APPROVAL_BY_UNKNOWN_KEY, MISSING]),
        (lambda c: [c.adds("duty"), c.approves()], [Code.APPROVAL_BY_UNKNOWN_KEY]),
        (
            lambda c: [c.adds(), ("chief", REMOVE_PASSKEY, c.key.credential), c.approves()],
            [Code.APPROVAL_BY_UNKNOWN_KEY],
        ),
        (
            lambda c: [c.adds(), c.approves(passkey=Approver().assertion())],
            [Code.APPROVAL_BY_UNKNOWN_KEY],
        ),
        (
            lambda c: [c.adds(), c.approves(passkey=None), sends()],
            [Code.APPROVAL_UNPROVED, MISSING],
        ),
        (lambda c: [c.adds(), c.approves(digest=b"x" * 32)], [Code.APPROVAL_UNPROVED]),
        (lambda c: [c.adds(), c.approves(revision=2)], [Code.APPROVAL_UNPROVED]),
        (lambda c: [c.adds(), c.approves(draft=b"x" * 16)], [Code.APPROVAL_UNPROVED]),
        (
            lambda c: [
                c.adds(),
                c.approves(passkey=msgspec.structs.replace(c.assertion(), signature=b"x" * 70)),
            ],
            [Code.APPROVAL_UNPROVED],
        ),
        (
            lambda c: [
                c.adds(),
                c.approves(passkey=msgspec.structs.replace(c.assertion(), rp_id="elsewhere")),
            ],
            [Code.APPROVAL_UNPROVED],
        ),
        (lambda c: [c.adds(), c.approves(authors=("chief", "duty"))], [Code.APPROVAL_BY_AUTHOR]),
        (
            lambda c: [c.adds(), ("deputy", *c.approves()[1:]), sends()],
            [Code.APPROVAL_UNPROVED, MISSING],
        ),
        (
            lambda c: [("chief", APPROVE.format("totp"), c.approves()[2])],
            [Code.APPROVAL_UNPROVED],
        ),
        (lambda c: [("chief", APPROVE.format("passkey"), b"\xff")], [Code.APPROVAL_UNREADABLE]),
        (lambda c: [("duty", SEND_DRAFT, b"")], [Code.APPROVAL_UNREADABLE]),
        (
            lambda c: [("chief", SET_POLICY, b"\x91\x91\x92\xcc\xfa\x01")],
            [Code.APPROVAL_UNREADABLE],
        ),
    ],
)
def test_what_does_not_prove_an_approval_is_named(acts: Hostile, codes: list[Code]) -> None:
    assert sorted(audited(*acts(Approver()))[1]) == sorted(codes)


def test_an_authenticator_that_did_not_ask_who_was_there_proves_nothing() -> None:
    chief = Approver(verifies=False)
    assert audited(chief.adds(), chief.approves())[1] == [Code.APPROVAL_UNPROVED]


def test_what_the_policy_of_that_moment_does_not_name_needs_no_approval() -> None:
    def policy(*steps: StoredStep) -> Act:
        return "chief", SET_POLICY, STORED_POLICY.encode(StoredPolicy(steps))

    free = sends(approved=False)
    urge = sends(approved=False, step=Step.URGE)
    corrected = sends(approved=False, step=Step.SUPERSEDE, corrects=Step.OPEN)
    kind = StoredStep(Kind.VERIFICATION_REQUEST, Step.URGE)
    assert audited(policy(), free)[1] == []
    assert audited(urge)[1] == []
    assert audited(policy(kind), urge, policy(), urge)[1] == [MISSING]
    assert audited(corrected)[1] == [MISSING]


@given(st.lists(st.tuples(st.sampled_from(["chief", "duty"]), st.sampled_from(
    [ADD_PASSKEY, REMOVE_PASSKEY, SET_POLICY, SEND_DRAFT, APPROVE.format("passkey"), "view case"]
), st.binary(max_size=40)), max_size=6))  # fmt: skip
def test_no_bytes_of_a_journal_stop_the_audit(acts: list[Act]) -> None:
    audited(*acts)
