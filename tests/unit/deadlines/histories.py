"""Cases for tests: steps at local times, judged by ``evolve`` and folded into clocks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from blo_domain.cases import SubmittedStep, evolve
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.deadlines.terms import FOREVER, PolicyPeriod, Terms
from blo_schemas.clocks import ClockKind, ClockState, ClockView
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.policy import DeadlinePolicy
from blo_schemas.summary import Kind, Step, Summary, Urgency
from blo_schemas.verdicts import Outcome, Verdict
from blo_schemas.views import CaseView

VN = OfficeId("vn-kyson")
LA = OfficeId("la-xiengkhouang")
LINK = LinkId("vn-kyson~la-xiengkhouang")
PAIR = (LA, VN)
CASE = bytes(range(32))
HOME = "Asia/Ho_Chi_Minh"
"""Viet Nam and Laos share one offset."""

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(text: str, zone: str = HOME) -> int:
    """A local time in Unix milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def told(instant: int | None, zone: str = HOME) -> str:
    """An instant as a local time, for comparing with what was computed by hand."""
    if instant is None:
        return "open"
    local = datetime.fromtimestamp(instant / 1000, ZoneInfo(zone))
    return local.strftime("%Y-%m-%d %H:%M")


def term(
    policy: DeadlinePolicy | None = None, start: int = 0, end: int = FOREVER, version: int = 1
) -> PolicyPeriod:
    return PolicyPeriod(start, end, version, policy or four_urgencies(PAIR))


STOCK: Terms = (term(),)


@dataclass
class Case:
    """One case, its steps and its clocks."""

    kind: Kind = Kind.VERIFICATION_REQUEST
    opener: OfficeId = VN
    parties: Collection[OfficeId] = PAIR
    urgency: Urgency = Urgency.ROUTINE
    view: CaseView | None = None
    clocks: ClockView | None = None
    facts: list[SubmittedStep] = field(default_factory=list)
    id: bytes = CASE

    def takes(self, office: OfficeId, step: Step, when: int, **fields: Any) -> Verdict:
        """Appends a step, whatever becomes of it."""
        version = 0 if self.view is None else self.view.version
        fields.setdefault("urgency", self.urgency)
        summary = Summary(1, self.kind, step, expected_version=version, **fields)
        position = self.facts[-1].position + 3 if self.facts else 7
        fact = SubmittedStep(self.id, LINK, office, summary, position, when)
        self.view, verdict = evolve(self.view, fact, self.parties)
        if verdict.outcome is Outcome.ACCEPTED:
            self.clocks = fold_clocks(self.clocks, fact)
            self.facts.append(fact)
        return verdict

    def goes(self, office: OfficeId, step: Step, when: str, **fields: Any) -> Case:
        """Takes a step that must be accepted, at a local time."""
        verdict = self.takes(office, step, at(when), **fields)
        assert verdict.outcome is Outcome.ACCEPTED, verdict
        return self

    @property
    def now(self) -> ClockView:
        assert self.clocks is not None
        return self.clocks


def opened(
    when: str,
    urgency: Urgency = Urgency.ROUTINE,
    opener: OfficeId = VN,
    kind: Kind = Kind.VERIFICATION_REQUEST,
    **fields: Any,
) -> Case:
    return Case(kind, opener, urgency=urgency).goes(opener, Step.OPEN, when, **fields)


def assigned(
    when: str, urgency: Urgency = Urgency.ROUTINE, opener: OfficeId = VN, **fields: Any
) -> Case:
    """A request that was acknowledged, accepted and assigned within the minute of its opening."""
    case = opened(when, urgency, opener, **fields)
    other = LA if opener == VN else VN
    for step in (Step.ACKNOWLEDGE, Step.ACCEPT, Step.ASSIGN):
        case.goes(other, step, when)
    return case


def replay(facts: Collection[SubmittedStep], view: ClockView | None = None) -> ClockView | None:
    for fact in facts:
        view = fold_clocks(view, fact)
    return view


def state_of(states: Collection[ClockState], clock: ClockKind, number: int = 0) -> ClockState:
    (found,) = [one for one in states if (one.clock, one.round) == (clock, number)]
    return found
