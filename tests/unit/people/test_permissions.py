"""The table role × action."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from blo_domain.people.page import document, main
from blo_domain.people.permissions import (
    PERMISSIONS,
    Action,
    Permission,
    outranks,
    permission,
    reaches_case,
)
from blo_schemas.people import Agency, OfficeRole

CONTENTS = {
    Action.LIST_CASES, Action.READ_CONTENTS, Action.SEARCH, Action.KEEP_NOTES, Action.DRAFT,
    Action.SEND_ROUTINE_STEP, Action.SEND_APPROVED_STEP, Action.APPROVE, Action.EXPORT_CASE,
    Action.DISCLOSE, Action.HAND_OVER_SHIFT,
}  # fmt: skip
CHANGES = set(Action) - {
    Action.LIST_CASES, Action.READ_CONTENTS, Action.SEARCH, Action.READ_FIGURES,
    Action.READ_JOURNAL, Action.EXPORT_JOURNAL, Action.VERIFY_LINK, Action.SEE_HEALTH,
}  # fmt: skip


def test_every_role_has_a_row_and_every_action_is_somebody_s() -> None:
    assert PERMISSIONS.keys() == set(OfficeRole)
    allowed = {
        action
        for row in PERMISSIONS.values()
        for action, answer in row.items()
        if answer is Permission.ALLOWED
    }
    # Nobody sends an approved step or discloses alone.
    assert set(Action) - allowed == {Action.SEND_APPROVED_STEP, Action.DISCLOSE}


def test_the_operator_reads_no_contents_and_the_auditor_changes_nothing() -> None:
    for action in CONTENTS:
        assert permission({OfficeRole.OPERATOR}, action) is Permission.REFUSED
    for action in CHANGES:
        assert permission({OfficeRole.OFFICE_AUDITOR}, action) is Permission.REFUSED


def test_only_the_chief_approves() -> None:
    for role in OfficeRole:
        assert (permission({role}, Action.APPROVE) is Permission.ALLOWED) is (
            role is OfficeRole.CHIEF
        )


def test_somebody_without_a_role_is_refused_everything() -> None:
    assert {permission((), action) for action in Action} == {Permission.REFUSED}


def test_two_roles_have_the_better_answer_of_both() -> None:
    order = [Permission.REFUSED, Permission.NEEDS_APPROVAL, Permission.ALLOWED]
    for first, second in itertools.combinations(OfficeRole, 2):
        for action in Action:
            both = permission({first, second}, action)
            single = [permission({role}, action) for role in (first, second)]
            assert order.index(both) == max(map(order.index, single))


@pytest.mark.parametrize("role", OfficeRole)
def test_cases_are_reached_by_office_or_by_agency(role: OfficeRole) -> None:
    mine, others = {Agency.POLICE}, {Agency.CUSTOMS}
    wide = role not in (OfficeRole.AGENCY_MEMBER, OfficeRole.OPERATOR)
    assert reaches_case({role}, mine, others) is wide
    assert reaches_case({role}, mine, set()) is wide
    assert reaches_case({role}, mine, mine) is (role is not OfficeRole.OPERATOR)


def test_credentials_are_changed_only_by_somebody_who_may_as_much() -> None:
    assert outranks({OfficeRole.CHIEF}, {OfficeRole.DUTY_OFFICER})
    assert outranks({OfficeRole.CHIEF}, {OfficeRole.STANDING_DEPUTY})
    assert not outranks({OfficeRole.DUTY_OFFICER}, {OfficeRole.CHIEF})
    assert not outranks({OfficeRole.OPERATOR}, {OfficeRole.DUTY_OFFICER})
    assert not outranks({OfficeRole.CHIEF}, {OfficeRole.OPERATOR})


def test_the_page_in_the_repository_is_up_to_date(project_root: Path, tmp_path: Path) -> None:
    stored = (project_root / "docs/people.md").read_text(encoding="utf-8")
    assert stored == document(), "run `make diagrams`"
    main([str(tmp_path / "people.md")])
    assert (tmp_path / "people.md").read_text(encoding="utf-8") == stored
