"""Accounts of the office's people: who, with which credentials and delegations."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.codec import Codec
from blo_schemas.people import DeputyDelegation, PersonId, StaffMember

_MEMBER: Final = Codec(StaffMember)
_SELECT: Final = "SELECT record, password, totp, totp_step, confirmed, disabled_at FROM people"


class Account(NamedTuple):
    """A person's account.

    Attributes:
        member: The person.
        password: The argon2id hash; ``None`` until the person has chosen a password.
        totp: The secret of the one-time codes; ``None`` without.
        totp_step: The step of the last code that was accepted.
        confirmed: Whether somebody who may manage people has agreed to the account.
        disabled_at: Since when the person cannot log in, Unix milliseconds.
    """

    member: StaffMember
    password: str | None = None
    totp: bytes | None = None
    totp_step: int = 0
    confirmed: bool = True
    disabled_at: int | None = None


class Passkey(NamedTuple):
    """A passkey of a person.

    Attributes:
        credential: Its id.
        person: Whose.
        public_key: Its public key, a COSE key.
        sign_count: The authenticator's counter.
        name: What the person calls it.
        added_at: When, Unix milliseconds.
    """

    credential: bytes
    person: PersonId
    public_key: bytes
    sign_count: int
    name: str
    added_at: int


def checked(member: StaffMember) -> StaffMember:
    """The person as it can be read again.

    Raises:
        WireError: A field is too long or empty.
    """
    return _MEMBER.decode(_MEMBER.encode(member))


def put(tx: Transaction, account: Account) -> None:
    """Adds an account, or replaces the person's."""
    tx.execute(
        "INSERT OR REPLACE INTO people(id, record, password, totp, totp_step, confirmed,"
        " disabled_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account.member.id, _MEMBER.encode(account.member), *account[1:]),
    )


def get(snapshot: Snapshot, person: PersonId) -> Account | None:
    """The account of a person."""
    row = snapshot.row(f"{_SELECT} WHERE id = ?", (person,))
    return None if row is None else _account(row)


def everybody(snapshot: Snapshot) -> list[Account]:
    """All accounts, by id."""
    return [_account(row) for row in snapshot.rows(f"{_SELECT} ORDER BY id")]


def add_passkey(tx: Transaction, passkey: Passkey) -> None:
    """Adds a passkey."""
    tx.execute(
        "INSERT INTO passkeys(credential, person, public_key, sign_count, name, added_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        passkey,
    )


def passkey(snapshot: Snapshot, credential: bytes) -> Passkey | None:
    """The passkey with an id."""
    row = snapshot.row("SELECT * FROM passkeys WHERE credential = ?", (credential,))
    return None if row is None else Passkey._make(row)


def passkeys_of(snapshot: Snapshot, person: PersonId) -> list[Passkey]:
    """The passkeys of a person, the oldest first."""
    rows = snapshot.rows("SELECT * FROM passkeys WHERE person = ? ORDER BY added_at", (person,))
    return [Passkey._make(row) for row in rows]


def set_sign_count(tx: Transaction, credential: bytes, count: int) -> None:
    """Notes the counter of a passkey."""
    tx.execute("UPDATE passkeys SET sign_count = ? WHERE credential = ?", (count, credential))


def remove_passkeys(tx: Transaction, person: PersonId, credential: bytes | None = None) -> int:
    """Removes one passkey of a person, or all; returns how many there were."""
    if credential is None:
        return tx.change("DELETE FROM passkeys WHERE person = ?", (person,))
    return tx.change(
        "DELETE FROM passkeys WHERE person = ? AND credential = ?", (person, credential)
    )


def put_invitation(tx: Transaction, token_hash: bytes, person: PersonId, ends_at: int) -> None:
    """Adds a one-time link of a person, in place of earlier ones."""
    tx.execute("DELETE FROM invitations WHERE person = ?", (person,))
    tx.execute(
        "INSERT INTO invitations(token_hash, person, ends_at) VALUES (?, ?, ?)",
        (token_hash, person, ends_at),
    )


def invited(snapshot: Snapshot, token_hash: bytes, now: int) -> PersonId | None:
    """Whose one-time link this is, while it counts."""
    person: PersonId | None = snapshot.value(
        "SELECT person FROM invitations WHERE token_hash = ? AND ends_at > ?", (token_hash, now)
    )
    return person


def remove_invitations(tx: Transaction, person: PersonId) -> None:
    """Removes the one-time links of a person."""
    tx.execute("DELETE FROM invitations WHERE person = ?", (person,))


def add_delegation(tx: Transaction, delegation: DeputyDelegation) -> None:
    """Adds a delegation."""
    tx.execute(
        'INSERT INTO delegations(chief, deputy, start, "end") VALUES (?, ?, ?, ?)',
        (delegation.chief, delegation.deputy, delegation.start, delegation.end),
    )


def end_delegations(tx: Transaction, deputy: PersonId, now: int) -> int:
    """Ends what is delegated to a deputy from now on; returns how many delegations that were."""
    return tx.change(
        'UPDATE delegations SET "end" = max(start + 1, ?) WHERE deputy = ? AND "end" > ?',
        (now, deputy, now),
    )


def delegations(snapshot: Snapshot) -> list[DeputyDelegation]:
    """All delegations, in the order in which they were made."""
    rows = snapshot.rows('SELECT chief, deputy, start, "end" FROM delegations ORDER BY seq')
    return [
        DeputyDelegation(chief=chief, deputy=deputy, start=start, end=end)
        for chief, deputy, start, end in rows
    ]


def _account(row: Row) -> Account:
    record, password, totp, totp_step, confirmed, disabled_at = row
    member = _MEMBER.decode(record)
    return Account(member, password, totp, totp_step, bool(confirmed), disabled_at)
