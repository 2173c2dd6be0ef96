"""What people are shown of accounts: the own one, and for who manages people those of everybody."""

from __future__ import annotations

from typing import NamedTuple

from blo_agent.people.accounts import account_of
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, people, sessions
from blo_schemas.approvals import REMOVE_PASSKEY
from blo_schemas.people import DeputyDelegation, PersonId


class OwnAccount(NamedTuple):
    """What a person sees of the own account.

    Attributes:
        account: The account.
        passkeys: Its passkeys, the oldest first.
        sessions: Where the person is logged in, the newest first.
    """

    account: people.Account
    passkeys: list[people.Passkey]
    sessions: list[sessions.SessionRow]


class Staff(NamedTuple):
    """The people of an office.

    Attributes:
        accounts: All accounts, ended ones too, by id.
        delegations: What was delegated to deputies, in the order in which it was.
    """

    accounts: list[people.Account]
    delegations: list[DeputyDelegation]


def own_account(snapshot: Snapshot, person: PersonId) -> OwnAccount:
    """The account of a person who asks for it.

    Raises:
        PeopleRefused: There is none any more.
    """
    account = account_of(snapshot, person)
    return OwnAccount(
        account, people.passkeys_of(snapshot, person), sessions.of_person(snapshot, person)
    )


def staff_of(snapshot: Snapshot) -> Staff:
    """The people of the office."""
    return Staff(people.everybody(snapshot), people.delegations(snapshot))


def remove_passkey(person: PersonId, credential: bytes, now: int, tx: Transaction) -> None:
    """Remove one passkey of a person, who has lost it perhaps.

    Raises:
        PeopleRefused: The person has no such passkey.
    """
    known = people.passkey(tx, credential)
    if not people.remove_passkeys(tx, person, credential) or known is None:
        raise refused(PeopleRefusal.UNKNOWN_PERSON, "you have no such passkey")
    journal.append(tx, at=now, actor=person, action=REMOVE_PASSKEY, detail=known.credential)
