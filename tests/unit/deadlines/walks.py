"""Random legal histories of a case, with everything that can happen to its clocks."""

from __future__ import annotations

from hypothesis import strategies as st

from blo_domain.cases import legal_steps
from blo_domain.deadlines.evaluate import next_change
from blo_domain.deadlines.kinds import CLOCKS
from blo_domain.deadlines.policies import eu_2023_977, four_urgencies
from blo_schemas.summary import PauseGround, Step, Urgency
from blo_schemas.verdicts import Outcome
from tests.unit.deadlines.histories import DAY, HOUR, PAIR, VN, Case, at, term

CLOCKED = [kind for kind, rules in CLOCKS.items() if rules]
STOCKS = ((term(),), (term(eu_2023_977(PAIR)),))
START = at("2025-01-20 09:00")
STEPS = st.one_of(st.sampled_from([-HOUR, 0, 0, 1, HOUR, DAY, 15 * HOUR]), st.integers(0, 12 * DAY))


@st.composite
def walks(draw: st.DrawFn, longest: int = 12) -> Case:
    """A case whose steps are all accepted; log time stands still and steps back at times."""
    case = Case(draw(st.sampled_from(CLOCKED)), VN, urgency=draw(st.sampled_from(Urgency)))
    when = START + draw(st.integers(0, 30 * DAY))
    case.takes(VN, Step.OPEN, when, due=draw(dues(when)))
    for _ in range(draw(st.integers(0, longest))):
        office = draw(st.sampled_from(PAIR))
        assert case.view is not None
        legal = legal_steps(case.view, office, PAIR)
        if not legal:
            continue
        step = draw(st.sampled_from(legal))
        when = draw(moments(case, when))
        urgency = case.now.urgency
        if office == VN and draw(st.integers(0, 3)) == 0:
            urgency = draw(st.sampled_from(Urgency))
        own = [n for n, author in enumerate(case.view.authors, 1) if author == office]
        free = [n for n in own if n not in case.view.superseded]
        verdict = case.takes(
            office,
            step,
            when,
            urgency=urgency,
            due=draw(dues(when)),
            supersedes=free[0] if step is Step.SUPERSEDE else None,
            pause_ground=PauseGround.COURT if step is Step.PAUSE else None,
        )
        assert verdict.outcome is Outcome.ACCEPTED
    return case


def moments(case: Case, when: int) -> st.SearchStrategy[int]:
    """When the next step comes: at times in the very instant in which an alert becomes true."""
    changes = [next_change(case.now, terms, case.now.log_time) for terms in STOCKS]
    exact = [change for change in changes if change is not None]
    by_chance = STEPS.map(lambda later: when + later)
    return st.one_of(by_chance, st.sampled_from(exact)) if exact else by_chance


def dues(when: int) -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.integers(0, 40 * DAY).map(lambda later: when + later))


CHANGE = at("2025-02-10 00:00")
POLICIES = st.sampled_from(
    [
        *STOCKS,
        (term(end=CHANGE), term(eu_2023_977(PAIR), CHANGE, version=2)),
        (term(eu_2023_977(PAIR), end=CHANGE), term(four_urgencies(PAIR), CHANGE, version=2)),
    ]
)
MOMENTS = st.integers(START - DAY, START + 120 * DAY)
