"""What a person is refused, each with words for that person."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused


class PeopleRefusal(StrEnum):
    """Why something about people is refused. The list is closed."""

    NOT_LOGGED_IN = "not_logged_in"
    LOG_IN_FAILED = "log_in_failed"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    CODE_REFUSED = "code_refused"
    LINK_EXPIRED = "link_expired"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - a reason, not a password
    UNKNOWN_PERSON = "unknown_person"
    PERSON_EXISTS = "person_exists"
    APPOINTMENT_REFUSED = "appointment_refused"
    MAY_MORE = "may_more"
    NOT_ALLOWED = "not_allowed"
    NEEDS_APPROVAL = "needs_approval"
    LAST_CHIEF = "last_chief"
    TOO_MANY = "too_many"


class PeopleRefused(ActionRefused):
    """A person may not do this, or not so; ``words`` is for that person."""

    reasons = (PeopleRefusal,)


def refused(reason: PeopleRefusal, words: str) -> PeopleRefused:
    """The error with a reason of this module."""
    return PeopleRefused(reason, words)
