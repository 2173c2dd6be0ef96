"""Sessions of people who are logged in; of a session's token the store keeps the hash alone."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Snapshot, Transaction
from blo_schemas.people import PersonId

_SELECT: Final = (
    "SELECT token_hash, person, csrf, started_at, seen_at, factor, client FROM sessions"
)


class SessionRow(NamedTuple):
    """A session.

    Attributes:
        token_hash: SHA-256 of its token.
        person: Whose.
        csrf: What the forms of its pages carry, 32 bytes.
        started_at: When the person logged in, Unix milliseconds.
        seen_at: The last time at which it was used, some seconds behind.
        factor: How the person has logged in: ``password``, ``totp`` or ``passkey``.
        client: The browser as it calls itself, for the list of one's sessions.
    """

    token_hash: bytes
    person: PersonId
    csrf: bytes
    started_at: int
    seen_at: int
    factor: str
    client: str


def put(tx: Transaction, row: SessionRow) -> None:
    """Adds a session."""
    tx.execute(
        "INSERT INTO sessions(token_hash, person, csrf, started_at, seen_at, factor, client)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    )


def get(snapshot: Snapshot, token_hash: bytes) -> SessionRow | None:
    """The session with this hash of its token."""
    row = snapshot.row(f"{_SELECT} WHERE token_hash = ?", (token_hash,))
    return None if row is None else SessionRow._make(row)


def of_person(snapshot: Snapshot, person: PersonId) -> list[SessionRow]:
    """The sessions of a person, the newest first."""
    rows = snapshot.rows(f"{_SELECT} WHERE person = ? ORDER BY started_at DESC", (person,))
    return [SessionRow._make(row) for row in rows]


def everybody(snapshot: Snapshot) -> list[SessionRow]:
    """All sessions, the newest first."""
    rows = snapshot.rows(f"{_SELECT} ORDER BY started_at DESC")
    return [SessionRow._make(row) for row in rows]


def set_seen(tx: Transaction, token_hash: bytes, at: int) -> None:
    """Notes when a session was used."""
    tx.execute("UPDATE sessions SET seen_at = ? WHERE token_hash = ?", (at, token_hash))


def remove(tx: Transaction, token_hash: bytes) -> int:
    """Removes a session; returns 0 if there was none."""
    return tx.change("DELETE FROM sessions WHERE token_hash = ?", (token_hash,))


def remove_of(tx: Transaction, person: PersonId) -> int:
    """Removes all sessions of a person; returns how many there were."""
    return tx.change("DELETE FROM sessions WHERE person = ?", (person,))


def remove_ended(tx: Transaction, started_before: int, seen_before: int) -> int:
    """Removes what has ended by its age; returns how many sessions that were."""
    return tx.change(
        "DELETE FROM sessions WHERE started_at < ? OR seen_at < ?", (started_before, seen_before)
    )
