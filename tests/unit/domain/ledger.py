"""A ledger for tests: many cases on several links, and what the province can count of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from blo_domain.cases import SubmittedStep, decide, evolve
from blo_domain.commands import Target
from blo_domain.reports.annual_report import AnnualReport, Period, annual_report, reporting_year
from blo_domain.reports.figure_counter import CountedEvent, Family
from blo_schemas.bodies import body_from_json
from blo_schemas.fields import MapStruct
from blo_schemas.ids import CaseId, CaseRef, LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.verdicts import Outcome
from blo_schemas.views import CaseView
from tests.unit.domain.desk import ABOUT, command
from tests.unit.domain.shown import value_of

NGHEAN = OfficeId("vn-nghean")
KYSON = OfficeId("vn-kyson")
QUEPHONG = OfficeId("vn-quephong")
XIENG = OfficeId("la-xiengkhouang")
XAMTAI = OfficeId("la-xamtai")
DIENBIEN = OfficeId("vn-dienbien")
WEST = LinkId("vn-kyson~la-xiengkhouang")
NORTH = LinkId("vn-quephong~la-xamtai")
EIGHT = LinkId("eight-provinces")
PARTIES = {
    WEST: frozenset({KYSON, XIENG}),
    NORTH: frozenset({QUEPHONG, XAMTAI}),
    EIGHT: frozenset({NGHEAN, DIENBIEN, XIENG}),
}
FAMILY = Family(NGHEAN, frozenset({KYSON, QUEPHONG}))
YEAR = reporting_year(2025)
DAY = date(2025, 3, 1)
BEFORE, FIRST, LAST, AFTER = (
    date(2024, 10, 31),
    date(2024, 11, 1),
    date(2025, 10, 31),
    date(2025, 11, 1),
)
SEIZED = [
    {"substance": "methamphetamine_crystal", "amount": 38, "unit": "kg"},
    {"substance": "heroin", "amount": 8, "unit": "banh"},
    {"substance": "synthetic_unspecified", "amount": 18000, "unit": "tablet"},
]
PHASE = {
    "phase": 1,
    "arrests": [{"count": 1, "nationality": "la"}, {"count": 2}],
    "seizures": SEIZED,
}
PERSON = {"name": "A (fictional)", "nationality": "vn"}


@dataclass
class Case:
    """One case of the ledger."""

    ledger: Ledger
    link: LinkId
    kind: Kind
    id: CaseId

    @property
    def ref(self) -> CaseRef:
        return CaseRef(self.link, self.id)

    def does(
        self, office: OfficeId, step: Step, fields: object = None, on: date = DAY, **changes: Any
    ) -> CountedEvent:
        """Decides, appends and counts one step; it must be accepted."""
        body = body_from_json(self.kind, step, fields or {})
        return self.ledger.append(self, office, step, body, on, **changes)

    def corrects(
        self, office: OfficeId, target: Target, said: dict[str, Any], on: date = DAY
    ) -> CountedEvent:
        """Corrects an earlier step; ``said`` is as scenario files write it."""
        return self.does(office, Step.SUPERSEDE, said, on, corrects=target)


@dataclass
class Ledger:
    """Links with their logs."""

    views: dict[CaseRef, CaseView] = field(default_factory=dict)
    events: list[CountedEvent] = field(default_factory=list)

    def opens(
        self, link: LinkId, office: OfficeId, kind: Kind, fields: object, on: date = DAY
    ) -> Case:
        case = Case(self, link, kind, CaseId(sha256(b"case %d" % len(self.events)).digest()))
        case.does(office, Step.OPEN, fields, on)
        return case

    def append(
        self, case: Case, office: OfficeId, step: Step, body: MapStruct, on: date, **changes: Any
    ) -> CountedEvent:
        wanted = command(case.kind, step, body=body, on=on, dispatch=ABOUT, **changes)
        view = self.views.get(case.ref)
        written = decide(view, wanted, PARTIES[case.link], office)
        place = len(self.events)
        fact = SubmittedStep(case.id, case.link, office, written, place, 10_000 + place)
        after, verdict = evolve(view, fact, PARTIES[case.link])
        assert verdict.outcome is Outcome.ACCEPTED
        assert after is not None
        self.views[case.ref] = after
        event = CountedEvent(
            event_id=sha256(b"event %d" % place).digest(),
            case=case.id,
            link=case.link,
            office=office,
            kind=case.kind,
            step=step,
            version=after.version,
            on=on,
            log_time=fact.log_time,
            position=place,
            body=body,
            supersedes=written.supersedes,
        )
        self.events.append(event)
        return event

    def report(self, period: Period = YEAR) -> AnnualReport:
        return annual_report(self.events, self.views, FAMILY, period)

    # What the seed's year is made of.

    def joint_case(self, link: LinkId, ours: OfficeId, theirs: OfficeId, code: str) -> Case:
        case = self.opens(link, ours, Kind.JOINT_CASE, {"code": code, "lead": "A (fictional)"})
        case.does(theirs, Step.JOIN, {"lead": "B (fictional)"})
        return case

    def patrol(
        self, code: str, on: date = DAY, reported: date | None = None, headcount: int = 10
    ) -> Case:
        plan = {"code": code, "marker_from": "363", "marker_to": "365"}
        case = self.opens(NORTH, QUEPHONG, Kind.PATROL, plan, on)
        case.does(QUEPHONG, Step.CONFIRM, on=on)
        case.does(XAMTAI, Step.CONFIRM, on=on)
        case.does(QUEPHONG, Step.COMPLETE, {"headcount": headcount}, reported or on)
        return case

    def refused_residence(self, on: date = DAY) -> Case:
        case = self.opens(WEST, XIENG, Kind.RESIDENCE_REFUSED, {"citizen": PERSON}, on)
        case.does(KYSON, Step.COORDINATE, {"coordination": "brought home (fictional)"}, on)
        return case

    def deported(self, on: date = DAY) -> Case:
        fields = {"citizen": PERSON, "gate": "Nậm Cắn"}
        case = self.opens(WEST, XIENG, Kind.DEPORTATION, fields, on)
        case.does(KYSON, Step.RECEIVE, on=on)
        return case

    def penalty(self, act: str = "overstay", office: OfficeId = KYSON, on: date = DAY) -> Case:
        fields = {"person": PERSON, "law": "(fictional)", "act": act, "decision_number": "1"}
        return self.opens(WEST, office, Kind.PENALTY, fields, on)

    def delegation(self, office: OfficeId = NGHEAN, on: date = DAY) -> Case:
        fields = {"head": "A (fictional)", "members": ["B", "C"], "purpose": "briefing 21"}
        case = self.opens(EIGHT, office, Kind.DELEGATION, fields, on)
        case.does(XIENG, Step.APPROVE, on=on)
        case.does(office, Step.TRAVEL, on=on)
        return case


def group(number: int, person_trips: int = 4, **more: Any) -> dict[str, Any]:
    """A working group as scenario files write it."""
    return {"group": number, "person_trips": person_trips, **more}


def value(ledger: Ledger, name: str, period: Period = YEAR) -> Any:
    """A figure of the ledger's report."""
    return value_of(ledger.report(period)[name])
