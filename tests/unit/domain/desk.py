"""A desk for tests: offices that decide, and a log in which their steps get an order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from blo_domain.cases import SubmittedStep, decide, evolve
from blo_domain.commands import Command, Target
from blo_schemas.bodies import Correction, body_type
from blo_schemas.codec import encode
from blo_schemas.content import WITHOUT_CONTENT, Dispatch
from blo_schemas.fields import MapStruct
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.summary import Kind, PauseGround, Step, Summary, Urgency
from blo_schemas.verdicts import Outcome, Reason, Verdict
from blo_schemas.views import CaseView, State
from tests.unit.schemas.structs import sample_of

KYSON = OfficeId("vn-kyson")
XIENG = OfficeId("la-xiengkhouang")
LINK = LinkId("vn-kyson~la-xiengkhouang")
PAIR = frozenset({KYSON, XIENG})
CONFERENCE = frozenset(OfficeId(f"{c}-{n}") for c in ("vn", "la") for n in ("a", "b", "c", "d"))
CASE = bytes(range(32))
DAY = date(2025, 3, 1)
ABOUT = Dispatch(subject="(fictional)")


def command(kind: Kind, step: Step, **changes: Any) -> Command:
    """A complete command for any step, with the sample of its body."""
    given: dict[str, Any] = {
        "on": DAY,
        "body": sample_of(body_type(kind, step)),
        "reason": "because (fictional)",
        "dispatch": ABOUT,
        "pause_ground": PauseGround.COURT if step is Step.PAUSE else None,
    }
    if step in WITHOUT_CONTENT:
        given |= {"reason": None, "dispatch": None}
    return Command(kind=kind, step=step, **(given | changes))


def summary(kind: Kind, step: Step, version: int, **fields: Any) -> Summary:
    given: dict[str, Any] = {"urgency": Urgency.ROUTINE, "expected_version": version}
    return Summary(1, kind, step, **(given | fields))


@dataclass
class Desk:
    """One case in one log."""

    kind: Kind
    parties: Collection[OfficeId] = PAIR
    view: CaseView | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    facts: list[SubmittedStep] = field(default_factory=list)

    def does(self, office: OfficeId, step: Step, **changes: Any) -> CaseView:
        """Decides on the latest view and appends; the step must be accepted."""
        decided = decide(self.view, command(self.kind, step, **changes), self.parties, office)
        verdict = self.appends(office, decided)
        assert verdict.outcome is Outcome.ACCEPTED
        assert self.view is not None
        return self.view

    def corrects(self, office: OfficeId, step: Step, body: MapStruct, nth: int = 1) -> CaseView:
        """Corrects the report of an earlier step."""
        correction = Correction(corrects=step, body=encode(body), body_version=1)
        return self.does(office, Step.SUPERSEDE, corrects=Target(step, nth), body=correction)

    def appends(self, office: OfficeId, written: Summary) -> Verdict:
        """Appends whatever an office wrote."""
        place = len(self.facts)
        fact = SubmittedStep(CASE, LINK, office, written, place, 1_000 + place)
        self.facts.append(fact)
        self.view, verdict = evolve(self.view, fact, self.parties)
        self.verdicts.append(verdict)
        return verdict

    def writes(self, office: OfficeId, step: Step, version: int, **fields: Any) -> Reason | None:
        """Appends a step without asking ``decide``; returns why it was rejected, if it was."""
        return self.appends(office, summary(self.kind, step, version, **fields)).reason

    @property
    def case(self) -> CaseView:
        assert self.view is not None
        return self.view

    @property
    def state(self) -> State:
        return self.case.state


def walked(kind: Kind, *steps: tuple[OfficeId, Step]) -> Desk:
    """A desk whose case has gone through these steps, opened by ``KYSON``."""
    desk = Desk(kind)
    desk.does(KYSON, Step.OPEN)
    for office, step in steps:
        desk.does(office, step)
    return desk
