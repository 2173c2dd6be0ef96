"""Other programs of the office, of whose tokens the store keeps the hashes; answers for retries."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.codec import Codec
from blo_schemas.people import SystemScope

_SCOPE: Final = Codec(SystemScope)
_SELECT: Final = (
    "SELECT id, token_hash, scope, created_at, ends_at, confirmed, used_at, revoked_at FROM systems"
)


class SystemRow(NamedTuple):
    """A program with a token.

    Attributes:
        id: Its id; begins with ``sys-``.
        token_hash: SHA-256 of its token.
        scope: What it may do.
        created_at: When it was added, Unix milliseconds.
        ends_at: When its token ends.
        confirmed: Whether somebody who may manage programs alone has agreed.
        used_at: When it was used last, some minutes behind; ``None``: never.
        revoked_at: When the token was revoked; ``None``: it was not.
    """

    id: str
    token_hash: bytes
    scope: SystemScope
    created_at: int
    ends_at: int
    confirmed: bool = True
    used_at: int | None = None
    revoked_at: int | None = None


class KeptAnswer(NamedTuple):
    """What a command with an idempotency key was answered.

    Attributes:
        request: SHA-256 of the request.
        status: The HTTP status; 0 while the command has no answer yet.
        answer: The body.
        at: When, Unix milliseconds.
    """

    request: bytes
    status: int
    answer: bytes
    at: int


def put(tx: Transaction, row: SystemRow) -> None:
    """Adds a program, or replaces it with its token."""
    tx.execute(
        "INSERT OR REPLACE INTO systems(id, token_hash, scope, created_at, ends_at, confirmed,"
        " used_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*row[:2], _SCOPE.encode(row.scope), *row[3:]),
    )


def get(snapshot: Snapshot, system: str) -> SystemRow | None:
    """The program with this id."""
    row = snapshot.row(f"{_SELECT} WHERE id = ?", (system,))
    return None if row is None else _system(row)


def by_token(snapshot: Snapshot, token_hash: bytes) -> SystemRow | None:
    """The program with this token."""
    row = snapshot.row(f"{_SELECT} WHERE token_hash = ?", (token_hash,))
    return None if row is None else _system(row)


def everything(snapshot: Snapshot) -> list[SystemRow]:
    """All programs, by id."""
    return [_system(row) for row in snapshot.rows(f"{_SELECT} ORDER BY id")]


def set_used(tx: Transaction, system: str, at: int) -> None:
    """Notes that a program has used its token."""
    tx.execute("UPDATE systems SET used_at = ? WHERE id = ?", (at, system))


def kept_answer(snapshot: Snapshot, actor: str, key: str) -> KeptAnswer | None:
    """What an actor's command with this idempotency key was answered."""
    row = snapshot.row(
        "SELECT request, status, answer, at FROM answers WHERE actor = ? AND key = ?", (actor, key)
    )
    return None if row is None else KeptAnswer._make(row)


def keep_answer(tx: Transaction, actor: str, key: str, kept: KeptAnswer) -> None:
    """Keeps what a command was answered."""
    tx.execute(
        "INSERT INTO answers(actor, key, request, status, answer, at) VALUES (?, ?, ?, ?, ?, ?)",
        (actor, key, *kept),
    )


def set_answer(tx: Transaction, actor: str, key: str, status: int, answer: bytes) -> None:
    """Keeps the answer to a command whose key was noted before."""
    tx.execute(
        "UPDATE answers SET status = ?, answer = ? WHERE actor = ? AND key = ?",
        (status, answer, actor, key),
    )


def forget_answer(tx: Transaction, actor: str, key: str) -> None:
    """Removes a key whose command was refused."""
    tx.execute("DELETE FROM answers WHERE actor = ? AND key = ?", (actor, key))


def forget_answers(tx: Transaction, before: int) -> int:
    """Removes answers that are older than an instant, Unix milliseconds; returns how many."""
    return tx.change("DELETE FROM answers WHERE at < ?", (before,))


def _system(row: Row) -> SystemRow:
    return SystemRow._make((*row[:2], _SCOPE.decode(row[2]), *row[3:5], bool(row[5]), *row[6:]))
