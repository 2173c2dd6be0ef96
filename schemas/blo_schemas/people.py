"""The people of an office, as the node keeps them: roles, appointments, delegations (docs/people.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from blo_schemas.fields import Language, MapStruct, Name, UnixMs
from blo_schemas.ids import LinkId
from blo_schemas.summary import Kind

PersonId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9-]{1,31}$(?!\n)",
        description="2 to 32 of a-z, 0-9 and -, the first one a letter",
        examples=["nguyen-an"],
    ),
]
"""The name with which a person logs in: 2 to 32 of ``a-z``, ``0-9`` and ``-``. It never changes."""


class OfficeRole(StrEnum):
    """A person's duty in the office (docs/domain.md §1)."""

    DUTY_OFFICER = "duty_officer"
    CHIEF = "chief"
    STANDING_DEPUTY = "standing_deputy"
    AGENCY_MEMBER = "agency_member"
    OFFICE_AUDITOR = "office_auditor"
    OPERATOR = "operator"


class Agency(StrEnum):
    """The agencies that send members into an office (docs/domain.md §1)."""

    POLICE = "police"
    BORDER_GUARD = "border_guard"
    CUSTOMS = "customs"


class Appointment(MapStruct, frozen=True, kw_only=True, omit_defaults=True):
    """A role of a person, with its dates.

    Attributes:
        role: The role.
        agency: The agency that the person comes from; an ``AGENCY_MEMBER`` must have one.
        start: The first instant, Unix milliseconds.
        end: The first instant after it; ``None``: until further notice.
    """

    role: OfficeRole
    agency: Agency | None = None
    start: UnixMs
    end: UnixMs | None = None


class StaffMember(MapStruct, frozen=True, kw_only=True, omit_defaults=True):
    """A person who works with the node.

    Attributes:
        id: The name for the log-in.
        name: The name that other people read.
        language: The language of the pages and papers.
        appointments: Present, past and coming roles, in the order in which they were given.
    """

    id: PersonId
    name: Name
    language: Language = "en"
    appointments: tuple[Appointment, ...] = ()


class DeputyDelegation(MapStruct, frozen=True, kw_only=True):
    """The chief lets the standing deputy act as chief for a time.

    Attributes:
        chief: The person who delegates.
        deputy: The person who acts.
        start: The first instant, Unix milliseconds.
        end: The first instant after it.
    """

    chief: PersonId
    deputy: PersonId
    start: UnixMs
    end: UnixMs


class SystemScope(MapStruct, frozen=True, kw_only=True, omit_defaults=True):
    """What another program of the office may do with its token.

    Attributes:
        links: The links; empty: all of the office.
        kinds: The kinds of cases; empty: all.
        reads_contents: Whether it reads contents, and not lists alone.
        submits: Whether it submits steps.
        is_trusted: Whether the steps that it submits need no approval.
    """

    links: Annotated[tuple[LinkId, ...], msgspec.Meta(max_length=200)] = ()
    kinds: Annotated[tuple[Kind, ...], msgspec.Meta(max_length=50)] = ()
    reads_contents: bool = False
    submits: bool = False
    is_trusted: bool = False
