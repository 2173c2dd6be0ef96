"""Words of the desk that are no sentences: roles, agencies, reasons of refusals.

``N_`` marks a message for the catalogs without translating it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blo_agent.people.errors import PeopleRefusal
from blo_domain.inbox.entries import InboxKind
from blo_domain.inbox.receipts import ReceiptStage
from blo_domain.people.drafts import DraftState
from blo_schemas.people import Agency, OfficeRole


def N_(message: str) -> str:  # noqa: N802 - the name that tools for catalogs know
    """A message that is translated later."""
    return message


ROLES: Final[Mapping[str, str]] = {
    OfficeRole.DUTY_OFFICER: N_("duty officer"),
    OfficeRole.CHIEF: N_("chief"),
    OfficeRole.STANDING_DEPUTY: N_("standing deputy"),
    OfficeRole.AGENCY_MEMBER: N_("member of an agency"),
    OfficeRole.OFFICE_AUDITOR: N_("office auditor"),
    OfficeRole.OPERATOR: N_("operator"),
}

AGENCIES: Final[Mapping[str, str]] = {
    Agency.POLICE: N_("police"),
    Agency.BORDER_GUARD: N_("border guard"),
    Agency.CUSTOMS: N_("customs"),
}

FACTORS: Final[Mapping[str, str]] = {
    "password": N_("password"),
    "totp": N_("one-time code"),
    "passkey": N_("passkey"),
}

INBOX: Final[Mapping[str, str]] = {
    InboxKind.ALARM: N_("Alarms"),
    InboxKind.OVERDUE: N_("Overdue"),
    InboxKind.DUE_SOON: N_("Due soon"),
    InboxKind.TO_ACKNOWLEDGE: N_("To acknowledge"),
    InboxKind.RETURNED_DRAFT: N_("Returned to the drafter"),
    InboxKind.FOR_APPROVAL: N_("Waiting for our approval"),
    InboxKind.APPROVED_DRAFT: N_("Approved, to be sent"),
    InboxKind.TO_DO: N_("Our turn"),
    InboxKind.NOT_OPENED: N_("Not opened by the counterpart"),
    InboxKind.WAITING: N_("Waiting for them"),
    InboxKind.PAUSED: N_("Paused"),
}
"""The sections of the board."""

STAGES: Final[Mapping[str, str]] = {
    ReceiptStage.SENT: N_("sent"),
    ReceiptStage.DELIVERED: N_("delivered"),
    ReceiptStage.OPENED: N_("opened"),
    ReceiptStage.ACKNOWLEDGED: N_("acknowledged"),
    ReceiptStage.ANSWERED: N_("answered"),
}
"""How far an event has come at a counterpart, in rising order."""

CLOCKS: Final[Mapping[str, str]] = {
    "acknowledge": N_("to acknowledge"),
    "answer": N_("to answer"),
    "confirm": N_("to confirm"),
}

DRAFT_STATES: Final[Mapping[str, str]] = {
    DraftState.DRAFT: N_("draft"),
    DraftState.SUBMITTED: N_("waits for approval"),
    DraftState.APPROVED: N_("approved"),
    DraftState.RETURNED: N_("returned"),
    DraftState.SENT: N_("sent"),
    DraftState.DISCARDED: N_("discarded"),
}

CLOCK_STATES: Final[Mapping[str, str]] = {
    "running": N_("running"),
    "paused": N_("stands still"),
    "met": N_("met"),
    "missed": N_("missed"),
    "void": N_("void"),
}

SECTIONS: Final[Mapping[str, str]] = {
    "dispatch": N_("Letter"),
    "fields": N_("Contents"),
}

REASONS: Final[Mapping[str, str]] = {
    "not_legal_now": N_("This step is not possible now; the counterpart may have come first."),
    "conflict": N_("Somebody else has changed this meanwhile. Below is their version."),
    "not_possible_now": N_("This is not possible with the draft as it stands."),
    "reason_missing": N_("A reason is needed."),
    "too_large": N_("The draft is too large."),
    "wrong_field": N_("A field is not filled in as it must be."),
    "missing_field": N_("A field is missing."),
    "unknown_case": N_("There is no such case here."),
    "unknown_draft": N_("There is no such draft here."),
    "unknown_link": N_("There is no such link here."),
}
"""Further reasons of refusals; where one is not here, the node's own words stand alone."""

DIFFERENT: Final = N_("The two passwords are not the same.")

REFUSALS: Final[Mapping[str, str]] = {
    PeopleRefusal.NOT_LOGGED_IN: N_("You are not logged in, or the session has ended."),
    PeopleRefusal.LOG_IN_FAILED: N_("The name, the password, the code or the passkey is wrong."),
    PeopleRefusal.TOO_MANY_ATTEMPTS: N_("Too many attempts have failed. Wait, then try again."),
    PeopleRefusal.CODE_REFUSED: N_(
        "The one-time code or passkey was not accepted. Wait for the next code; is the clock of the"
        " phone right?"
    ),
    PeopleRefusal.LINK_EXPIRED: N_(
        "This has expired or was used. Begin again, or ask for a new link."
    ),
    PeopleRefusal.PASSWORD_REFUSED: N_(
        "This password is not accepted: it is too short, or easy to guess."
    ),
    PeopleRefusal.UNKNOWN_PERSON: N_("There is no such person or session here."),
    PeopleRefusal.PERSON_EXISTS: N_(
        "This name has an account, perhaps an ended one; names are never given again."
    ),
    PeopleRefusal.APPOINTMENT_REFUSED: N_("The roles or their dates contradict each other."),
    PeopleRefusal.MAY_MORE: N_("This person may do as much as you, or more."),
    PeopleRefusal.NOT_ALLOWED: N_("Your duties do not include this."),
    PeopleRefusal.NEEDS_APPROVAL: N_("This needs the approval of the chief or deputy."),
    PeopleRefusal.LAST_CHIEF: N_("This is the only chief. Appoint the successor first."),
    PeopleRefusal.TOO_MANY: N_("There are too many of these already."),
}
"""The reason of a refusal → a sentence; the node's own words are more exact, and English."""
