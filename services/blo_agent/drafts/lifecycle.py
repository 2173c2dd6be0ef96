"""The steps of a draft as jobs of the store's thread, each with a journal entry.

Autosaved edits are not in the journal: only who wrote in a draft is kept, because an author cannot
approve. What is submitted is frozen as a ``DraftedStep``; it is approved by its digest, and exactly
it is sealed.
"""

from __future__ import annotations

import os
from typing import Final

from blo_agent.commands.accept import Accepted, OfficeCommand, accept
from blo_agent.drafts.errors import DraftRefusal, draft_refused
from blo_agent.drafts.policy import corrected_step
from blo_agent.drafts.rows import author_of, known_draft, moved, note
from blo_agent.office.state import Office
from blo_agent.people.access import Actor
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import case_agencies, drafts, people
from blo_domain.people.approval import command_of
from blo_domain.people.drafts import DraftAct, DraftState
from blo_domain.people.permissions import Action
from blo_domain.people.roles import agencies_of
from blo_schemas.approvals import (
    DRAFTED_STEP,
    SEND_DRAFT,
    SENT_DRAFT,
    DraftedStep,
    SentDraft,
    drafted_step_digest,
)
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.people import Agency, PersonId

ID_SIZE: Final = 16
MOST_OPEN: Final = 2_000
"""Drafts of an office that are neither sent nor discarded."""

MOST_AUTHORS: Final = 50
MAX_REQUEST: Final = 64 * 1024
"""Bytes of what is filled in."""


def begin(
    actor: Actor, link: LinkId, case: CaseId | None, request: bytes, now: int, tx: Transaction
) -> drafts.DraftRow:
    """Begin a draft.

    Args:
        actor: Who drafts.
        link: The link.
        case: The case; ``None`` opens one.
        request: What is filled in, a JSON object.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        PeopleRefused: The actor may not draft.
        DraftStepRefused: It is too large, or too many drafts are open.
    """
    person = author_of(actor, Action.DRAFT)
    _check_size(request)
    if drafts.count_open(tx) >= MOST_OPEN:
        raise draft_refused(
            DraftRefusal.TOO_MANY, f"{MOST_OPEN} drafts are open; send or discard some first"
        )
    draft = drafts.DraftRow(
        os.urandom(ID_SIZE), link, case, DraftState.DRAFT, 1, request, None, (person,), person,
        now, now,
    )  # fmt: skip
    drafts.put(tx, draft)
    return draft


def edit(
    actor: Actor, draft: bytes, seen: int, request: bytes, now: int, tx: Transaction
) -> drafts.DraftRow:
    """Save what is filled in.

    Raises:
        PeopleRefused: The actor may not draft.
        DraftStepRefused: It is too large, or cannot be edited now.
        DraftConflict: Somebody else has changed it since the actor saw it.
    """
    person = author_of(actor, Action.DRAFT)
    _check_size(request)
    row = moved(tx, draft, seen, DraftAct.EDIT, now, person)
    authors = row.authors if person in row.authors else (*row.authors, person)
    if len(authors) > MOST_AUTHORS:
        raise draft_refused(DraftRefusal.TOO_MANY, f"{MOST_AUTHORS} people have written in this")
    row = row._replace(request=request, drafted=None, authors=authors, approval=None)
    drafts.put(tx, row)
    return row


def submit(
    actor: Actor, draft: bytes, seen: int, drafted: DraftedStep, now: int, tx: Transaction
) -> drafts.DraftRow:
    """Ask for approval of a draft as it stands.

    Args:
        actor: Who submits.
        draft: The draft.
        seen: The revision that the actor saw.
        drafted: What its request says.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        PeopleRefused: The actor may not send such steps.
        DraftStepRefused: It cannot be submitted now, or needs no approval.
        DraftConflict: Somebody else has changed it.
    """
    person = author_of(actor, Action.DRAFT)
    row = moved(tx, draft, seen, DraftAct.SUBMIT, now, person, drafted)
    row = row._replace(drafted=DRAFTED_STEP.encode(drafted), reason=None, approval=None)
    drafts.put(tx, row)
    note(tx, actor, "submit draft", row, now, drafted_step_digest(drafted))
    return row


def submit_for_approval(
    actor: Actor, drafted: DraftedStep, request: bytes, now: int, tx: Transaction
) -> drafts.DraftRow:
    """Begin a draft and ask for its approval at once, as a program does.

    Raises:
        PeopleRefused: The actor may not.
        DraftStepRefused: It is too large, or too many drafts are open.
    """
    row = begin(actor, drafted.link, _case(drafted), request, now, tx)
    return submit(actor, row.id, row.revision, drafted, now, tx)


def take_back(actor: Actor, draft: bytes, seen: int, now: int, tx: Transaction) -> drafts.DraftRow:
    """Make a submitted or approved draft editable again; an approval of it is void.

    Raises:
        PeopleRefused: The actor has not written in it.
        DraftStepRefused: It cannot be taken back now.
        DraftConflict: Somebody else has changed it.
    """
    person = author_of(actor, Action.DRAFT)
    row = moved(tx, draft, seen, DraftAct.TAKE_BACK, now, person)
    if person not in row.authors:
        raise refused(PeopleRefusal.NOT_ALLOWED, "only who has written in a draft takes it back")
    row = row._replace(drafted=None, approval=None)
    drafts.put(tx, row)
    note(tx, actor, "take draft back", row, now)
    return row


def send(
    office: Office,
    actor: Actor,
    draft: bytes,
    seen: int,
    drafted: DraftedStep | None,
    now: int,
    tx: Transaction,
) -> Accepted:
    """Seal a draft that was approved, or that needs no approval.

    Args:
        office: The office.
        actor: Who sends.
        draft: The draft.
        seen: The revision that the actor saw.
        drafted: What its request says, for a draft that needs no approval; of an approved one
            exactly what was approved is sealed.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        PeopleRefused: The actor may not send.
        DraftStepRefused: It needs approval first, or is sent already.
        DraftConflict: Somebody else has changed it.
        CommandRefused: The step is not possible; the draft stays as it was.
    """
    person = author_of(actor, Action.SEND_ROUTINE_STEP)
    known = known_draft(tx, draft)
    is_approved = known.state is DraftState.APPROVED
    if is_approved:
        assert known.drafted is not None
        drafted = DRAFTED_STEP.decode(known.drafted)
    assert drafted is not None
    row = moved(tx, draft, seen, DraftAct.SEND, now, person, drafted)
    command = OfficeCommand(drafted.link, _case(drafted), command_of(drafted), actor.name)
    accepted = accept(office, command, now, tx)
    case_agencies.add(tx, row.link, accepted.case, _agencies(tx, row.authors, now))
    sent = SentDraft(
        draft=row.id,
        revision=row.revision,
        digest=drafted_step_digest(drafted),
        event=accepted.event,
        kind=drafted.kind,
        step=drafted.step,
        corrects=corrected_step(drafted),
        approved=is_approved,
    )
    encoded = DRAFTED_STEP.encode(drafted)
    row = row._replace(case=accepted.case, drafted=encoded, event=accepted.event)
    drafts.put(tx, row)
    note(tx, actor, SEND_DRAFT, row, now, SENT_DRAFT.encode(sent))
    return accepted


def discard(actor: Actor, draft: bytes, seen: int, now: int, tx: Transaction) -> drafts.DraftRow:
    """Discard a draft; nothing of it is kept but who did it.

    Raises:
        PeopleRefused: The actor may not draft.
        DraftStepRefused: It is submitted, approved or sent.
        DraftConflict: Somebody else has changed it.
    """
    person = author_of(actor, Action.DRAFT)
    row = moved(tx, draft, seen, DraftAct.DISCARD, now, person)
    row = row._replace(request=b"{}", drafted=None, reason=None)
    drafts.put(tx, row)
    note(tx, actor, "discard draft", row, now)
    return row


def _check_size(request: bytes) -> None:
    if len(request) > MAX_REQUEST:
        raise draft_refused(
            DraftRefusal.TOO_LARGE,
            f"the draft has {len(request)} bytes; {MAX_REQUEST} are possible",
        )


def _agencies(tx: Transaction, authors: tuple[PersonId, ...], now: int) -> set[Agency]:
    """The agencies from which the authors of a draft come."""
    accounts = (people.get(tx, author) for author in authors)
    members = (account.member for account in accounts if account is not None)
    return {agency for member in members for agency in agencies_of(member, now)}


def _case(drafted: DraftedStep) -> CaseId | None:
    return None if drafted.case is None else CaseId(drafted.case)
