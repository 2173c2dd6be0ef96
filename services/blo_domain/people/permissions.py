"""Who may do what: the table role × action, and which cases a person reads (docs/people.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from blo_schemas.people import Agency, OfficeRole


class Action(StrEnum):
    """What a person can ask the node for. The value is the name in journals and errors."""

    LIST_CASES = "list cases"
    READ_CONTENTS = "read contents"
    SEARCH = "search"
    KEEP_NOTES = "keep notes"
    DRAFT = "draft"
    SEND_ROUTINE_STEP = "send a routine step"
    SEND_APPROVED_STEP = "send a step that needs approval"
    APPROVE = "approve"
    HAND_OVER_SHIFT = "hand over the shift"
    EXPORT_CASE = "export a case"
    DISCLOSE = "disclose events"
    READ_FIGURES = "read figures"
    COMPUTE_REPORT = "compute a report"
    REVIEW_REPORT = "review a report"
    SIGN_REPORT = "sign a report"
    READ_JOURNAL = "read the journal"
    EXPORT_JOURNAL = "export the journal"
    VERIFY_LINK = "verify a link"
    RESUME_LINK = "resume a link"
    SEE_HEALTH = "see the health of the node"
    MANAGE_KEYS = "manage keys and backups"
    MANAGE_PEOPLE = "manage people"
    MANAGE_SYSTEMS = "manage systems"
    DELEGATE = "delegate to the deputy"
    SET_POLICY = "set the approval policy"


class Permission(StrEnum):
    """The answer of the table."""

    ALLOWED = "allowed"
    NEEDS_APPROVAL = "needs approval"
    REFUSED = "refused"


_ALLOWED, _APPROVAL = Permission.ALLOWED, Permission.NEEDS_APPROVAL

_CASEWORK: Final[Mapping[Action, Permission]] = {
    Action.LIST_CASES: _ALLOWED,
    Action.READ_CONTENTS: _ALLOWED,
    Action.SEARCH: _ALLOWED,
    Action.KEEP_NOTES: _ALLOWED,
    Action.DRAFT: _ALLOWED,
    Action.SEND_ROUTINE_STEP: _ALLOWED,
    Action.SEND_APPROVED_STEP: _APPROVAL,
    Action.EXPORT_CASE: _ALLOWED,
    Action.READ_FIGURES: _ALLOWED,
}

_DUTY: Final[Mapping[Action, Permission]] = {
    **_CASEWORK,
    Action.HAND_OVER_SHIFT: _ALLOWED,
    Action.DISCLOSE: _APPROVAL,
    Action.COMPUTE_REPORT: _ALLOWED,
    Action.REVIEW_REPORT: _ALLOWED,
    Action.VERIFY_LINK: _ALLOWED,
    Action.SEE_HEALTH: _ALLOWED,
}

PERMISSIONS: Final[Mapping[OfficeRole, Mapping[Action, Permission]]] = {
    OfficeRole.DUTY_OFFICER: _DUTY,
    OfficeRole.STANDING_DEPUTY: {**_DUTY, Action.READ_JOURNAL: _ALLOWED},
    OfficeRole.CHIEF: {
        **_DUTY,
        Action.APPROVE: _ALLOWED,
        Action.SIGN_REPORT: _ALLOWED,
        Action.READ_JOURNAL: _ALLOWED,
        Action.RESUME_LINK: _ALLOWED,
        Action.MANAGE_PEOPLE: _ALLOWED,
        Action.MANAGE_SYSTEMS: _ALLOWED,
        Action.DELEGATE: _ALLOWED,
        Action.SET_POLICY: _ALLOWED,
    },
    OfficeRole.AGENCY_MEMBER: _CASEWORK,
    OfficeRole.OFFICE_AUDITOR: {
        Action.LIST_CASES: _ALLOWED,
        Action.READ_CONTENTS: _ALLOWED,
        Action.SEARCH: _ALLOWED,
        Action.READ_FIGURES: _ALLOWED,
        Action.READ_JOURNAL: _ALLOWED,
        Action.EXPORT_JOURNAL: _ALLOWED,
        Action.VERIFY_LINK: _ALLOWED,
        Action.SEE_HEALTH: _ALLOWED,
    },
    OfficeRole.OPERATOR: {
        Action.VERIFY_LINK: _ALLOWED,
        Action.RESUME_LINK: _APPROVAL,
        Action.SEE_HEALTH: _ALLOWED,
        Action.MANAGE_KEYS: _ALLOWED,
        Action.MANAGE_PEOPLE: _APPROVAL,
        Action.MANAGE_SYSTEMS: _APPROVAL,
    },
}
"""The table. An action that a role does not name is refused."""

_ORDER: Final = (Permission.REFUSED, Permission.NEEDS_APPROVAL, Permission.ALLOWED)

OFFICE_WIDE: Final = frozenset(OfficeRole) - {OfficeRole.AGENCY_MEMBER, OfficeRole.OPERATOR}
"""Roles that see the cases of all agencies."""


def permission(roles: Collection[OfficeRole], action: Action) -> Permission:
    """The best answer that one of the roles gets.

    Args:
        roles: As whom the person acts (``acting_roles``).
        action: What the person asks for.
    """
    answers = [PERMISSIONS[role].get(action, Permission.REFUSED) for role in roles]
    return max(answers, key=_ORDER.index, default=Permission.REFUSED)


def reaches_case(
    roles: Collection[OfficeRole], agencies: Collection[Agency], owners: Collection[Agency]
) -> bool:
    """Whether a case lies within what a person's roles reach, whatever the action.

    A member of an agency reaches the cases that the agency has drafted in or was assigned. A case
    that has no owner yet belongs to nobody's agency, and is seen by the office-wide roles only.

    Args:
        roles: As whom the person acts.
        agencies: The person's agencies.
        owners: The agencies to which the case belongs.
    """
    if not OFFICE_WIDE.isdisjoint(roles):
        return True
    return OfficeRole.AGENCY_MEMBER in roles and not set(agencies).isdisjoint(owners)


def outranks(roles: Collection[OfficeRole], others: Collection[OfficeRole]) -> bool:
    """Whether roles allow everything that the other roles allow.

    Nobody changes the credentials of a person who may do more (``MANAGE_PEOPLE``).
    """
    return all(
        _ORDER.index(permission(roles, action)) >= _ORDER.index(permission(others, action))
        for action in Action
    )
