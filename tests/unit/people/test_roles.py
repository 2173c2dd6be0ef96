"""As whom a person acts: appointments with dates, and the deputy under a delegation."""

from __future__ import annotations

import pytest

from blo_domain.people.roles import (
    MAX_DELEGATION_MS,
    AppointmentRefused,
    acting_roles,
    agencies_of,
    check_appointments,
    check_delegation,
    roles_of,
)
from blo_schemas.people import Agency, Appointment, DeputyDelegation, OfficeRole, StaffMember

DAY = 86_400_000


def person(name: str, *rows: tuple[OfficeRole, int, int | None]) -> StaffMember:
    """A fictional person with these roles, from and until a day."""
    appointments = tuple(
        Appointment(role=role, start=start * DAY, end=None if end is None else end * DAY)
        for role, start, end in rows
    )
    return StaffMember(id=name, name=f"{name} (fictional)", appointments=appointments)


CHIEF = person("an", (OfficeRole.CHIEF, 0, 100))
DEPUTY = person("binh", (OfficeRole.STANDING_DEPUTY, 0, None), (OfficeRole.DUTY_OFFICER, 5, 6))
PEOPLE = (CHIEF, DEPUTY)


def delegation(start: int, end: int, chief: str = "an", deputy: str = "binh") -> DeputyDelegation:
    return DeputyDelegation(chief=chief, deputy=deputy, start=start * DAY, end=end * DAY)


def test_an_appointment_counts_from_its_first_instant_until_its_end() -> None:
    assert roles_of(DEPUTY, 5 * DAY - 1) == {OfficeRole.STANDING_DEPUTY}
    assert roles_of(DEPUTY, 5 * DAY) == {OfficeRole.STANDING_DEPUTY, OfficeRole.DUTY_OFFICER}
    assert roles_of(DEPUTY, 6 * DAY) == {OfficeRole.STANDING_DEPUTY}


@pytest.mark.parametrize(
    ("day", "given", "acts"),
    [
        (9, delegation(10, 20), False),
        (10, delegation(10, 20), True),
        (19, delegation(10, 20), True),
        (20, delegation(10, 20), False),
        (100, delegation(90, 110), False),
        (10, delegation(10, 20, chief="nobody"), False),
        (10, delegation(10, 20, deputy="nobody"), False),
    ],
    ids=["before", "first", "last", "after", "chief gone", "no chief", "another deputy"],
)
def test_a_deputy_acts_as_chief_only_while_a_chief_s_delegation_is_in_force(
    day: int, given: DeputyDelegation, *, acts: bool
) -> None:
    roles = acting_roles(DEPUTY, PEOPLE, [given], day * DAY)
    assert (OfficeRole.CHIEF in roles) is acts


def test_a_delegation_makes_no_chief_of_somebody_who_is_no_deputy() -> None:
    officer = person("chi", (OfficeRole.DUTY_OFFICER, 0, None))
    given = delegation(0, 50, deputy="chi")
    assert acting_roles(officer, (*PEOPLE, officer), [given], DAY) == {OfficeRole.DUTY_OFFICER}
    with pytest.raises(AppointmentRefused, match="not the standing deputy"):
        check_delegation(given, CHIEF, officer)


def test_a_delegation_has_dates_and_a_chief_on_the_first_day() -> None:
    check_delegation(delegation(0, 366), CHIEF, DEPUTY)
    for wrong in (delegation(3, 3), delegation(3, 2), delegation(0, 367)):
        with pytest.raises(AppointmentRefused, match="a year at most"):
            check_delegation(wrong, CHIEF, DEPUTY)
    with pytest.raises(AppointmentRefused, match="not the chief on the first day"):
        check_delegation(delegation(100, 120), CHIEF, DEPUTY)
    assert MAX_DELEGATION_MS == 366 * DAY


@pytest.mark.parametrize("other", [role for role in OfficeRole if role is not OfficeRole.OPERATOR])
def test_the_operator_has_no_other_role_at_the_same_time(other: OfficeRole) -> None:
    agency = Agency.POLICE
    operator = Appointment(role=OfficeRole.OPERATOR, start=0, end=DAY)
    before = Appointment(role=other, agency=agency, start=0)
    after = Appointment(role=other, agency=agency, start=DAY)
    check_appointments([operator, after])
    for rows in ([operator, before], [before, operator]):
        with pytest.raises(AppointmentRefused, match=r"cannot be .* at the same time"):
            check_appointments(rows)


def test_an_auditor_judges_nobody_s_own_work() -> None:
    auditor = Appointment(role=OfficeRole.OFFICE_AUDITOR, start=0)
    with pytest.raises(AppointmentRefused):
        check_appointments([auditor, Appointment(role=OfficeRole.CHIEF, start=DAY)])


def test_appointments_need_an_agency_for_members_and_an_end_after_the_start() -> None:
    with pytest.raises(AppointmentRefused, match="needs the agency: police, border_guard, customs"):
        check_appointments([Appointment(role=OfficeRole.AGENCY_MEMBER, start=0)])
    with pytest.raises(AppointmentRefused, match="end before it starts"):
        check_appointments([Appointment(role=OfficeRole.CHIEF, start=5, end=5)])


def test_a_person_comes_from_the_agencies_of_the_present_appointments() -> None:
    member = StaffMember(
        id="dung",
        name="Dung (fictional)",
        appointments=(
            Appointment(role=OfficeRole.AGENCY_MEMBER, agency=Agency.CUSTOMS, start=0, end=DAY),
            Appointment(role=OfficeRole.AGENCY_MEMBER, agency=Agency.POLICE, start=DAY),
        ),
    )
    assert agencies_of(member, 0) == {Agency.CUSTOMS}
    assert agencies_of(member, DAY) == {Agency.POLICE}
