"""The office's accounts: who adds, confirms, changes and ends them (docs/people.md).

The first account is added at the node. A person gets a one-time link and chooses the credentials;
nobody else ever knows them. Nobody changes the credentials of a person who may do more. Each change
is in the journal, and ends the person's sessions.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from blo_agent.people.access import Actor, check_allowed
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, people, sessions
from blo_domain.people.permissions import Action, Permission, outranks, permission
from blo_domain.people.roles import (
    AppointmentRefused,
    check_appointments,
    check_delegation,
    roles_of,
)
from blo_schemas.errors import WireError
from blo_schemas.people import Appointment, DeputyDelegation, OfficeRole, PersonId, StaffMember

TOKEN_SIZE: Final = 32
INVITATION_MS: Final = 24 * 3_600_000
"""How long a one-time link counts."""

MOST_PEOPLE: Final = 500
PROGRAM_PREFIX: Final = "sys-"
"""What the ids of programs begin with (``systems``), and no person's does."""

MOST_APPOINTMENTS: Final = 50
MOST_PASSKEYS: Final = 10


class Invitation(NamedTuple):
    """A one-time link, shown once.

    Attributes:
        person: For whom.
        token: What the link carries.
        ends_at: Until when it counts, Unix milliseconds.
    """

    person: PersonId
    token: str
    ends_at: int


def add_person(actor: Actor, member: StaffMember, now: int, tx: Transaction) -> Invitation:
    """Add an account, and make the one-time link with which its person chooses credentials.

    Until there is a chief, the node's operator adds accounts alone. Afterwards an account that the
    operator adds counts when the chief has confirmed it.

    Args:
        actor: Who adds.
        member: The person.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        PeopleRefused: The actor may not, the id is taken, or the appointments contradict each
            other.
    """
    member = _checked(member)
    if member.id.startswith(PROGRAM_PREFIX):
        raise refused(PeopleRefusal.APPOINTMENT_REFUSED, "ids with sys- are those of programs")
    if people.get(tx, member.id) is not None:
        raise refused(
            PeopleRefusal.PERSON_EXISTS,
            f"{member.id} has an account, perhaps an ended one; ids are never given again",
        )
    if len(people.everybody(tx)) >= MOST_PEOPLE:
        raise refused(PeopleRefusal.TOO_MANY, f"an office has {MOST_PEOPLE} accounts at most")
    confirmed = may_alone(actor, Action.MANAGE_PEOPLE, now, tx)
    _check_rank(actor, member, now, tx)
    people.put(tx, people.Account(member, confirmed=confirmed))
    _note(tx, actor, "add person", member.id, now)
    return _invite(member.id, now, tx)


def confirm_person(actor: Actor, person: PersonId, now: int, tx: Transaction) -> None:
    """Agree to an account, or to new credentials, that the operator has made.

    Without any chief the operator can do it, because otherwise nobody could; the journal shows it.

    Raises:
        PeopleRefused: The actor may not manage people alone, or there is no such account.
    """
    if not may_alone(actor, Action.MANAGE_PEOPLE, now, tx):
        check_allowed(actor, Action.MANAGE_PEOPLE)
    account = account_of(tx, person)
    people.put(tx, account._replace(confirmed=True))
    _note(tx, actor, "confirm person", person, now)


def invite(actor: Actor, person: PersonId, now: int, tx: Transaction) -> Invitation:
    """Make a new one-time link for somebody who has lost the credentials; the old ones end.

    Raises:
        PeopleRefused: The actor may not, or the person may do more than the actor.
    """
    account = account_of(tx, person)
    confirmed = may_alone(actor, Action.MANAGE_PEOPLE, now, tx)
    _check_rank(actor, account.member, now, tx)
    changed = account._replace(password=None, totp=None, totp_step=0)
    people.put(tx, changed._replace(confirmed=confirmed and account.confirmed))
    people.remove_passkeys(tx, person)
    sessions.remove_of(tx, person)
    _note(tx, actor, "renew credentials", person, now)
    return _invite(person, now, tx)


def change_person(
    actor: Actor,
    person: PersonId,
    now: int,
    tx: Transaction,
    *,
    name: str | None = None,
    language: str | None = None,
    appointments: Sequence[Appointment] | None = None,
) -> StaffMember:
    """Change a person's name, language or appointments; an own name and language need no right.

    Raises:
        PeopleRefused: The actor may not, the person may do more than the actor, the appointments
            contradict each other, or the office would be left without a chief.
    """
    account = account_of(tx, person)
    if actor.person != person or appointments is not None:
        check_allowed(actor, Action.MANAGE_PEOPLE)
        _check_rank(actor, account.member, now, tx)
    before = account.member
    member = _checked(
        StaffMember(
            id=person,
            name=before.name if name is None else name,
            language=before.language if language is None else language,
            appointments=before.appointments if appointments is None else tuple(appointments),
        )
    )
    if appointments is not None:
        _check_rank(actor, member, now, tx)
        _check_chief_stays(tx, now, {person: member})
        sessions.remove_of(tx, person)
    people.put(tx, account._replace(member=member))
    _note(tx, actor, "change person", person, now)
    return member


def disable_person(actor: Actor, person: PersonId, now: int, tx: Transaction) -> None:
    """End an account; its id stays taken, and what the person did stays in the journal.

    Raises:
        PeopleRefused: The actor may not, the person may do more, or is the last chief.
    """
    check_allowed(actor, Action.MANAGE_PEOPLE)
    account = account_of(tx, person)
    _check_rank(actor, account.member, now, tx)
    _check_chief_stays(tx, now, {person: None})
    people.put(tx, account._replace(disabled_at=now, password=None, totp=None))
    people.remove_passkeys(tx, person)
    people.remove_invitations(tx, person)
    sessions.remove_of(tx, person)
    _note(tx, actor, "end account", person, now)


def delegate(actor: Actor, delegation: DeputyDelegation, now: int, tx: Transaction) -> None:
    """Let the standing deputy act as chief for a time.

    Raises:
        PeopleRefused: The actor is not that chief, or the dates or roles are wrong.
    """
    check_allowed(actor, Action.DELEGATE)
    if actor.person != delegation.chief:
        raise refused(PeopleRefusal.NOT_ALLOWED, "a chief delegates the own office only")
    if OfficeRole.STANDING_DEPUTY in actor.roles:
        raise refused(PeopleRefusal.NOT_ALLOWED, "what was delegated is not delegated on")
    chief, deputy = account_of(tx, delegation.chief), account_of(tx, delegation.deputy)
    try:
        check_delegation(delegation, chief.member, deputy.member)
    except AppointmentRefused as error:
        raise refused(PeopleRefusal.APPOINTMENT_REFUSED, str(error)) from error
    people.add_delegation(tx, delegation)
    _note(tx, actor, "delegate", delegation.deputy, now)


def end_delegation(actor: Actor, deputy: PersonId, now: int, tx: Transaction) -> None:
    """End what is delegated to a deputy; the deputy may end it, too.

    Raises:
        PeopleRefused: The actor may not.
    """
    if actor.person != deputy:
        check_allowed(actor, Action.DELEGATE)
    people.end_delegations(tx, deputy, now)
    sessions.remove_of(tx, deputy)
    _note(tx, actor, "end delegation", deputy, now)


def account_of(snapshot: Snapshot, person: PersonId) -> people.Account:
    """The account of a person.

    Raises:
        PeopleRefused: There is none.
    """
    account = people.get(snapshot, person)
    if account is None or account.disabled_at is not None:
        raise refused(PeopleRefusal.UNKNOWN_PERSON, f"there is no account {person} here")
    return account


def token_hash(token: str) -> bytes:
    """What the store keeps of a token."""
    return sha256(token.encode("utf-8", "replace")).digest()


def _invite(person: PersonId, now: int, tx: Transaction) -> Invitation:
    token = os.urandom(TOKEN_SIZE).hex()
    people.put_invitation(tx, token_hash(token), person, now + INVITATION_MS)
    return Invitation(person, token, now + INVITATION_MS)


def may_alone(actor: Actor, action: Action, now: int, tx: Transaction) -> bool:
    """Whether the actor may do this without a second person; without a chief the operator may.

    Raises:
        PeopleRefused: The actor may not at all.
    """
    answer = permission(actor.roles, action)
    if answer is Permission.REFUSED:
        check_allowed(actor, action)
    return answer is Permission.ALLOWED or not _chiefs(tx, now)


def _check_rank(actor: Actor, member: StaffMember, now: int, tx: Transaction) -> None:
    """Nobody changes the credentials of a person who may do more, now or with a coming role."""
    if actor.is_office or permission(actor.roles, Action.MANAGE_PEOPLE) is not Permission.ALLOWED:
        # A laboratory's socket is everybody at once; the operator's changes count when the chief
        # has confirmed them.
        return
    if actor.person == member.id:
        return
    roles = {row.role for row in member.appointments if row.end is None or row.end > now}
    # The chief appoints auditors and operators, whose duties no other role has.
    ranked = roles - {OfficeRole.OFFICE_AUDITOR, OfficeRole.OPERATOR}
    is_other_chief = member.id in _chiefs(tx, now)
    # A deputy acts as chief, and appoints none.
    is_lent = OfficeRole.STANDING_DEPUTY in actor.roles and OfficeRole.CHIEF in ranked
    if is_other_chief or is_lent or not outranks(actor.roles, ranked):
        raise refused(PeopleRefusal.MAY_MORE, f"{member.name} may do as much as you, or more")


def _check_chief_stays(
    tx: Transaction, now: int, changed: dict[PersonId, StaffMember | None]
) -> None:
    before = _chiefs(tx, now)
    after = [person for person in before if person not in changed]
    after += [
        person
        for person, member in changed.items()
        if member is not None and OfficeRole.CHIEF in roles_of(member, now)
    ]
    if before and not after:
        raise refused(
            PeopleRefusal.LAST_CHIEF,
            "this is the only chief; appoint the successor first, who then ends this role",
        )


def _chiefs(snapshot: Snapshot, now: int) -> list[PersonId]:
    return [
        account.member.id
        for account in people.everybody(snapshot)
        if account.confirmed
        and account.disabled_at is None
        and OfficeRole.CHIEF in roles_of(account.member, now)
    ]


def _checked(member: StaffMember) -> StaffMember:
    if len(member.appointments) > MOST_APPOINTMENTS:
        raise refused(
            PeopleRefusal.TOO_MANY, f"a person has {MOST_APPOINTMENTS} appointments at most"
        )
    try:
        check_appointments(member.appointments)
        return people.checked(member)
    except AppointmentRefused as error:
        raise refused(PeopleRefusal.APPOINTMENT_REFUSED, str(error)) from error
    except WireError as error:
        raise refused(PeopleRefusal.APPOINTMENT_REFUSED, error.detail) from error


def _note(tx: Transaction, actor: Actor, action: str, person: PersonId, now: int) -> None:
    journal.append(tx, at=now, actor=actor.name, action=action, detail=person.encode())
