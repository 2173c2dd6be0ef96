"""The annual report: the figures of one period, each with the events that make it (docs/domain.md §4).

It is a pure function of accepted events and case views, so a frozen report can be computed anew at
any time from the same log positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from blo_domain.errors import InconsistentInput
from blo_domain.lifecycle import SHRED_STATES
from blo_domain.reports.figure_counter import (
    SHREDDED,
    Counted,
    CountedEvent,
    Family,
    FigureCounter,
    LeftOut,
    ReportedStep,
    reports_in_force,
)
from blo_domain.reports.figure_rules import RULES, Amount, Label
from blo_schemas.ids import CaseRef
from blo_schemas.views import CaseView

OFFICES_ACTIVE: Final = "blo_offices_active"

IN_SUMMARY: Final = (
    OFFICES_ACTIVE,
    "joint_cases",
    "working_groups",
    "person_trips",
    "arrests",
    "seizures",
    "bilateral_patrols",
    "residence_refused",
    "deportations_received",
    "overstay_penalties",
    "delegations",
)
"""The figures of the report of seed 003, in its order."""


@dataclass(frozen=True, slots=True)
class Period:
    """A period of business dates, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InconsistentInput(f"a period can't end on {self.last}, before {self.first}")

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


def reporting_year(year: int) -> Period:
    """The reporting year that ends in ``year``: 1 November to 31 October (seed 003)."""
    return Period(date(year - 1, 11, 1), date(year, 10, 31))


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure.

    Attributes:
        name: Its name.
        unit: What it is counted in.
        totals: How much of what; a plain number is of ``()``.
        counted: What makes it.
    """

    name: str
    unit: str
    totals: Mapping[Label, Amount]
    counted: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class AnnualReport:
    """All figures of one family and period.

    Attributes:
        family: Whose report it is.
        period: Of which business dates.
        indicators: The figures, in the order of the report of seed 003, then the further ones.
        left_out: Events that could not be counted, and why; of those that were shredded nobody
            can say any more whether their dates lie in the period.
    """

    family: Family
    period: Period
    indicators: tuple[Indicator, ...]
    left_out: tuple[LeftOut, ...]

    def __getitem__(self, name: str) -> Indicator:
        return next(indicator for indicator in self.indicators if indicator.name == name)


def annual_report(
    events: Iterable[CountedEvent],
    cases: Mapping[CaseRef, CaseView],
    family: Family,
    period: Period,
) -> AnnualReport:
    """Computes the report of a family's offices for a period.

    Args:
        events: All accepted events of the links that the province reads.
        cases: Their cases, at the same log positions.
        family: The reporting offices.
        period: Business dates.

    Raises:
        InconsistentInput: An event's case is missing.
    """
    given = list(events)
    reports, left_out = reports_in_force(given)
    left_out = _gone(left_out, given, cases)
    counter = FigureCounter(reports, cases, family)
    indicators = [_active_offices(reports, family, period)]
    for rule in RULES:
        counted, unread = counter.count(rule)
        within = tuple(item for item in counted if item.report.on in period)
        indicators.append(Indicator(rule.indicator, rule.unit, _totals(within), within))
        left_out += unread
    return AnnualReport(family, period, tuple(indicators), tuple(dict.fromkeys(left_out)))


def _gone(
    left_out: tuple[LeftOut, ...], events: list[CountedEvent], cases: Mapping[CaseRef, CaseView]
) -> tuple[LeftOut, ...]:
    """Says of corrections that can't be read because their case was shredded that they were."""
    case_of = {event.event_id: event.ref for event in events if event.body is None}
    omissions = []
    for omission in left_out:
        case = case_of.get(omission.event_id)
        view = None if case is None else cases.get(case)
        shredded = view is not None and view.state in SHRED_STATES
        omissions.append(LeftOut(omission.event_id, SHREDDED) if shredded else omission)
    return tuple(omissions)


def _active_offices(reports: Sequence[ReportedStep], family: Family, period: Period) -> Indicator:
    """Branches with at least one accepted event of the period; each one's first stands for it."""
    first: dict[str, Counted] = {}
    for report in reports:
        if report.event.office in family.branches and report.on in period:
            first.setdefault(report.event.office, Counted(report, {(): 1}, ()))
    counted = tuple(first.values())
    return Indicator(OFFICES_ACTIVE, "offices", _totals(counted), counted)


def _totals(counted: Iterable[Counted]) -> dict[Label, Amount]:
    totals: dict[Label, Amount] = {}
    for item in counted:
        for label, amount in item.tally.items():
            totals[label] = totals.get(label, 0) + amount
    return totals
