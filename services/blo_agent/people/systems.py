"""Other programs of the office: each has a token of its own, with a scope and an end.

The token is shown once; the store keeps its hash. What a program submits needs approval as a
person's steps do, unless the scope says that it is trusted.
"""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

from blo_agent.people.access import Actor, check_allowed
from blo_agent.people.accounts import PROGRAM_PREFIX, TOKEN_SIZE, may_alone, token_hash
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, systems
from blo_domain.people.permissions import Action
from blo_schemas.people import OfficeRole, SystemScope

TOKEN_PREFIX: Final = "blo_"  # noqa: S105 - so that scanners for leaked secrets know one
LONGEST_MS: Final = 731 * 86_400_000
MOST_SYSTEMS: Final = 100

_ID: Final = re.compile(r"sys-[a-z0-9][a-z0-9-]{0,27}")
_NOTE_EVERY_MS: Final = 5 * 60_000


class NewToken(NamedTuple):
    """The token of a program, shown once: its id, the token, and its end in Unix milliseconds."""

    system: str
    token: str
    ends_at: int


def add_system(
    actor: Actor, system: str, scope: SystemScope, ends_at: int, now: int, tx: Transaction
) -> NewToken:
    """Give a program a token, in place of the one that it had.

    A token that the operator gives counts when the chief has confirmed it, because contents can be
    read with it.

    Args:
        actor: Who gives it.
        system: The program's id; begins with ``sys-``.
        scope: What it may do.
        ends_at: When the token ends, Unix milliseconds; two years at most.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        PeopleRefused: The actor may not, or the id or the end is none.
    """
    confirmed = may_alone(actor, Action.MANAGE_SYSTEMS, now, tx)
    if not _ID.fullmatch(system):
        raise refused(
            PeopleRefusal.APPOINTMENT_REFUSED,
            f"a program's id is {PROGRAM_PREFIX} and 1 to 28 of a-z, 0-9 and -, such as sys-registry",
        )
    if not now < ends_at <= now + LONGEST_MS:
        raise refused(PeopleRefusal.APPOINTMENT_REFUSED, "a token ends within two years from now")
    if systems.get(tx, system) is None and len(systems.everything(tx)) >= MOST_SYSTEMS:
        raise refused(PeopleRefusal.TOO_MANY, f"an office has {MOST_SYSTEMS} programs at most")
    token = TOKEN_PREFIX + os.urandom(TOKEN_SIZE).hex()
    systems.put(tx, systems.SystemRow(system, token_hash(token), scope, now, ends_at, confirmed))
    journal.append(tx, at=now, actor=actor.name, action="give token", detail=system.encode())
    return NewToken(system, token, ends_at)


def confirm_system(actor: Actor, system: str, now: int, tx: Transaction) -> None:
    """Agree to a token that the operator has given.

    Raises:
        PeopleRefused: The actor may not alone, or there is no such program.
    """
    if not may_alone(actor, Action.MANAGE_SYSTEMS, now, tx):
        check_allowed(actor, Action.MANAGE_SYSTEMS)
    systems.put(tx, _known(tx, system)._replace(confirmed=True))
    journal.append(tx, at=now, actor=actor.name, action="confirm token", detail=system.encode())


def revoke_system(actor: Actor, system: str, now: int, tx: Transaction) -> None:
    """End the token of a program at once.

    Raises:
        PeopleRefused: The actor may not, or there is no such program.
    """
    may_alone(actor, Action.MANAGE_SYSTEMS, now, tx)
    row = _known(tx, system)
    systems.put(tx, row._replace(revoked_at=row.revoked_at or now))
    journal.append(tx, at=now, actor=actor.name, action="revoke token", detail=system.encode())


def system_actor(snapshot: Snapshot, token: str, now: int) -> Actor | None:
    """As whom the program with a token acts now; ``None``: the token does not count."""
    row = systems.by_token(snapshot, token_hash(token))
    if row is None:
        return None
    return actor_of_system(row, now)


def actor_of_system(row: systems.SystemRow, now: int) -> Actor | None:
    """As whom a program acts now; ``None``: its token does not count."""
    if not row.confirmed or row.revoked_at is not None or now >= row.ends_at:
        return None
    roles = {OfficeRole.AGENCY_MEMBER, OfficeRole.DUTY_OFFICER}
    return Actor(row.id, None, frozenset(roles), scope=row.scope)


def needs_noting(snapshot: Snapshot, system: str, now: int) -> bool:
    """Whether the last use that the store knows is minutes old."""
    row = systems.get(snapshot, system)
    return row is not None and now - (row.used_at or 0) >= _NOTE_EVERY_MS


def _known(snapshot: Snapshot, system: str) -> systems.SystemRow:
    row = systems.get(snapshot, system)
    if row is None:
        raise refused(PeopleRefusal.UNKNOWN_PERSON, f"there is no program {system} here")
    return row
