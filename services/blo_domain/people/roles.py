"""As whom a person acts at an instant: appointments, and delegations of the chief (docs/domain.md §1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import combinations
from typing import Final

from blo_domain.errors import DomainError
from blo_schemas.people import Agency, Appointment, DeputyDelegation, OfficeRole, StaffMember

_DESK: Final = frozenset(
    {
        OfficeRole.DUTY_OFFICER,
        OfficeRole.CHIEF,
        OfficeRole.STANDING_DEPUTY,
        OfficeRole.AGENCY_MEMBER,
    }
)

APART: Final[dict[OfficeRole, frozenset[OfficeRole]]] = {
    OfficeRole.OPERATOR: _DESK | {OfficeRole.OFFICE_AUDITOR},
    OfficeRole.OFFICE_AUDITOR: _DESK | {OfficeRole.OPERATOR},
    OfficeRole.CHIEF: frozenset({OfficeRole.STANDING_DEPUTY}),
}
"""Roles that one person cannot have at the same time.

The operator keeps the node and reads no contents. The office auditor judges what the others did.
The deputy stands in for the chief, so both cannot be one person.
"""

MAX_DELEGATION_MS: Final = 366 * 86_400_000
"""The longest delegation: a year. A standing deputy is delegated anew afterwards."""


class AppointmentRefused(DomainError):
    """An appointment or a delegation breaks a rule; ``str()`` says which, and what to do."""


def roles_of(person: StaffMember, at: int) -> frozenset[OfficeRole]:
    """The roles to which a person is appointed at an instant, Unix milliseconds."""
    return frozenset(row.role for row in _current(person, at))


def acting_roles(
    person: StaffMember,
    people: Iterable[StaffMember],
    delegations: Iterable[DeputyDelegation],
    at: int,
) -> frozenset[OfficeRole]:
    """The roles as which a person acts at an instant.

    A standing deputy acts as chief while a delegation is in force. Both must hold their roles at
    that instant, so a delegation ends with either of the two appointments.

    Args:
        person: The person.
        people: The people of the office.
        delegations: All delegations.
        at: The instant, Unix milliseconds.
    """
    roles = roles_of(person, at)
    if OfficeRole.STANDING_DEPUTY not in roles:
        return roles
    chiefs = {chief.id for chief in people if OfficeRole.CHIEF in roles_of(chief, at)}
    for delegation in delegations:
        current = delegation.start <= at < delegation.end
        if current and delegation.deputy == person.id and delegation.chief in chiefs:
            return roles | {OfficeRole.CHIEF}
    return roles


def agencies_of(person: StaffMember, at: int) -> frozenset[Agency]:
    """The agencies that a person comes from at an instant."""
    return frozenset(row.agency for row in _current(person, at) if row.agency is not None)


def check_appointments(appointments: Collection[Appointment]) -> None:
    """Refuse appointments that contradict each other.

    Raises:
        AppointmentRefused: An appointment ends before it starts, a member has no agency, or two
            roles that must be apart meet in time.
    """
    for row in appointments:
        if row.end is not None and row.end <= row.start:
            raise AppointmentRefused(
                f"The role {_word(row.role)} would end before it starts; give a later end."
            )
        if row.role is OfficeRole.AGENCY_MEMBER and row.agency is None:
            raise AppointmentRefused(
                "A member of an agency needs the agency: " + ", ".join(Agency) + "."
            )
    for first, second in combinations(appointments, 2):
        if are_apart(first.role, second.role) and _meet(first, second):
            raise AppointmentRefused(
                f"One person cannot be {_word(first.role)} and {_word(second.role)} at the same "
                "time; end the one role first, or appoint somebody else."
            )


def check_delegation(delegation: DeputyDelegation, chief: StaffMember, deputy: StaffMember) -> None:
    """Refuse a delegation that would never be in force, or for too long.

    Raises:
        AppointmentRefused: The dates are wrong, or a role is missing on the first day.
    """
    length = delegation.end - delegation.start
    if not 0 < length <= MAX_DELEGATION_MS:
        raise AppointmentRefused(
            "A delegation ends after it starts, and lasts a year at most; delegate anew then."
        )
    if OfficeRole.CHIEF not in roles_of(chief, delegation.start):
        raise AppointmentRefused(f"{chief.name} is not the chief on the first day.")
    if OfficeRole.STANDING_DEPUTY not in roles_of(deputy, delegation.start):
        raise AppointmentRefused(f"{deputy.name} is not the standing deputy on the first day.")


def are_apart(first: OfficeRole, second: OfficeRole) -> bool:
    """Whether one person cannot have both roles at the same time."""
    return second in APART.get(first, ()) or first in APART.get(second, ())


def _current(person: StaffMember, at: int) -> Iterable[Appointment]:
    for row in person.appointments:
        if row.start <= at and (row.end is None or at < row.end):
            yield row


def _meet(first: Appointment, second: Appointment) -> bool:
    return (second.end is None or first.start < second.end) and (
        first.end is None or second.start < first.end
    )


def _word(role: OfficeRole) -> str:
    return role.value.replace("_", " ")
