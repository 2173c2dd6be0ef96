"""Errors of floor 2.

.. code-block:: text

    DomainError
    ├── Refused             a command that must not become an event, and what to do instead
    └── InconsistentInput   what was given to a pure rule contradicts itself: a defect of the caller
"""

from __future__ import annotations

from enum import StrEnum


class DomainError(Exception):
    """Base of the errors of this floor."""


class RefusalReason(StrEnum):
    """Why a command is refused. The list is closed; the first nine are verdicts’ reasons too."""

    NOT_A_PARTY = "not_a_party"
    UNKNOWN_CASE = "unknown_case"
    CASE_EXISTS = "case_exists"
    KIND_MISMATCH = "kind_mismatch"
    VERSION_AHEAD = "version_ahead"
    NOT_LEGAL_NOW = "not_legal_now"
    NOT_YOUR_STEP = "not_your_step"
    NOTHING_TO_SUPERSEDE = "nothing_to_supersede"
    CASE_FULL = "case_full"
    ALREADY_DONE = "already_done"
    WRONG_BODY = "wrong_body"
    QUANTITY = "quantity"
    REASON_MISSING = "reason_missing"
    DISPATCH_MISSING = "dispatch_missing"
    PAUSE_GROUND_MISSING = "pause_ground_missing"
    URGENCY_GROUND_MISSING = "urgency_ground_missing"
    URGENCY_NOT_YOURS = "urgency_not_yours"
    DUE_NOT_YOURS = "due_not_yours"
    REFUSAL_GROUND_UNKNOWN = "refusal_ground_unknown"
    HANDLING_NOTE_MISSING = "handling_note_missing"
    CLASSIFIED_MARKING = "classified_marking"
    DATE_AHEAD = "date_ahead"
    NO_CONTENT = "no_content"
    TOO_MANY_FILES = "too_many_files"
    FILE_NAME = "file_name"


class Refused(DomainError):
    """A command that must not become an event.

    Attributes:
        reason: Which rule it breaks.
        words: For the officer: what was refused, why, and what to do.
    """

    def __init__(self, reason: RefusalReason, words: str) -> None:
        super().__init__(f"{reason}: {words}")
        self.reason = reason
        self.words = words


class InconsistentInput(DomainError):
    """What was given to a pure rule contradicts itself, e.g. an event without its case."""
