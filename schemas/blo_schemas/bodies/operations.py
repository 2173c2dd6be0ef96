"""Bodies of joint cases and bilateral patrols (docs/domain.md §2, seed 003).

Both offices may report the same working group, phase or patrol. They are known to be one by the
case's agreed ``code`` and the group's or phase's number.
"""

from __future__ import annotations

from datetime import date

from blo_schemas.bodies.common import (
    Body,
    Code,
    CrimeType,
    Level,
    Marker,
    Number,
    Person,
    Persons,
)
from blo_schemas.fields import Line, Text
from blo_schemas.ids import CountryId, OfficeId
from blo_schemas.measures import Arrests, Seizure


class JointCase(Body, frozen=True, kw_only=True):
    """A joint case (chuyên án chung), proposed by one side's chief.

    Attributes:
        code: The agreed code of the case.
        lead: Who leads on the side that opens.
        crime_type: What it is about.
        plan: What is planned.
        suspects: Who is suspected.
    """

    code: Code
    lead: Line
    crime_type: CrimeType = CrimeType.DRUGS
    plan: Text | None = None
    suspects: tuple[Person, ...] = ()


class JointCaseJoined(Body, frozen=True, kw_only=True):
    """The other side's chief opens it too.

    Attributes:
        lead: Who leads on the side that joins.
    """

    lead: Line


class WorkingGroup(Body, frozen=True, kw_only=True):
    """A working group (tổ công tác) that was sent across the border.

    Attributes:
        group: Number of the group within the case, agreed by both sides.
        person_trips: Lượt: how many person-trips, not how many different persons.
        sent_by: The office whose group it is, if that is not the one who reports it.
        destination: Where to.
        leader: Who led it.
        task: What for.
        returned: Day of return.
    """

    group: Number
    person_trips: Persons
    sent_by: OfficeId | None = None
    destination: Line | None = None
    leader: Line | None = None
    task: Text | None = None
    returned: date | None = None


class PhaseReport(Body, frozen=True, kw_only=True):
    """The result of one phase (giai đoạn) of a joint case.

    Attributes:
        phase: Number of the phase, agreed by both sides.
        arrests: Arrested persons by nationality; those of unstated nationality as such.
        seizures: What was seized, each in the unit of the report.
        text: The report in words.
    """

    phase: Number
    arrests: tuple[Arrests, ...] = ()
    seizures: tuple[Seizure, ...] = ()
    text: Text | None = None


class JointCaseClosing(Body, frozen=True, kw_only=True):
    """One side's chief closes; the case closes when both have."""

    conclusion: Text | None = None


class Patrol(Body, frozen=True, kw_only=True):
    """A plan for a bilateral patrol (tuần tra song phương).

    Attributes:
        code: The agreed code of the patrol.
        marker_from: First border marker.
        marker_to: Last border marker.
        level: On which level.
        leaders: Who will lead, of both sides.
        headcount: How many are planned.
        country: Whose territory the patrol walks on, if only one's.
    """

    code: Code
    marker_from: Marker
    marker_to: Marker
    level: Level = Level.POST
    leaders: tuple[Line, ...] = ()
    headcount: Persons | None = None
    country: CountryId | None = None


class PatrolConfirmed(Body, frozen=True, kw_only=True):
    """One side confirms the plan.

    Attributes:
        leader: Who leads this side's part.
        headcount: How many of this side will come.
    """

    leader: Line | None = None
    headcount: Persons | None = None


class PatrolDone(Body, frozen=True, kw_only=True):
    """The patrol took place; ``on`` is its day.

    Attributes:
        headcount: Person-trips of both sides together.
        leaders: Who led, of both sides.
        marker_from: First marker, if it was another than planned.
        marker_to: Last marker, if it was another than planned.
        findings: What was found.
        next_date: When the next one is to be.
    """

    headcount: Persons
    leaders: tuple[Line, ...] = ()
    marker_from: Marker | None = None
    marker_to: Marker | None = None
    findings: Text | None = None
    next_date: date | None = None
