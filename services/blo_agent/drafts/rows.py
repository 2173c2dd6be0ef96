"""What the steps of drafts share: finding a draft, moving it by the table, noting who did it."""

from __future__ import annotations

from blo_agent.drafts.errors import DraftRefusal, DraftStepRefused, draft_refused
from blo_agent.drafts.policy import is_approval_needed
from blo_agent.people.access import Actor, check_allowed, sees_case, sees_link
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import cases, drafts, journal
from blo_domain.people import drafts as rules
from blo_domain.people.drafts import DraftAct
from blo_domain.people.permissions import Action
from blo_schemas.approvals import DRAFTED_STEP, DraftedStep, drafted_step_digest
from blo_schemas.ids import Digest
from blo_schemas.people import PersonId


def known_draft(snapshot: Snapshot, draft: bytes) -> drafts.DraftRow:
    """The draft with this id.

    Raises:
        DraftStepRefused: There is none.
    """
    row = drafts.get(snapshot, draft)
    if row is None:
        raise draft_refused(
            DraftRefusal.UNKNOWN_DRAFT, f"there is no draft {draft.hex()[:8]} here; it may be gone"
        )
    return row


def moved(
    tx: Transaction,
    draft: bytes,
    seen: int,
    act: DraftAct,
    now: int,
    person: PersonId,
    drafted: DraftedStep | None = None,
) -> drafts.DraftRow:
    """The draft after an act, not stored yet.

    Raises:
        DraftStepRefused: The act is not possible now, or another revision was seen.
    """
    row = known_draft(tx, draft)
    needed = drafted is not None and is_approval_needed(tx, drafted)
    if drafted is None and row.drafted is not None:
        needed = is_approval_needed(tx, DRAFTED_STEP.decode(row.drafted))
    try:
        rules.check_revision(seen, row.revision)
        state = rules.next_state(row.state, act, approval_needed=needed)
    except rules.RevisionConflict as conflict:
        raise DraftStepRefused(DraftRefusal.CONFLICT, str(conflict), row) from conflict
    except rules.DraftRefused as refusal:
        raise draft_refused(DraftRefusal.NOT_POSSIBLE_NOW, str(refusal)) from refusal
    revision = row.revision + rules.DRAFT_RULES[act].revises
    return row._replace(state=state, revision=revision, edited_by=person, changed_at=now)


def author_of(actor: Actor, action: Action) -> PersonId:
    """The person or program that acts.

    Raises:
        PeopleRefused: The actor may not, or is nobody who can be named.
    """
    check_allowed(actor, action)
    if actor.person is None and actor.scope is None:
        raise refused(PeopleRefusal.NOT_ALLOWED, f"to {action} needs a person who is logged in")
    return actor.name


def sees_draft(snapshot: Snapshot, actor: Actor, row: drafts.DraftRow) -> bool:
    """Whether a draft lies within what the actor reaches: written in, or of a case that he reaches."""
    if actor.name in row.authors:
        return True
    if row.case is None:
        return sees_link(actor, row.link) and actor.scope is None and bool(actor.roles)
    view = cases.get(snapshot, row.link, row.case)
    kind = None if view is None else view.kind
    return sees_case(snapshot, actor, row.link, row.case, kind)


def digest_of(row: drafts.DraftRow) -> Digest:
    """The digest of what would be sealed of a submitted draft."""
    assert row.drafted is not None
    return drafted_step_digest(DRAFTED_STEP.decode(row.drafted))


def note(
    tx: Transaction, actor: Actor, action: str, row: drafts.DraftRow, now: int, detail: bytes = b""
) -> None:
    """Note a step of a draft in the journal."""
    journal.append(
        tx,
        at=now,
        actor=actor.name,
        action=action,
        link=row.link,
        case=row.case,
        detail=detail or row.id,
    )
