"""Whatever order the log gives to the offices' steps, all readers agree (docs/architecture.md, "The case")."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.cases import SubmittedStep, decide, evolve, legal_steps
from blo_domain.commands import Command, Target
from blo_domain.errors import Refused
from blo_schemas.bodies import BODIES, Correction, body_type
from blo_schemas.codec import encode
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.summary import SUMMARY, Kind, PauseGround, Step, Summary, Urgency
from blo_schemas.verdicts import ACCEPTED, Outcome, Verdict
from blo_schemas.views import CASE_VIEW, CaseView
from tests.unit.domain.desk import CASE, CONFERENCE, LINK, PAIR, command
from tests.unit.schemas.structs import sample_of

pytestmark = pytest.mark.slow

PARTIES = st.sampled_from([PAIR, frozenset(sorted(CONFERENCE)[:3])])
OFFICES = sorted(PAIR | CONFERENCE)


@dataclass
class Office:
    """An office that has read the log up to some point and decides on what it knows."""

    name: OfficeId
    view: CaseView | None = None
    read: int = 0

    def reads(self, log: list[SubmittedStep], upto: int, parties: frozenset[OfficeId]) -> None:
        for fact in log[self.read : upto]:
            self.view, _ = evolve(self.view, fact, parties)
        self.read = max(self.read, upto)


@dataclass
class World:
    parties: frozenset[OfficeId]
    kind: Kind
    log: list[SubmittedStep] = field(default_factory=list)
    offices: list[Office] = field(default_factory=list)

    def append(self, office: OfficeId, written: Summary) -> None:
        place = len(self.log)
        self.log.append(SubmittedStep(CASE, LINK, office, written, place, 1_000 + place))

    def fold(self) -> tuple[CaseView | None, list[Verdict]]:
        view: CaseView | None = None
        verdicts = []
        for fact in self.log:
            view, verdict = evolve(view, fact, self.parties)
            verdicts.append(verdict)
        return view, verdicts


def chosen(data: st.DataObject, world: World, office: Office) -> Step:
    """Mostly something that the office thinks is possible, so that cases get somewhere."""
    if office.view is None:
        return Step.OPEN
    likely = legal_steps(office.view, office.name, world.parties)
    step: Step = data.draw(st.sampled_from(likely or tuple(Step)))
    return step


def a_correction(data: st.DataObject, view: CaseView) -> Command:
    """Of any step that the case has had, whoever did it."""
    corrected = data.draw(st.sampled_from(view.steps))
    if corrected is Step.SUPERSEDE:
        corrected = Step.OPEN
    body = encode(sample_of(body_type(view.kind, corrected)))
    correction = Correction(corrects=corrected, body=body, body_version=1)
    target = Target(data.draw(st.sampled_from([corrected, Step.SUPERSEDE])))
    return command(view.kind, Step.SUPERSEDE, corrects=target, body=correction)


def a_turn(data: st.DataObject, world: World) -> None:
    """One office catches up as far as its line allows, decides, and appends."""
    office = data.draw(st.sampled_from(world.offices))
    office.reads(world.log, data.draw(st.integers(0, len(world.log))), world.parties)
    step = chosen(data, world, office)
    if (world.kind, step) not in BODIES:
        return
    wanted = command(world.kind, step)
    if step is Step.SUPERSEDE and office.view is not None:
        wanted = a_correction(data, office.view)
    try:
        written = decide(office.view, wanted, world.parties, office.name)
    except Refused:
        return
    before = office.view
    place = SubmittedStep(CASE, LINK, office.name, written, len(world.log), 0)
    assert evolve(before, place, world.parties)[1] == ACCEPTED
    world.append(office.name, written)


@settings(max_examples=150, deadline=None)
@given(st.data(), PARTIES, st.sampled_from(Kind))
def test_any_interleaving_of_decided_steps_gives_equal_views_and_verdicts(
    data: st.DataObject, parties: frozenset[OfficeId], kind: Kind
) -> None:
    world = World(parties, kind, offices=[Office(each) for each in sorted(parties)])
    for _ in range(data.draw(st.integers(1, 25))):
        a_turn(data, world)
    view, verdicts = world.fold()
    for office in world.offices:
        office.reads(world.log, len(world.log), parties)
        assert office.view == view
    accepted = [verdict for verdict in verdicts if verdict.outcome is Outcome.ACCEPTED]
    if view is not None:
        assert view.version == len(accepted) == len(view.steps) == len(view.authors)
        assert view.crossed == sum(verdict.crossed for verdict in accepted)
        assert CASE_VIEW.decode(encode(view)) == view


summaries = st.builds(
    Summary,
    v=st.just(1),
    kind=st.sampled_from([Kind.DOCUMENT, Kind.PATROL, Kind.JOINT_CASE]),
    step=st.sampled_from(Step),
    urgency=st.sampled_from(Urgency),
    expected_version=st.integers(0, 6) | st.just(2**53),
    due=st.none() | st.integers(0, LAST_INSTANT),
    supersedes=st.none() | st.integers(1, 6) | st.just(2**53),
    pause_ground=st.none() | st.sampled_from(PauseGround),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(OFFICES), summaries, st.booleans()), max_size=30), PARTIES
)
def test_no_summary_that_can_be_decoded_stops_a_reader(
    written: list[tuple[OfficeId, Summary, bool]], parties: frozenset[OfficeId]
) -> None:
    view: CaseView | None = None
    count = 0
    for place, (office, summary, here) in enumerate(written):
        assert SUMMARY.decode(encode(summary)) == summary
        link = LINK if here else LinkId("elsewhere")
        before = view
        view, verdict = evolve(
            view, SubmittedStep(CASE, link, office, summary, place, place), parties
        )
        if verdict.outcome is Outcome.ACCEPTED:
            count += 1
            assert view is not None
            assert view.version == count
        else:
            assert view is before
            assert verdict.reason is not None


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(Kind))
def test_what_decide_lets_pass_is_accepted_by_whoever_has_read_as_much(
    data: st.DataObject, kind: Kind
) -> None:
    world = World(PAIR, kind, offices=[Office(each) for each in sorted(PAIR)])
    for _ in range(8):
        a_turn(data, world)
    view, _ = world.fold()
    office = data.draw(st.sampled_from(sorted(PAIR)))
    target = Target(data.draw(st.sampled_from(Step)), data.draw(st.integers(-1, 4)))
    wanted = command(kind, data.draw(st.sampled_from([Step.OPEN, Step.SUPERSEDE])), corrects=target)
    try:
        written = decide(view, wanted, PAIR, office)
    except Refused:
        return
    assert evolve(view, SubmittedStep(CASE, LINK, office, written, 99, 0), PAIR)[1] == ACCEPTED
