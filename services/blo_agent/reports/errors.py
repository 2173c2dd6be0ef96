"""Refusals of a step with a report."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused


class ReportRefusal(StrEnum):
    """Why something is not done with a report."""

    REREADING = "rereading"
    HALTED = "halted"
    NOT_THE_LOG = "not_the_log"
    UNKNOWN_REPORT = "unknown_report"
    FROZEN = "frozen"
    NOT_FROZEN = "not_frozen"
    PERIOD_NOT_ENDED = "period_not_ended"
    PERIOD_IS_FROZEN = "period_is_frozen"
    OUT_OF_ORDER = "out_of_order"
    OWN_WORK = "own_work"
    FOUR_EYES = "four_eyes"
    TOO_MANY_STEPS = "too_many_steps"
    TOO_LARGE = "too_large"
    NO_IDENTITY = "no_identity"


class ReportRefused(ActionRefused):
    """A step with a report was refused."""

    reasons = (ReportRefusal,)
