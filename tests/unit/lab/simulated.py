"""A scenario played with the pure rules alone: no broker, no agent, no seal."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from blo_domain.business_dates import check_date
from blo_domain.cases import SubmittedStep, decide, evolve
from blo_domain.commands import Command, Target
from blo_domain.errors import Refused
from blo_domain.reports.annual_report import AnnualReport, Period, annual_report
from blo_domain.reports.figure_counter import CountedEvent, Family
from blo_lab.network import documents
from blo_lab.network.world import World
from blo_lab.scenario import Scenario, ScenarioLine
from blo_schemas.bodies import body_from_json
from blo_schemas.content import Dispatch
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.verdicts import Outcome, Verdict
from blo_schemas.views import CaseView


class Written(NamedTuple):
    """One event on its way: what it is, and what it says."""

    line: ScenarioLine
    fact: SubmittedStep
    command: Command


class Judged(NamedTuple):
    """One record of a link's log, with its verdict and the case's version after it."""

    written: Written
    verdict: Verdict
    version: int


class Simulation:
    """Plays a scenario; afterwards it can be asked."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._world = world
        self._kinds: dict[str, Kind] = {}
        self._down: set[str] = set()
        self._policies = {
            link.id: documents.agreement(world, link).policy for link in world.links.values()
        }
        self._seen: dict[tuple[str, str], int] = {}
        self._pending: dict[str, list[Written]] = defaultdict(list)
        self.logs: dict[str, list[Written]] = defaultdict(list)
        self.refused: dict[int, Refused] = {}
        for line in scenario.lines:
            self._play(line)

    def judged(self, link: str) -> list[Judged]:
        """The link's log with its verdicts."""
        views: dict[bytes, CaseView | None] = {}
        records = []
        parties = self._world.parties(LinkId(link))
        for position, written in enumerate(self.logs[link]):
            fact = written.fact._replace(position=position)
            view, verdict = evolve(views.get(fact.case), fact, parties)
            views[bytes(fact.case)] = view
            records.append(Judged(written, verdict, view.version if view else 0))
        return records

    def views(self, link: str) -> dict[bytes, CaseView]:
        """The cases of a link at its log's end."""
        return self._fold(link, self.logs[link])

    def report(self, first: date, last: date) -> AnnualReport:
        """What the province reports."""
        province = OfficeId("vn-nghean")
        read = [one for one in self._world.links.values() if province in one.readers]
        events = [event for link in read for event in self._events(link.id)]
        cases = {view.ref: view for link in read for view in self.views(link.id).values()}
        branches = {s.office for link in read for s in link.superiors if s.superior == province}
        return annual_report(
            events, cases, Family(province, frozenset(branches)), Period(first, last)
        )

    def _events(self, link: str) -> list[CountedEvent]:
        return [
            CountedEvent(
                event_id=sha256(f"{link}/{position}".encode()).digest(),
                case=bytes(written.fact.case),
                link=LinkId(link),
                office=written.fact.office,
                kind=written.fact.summary.kind,
                step=written.fact.summary.step,
                version=version,
                on=written.command.on,
                log_time=written.line.at_ms,
                position=position,
                body=written.command.body,
                supersedes=written.fact.summary.supersedes,
            )
            for position, (written, verdict, version) in enumerate(self.judged(link))
            if verdict.outcome is Outcome.ACCEPTED
        ]

    def _play(self, line: ScenarioLine) -> None:
        if line.step is None:
            self._switch(line)
            return
        command = self._command(line)
        case = sha256(line.case.encode()).digest()
        office, link = OfficeId(line.office), LinkId(line.link)
        try:
            view = self._known(line.office, line.link).get(case)
            check_date(command, office, self._policies[link], line.at_ms)
            summary = decide(view, command, self._world.parties(link), office)
        except Refused as refused:
            self.refused[line.number] = refused
            return
        fact = SubmittedStep(case, link, office, summary, 0, line.at_ms)
        written = Written(line, fact, command)
        if line.office in self._down:
            self._pending[line.office].append(written)
        else:
            self.logs[line.link].append(written)

    def _switch(self, line: ScenarioLine) -> None:
        if line.do == "line_down":
            self._down.add(line.office)
            for link in self._world.links:
                self._seen[line.office, link] = len(self.logs[link])
            return
        self._down.discard(line.office)
        for written in self._pending.pop(line.office, []):
            self.logs[written.line.link].append(written)

    def _known(self, office: str, link: str) -> dict[bytes, CaseView]:
        """The cases as the office sees them: what it has read, and then its own under way."""
        if office not in self._down:
            return self._fold(link, self.logs[link])
        own = [one for one in self._pending[office] if one.line.link == link]
        return self._fold(link, self.logs[link][: self._seen[office, link]] + own)

    def _fold(self, link: str, log: list[Written]) -> dict[bytes, CaseView]:
        views: dict[bytes, CaseView] = {}
        parties = self._world.parties(LinkId(link))
        for written in log:
            view, _ = evolve(views.get(bytes(written.fact.case)), written.fact, parties)
            if view is not None:
                views[bytes(written.fact.case)] = view
        return views

    def _command(self, line: ScenarioLine) -> Command:
        assert line.step is not None
        assert line.on is not None
        if line.kind is not None:
            self._kinds[line.case] = line.kind
        kind = self._kinds[line.case]
        fields: Any = line.body
        target = None
        if line.corrects is not None:
            target = Target(line.corrects.step, line.corrects.nth)
            fields = {"corrects": target.step.word, "fields": line.body}
        dispatch = None
        if line.dispatch is not None:
            dispatch = msgspec.convert(line.dispatch, Dispatch)
        return Command(
            kind=kind,
            step=line.step,
            on=line.on,
            body=body_from_json(kind, line.step, fields),
            urgency=line.urgency,
            reason=line.reason,
            dispatch=dispatch,
            corrects=target,
            due=line.due_ms,
            pause_ground=line.ground,
        )


def step_of(judged: Judged) -> Step:
    """What a record does."""
    return judged.written.fact.summary.step
