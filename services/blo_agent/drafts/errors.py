"""What is refused about drafts, each with words for the person."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused
from blo_agent.store.tables.drafts import DraftRow


class DraftRefusal(StrEnum):
    """Why something about a draft is refused. The list is closed."""

    UNKNOWN_DRAFT = "unknown_draft"
    NOT_POSSIBLE_NOW = "not_possible_now"
    CONFLICT = "conflict"
    REASON_MISSING = "reason_missing"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"


class DraftStepRefused(ActionRefused):
    """A step of a draft that is not possible.

    Attributes:
        current: The draft as it is, after a conflict: the other version.
    """

    reasons = (DraftRefusal,)

    def __init__(self, reason: DraftRefusal, words: str, current: DraftRow | None = None) -> None:
        super().__init__(reason, words)
        self.current = current


def draft_refused(reason: DraftRefusal, words: str) -> DraftStepRefused:
    """The error with a reason of this module."""
    return DraftStepRefused(reason, words)
