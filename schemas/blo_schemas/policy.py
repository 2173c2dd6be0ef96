"""Deadline policies as data: what an agreement says about time (docs/domain.md §3, docs/deadlines.md).

Evaluating a policy is the processors' work; here is only what the offices sign.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from blo_schemas.fields import MapStruct, Name, Positive
from blo_schemas.ids import CountryId, OfficeId
from blo_schemas.summary import Kind, Urgency

Percent = Annotated[int, msgspec.Meta(ge=1, le=99)]


class SpanUnit(StrEnum):
    """What a span is counted in."""

    MINUTES = "minutes"
    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


class Span(MapStruct, frozen=True, kw_only=True):
    """A length of time, e.g. two working days of the responder's calendar."""

    amount: Positive
    unit: SpanUnit


class Deadline(MapStruct, frozen=True, kw_only=True):
    """How long the responder has, for one urgency, and for one kind if that is named.

    Attributes:
        urgency: The urgency it applies to.
        kind: The kind it applies to; ``None``: every kind without a row of its own.
        acknowledge: From the opening to the acknowledgement.
        answer: From the opening to the answer.
    """

    urgency: Urgency
    kind: Kind | None = None
    acknowledge: Span
    answer: Span


class EscalationLevel(StrEnum):
    """A step of the escalation ladder, in the order of docs/domain.md §3."""

    WARNING = "warning"
    URGE_COUNTERPART = "urge_counterpart"
    OWN_CHIEF = "own_chief"
    PROVINCE = "province"
    MINISTRY = "ministry"


class LadderStep(MapStruct, frozen=True, kw_only=True):
    """When a rung is reached.

    Attributes:
        rung: Which one.
        after: Span after the deadline; ``None`` for the warning, which comes before it.
    """

    rung: EscalationLevel
    after: Span | None = None


class Calendar(MapStruct, frozen=True, kw_only=True):
    """Working days of one country as the agreement counts them.

    Attributes:
        country: Whose public holidays, in the table that the policy names.
        weekend: ISO weekday numbers that are free, e.g. ``(6, 7)``.
        extra_days_off: Days that the agreement adds.
        extra_working_days: Days that are worked although they would be free.
    """

    country: CountryId
    weekend: tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...] = (6, 7)
    extra_days_off: tuple[date, ...] = ()
    extra_working_days: tuple[date, ...] = ()


class OfficeZone(MapStruct, frozen=True, kw_only=True):
    """The time zone in which an office's days begin and end (IANA name)."""

    office: OfficeId
    zone: Name


class DeadlinePolicy(MapStruct, frozen=True, kw_only=True):
    """All that an agreement says about time.

    Attributes:
        name: What the policy is called, e.g. ``four-urgencies`` or ``eu-2023-977``.
        deadlines: One row per urgency, further rows for single kinds.
        warning_percent: Share of a deadline's span after which the warning comes.
        ladder: Escalation in rising order.
        holidays: Version of the table of public holidays that working days are counted by.
        calendars: One for each of the link's countries.
        zones: One for each of the link's offices.
        refusal_grounds: Closed list of grounds for declining; empty: any reason in words.
        silent_after: Without a head for this long, a peer counts as silent.
    """

    name: Name
    deadlines: tuple[Deadline, ...]
    warning_percent: Percent
    ladder: tuple[LadderStep, ...]
    holidays: Positive
    calendars: tuple[Calendar, ...]
    zones: tuple[OfficeZone, ...]
    refusal_grounds: tuple[str, ...] = ()
    silent_after: Span
