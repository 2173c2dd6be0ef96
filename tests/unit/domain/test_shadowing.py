"""No office outside a link changes what is counted on it, whatever case ids it writes elsewhere."""

from __future__ import annotations

from copy import deepcopy
from hashlib import sha256
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.cases import SubmittedStep, evolve, legal_steps
from blo_domain.reports.figure_counter import CountedEvent
from blo_schemas.bodies import body_type
from blo_schemas.content import WITHOUT_CONTENT
from blo_schemas.ids import CaseRef, LinkId, OfficeId
from blo_schemas.summary import Kind, Step
from blo_schemas.verdicts import Outcome
from tests.unit.domain.desk import summary
from tests.unit.domain.ledger import (
    DAY,
    KYSON,
    NORTH,
    PHASE,
    QUEPHONG,
    WEST,
    XAMTAI,
    XIENG,
    Ledger,
    group,
)
from tests.unit.schemas.structs import sample_of

STRANGER: Final = OfficeId("la-houaphan")
"""It has no seat on any honest link."""
BEFORE: Final = LinkId("a-link")
BEHIND: Final = LinkId("z-link")
OUTSIDE: Final = {
    BEFORE: frozenset({KYSON, STRANGER, XIENG}),
    BEHIND: frozenset({QUEPHONG, STRANGER, XIENG}),
}
"""What the attackers share with the family: a link that is counted before the honest ones, and one
that is counted behind them. ``XIENG`` has a seat on ``WEST`` as well."""


def honest_year() -> Ledger:
    """Cases of every sort that the family counts."""
    ledger = Ledger()
    for link, ours, theirs, code in (
        (WEST, KYSON, XIENG, "CA-1"),
        (NORTH, QUEPHONG, XAMTAI, "CA-2"),
    ):
        joint = ledger.joint_case(link, ours, theirs, code)
        joint.does(ours, Step.DEPLOY_GROUP, group(1))
        joint.does(theirs, Step.PHASE_REPORT, PHASE)
    ledger.patrol("TT-1")
    ledger.refused_residence()
    ledger.deported()
    ledger.penalty()
    ledger.delegation()
    return ledger


HONEST: Final = honest_year()
CASES: Final = tuple(HONEST.views)


def shadow(data: st.DataObject, ledger: Ledger, case: CaseRef) -> None:
    """One step of an attacker in a case that has an honest case's id, on a link of its own."""
    office = data.draw(st.sampled_from((STRANGER, XIENG)), label="attacker")
    parties = OUTSIDE[case.link]
    view = ledger.views.get(case)
    kind = data.draw(st.sampled_from(Kind), label="kind") if view is None else view.kind
    steps = (Step.OPEN,) if view is None else legal_steps(view, office, parties)
    if not steps:
        return
    step = data.draw(st.sampled_from(steps), label="step")
    corrects = data.draw(st.integers(1, view.version)) if view and step is Step.SUPERSEDE else None
    written = summary(kind, step, 0 if view is None else view.version, supersedes=corrects)
    place = len(ledger.events)
    fact = SubmittedStep(case.case, case.link, office, written, place, 10_000 + place)
    after, verdict = evolve(view, fact, parties)
    if after is None or verdict.outcome is not Outcome.ACCEPTED:
        return
    ledger.views[case] = after
    is_open = step not in WITHOUT_CONTENT and data.draw(st.booleans(), label="opened")
    ledger.events.append(
        CountedEvent(
            event_id=sha256(b"shadow %d" % place).digest(),
            case=case.case,
            link=case.link,
            office=office,
            kind=kind,
            step=step,
            version=after.version,
            on=DAY,
            log_time=fact.log_time,
            position=place,
            body=sample_of(body_type(kind, step)) if is_open else None,
            supersedes=corrects,
        )
    )


@settings(max_examples=60)
@given(data=st.data(), count=st.integers(1, 25))
def test_figures_are_those_of_the_world_without_an_attacker_on_another_link(
    data: st.DataObject, count: int
) -> None:
    ledger = deepcopy(HONEST)
    for _ in range(count):
        link = data.draw(st.sampled_from((BEFORE, BEHIND)), label="link")
        shadow(data, ledger, CaseRef(link, data.draw(st.sampled_from(CASES), label="case").case))
    report, honest = ledger.report(), HONEST.report()
    assert report.indicators == honest.indicators
    known = {event.event_id for event in HONEST.events}
    assert tuple(one for one in report.left_out if one.event_id in known) == honest.left_out
