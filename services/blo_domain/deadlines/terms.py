"""What was agreed when: the policies of a link in the order in which they hold (docs/architecture.md, "Keys and trust"; docs/deadlines.md).

The clock of a case follows the agreement that is in force at the log time from which it counts. So
a newer agreement never rewrites what was due before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from blo_domain.deadlines import policies
from blo_domain.deadlines.calendars import OfficeTime, office_time
from blo_domain.errors import InconsistentInput
from blo_schemas.clocks import ClockKind
from blo_schemas.ids import OfficeId, country_of
from blo_schemas.policy import Deadline, DeadlinePolicy, EscalationLevel, Span
from blo_schemas.summary import Kind, Urgency
from blo_schemas.trust import Agreement, Superior

Offices = tuple[OfficeId, ...]

FOREVER: Final = 2**62
"""The end of a term that lasts until it is superseded."""


@dataclass(frozen=True)
class PolicyPeriod:
    """The time in which one version of a link's agreement is in force, with its contents.

    Attributes:
        start: First instant, Unix milliseconds.
        end: First instant after it.
        version: The agreement's version.
        policy: Its deadline policy.
        superiors: Who is whose superior.
        observers: Who observes the link: the ministry level.
        offices: The link's offices, sorted, each with its time zone and working days.
        plans: What ``deadlines.plan`` has computed under it before.
    """

    start: int
    end: int
    version: int
    policy: DeadlinePolicy
    superiors: tuple[Superior, ...] = ()
    observers: Offices = ()
    offices: Mapping[OfficeId, OfficeTime] = field(init=False, compare=False, repr=False)
    plans: dict[object, Any] = field(init=False, compare=False, repr=False, default_factory=dict)
    _rows: Mapping[tuple[Urgency, Kind | None], Deadline] = field(
        init=False, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        policies.check(self.policy, tuple(zone.office for zone in self.policy.zones))
        calendars = {calendar.country: calendar for calendar in self.policy.calendars}
        offices = {
            zone.office: office_time(
                zone.zone, calendars[country_of(zone.office)], self.policy.holidays
            )
            for zone in sorted(self.policy.zones, key=lambda zone: zone.office)
        }
        rows = {(row.urgency, row.kind): row for row in self.policy.deadlines}
        object.__setattr__(self, "offices", offices)
        object.__setattr__(self, "_rows", rows)

    def span(self, kind: Kind, urgency: Urgency, clock: ClockKind) -> Span:
        """How long the other side has; confirming has the span of answering."""
        row = self._rows.get((urgency, kind)) or self._rows[urgency, None]
        return row.acknowledge if clock is ClockKind.ACKNOWLEDGE else row.answer

    def others(self, opener: OfficeId) -> Offices:
        """The offices that owe what ``opener`` waits for.

        Raises:
            InconsistentInput: The link has no other office.
        """
        others = tuple(office for office in self.offices if office != opener)
        if not others:
            raise InconsistentInput(f"{self.policy.name} names no office besides {opener}")
        return others

    def notified(self, rung: EscalationLevel, opener: OfficeId) -> Offices:
        """Who is told when a rung is reached; with nobody named for it, the offices themselves.

        The warning and the urging go to those who owe; ``own_chief`` to the chiefs on both sides,
        who sit in the offices; ``province`` to the superiors and ``ministry`` to the observers
        that the agreement names.
        """
        if rung in (EscalationLevel.WARNING, EscalationLevel.URGE_COUNTERPART):
            return self.others(opener)
        named: Iterable[OfficeId] = ()
        if rung is EscalationLevel.PROVINCE:
            named = (
                superior.superior for superior in self.superiors if superior.office in self.offices
            )
        elif rung is EscalationLevel.MINISTRY:
            named = self.observers
        return tuple(sorted(set(named))) or tuple(self.offices)


Terms = tuple[PolicyPeriod, ...]
"""A link's terms, the earliest first."""


def terms_of(agreed: Iterable[tuple[Agreement, int, int]]) -> Terms:
    """Terms from agreements, each with its first instant in force and the first after it.

    Raises:
        PolicyError: A policy is not whole; names the field.
    """
    terms = (
        PolicyPeriod(
            start,
            end,
            agreement.version,
            agreement.policy,
            agreement.superiors,
            agreement.observers,
        )
        for agreement, start, end in agreed
        if start < end
    )
    return tuple(sorted(terms, key=lambda term: term.start))


def with_policy(policy: DeadlinePolicy, terms: Terms, since: int = 0) -> Terms:
    """The terms as if this policy had held from an instant on; earlier terms stay.

    Raises:
        PolicyError: The policy is not whole; names the field.
    """
    kept = tuple(replace(term, end=min(term.end, since)) for term in terms if term.start < since)
    later = tuple(
        replace(term, start=max(term.start, since), policy=policy)
        for term in terms
        if term.end > since
    )
    return (*kept, *later)


def in_force(terms: Terms, at: int) -> PolicyPeriod:
    """The term that an instant falls in.

    In a time without an agreement it is the last one before it: an accepted step has been agreed
    upon, and only log time that steps back can seem to put it there.

    Raises:
        InconsistentInput: There are no terms.
    """
    if not terms:
        raise InconsistentInput("a clock runs on a link without an agreement")
    return next((term for term in reversed(terms) if term.start <= at), terms[0])
