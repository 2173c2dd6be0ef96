"""Drafts in the office's API, as JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from blo_agent.drafts.approve import challenge_of
from blo_agent.store.tables.drafts import DraftRow
from blo_domain.people.drafts import DraftState
from blo_schemas.approvals import APPROVAL, DRAFTED_STEP, drafted_step_digest
from blo_schemas.instants import local


class DraftAnswer(msgspec.Struct, frozen=True):
    """A draft.

    Attributes:
        draft: Its id in hex.
        link: The link.
        case: The case's id in hex; ``None``: it opens one.
        state: Where it stands.
        revision: The revision; a change names the one that it was made on.
        request: What is filled in, as ``POST /v1/commands`` takes it.
        authors: Everybody who has written in it.
        edited_by: Who has changed it last.
        changed_at: When.
        reason: Why it was returned.
        digest: What would be sealed, in hex, since it was submitted.
        challenge: What an approver's passkey signs, in hex, while it is submitted.
        approved_by: Who has approved it.
        event: The event that it became, in hex.
    """

    draft: str
    link: str
    case: str | None
    state: str
    revision: int
    request: msgspec.Raw
    authors: tuple[str, ...]
    edited_by: str
    changed_at: datetime
    reason: str | None
    digest: str | None
    challenge: str | None
    approved_by: str | None
    event: str | None


def draft_answer(row: DraftRow) -> DraftAnswer:
    """The answer about a draft."""
    digest = challenge = approver = None
    if row.drafted is not None:
        digest = drafted_step_digest(DRAFTED_STEP.decode(row.drafted)).hex()
    if row.state is DraftState.SUBMITTED:
        challenge = challenge_of(row).hex()
    if row.approval is not None:
        approver = APPROVAL.decode(row.approval).approver
    return DraftAnswer(
        draft=row.id.hex(),
        link=row.link,
        case=None if row.case is None else row.case.hex(),
        state=row.state.value,
        revision=row.revision,
        request=msgspec.Raw(row.request),
        authors=row.authors,
        edited_by=row.edited_by,
        changed_at=local(row.changed_at),
        reason=row.reason,
        digest=digest,
        challenge=challenge,
        approved_by=approver,
        event=None if row.event is None else row.event.hex(),
    )
