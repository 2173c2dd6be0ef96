"""Sessions: a person who is logged in at a browser.

A session's token is 32 random bytes in a cookie; the store keeps its hash. It ends after 15 minutes
without use, after 12 hours in any case, when its owner or the operator ends it, and when the rights
or credentials of its person change. A log-in always makes a new token.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Final, NamedTuple

from blo_agent.people.access import Actor, actor_of
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal, sessions
from blo_runtime.clock import Clock
from blo_schemas.errors import WireError
from blo_schemas.people import PersonId
from blo_schemas.texts import from_hex

IDLE_MS: Final = 15 * 60_000
LONGEST_MS: Final = 12 * 3_600_000
NOTE_EVERY_MS: Final = 60_000
"""By so much the store may lag behind the last use of a session."""
MOST_OF_A_PERSON: Final = 10
"""Sessions of one person at a time; a further log-in ends the oldest one."""

_TOKEN_SIZE: Final = 32
_MAX_CLIENT: Final = 200


class SessionOpened(NamedTuple):
    """A new session.

    Attributes:
        token: What the cookie carries.
        row: What the store keeps.
    """

    token: str
    row: sessions.SessionRow


class ActiveSession(NamedTuple):
    """A session that counts now, and as whom its person acts.

    Attributes:
        row: The session.
        actor: The person.
    """

    row: sessions.SessionRow
    actor: Actor


def open_session(
    person: PersonId, factor: str, client: str, now: int, tx: Transaction
) -> SessionOpened:
    """Begin a session of a person who has shown the credentials.

    Args:
        person: The person.
        factor: How: ``password``, ``totp`` or ``passkey``.
        client: The browser as it calls itself; cut to 200 characters.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.
    """
    sessions.remove_ended(tx, now - LONGEST_MS, now - IDLE_MS)
    for row in sessions.of_person(tx, person)[MOST_OF_A_PERSON - 1 :]:
        sessions.remove(tx, row.token_hash)
    token = os.urandom(_TOKEN_SIZE)
    row = sessions.SessionRow(
        sha256(token).digest(), person, os.urandom(32), now, now, factor, client[:_MAX_CLIENT]
    )
    sessions.put(tx, row)
    journal.append(tx, at=now, actor=person, action=f"log in by {factor}")
    return SessionOpened(token.hex(), row)


def end_session(actor: Actor, token_hash: bytes, now: int, tx: Transaction) -> None:
    """End one session; a person ends the own ones, the operator anybody's.

    Raises:
        PeopleRefused: It is somebody else's, or has ended.
    """
    row = sessions.get(tx, token_hash)
    if row is None or (actor.person is not None and row.person != actor.person):
        raise refused(PeopleRefusal.UNKNOWN_PERSON, "you have no such session; it may have ended")
    sessions.remove(tx, token_hash)
    journal.append(tx, at=now, actor=actor.name, action="end session", detail=row.person.encode())


class SessionKeeper:
    """Finds the session of a request.

    A session's last use is kept in memory and written once a minute, so that reading pages does not
    wait for the disk. A restart can make a session look up to a minute older, never younger.

    Args:
        store: The office's store.
        clock: The office's clock.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[bytes, int] = {}

    async def find(self, token: str, *, is_use: bool = True) -> ActiveSession:
        """The session of a token.

        Args:
            token: What the cookie carries.
            is_use: Whether the session is used now; not by what a page asks for by itself.

        Raises:
            PeopleRefused: There is none, it has ended, or its person has no account any more.
        """
        now = self._clock.now_ms()
        try:
            key = sha256(from_hex(token, _TOKEN_SIZE)).digest()
        except WireError:
            raise _not_logged_in() from None
        session = await self._store.read(lambda snapshot: _load(snapshot, key, now))
        if session is None:
            self._seen.pop(key, None)
            raise _not_logged_in()
        row = session.row
        seen = max(row.seen_at, self._seen.get(key, 0))
        if now - seen >= IDLE_MS or now - row.started_at >= LONGEST_MS:
            self._seen.pop(key, None)
            await self._store.write(lambda tx: sessions.remove(tx, key))
            raise _not_logged_in()
        if not is_use:
            return session
        self._seen[key] = now
        if now - row.seen_at >= NOTE_EVERY_MS:
            await self._store.write(lambda tx: sessions.set_seen(tx, key, now))
        return session


def _load(snapshot: Snapshot, key: bytes, now: int) -> ActiveSession | None:
    row = sessions.get(snapshot, key)
    actor = None if row is None else actor_of(snapshot, row.person, now)
    return None if row is None or actor is None else ActiveSession(row, actor)


def _not_logged_in() -> Exception:
    return refused(
        PeopleRefusal.NOT_LOGGED_IN, "you are not logged in, or the session has ended; log in"
    )
