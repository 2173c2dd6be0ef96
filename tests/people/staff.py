"""The fictional people of a test, and a store to keep them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from argon2 import PasswordHasher

from blo_agent.people import passwords
from blo_agent.people.access import AT_NODE, Actor, actor_of
from blo_agent.people.accounts import add_person
from blo_agent.people.errors import PeopleRefused
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal
from blo_schemas.people import Agency, Appointment, OfficeRole, PersonId, StaffMember

T = TypeVar("T")
NOW = 1_750_000_000_000
PASSWORD = "quiet gate under the bamboo"


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """A new store in a folder."""
    with Store(folder / "store.db", bytes(32)) as store:
        yield store


def member(person: PersonId, *roles: OfficeRole, end: int | None = None) -> StaffMember:
    """A fictional person with these roles."""
    rows = tuple(
        Appointment(
            role=role,
            agency=Agency.POLICE if role is OfficeRole.AGENCY_MEMBER else None,
            start=0,
            end=end,
        )
        for role in roles
    )
    return StaffMember(id=person, name=f"{person.title()} (fictional)", appointments=rows)


class Staff:
    """What tests do with the people of a store, at one instant."""

    def __init__(self, store: Store, now: int = NOW) -> None:
        self.store = store
        self.now = now

    def write(self, job: Callable[[Transaction], T]) -> T:
        return self.store.submit(job).result()

    def read(self, query: Callable[[Snapshot], T]) -> T:
        return self.store.submit_read(query).result()

    def add(self, person: PersonId, *roles: OfficeRole, by: Actor = AT_NODE) -> str:
        """Adds a person; the token of the one-time link."""
        made = self.write(lambda tx: add_person(by, member(person, *roles), self.now, tx))
        return made.token

    def actor(self, person: PersonId) -> Actor:
        """As whom a person acts now."""
        actor = self.read(lambda snapshot: actor_of(snapshot, person, self.now))
        assert actor is not None
        return actor

    def journal(self) -> list[tuple[str, str]]:
        """Who did what."""
        return [(row.actor, row.action) for row in self.read(lambda s: list(journal.entries(s)))]


def make_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let passwords be hashed as fast as possible; how they are, `test_log_in` shows."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("a password that nobody has"))


@contextmanager
def refuses(reason: str) -> Iterator[pytest.ExceptionInfo[PeopleRefused]]:
    """What is done inside is refused for this reason, in words."""
    with pytest.raises(PeopleRefused) as raised:
        yield raised
    assert raised.value.reason == reason
    assert raised.value.words
