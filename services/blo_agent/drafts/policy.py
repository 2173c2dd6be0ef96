"""Which steps need approval in this office; every change of it is in the journal."""

from __future__ import annotations

from typing import Final

from blo_agent.people.access import Actor, check_allowed
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, meta
from blo_domain.people.approval import DEFAULT_POLICY, ApprovalPolicy, ApprovedStep, needs_approval
from blo_domain.people.permissions import Action
from blo_schemas.approvals import SET_POLICY, STORED_POLICY, DraftedStep, StoredPolicy, StoredStep
from blo_schemas.bodies import Correction, decode_body
from blo_schemas.summary import Step

_KEY: Final = "approval_policy"


def office_policy(snapshot: Snapshot) -> ApprovalPolicy:
    """The office's own policy; the default until it was set."""
    value = meta.get(snapshot, _KEY)
    if value is None:
        return DEFAULT_POLICY
    return frozenset(ApprovedStep(row.kind, row.step) for row in STORED_POLICY.decode(value).steps)


def set_policy(actor: Actor, policy: ApprovalPolicy, now: int, tx: Transaction) -> None:
    """Set the office's policy.

    Raises:
        PeopleRefused: The actor may not.
    """
    check_allowed(actor, Action.SET_POLICY)
    rows = sorted(policy, key=lambda row: (row.kind or 0, row.step))
    value = STORED_POLICY.encode(StoredPolicy(tuple(StoredStep(*row) for row in rows)))
    meta.put(tx, _KEY, value)
    journal.append(tx, at=now, actor=actor.name, action=SET_POLICY, detail=value)


def is_approval_needed(snapshot: Snapshot, drafted: DraftedStep) -> bool:
    """Whether a drafted step must be approved before it is sealed."""
    corrects = corrected_step(drafted)
    return needs_approval(drafted.kind, drafted.step, [office_policy(snapshot)], corrects=corrects)


def corrected_step(drafted: DraftedStep) -> Step | None:
    """The step that a drafted step corrects; ``None``: it corrects none."""
    if drafted.step is not Step.SUPERSEDE:
        return drafted.corrects
    body = decode_body(drafted.kind, drafted.step, drafted.body_version, drafted.body)
    assert isinstance(body, Correction)
    return body.corrects
