"""Accounts: who adds, confirms, changes and ends them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blo_agent.people import accounts
from blo_agent.people.access import AT_NODE, Actor, actor_of
from blo_agent.people.sessions import open_session
from blo_agent.store.tables import people, sessions
from blo_schemas.people import Appointment, DeputyDelegation, OfficeRole, PersonId
from tests.people.staff import NOW, Staff, member, opened, refuses

HOUR = 3_600_000


@pytest.fixture
def staff(tmp_path: Path) -> Iterator[Staff]:
    with opened(tmp_path) as store:
        yield Staff(store)


@pytest.fixture
def office(staff: Staff) -> Staff:
    """An office with a chief, a deputy, a duty officer, an auditor and an operator."""
    staff.add("chief", OfficeRole.CHIEF)
    chief = staff.actor("chief")
    for person, role in (
        ("deputy", OfficeRole.STANDING_DEPUTY),
        ("duty", OfficeRole.DUTY_OFFICER),
        ("auditor", OfficeRole.OFFICE_AUDITOR),
        ("operator", OfficeRole.OPERATOR),
    ):
        staff.add(person, role, by=chief)
    return staff


def invite(staff: Staff, by: Actor, person: PersonId) -> accounts.Invitation:
    return staff.write(lambda tx: accounts.invite(by, person, staff.now, tx))


def acts(staff: Staff, person: PersonId, at: int = NOW) -> Actor | None:
    return staff.read(lambda snapshot: actor_of(snapshot, person, at))


def test_the_first_account_is_added_at_the_node_and_counts_at_once(staff: Staff) -> None:
    staff.add("chief", OfficeRole.CHIEF)
    assert acts(staff, "chief") is not None
    assert ("node", "add person") in staff.journal()


def test_with_a_chief_the_operator_s_accounts_count_when_the_chief_has_confirmed(
    office: Staff,
) -> None:
    office.add("late", OfficeRole.DUTY_OFFICER)
    assert acts(office, "late") is None
    with refuses("needs_approval"):
        office.write(lambda tx: accounts.confirm_person(AT_NODE, "late", NOW, tx))
    chief = office.actor("chief")
    office.write(lambda tx: accounts.confirm_person(chief, "late", NOW, tx))
    assert acts(office, "late") is not None


@pytest.mark.parametrize("person", ["deputy", "duty", "auditor"])
def test_others_add_nobody(office: Staff, person: PersonId) -> None:
    with refuses("not_allowed"):
        office.add("friend", OfficeRole.DUTY_OFFICER, by=office.actor(person))


def test_nobody_changes_the_credentials_of_somebody_who_may_as_much(office: Staff) -> None:
    chief = office.actor("chief")
    office.add("second", OfficeRole.CHIEF, by=chief)
    with refuses("may_more"):
        invite(office, chief, "second")
    for person in ("duty", "deputy", "auditor", "operator"):
        assert invite(office, chief, person).person == person
    for person in ("duty", "auditor"):
        with refuses("not_allowed"):
            invite(office, office.actor(person), "chief")


def test_new_credentials_by_the_operator_count_when_the_chief_has_confirmed(office: Staff) -> None:
    invite(office, AT_NODE, "duty")
    assert acts(office, "duty") is None


def test_a_lone_chief_who_lost_everything_is_helped_at_the_node_and_the_journal_shows_it(
    staff: Staff,
) -> None:
    staff.add("chief", OfficeRole.CHIEF)
    invite(staff, AT_NODE, "chief")
    assert acts(staff, "chief") is None
    staff.write(lambda tx: accounts.confirm_person(AT_NODE, "chief", NOW, tx))
    assert acts(staff, "chief") is not None
    assert staff.journal()[-2:] == [("node", "renew credentials"), ("node", "confirm person")]


def test_new_credentials_end_the_old_ones_and_all_sessions(office: Staff) -> None:
    office.write(lambda tx: open_session("duty", "password", "browser", NOW, tx))
    office.write(lambda tx: people.add_passkey(tx, people.Passkey(b"c", "duty", b"k", 0, "n", NOW)))
    invite(office, office.actor("chief"), "duty")
    assert office.read(lambda s: sessions.of_person(s, "duty")) == []
    assert office.read(lambda s: people.passkeys_of(s, "duty")) == []


def test_a_change_of_rights_ends_the_sessions(office: Staff) -> None:
    office.write(lambda tx: open_session("duty", "password", "browser", NOW, tx))
    rows = [Appointment(role=OfficeRole.OFFICE_AUDITOR, start=NOW)]
    chief = office.actor("chief")
    office.write(lambda tx: accounts.change_person(chief, "duty", NOW, tx, appointments=rows))
    assert office.actor("duty").roles == {OfficeRole.OFFICE_AUDITOR}
    assert office.read(lambda s: sessions.of_person(s, "duty")) == []


def test_a_person_changes_the_own_name_and_language_and_nothing_else(office: Staff) -> None:
    duty = office.actor("duty")
    changed = office.write(
        lambda tx: accounts.change_person(
            duty, "duty", NOW, tx, name="Hoa (fictional)", language="vi"
        )
    )
    assert (changed.name, changed.language) == ("Hoa (fictional)", "vi")
    with refuses("not_allowed"):
        office.write(lambda tx: accounts.change_person(duty, "chief", NOW, tx, name="x"))
    with refuses("not_allowed"):
        office.write(lambda tx: accounts.change_person(duty, "duty", NOW, tx, appointments=[]))
    with refuses("appointment_refused"):
        office.write(lambda tx: accounts.change_person(duty, "duty", NOW, tx, name="x" * 65))


def test_an_office_keeps_a_chief(office: Staff) -> None:
    chief = office.actor("chief")
    with refuses("last_chief"):
        office.write(lambda tx: accounts.disable_person(chief, "chief", NOW, tx))
    with refuses("last_chief"):
        office.write(lambda tx: accounts.change_person(chief, "chief", NOW, tx, appointments=[]))


def test_an_ended_account_stays_in_the_way_of_a_new_one(office: Staff) -> None:
    chief = office.actor("chief")
    office.write(lambda tx: accounts.disable_person(chief, "duty", NOW, tx))
    assert acts(office, "duty") is None
    with refuses("person_exists"):
        office.add("duty", OfficeRole.DUTY_OFFICER, by=chief)
    with refuses("unknown_person"):
        invite(office, chief, "duty")


def test_contradicting_appointments_are_refused(office: Staff) -> None:
    with refuses("appointment_refused"):
        office.add("both", OfficeRole.CHIEF, OfficeRole.OPERATOR)


@pytest.mark.parametrize("person", ["", "A", "x", "-a", "a b", "a" * 33, "a\n"])
def test_an_id_is_a_plain_word(staff: Staff, person: PersonId) -> None:
    with refuses("appointment_refused"):
        staff.add(person, OfficeRole.DUTY_OFFICER)


def test_a_deputy_approves_while_a_delegation_is_in_force_and_not_longer(office: Staff) -> None:
    chief = office.actor("chief")
    given = DeputyDelegation(chief="chief", deputy="deputy", start=NOW, end=NOW + HOUR)
    office.write(lambda tx: accounts.delegate(chief, given, NOW, tx))
    inside, after = acts(office, "deputy", NOW + HOUR - 1), acts(office, "deputy", NOW + HOUR)
    assert inside is not None
    assert after is not None
    assert OfficeRole.CHIEF in inside.roles
    assert OfficeRole.CHIEF not in after.roles
    with refuses("not_allowed"):
        office.write(lambda tx: accounts.delegate(inside, given, NOW, tx))
    with refuses("may_more"):
        invite(office, inside, "chief")
    with refuses("may_more"):
        office.add("friend", OfficeRole.CHIEF, by=inside)
    office.write(lambda tx: accounts.end_delegation(inside, "deputy", NOW + 5, tx))
    ended = acts(office, "deputy", NOW + 6)
    assert ended is not None
    assert OfficeRole.CHIEF not in ended.roles


def test_a_delegation_to_somebody_who_is_no_deputy_is_refused(office: Staff) -> None:
    given = DeputyDelegation(chief="chief", deputy="duty", start=NOW, end=NOW + HOUR)
    with refuses("appointment_refused"):
        office.write(lambda tx: accounts.delegate(office.actor("chief"), given, NOW, tx))


def test_there_are_so_many_people_and_appointments(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "MOST_PEOPLE", 2)
    staff.add("one")
    staff.add("two")
    with refuses("too_many"):
        staff.add("three")
    many = [OfficeRole.DUTY_OFFICER] * (accounts.MOST_APPOINTMENTS + 1)
    with refuses("too_many"):
        staff.write(lambda tx: accounts.add_person(AT_NODE, member("four", *many), NOW, tx))
