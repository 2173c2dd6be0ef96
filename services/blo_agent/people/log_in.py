"""Logging in: a password and a second factor, or a passkey alone; and choosing credentials.

Unknown names, wrong passwords and ended accounts get the same words, after the same work. A
challenge and a half-done log-in live in memory for five minutes, and count once.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

import msgspec

from blo_agent.people.access import actor_of, note_refusal
from blo_agent.people.accounts import MOST_PASSKEYS, token_hash
from blo_agent.people.attempts import LoginAttempts
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.people.passwords import hash_password, is_password
from blo_agent.people.sessions import SessionOpened, open_session
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal, people
from blo_runtime.clock import Clock
from blo_schemas.approvals import ADD_PASSKEY, PasskeyAssertion
from blo_schemas.ids import OfficeId
from blo_schemas.people import PersonId, StaffMember
from blo_sealing.errors import PasskeyRefused
from blo_sealing.one_time_codes import accept_code, enrolment_uri, new_secret
from blo_sealing.passkeys import RelyingParty, accept_registration, verify_assertion

TICKET_S: Final = 300.0
MOST_TICKETS: Final = 1_000
"""Half-done log-ins and challenges at a time; the oldest ends when one more begins."""

HASHES_AT_ONCE: Final = 2
"""Passwords that are hashed at a time, of 64 MiB each."""

_CHALLENGE_SIZE: Final = 32
_FAILED: Final = "the name, the password or the code is wrong"

T = TypeVar("T")


class LoginStep(NamedTuple):
    """What comes after the password.

    Attributes:
        opened: The session, if nothing more is needed.
        ticket: What the next request carries, if a code or passkey is needed.
        factors: Which factors the person has: ``totp``, ``passkey``.
    """

    opened: SessionOpened | None
    ticket: str
    factors: tuple[str, ...]


class _Ticket(NamedTuple):
    purpose: str
    person: PersonId | None
    value: bytes
    ends_at: float


class Credentials:
    """The log-in of one office, and the credentials of its people.

    Args:
        office: The office.
        store: Its store.
        clock: Its clock.
        party: For whom passkeys are made.
    """

    def __init__(self, office: OfficeId, store: Store, clock: Clock, party: RelyingParty) -> None:
        self.party = party
        self._office = office
        self._store = store
        self._clock = clock
        self._attempts = LoginAttempts(clock)
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    async def begin(self, person: str, password: str, client: str) -> LoginStep:
        """Check a name and a password.

        Raises:
            PeopleRefused: They are wrong, or too many attempts have failed.
        """
        name = person.strip().lower()
        self._attempts.check(name)
        account = await self._store.read(lambda snapshot: _usable(snapshot, name, self._now()))
        hashed = None if account is None else account.password
        if not await self._hashed(lambda: is_password(password, hashed)) or account is None:
            await self._fail(name)
        assert account is not None
        member = account.member.id
        factors = await self._store.read(lambda snapshot: _factors(snapshot, account))
        if factors:
            return LoginStep(None, self._issue("log in", member, b""), factors)
        return LoginStep(await self._open(member, "password", client), "", ())

    async def finish_code(self, ticket: str, code: str, client: str) -> SessionOpened:
        """Finish a log-in with a one-time code.

        Raises:
            PeopleRefused: The log-in has expired, or the code is wrong or used.
        """
        begun = self._take("log in", ticket)
        assert begun.person is not None
        person = begun.person
        self._attempts.check(person)
        if not await self._store.write(lambda tx: use_code(tx, person, code, self._now())):
            # The log-in may go on with the next code.
            self._tickets[ticket] = begun
            await self._fail(person)
        return await self._open(person, "totp", client)

    def is_begun(self, ticket: str) -> bool:
        """Whether what was begun with a ticket can go on."""
        begun = self._tickets.get(ticket)
        return begun is not None and begun.ends_at > self._clock.monotonic()

    def challenge(self, purpose: str, person: PersonId | None = None) -> tuple[str, bytes]:
        """A new challenge for a passkey: its ticket, and 32 bytes.

        Args:
            purpose: What the answer is for; the same word is given to take it.
            person: Whose passkey; ``None``: anybody's.
        """
        challenge = os.urandom(_CHALLENGE_SIZE)
        return self._issue(purpose, person, challenge), challenge

    async def finish_passkey(
        self, ticket: str, answer: PasskeyAssertion, client: str
    ) -> SessionOpened:
        """Log in with a passkey, with or without a password before.

        Raises:
            PeopleRefused: The challenge has expired, or the passkey is not one of an account here.
        """
        begun = self._take("passkey", ticket)
        known = await self._store.read(lambda s: people.passkey(s, answer.credential))
        if known is None or (begun.person is not None and known.person != begun.person):
            raise refused(PeopleRefusal.LOG_IN_FAILED, "this passkey is not known here")
        if await self._store.read(lambda s: _usable(s, known.person, self._now())) is None:
            raise refused(PeopleRefusal.LOG_IN_FAILED, "this passkey is not known here")
        await self._store.write(
            lambda tx: use_passkey(tx, self.party, known.person, answer, begun.value)
        )
        return await self._open(known.person, "passkey", client)

    async def choose_password(self, token: str, password: str) -> PersonId:
        """Set the password of a person who has a one-time link; the link ends with it.

        Raises:
            PeopleRefused: The link has expired, or the password is refused.
        """
        key = token_hash(token)
        person, member = await self._store.read(lambda s: _invited(s, key, self._now()))
        hashed = await self._hashed(
            lambda: hash_password(password, (member.id, member.name, self._office))
        )

        def save(tx: Transaction) -> None:
            _invited(tx, key, self._now())
            account = people.get(tx, person)
            assert account is not None
            people.put(tx, account._replace(password=hashed))
            people.remove_invitations(tx, person)
            journal.append(tx, at=self._now(), actor=person, action="choose password")

        await self._store.write(save)
        return person

    async def change_password(self, person: PersonId, old: str, new: str) -> None:
        """Change the own password.

        Raises:
            PeopleRefused: The old one is wrong, or the new one is refused.
        """
        self._attempts.check(person)
        account = await self._store.read(lambda snapshot: _usable(snapshot, person, self._now()))
        hashed = None if account is None else account.password
        if not await self._hashed(lambda: is_password(old, hashed)) or account is None:
            await self._fail(person)
        assert account is not None
        known = (person, account.member.name, self._office)
        fresh = await self._hashed(lambda: hash_password(new, known))

        def save(tx: Transaction) -> None:
            current = people.get(tx, person)
            assert current is not None
            people.put(tx, current._replace(password=fresh))
            journal.append(tx, at=self._now(), actor=person, action="change password")

        await self._store.write(save)

    def begin_codes(self, person: PersonId) -> tuple[str, str]:
        """A new secret for one-time codes: its ticket, and the address for the authenticator app."""
        secret = new_secret()
        return self._issue("codes", person, secret), enrolment_uri(secret, person, self._office)

    async def finish_codes(self, person: PersonId, ticket: str, code: str) -> None:
        """Keep a secret after a first code of it.

        Raises:
            PeopleRefused: The offer has expired, or the code is wrong.
        """
        begun = self._take("codes", ticket, person)
        step = accept_code(begun.value, code, self._now(), 0)
        if step is None:
            self._tickets[ticket] = begun
            raise refused(
                PeopleRefusal.CODE_REFUSED, "the code is wrong; is the phone's clock right?"
            )

        def save(tx: Transaction) -> None:
            account = people.get(tx, person)
            assert account is not None
            people.put(tx, account._replace(totp=begun.value, totp_step=step))
            journal.append(tx, at=self._now(), actor=person, action="add one-time codes")

        await self._store.write(save)

    async def add_passkey(
        self,
        person: PersonId,
        ticket: str,
        name: str,
        credential: bytes,
        attestation: bytes,
        client_data: bytes,
    ) -> None:
        """Keep a passkey that the person's authenticator has made for a challenge ``new passkey``.

        Raises:
            PeopleRefused: The challenge has expired, the answer is refused, the passkey is known,
                or the person has too many.
        """
        begun = self._take("new passkey", ticket, person)
        try:
            made = accept_registration(
                self.party, begun.value, credential, attestation, client_data
            )
        except PasskeyRefused as error:
            raise refused(PeopleRefusal.CODE_REFUSED, str(error)) from error
        row = people.Passkey(
            made.credential, person, made.public_key, made.sign_count, name, self._now()
        )

        def save(tx: Transaction) -> None:
            if people.passkey(tx, row.credential) is not None:
                raise refused(PeopleRefusal.TOO_MANY, "this passkey is known already")
            if len(people.passkeys_of(tx, person)) >= MOST_PASSKEYS:
                raise refused(
                    PeopleRefusal.TOO_MANY, f"a person has {MOST_PASSKEYS} passkeys at most"
                )
            people.add_passkey(tx, row)
            journal.append(
                tx,
                at=self._now(),
                actor=person,
                action=ADD_PASSKEY,
                detail=row.credential + row.public_key,
            )

        await self._store.write(save)

    def _now(self) -> int:
        return self._clock.now_ms()

    async def _hashed(self, work: Callable[[], T]) -> T:
        async with self._hashing:
            return await asyncio.to_thread(work)

    async def _fail(self, person: str) -> None:
        self._attempts.failed(person)

        def note(tx: Transaction) -> None:
            # Of a name that is none the journal keeps nothing: it may be a mistyped password.
            known = people.get(tx, person)
            actor = "somebody" if known is None else person
            note_refusal(tx, actor, "log in", self._now())

        await self._store.write(note)
        raise refused(PeopleRefusal.LOG_IN_FAILED, _FAILED)

    async def _open(self, person: PersonId, factor: str, client: str) -> SessionOpened:
        self._attempts.succeeded(person)
        return await self._store.write(
            lambda tx: open_session(person, factor, client, self._now(), tx)
        )

    def _issue(self, purpose: str, person: PersonId | None, value: bytes) -> str:
        ticket = os.urandom(_CHALLENGE_SIZE).hex()
        ends_at = self._clock.monotonic() + TICKET_S
        self._tickets[ticket] = _Ticket(purpose, person, value, ends_at)
        while len(self._tickets) > MOST_TICKETS:
            self._tickets.popitem(last=False)
        return ticket

    def _take(self, purpose: str, ticket: str, person: PersonId | None = None) -> _Ticket:
        begun = self._tickets.pop(ticket, None)
        if (
            begun is None
            or begun.purpose != purpose
            or begun.ends_at <= self._clock.monotonic()
            or (person is not None and begun.person != person)
        ):
            raise refused(PeopleRefusal.LINK_EXPIRED, "this has expired; begin again")
        return begun


def use_code(tx: Transaction, person: PersonId, code: str, now: int) -> bool:
    """Use up a one-time code of a person; returns whether it counts."""
    account = people.get(tx, person)
    if account is None or account.totp is None:
        return False
    step = accept_code(account.totp, code, now, account.totp_step)
    if step is None:
        return False
    people.put(tx, account._replace(totp_step=step))
    return True


def use_passkey(
    tx: Transaction,
    party: RelyingParty,
    person: PersonId,
    answer: PasskeyAssertion,
    challenge: bytes,
) -> PasskeyAssertion:
    """Check a passkey's answer to a challenge against the key that is known, and note its counter.

    Returns:
        The answer with its public key, which browsers do not know and leave empty.

    Raises:
        PeopleRefused: The passkey is not one of the person's, or its answer proves nothing.
    """
    known = people.passkey(tx, answer.credential)
    if known is not None and not answer.public_key:
        answer = msgspec.structs.replace(answer, public_key=known.public_key)
    if (
        known is None
        or known.person != person
        or (answer.public_key, answer.rp_id, answer.origin)
        != (
            known.public_key,
            party.id,
            party.origin,
        )
    ):
        raise refused(PeopleRefusal.CODE_REFUSED, "this passkey is not known here")
    try:
        count = verify_assertion(answer, challenge, known.sign_count)
    except PasskeyRefused as error:
        raise refused(PeopleRefusal.CODE_REFUSED, str(error)) from error
    people.set_sign_count(tx, known.credential, count)
    return answer


def _usable(snapshot: Snapshot, person: str, now: int) -> people.Account | None:
    account = people.get(snapshot, person)
    return None if actor_of(snapshot, person, now) is None else account


def _factors(snapshot: Snapshot, account: people.Account) -> tuple[str, ...]:
    passkeys = people.passkeys_of(snapshot, account.member.id)
    return (*(("totp",) if account.totp else ()), *(("passkey",) if passkeys else ()))


def _invited(snapshot: Snapshot, key: bytes, now: int) -> tuple[PersonId, StaffMember]:
    person = people.invited(snapshot, key, now)
    account = None if person is None else people.get(snapshot, person)
    if person is None or account is None or account.disabled_at is not None:
        raise refused(
            PeopleRefusal.LINK_EXPIRED,
            "this link has expired or was used; ask for a new one where you got it",
        )
    return person, account.member
