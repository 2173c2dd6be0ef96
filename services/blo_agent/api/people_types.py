"""People, credentials, sessions and programs in the office's API, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from blo_agent.api.request_types import Instant, StrictRequest
from blo_agent.people.accounts import Invitation
from blo_agent.store.tables.people import Account
from blo_agent.store.tables.sessions import SessionRow
from blo_agent.store.tables.systems import SystemRow
from blo_schemas.approvals import PasskeyAssertion
from blo_schemas.fields import Language, Name
from blo_schemas.instants import local, unix_ms
from blo_schemas.people import Agency, Appointment, OfficeRole, PersonId, StaffMember
from blo_sealing.passkeys import MAX_PART, RelyingParty

Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Part = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_PART)]
"""Bytes in base64."""


class AppointmentForm(StrictRequest, frozen=True):
    """A role with its dates; ``end`` left out: until further notice."""

    role: OfficeRole
    start: Instant
    agency: Agency | None = None
    end: Instant | None = None


class PersonRequest(StrictRequest, frozen=True):
    """Adds a person, or changes one."""

    name: Name | None = None
    language: Language | None = None
    appointments: tuple[AppointmentForm, ...] | None = None


class NewPersonRequest(StrictRequest, frozen=True):
    """Adds a person."""

    person: PersonId
    name: Name
    appointments: tuple[AppointmentForm, ...]
    language: Language = "en"


class DelegationRequest(StrictRequest, frozen=True):
    """Lets the deputy act as chief from ``start`` up to ``end``."""

    deputy: PersonId
    start: Instant
    end: Instant


class LoginRequest(StrictRequest, frozen=True):
    """A name and a password."""

    person: Secret
    password: Secret


class CodeRequest(StrictRequest, frozen=True):
    """A one-time code, for a log-in or secret that was begun."""

    ticket: Secret
    code: Secret


class PasskeyAnswer(StrictRequest, frozen=True):
    """What a passkey has answered to a challenge; bytes in base64.

    A browser does not know the public key, so it may be left out; the node knows it.
    """

    credential: Part
    authenticator_data: Part
    client_data: Part
    signature: Part
    public_key: Part | None = None


class PasskeyRequest(StrictRequest, frozen=True):
    """A log-in with a passkey."""

    ticket: Secret
    answer: PasskeyAnswer


class NewPasskeyRequest(StrictRequest, frozen=True):
    """A passkey that was made for a challenge; bytes in base64."""

    ticket: Secret
    name: Name
    credential: Part
    attestation: Part
    client_data: Part


class PasswordRequest(StrictRequest, frozen=True):
    """The own password and its successor."""

    old: Secret
    new: Secret


class FirstPasswordRequest(StrictRequest, frozen=True):
    """The token of a one-time link, and the password that is chosen."""

    token: Secret
    password: Secret


class SystemRequest(StrictRequest, frozen=True):
    """Gives a program a token; lists left empty mean everything."""

    system: Secret
    end: Instant
    links: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    reads_contents: bool = False
    submits: bool = False
    is_trusted: bool = False


class PersonAnswer(msgspec.Struct, frozen=True):
    """A person, with the present roles and which credentials there are."""

    person: str
    name: str
    language: str
    appointments: tuple[AppointmentForm, ...]
    confirmed: bool
    has_password: bool
    has_codes: bool
    ended_at: datetime | None


class InvitationAnswer(msgspec.Struct, frozen=True):
    """A one-time link's token, shown once."""

    person: str
    token: str
    ends_at: datetime


class LoginAnswer(msgspec.Struct, frozen=True):
    """What comes next: nothing, or one of the factors, with the ticket.

    Attributes:
        logged_in: Whether the session's cookie was set.
        ticket: What the next request carries.
        factors: ``totp``, ``passkey``.
        csrf: What requests that change something carry in the header ``blo-csrf``.
    """

    logged_in: bool
    ticket: str = ""
    factors: tuple[str, ...] = ()
    csrf: str = ""


class ChallengeAnswer(msgspec.Struct, frozen=True):
    """A challenge for a passkey: its ticket, the bytes in base64, and for whom it is."""

    ticket: str
    challenge: bytes
    rp_id: str


class CodesAnswer(msgspec.Struct, frozen=True):
    """A new secret for one-time codes: its ticket, and the address that an app reads."""

    ticket: str
    address: str


class AccountAnswer(msgspec.Struct, frozen=True):
    """Who is logged in, as whom that person acts now, and what may be done."""

    person: str
    roles: tuple[str, ...]
    allowed: tuple[str, ...]
    needs_approval: tuple[str, ...]
    csrf: str


class SessionAnswer(msgspec.Struct, frozen=True):
    """A session; its id is no token."""

    session: str
    person: str
    started_at: datetime
    seen_at: datetime
    factor: str
    client: str
    is_this: bool


class SystemAnswer(msgspec.Struct, frozen=True):
    """A program with a token."""

    system: str
    scope: SystemScopeAnswer
    ends_at: datetime
    confirmed: bool
    used_at: datetime | None
    revoked_at: datetime | None


class SystemScopeAnswer(msgspec.Struct, frozen=True):
    """What a program may do."""

    links: tuple[str, ...]
    kinds: tuple[str, ...]
    reads_contents: bool
    submits: bool
    is_trusted: bool


class TokenAnswer(msgspec.Struct, frozen=True):
    """A program's token, shown once."""

    system: str
    token: str
    ends_at: datetime


def member_of(wanted: NewPersonRequest) -> StaffMember:
    """The person that a request describes."""
    return StaffMember(
        id=wanted.person,
        name=wanted.name,
        language=wanted.language,
        appointments=appointments_of(wanted.appointments),
    )


def appointments_of(forms: tuple[AppointmentForm, ...]) -> tuple[Appointment, ...]:
    """The appointments that a request lists."""
    return tuple(
        Appointment(
            role=form.role,
            agency=form.agency,
            start=unix_ms(form.start),
            end=None if form.end is None else unix_ms(form.end),
        )
        for form in forms
    )


def assertion_of(answer: PasskeyAnswer, party: RelyingParty) -> PasskeyAssertion:
    """A passkey's answer, made for a party."""
    return PasskeyAssertion(
        rp_id=party.id,
        origin=party.origin,
        credential=answer.credential,
        public_key=answer.public_key or b"",
        authenticator_data=answer.authenticator_data,
        client_data=answer.client_data,
        signature=answer.signature,
    )


def person_answer(account: Account) -> PersonAnswer:
    """The answer about an account."""
    member = account.member
    return PersonAnswer(
        person=member.id,
        name=member.name,
        language=member.language,
        appointments=tuple(
            AppointmentForm(
                role=row.role,
                agency=row.agency,
                start=local(row.start),
                end=None if row.end is None else local(row.end),
            )
            for row in member.appointments
        ),
        confirmed=account.confirmed,
        has_password=account.password is not None,
        has_codes=account.totp is not None,
        ended_at=None if account.disabled_at is None else local(account.disabled_at),
    )


def invitation_answer(made: Invitation) -> InvitationAnswer:
    """The answer about a one-time link."""
    return InvitationAnswer(made.person, made.token, local(made.ends_at))


def session_answer(row: SessionRow, this: bytes | None) -> SessionAnswer:
    """The answer about a session."""
    return SessionAnswer(
        session=row.token_hash.hex(),
        person=row.person,
        started_at=local(row.started_at),
        seen_at=local(row.seen_at),
        factor=row.factor,
        client=row.client,
        is_this=row.token_hash == this,
    )


def system_answer(row: SystemRow) -> SystemAnswer:
    """The answer about a program."""
    scope = row.scope
    return SystemAnswer(
        system=row.id,
        scope=SystemScopeAnswer(
            links=scope.links,
            kinds=tuple(kind.word for kind in scope.kinds),
            reads_contents=scope.reads_contents,
            submits=scope.submits,
            is_trusted=scope.is_trusted,
        ),
        ends_at=local(row.ends_at),
        confirmed=row.confirmed,
        used_at=None if row.used_at is None else local(row.used_at),
        revoked_at=None if row.revoked_at is None else local(row.revoked_at),
    )
