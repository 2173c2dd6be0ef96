"""Counting what offices did (docs/domain.md §4): which events make a figure, and each thing only once.

``figure_rules`` is the table of all figures. It says of each at which step of which kind it
counts, whose steps count, and what makes two reports the same thing. Beyond the table:

- A figure belongs to the period in which its event's business date (``on``) lies. When the event
  reached the log does not matter.
- A correction replaces body and business date of the step it corrects; the latest one is in force.
- What two offices report of one thing counts once: the first accepted report in the log's order
  counts, by its own date; the others are listed as ``also_reported``.
- Nothing of a case that was withdrawn or declined counts, and nothing of a case in which none of
  the family's offices took a step.
- Units are never converted, and amounts of different units never summed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from blo_domain.errors import InconsistentInput
from blo_domain.lifecycle import SHRED_STATES, is_void
from blo_domain.reports.figure_rules import Amounts, CountedParty, FigureRule, sender
from blo_schemas.bodies import Correction, decode_body
from blo_schemas.errors import WireError
from blo_schemas.fields import MapStruct
from blo_schemas.ids import CaseId, CaseRef, LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.views import CaseView


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedEvent:
    """An accepted event whose content could be opened, or could not (``body`` is ``None``).

    Attributes:
        event_id: Its id.
        case: Its case.
        link: The link in whose log it stands.
        office: Who wrote it.
        kind: The case's kind.
        step: What it did.
        version: The case's version after it.
        on: Business date.
        log_time: Log time, Unix milliseconds.
        position: Log position.
        body: Its body, decoded.
        supersedes: For ``SUPERSEDE``: the version that the corrected step had produced.
        number: The writer's own number of the document, if it is known.
    """

    event_id: bytes
    case: bytes
    link: LinkId
    office: OfficeId
    kind: Kind
    step: Step
    version: int
    on: date
    log_time: int
    position: int
    body: MapStruct | None
    supersedes: int | None = None
    number: str | None = None

    @property
    def ref(self) -> CaseRef:
        """Its case among those of all links."""
        return CaseRef(self.link, CaseId(self.case))


@dataclass(frozen=True, slots=True)
class Family:
    """The offices whose work is reported: a province with its branches (docs/domain.md §1)."""

    province: OfficeId
    branches: frozenset[OfficeId]

    @property
    def offices(self) -> frozenset[OfficeId]:
        """The province and its branches."""
        return self.branches | {self.province}


@dataclass(frozen=True, slots=True)
class ReportedStep:
    """One reported step, with all corrections applied.

    Attributes:
        event: The event.
        on: Business date in force.
        body: Body in force; ``None``: it could not be opened.
        corrections: Ids of the corrections, oldest first.
    """

    event: CountedEvent
    on: date
    body: Any
    corrections: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An event that could not be counted, and why; a report shows these (docs/architecture.md, "What each hop promises")."""

    event_id: bytes
    why: str


SHREDDED: Final = "its content was shredded by agreement of the offices"
"""Why an event is left out whose figures nobody can read any more."""

_CLOSED: Final = "its content could not be opened"

_StepOf = tuple[CaseRef, int]
"""A step: its case, and the version that it produced."""


def reports_in_force(
    events: Iterable[CountedEvent],
) -> tuple[tuple[ReportedStep, ...], tuple[LeftOut, ...]]:
    """All reported steps, link by link in the log's order, with their corrections applied.

    Returns:
        The reports, and the corrections that can't be applied, with the reason.
    """
    reports: dict[_StepOf, ReportedStep] = {}
    roots: dict[_StepOf, _StepOf] = {}
    left_out: list[LeftOut] = []
    for event in sorted(events, key=lambda e: (e.link, e.position)):
        here = event.ref, event.version
        if event.step is not Step.SUPERSEDE:
            reports[here] = ReportedStep(event, event.on, event.body)
            continue
        target = event.ref, event.supersedes or 0
        root = roots.get(target, target)
        corrected = _apply(reports.get(root), event)
        if isinstance(corrected, LeftOut):
            left_out.append(corrected)
        else:
            roots[here], reports[root] = root, corrected
    return tuple(reports.values()), tuple(left_out)


def _apply(report: ReportedStep | None, event: CountedEvent) -> ReportedStep | LeftOut:
    correction = event.body
    if report is None:
        return LeftOut(event.event_id, "it corrects an event that is not there")
    if not isinstance(correction, Correction):
        return LeftOut(event.event_id, "its content could not be opened")
    if correction.corrects is not report.event.step:
        return LeftOut(event.event_id, "it carries the fields of another step")
    try:
        body = decode_body(
            event.kind, correction.corrects, correction.body_version, correction.body
        )
    except WireError as error:
        return LeftOut(event.event_id, f"its fields can't be read: {error}")
    return ReportedStep(report.event, event.on, body, (*report.corrections, event.event_id))


@dataclass(frozen=True, slots=True)
class Counted:
    """One counted step, which stands for all reports of the same thing.

    Attributes:
        report: The report that counts.
        tally: How much of what.
        also_reported: Ids of the further reports of the same thing.
    """

    report: ReportedStep
    tally: Amounts
    also_reported: tuple[bytes, ...]


class FigureCounter:
    """Applies rules to the reports of a family's links.

    Args:
        reports: In the log's order.
        cases: All cases of these reports, at the same log positions.
        family: Whose work is counted.

    Raises:
        InconsistentInput: A report's case is missing.
    """

    def __init__(
        self, reports: tuple[ReportedStep, ...], cases: Mapping[CaseRef, CaseView], family: Family
    ) -> None:
        self._family: Final = family.offices
        self._cases: Final = cases
        self._by_step: Final[dict[tuple[Kind, Step], list[ReportedStep]]] = {}
        self._openings: Final[dict[CaseRef, Any]] = {}
        for report in reports:
            event = report.event
            if event.ref not in cases:
                raise InconsistentInput(f"event {event.event_id.hex()} has no case")
            self._by_step.setdefault((event.kind, event.step), []).append(report)
            if event.step is Step.OPEN:
                self._openings[event.ref] = report.body

    def count(self, rule: FigureRule) -> tuple[tuple[Counted, ...], tuple[LeftOut, ...]]:
        """The steps that a rule counts at any time, and those that it can't read."""
        groups: dict[Hashable, list[ReportedStep]] = {}
        left_out: list[LeftOut] = []
        for report in self._by_step.get((rule.kind, rule.step), ()):
            if not self._counts(rule, report):
                continue
            if report.body is None or self._openings.get(report.event.ref) is None:
                left_out.append(LeftOut(report.event.event_id, self._why_unread(report)))
                continue
            groups.setdefault(self._identity(rule, report), []).append(report)
        counted = (self._counted(rule, reports) for reports in groups.values())
        return tuple(item for item in counted if item.tally), tuple(left_out)

    def _why_unread(self, report: ReportedStep) -> str:
        return SHREDDED if self._cases[report.event.ref].state in SHRED_STATES else _CLOSED

    def _counts(self, rule: FigureRule, report: ReportedStep) -> bool:
        view = self._cases[report.event.ref]
        if is_void(view) or self._family.isdisjoint(view.offices):
            return False
        if rule.joint and view.joint_step is rule.step:
            return False
        ours = report.event.office in self._family
        return {
            CountedParty.ANYONE: True,
            CountedParty.SENDER: self._may_be_sent_by_us(report),
            CountedParty.OURS: ours,
            CountedParty.OTHERS: not ours,
            CountedParty.OPENED_BY_US: view.opener in self._family,
        }[rule.whose]

    def _may_be_sent_by_us(self, report: ReportedStep) -> bool:
        """Whether an office of the family sent it; what can't be read may say so."""
        return report.body is None or sender(report.body, report.event.office) in self._family

    def _identity(self, rule: FigureRule, report: ReportedStep) -> Hashable:
        event = report.event
        if rule.identity is None:
            return event.ref
        agreed = rule.identity(report.body, self._openings[event.ref], event.office)
        return event.ref if agreed is None else (event.link, agreed)

    def _counted(self, rule: FigureRule, reports: list[ReportedStep]) -> Counted:
        chosen = reports[-1] if rule.joint else reports[0]
        others = tuple(report.event.event_id for report in reports if report is not chosen)
        tally = rule.measure(chosen.body, self._openings[chosen.event.ref])
        return Counted(chosen, tally, others)
