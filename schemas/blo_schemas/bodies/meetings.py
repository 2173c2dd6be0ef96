"""Bodies of briefings and delegations (docs/domain.md §2; seeds 000 to 004)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from blo_schemas.bodies.common import Body, Instant, Level, Number, Persons
from blo_schemas.fields import Line, Text
from blo_schemas.ids import OfficeId


class Rhythm(StrEnum):
    """Whether a briefing belongs to a series."""

    PERIODIC = "periodic"
    AD_HOC = "ad_hoc"


class Briefing(Body, frozen=True, kw_only=True):
    """An invitation to a briefing (giao ban).

    Attributes:
        rhythm: Periodic or ad hoc.
        ordinal: Its place in its series, e.g. 21 for the 21st (seed 003).
        level: On which level.
        host: Who hosts it.
        place: Where.
        time: When it is planned.
        agenda: Its points.
    """

    rhythm: Rhythm = Rhythm.PERIODIC
    ordinal: Number | None = None
    level: Level = Level.PROVINCE
    host: Line
    place: Line | None = None
    time: Instant | None = None
    agenda: tuple[Line, ...] = ()


class BriefingHeld(Body, frozen=True, kw_only=True):
    """The briefing took place; ``on`` is its day.

    Attributes:
        place: Where.
        attendance: How many took part.
        decisions: What was decided.
    """

    place: Line | None = None
    attendance: Persons | None = None
    decisions: tuple[Line, ...] = ()


class ActionRecorded(Body, frozen=True, kw_only=True):
    """An action of the briefing, which becomes a task.

    Attributes:
        number: Its number within the briefing.
        task: What is to be done.
        office: Which office is to do it.
        due: By when.
    """

    number: Number
    task: Line
    office: OfficeId | None = None
    due: date | None = None


class ActionCompleted(Body, frozen=True, kw_only=True):
    """An action was done.

    Attributes:
        number: Its number within the briefing.
        result: What came of it.
    """

    number: Number
    result: Text | None = None


class Delegation(Body, frozen=True, kw_only=True):
    """A delegation (đoàn) that is to travel to the other side.

    Attributes:
        head: Who heads it.
        members: The others, without the head.
        purpose: What for.
        destination: Where to.
        leaves: Planned first day.
        returns: Planned last day.
    """

    head: Line
    members: tuple[Line, ...] = ()
    purpose: Line
    destination: Line | None = None
    leaves: date | None = None
    returns: date | None = None


class DelegationApproved(Body, frozen=True, kw_only=True):
    """The travel was approved."""

    approved_by: Line | None = None
    decision_number: Line | None = None


class DelegationTravelled(Body, frozen=True, kw_only=True):
    """The delegation travelled; ``on`` is the day of departure.

    Attributes:
        persons: How many travelled, if others than planned.
        returned: Day of return.
    """

    persons: Persons | None = None
    returned: date | None = None


class DelegationReport(Body, frozen=True, kw_only=True):
    """What came of the travel."""

    text: Text | None = None
    agreements: tuple[Line, ...] = ()
