"""What an approver does with a submitted draft: approve it with a proof, or return it with a reason."""

from __future__ import annotations

from typing import Final

from blo_agent.drafts.errors import DraftRefusal, draft_refused
from blo_agent.drafts.rows import author_of, digest_of, known_draft, moved, note
from blo_agent.people.access import Actor
from blo_agent.people.accounts import account_of
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.people.log_in import use_code, use_passkey
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import drafts
from blo_domain.people.approval import ApprovalRefused, check_approver
from blo_domain.people.drafts import DraftAct
from blo_domain.people.permissions import Action
from blo_schemas.approvals import (
    APPROVAL,
    APPROVE,
    Approval,
    PasskeyAssertion,
    SecondFactor,
    approval_challenge,
)
from blo_schemas.ids import Digest
from blo_schemas.people import PersonId
from blo_sealing.passkeys import RelyingParty

MAX_REASON: Final = 2_000


def return_to_author(
    actor: Actor, draft: bytes, seen: int, reason: str, now: int, tx: Transaction
) -> drafts.DraftRow:
    """Return a submitted draft with a reason.

    Raises:
        PeopleRefused: The actor may not approve.
        DraftStepRefused: It is not submitted, or there is no reason.
        DraftConflict: Somebody else has changed it.
    """
    person = author_of(actor, Action.APPROVE)
    words = reason.strip()
    if not 0 < len(words) <= MAX_REASON:
        raise draft_refused(
            DraftRefusal.REASON_MISSING, f"say why it is returned, in 1 to {MAX_REASON} characters"
        )
    row = moved(tx, draft, seen, DraftAct.RETURN, now, person)
    row = row._replace(reason=words, approval=None)
    drafts.put(tx, row)
    note(tx, actor, "return draft", row, now)
    return row


def approve(
    actor: Actor,
    draft: bytes,
    seen: int,
    proof: PasskeyAssertion | str,
    party: RelyingParty,
    now: int,
    tx: Transaction,
) -> drafts.DraftRow:
    """Approve a submitted draft, with a proof that the approver was there.

    Args:
        actor: Who approves.
        draft: The draft.
        seen: The revision that the actor saw.
        proof: A passkey's answer to ``challenge_of``, or a one-time code where the person has no
            passkey.
        party: For whom passkeys are made.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        PeopleRefused: The actor may not approve, has written in it, or the proof does not count.
        DraftStepRefused: It is not submitted.
        DraftConflict: Somebody else has changed it.
    """
    person = author_of(actor, Action.APPROVE)
    row = known_draft(tx, draft)
    try:
        check_approver(person, actor.roles, row.authors)
    except ApprovalRefused as error:
        raise refused(PeopleRefusal.NOT_ALLOWED, str(error)) from error
    row = moved(tx, draft, seen, DraftAct.APPROVE, now, person)
    account = account_of(tx, person)
    factor, passkey = _proven(tx, person, row, proof, party, now)
    approval = Approval(
        draft=row.id,
        revision=row.revision,
        digest=digest_of(row),
        approver=person,
        name=account.member.name,
        authors=tuple(sorted(row.authors)),
        at=now,
        factor=factor,
        passkey=passkey,
    )
    detail = APPROVAL.encode(approval)
    row = row._replace(approval=detail)
    drafts.put(tx, row)
    note(tx, actor, APPROVE.format(factor), row, now, detail)
    return row


def challenge_of(row: drafts.DraftRow) -> Digest:
    """What an approver's passkey signs of a submitted draft."""
    return approval_challenge(row.id, row.revision, digest_of(row))


def _proven(
    tx: Transaction,
    person: PersonId,
    row: drafts.DraftRow,
    proof: PasskeyAssertion | str,
    party: RelyingParty,
    now: int,
) -> tuple[SecondFactor, PasskeyAssertion | None]:
    if isinstance(proof, PasskeyAssertion):
        return SecondFactor.PASSKEY, use_passkey(tx, party, person, proof, challenge_of(row))
    if not use_code(tx, person, proof, now):
        raise refused(
            PeopleRefusal.CODE_REFUSED,
            "the one-time code is wrong or used; wait for the next one, or approve by passkey",
        )
    return SecondFactor.TOTP, None
