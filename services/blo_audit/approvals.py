"""The approvals in an office's journal: whether each is proved, and whether each sent step has its own.

A journal names for each sent draft what was sealed, and for each approval what was approved, by whom,
and the passkey's signature over exactly that. The passkeys' public keys stand in the journal too,
from when they were added, so an approver's key cannot be chosen afterwards: the journal's anchors are
in the office's signed heads. An approval by a one-time code proves nothing to others, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_domain.people.approval import (
    DEFAULT_POLICY,
    ApprovalPolicy,
    ApprovedStep,
    needs_approval,
)
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
    SecondFactor,
    SentDraft,
    approval_challenge,
)
from blo_schemas.errors import WireError
from blo_schemas.journal import JournalEntry
from blo_schemas.people import PersonId
from blo_sealing.errors import PasskeyRefused
from blo_sealing.passkeys import verify_assertion

_APPROVALS: Final = {APPROVE.format(factor.value) for factor in SecondFactor}


class ApprovalCounts(NamedTuple):
    """How many drafts were sent, and how many approvals a passkey proves, or a one-time code."""

    sent: int
    proved: int
    by_code: int


NOTHING_APPROVED: Final = ApprovalCounts(0, 0, 0)


class ApprovalAudit:
    """Reads a journal's entries in order, and names what is wrong with its approvals.

    Args:
        findings: Where that is named.

    Attributes:
        proved: How many approvals a passkey proves.
        by_code: How many were given by a one-time code.
        sent: How many drafts were sent.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._keys: set[tuple[PersonId, bytes]] = set()
        self._approved: dict[tuple[bytes, int], bytes] = {}
        self._policy: ApprovalPolicy = DEFAULT_POLICY
        self.proved = 0
        self.by_code = 0
        self.sent = 0

    def read(self, entries: Iterable[JournalEntry]) -> None:
        """Read entries, in the order of the journal."""
        for entry in entries:
            try:
                self._take(entry)
            except WireError as error:
                self._findings.add(Code.APPROVAL_UNREADABLE, f"{error}", part=_name(entry))

    def _take(self, entry: JournalEntry) -> None:
        if entry.action == ADD_PASSKEY:
            self._keys.add((entry.actor, entry.detail))
        elif entry.action == REMOVE_PASSKEY:
            self._keys = {
                (person, key)
                for person, key in self._keys
                if person != entry.actor or not key.startswith(entry.detail)
            }
        elif entry.action == SET_POLICY:
            stored = STORED_POLICY.decode(entry.detail)
            self._policy = frozenset(ApprovedStep(row.kind, row.step) for row in stored.steps)
        elif entry.action in _APPROVALS:
            self._take_approval(entry, APPROVAL.decode(entry.detail))
        elif entry.action == SEND_DRAFT:
            self._take_sent(entry, SENT_DRAFT.decode(entry.detail))

    def _take_approval(self, entry: JournalEntry, approval: Approval) -> None:
        if entry.actor != approval.approver or entry.action != APPROVE.format(approval.factor):
            words = f"its detail says {approval.approver}, by {approval.factor}"
            self._findings.add(Code.APPROVAL_UNPROVED, words, part=_name(entry))
            return
        if approval.approver in approval.authors:
            words = f"{approval.approver} has written in what was approved"
            self._findings.add(Code.APPROVAL_BY_AUTHOR, words, part=_name(entry))
            return
        if approval.factor is SecondFactor.TOTP:
            self.by_code += 1
            words = f"{approval.approver} has shown a one-time code"
            self._findings.add(Code.APPROVAL_BY_CODE, words, part=_name(entry))
        elif self._is_proved(entry, approval):
            self.proved += 1
        else:
            return
        self._approved[approval.draft, approval.revision] = approval.digest

    def _is_proved(self, entry: JournalEntry, approval: Approval) -> bool:
        shown = approval.passkey
        if shown is None:
            words = "there is no signature of a passkey"
            self._findings.add(Code.APPROVAL_UNPROVED, words, part=_name(entry))
            return False
        if (approval.approver, shown.credential + shown.public_key) not in self._keys:
            words = f"no entry before says that {approval.approver} has added this passkey"
            self._findings.add(Code.APPROVAL_BY_UNKNOWN_KEY, words, part=_name(entry))
            return False
        challenge = approval_challenge(approval.draft, approval.revision, approval.digest)
        try:
            verify_assertion(shown, challenge)
        except PasskeyRefused as refusal:
            self._findings.add(Code.APPROVAL_UNPROVED, f"{refusal}", part=_name(entry))
            return False
        return True

    def _take_sent(self, entry: JournalEntry, sent: SentDraft) -> None:
        self.sent += 1
        approved = self._approved.get((sent.draft, sent.revision))
        is_needed = needs_approval(sent.kind, sent.step, [self._policy], corrects=sent.corrects)
        step = f"{sent.kind.word} {sent.step.word}"
        if approved is None and (is_needed or sent.approved):
            words = f"{step} was sent, and no approval of this revision counts"
            self._findings.add(Code.APPROVAL_MISSING, words, part=_name(entry))
        elif approved is not None and approved != sent.digest:
            words = f"{step} was sealed with other contents than were approved"
            self._findings.add(Code.APPROVED_OTHERWISE, words, part=_name(entry))


def _name(entry: JournalEntry) -> str:
    return f"entry {entry.seq} ({entry.action} by {entry.actor})"
