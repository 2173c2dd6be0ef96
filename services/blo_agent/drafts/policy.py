"""Which steps need approval in this office; every change of it is in the journal."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from blo_agent.people.access import Actor, check_allowed
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, meta
from blo_domain.people.approval import DEFAULT_POLICY, ApprovalPolicy, ApprovedStep, needs_approval
from blo_domain.people.permissions import Action
from blo_schemas.approvals import DraftedStep
from blo_schemas.bodies import Correction, decode_body
from blo_schemas.codec import Codec
from blo_schemas.summary import Kind, Step

_KEY: Final = "approval_policy"


class StoredPolicy(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The steps that need approval, as the store and the journal keep them, sorted.

    Attributes:
        steps: Per step the kind, 0 for every kind, and the step.
    """

    steps: Annotated[tuple[tuple[int, Step], ...], msgspec.Meta(max_length=2000)]


STORED_POLICY: Final = Codec(StoredPolicy)


def office_policy(snapshot: Snapshot) -> ApprovalPolicy:
    """The office's own policy; the default until it was set."""
    value = meta.get(snapshot, _KEY)
    if value is None:
        return DEFAULT_POLICY
    rows = STORED_POLICY.decode(value).steps
    return frozenset(ApprovedStep(Kind(kind) if kind else None, step) for kind, step in rows)


def set_policy(actor: Actor, policy: ApprovalPolicy, now: int, tx: Transaction) -> None:
    """Set the office's policy.

    Raises:
        PeopleRefused: The actor may not.
    """
    check_allowed(actor, Action.SET_POLICY)
    rows = sorted((int(row.kind or 0), row.step) for row in policy)
    value = STORED_POLICY.encode(StoredPolicy(tuple(rows)))
    meta.put(tx, _KEY, value)
    journal.append(tx, at=now, actor=actor.name, action="set approval policy", detail=value)


def is_approval_needed(snapshot: Snapshot, drafted: DraftedStep) -> bool:
    """Whether a drafted step must be approved before it is sealed."""
    corrects = drafted.corrects
    if drafted.step is Step.SUPERSEDE:
        body = decode_body(drafted.kind, drafted.step, drafted.body_version, drafted.body)
        assert isinstance(body, Correction)
        corrects = body.corrects
    return needs_approval(drafted.kind, drafted.step, [office_policy(snapshot)], corrects=corrects)
