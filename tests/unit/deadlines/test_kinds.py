"""The table of clocks fits the lifecycle tables: what is owed can always be done."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from hypothesis import given, settings

from blo_domain.cases import SubmittedStep, evolve, legal_steps
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.kinds import CLOCKS
from blo_domain.lifecycle import ATTACHED, LIFECYCLES
from blo_schemas.clocks import ClockKind, ClockView
from blo_schemas.summary import Kind, Step, Summary
from blo_schemas.views import CaseView
from tests.unit.deadlines.histories import LA, LINK, PAIR, VN, Case
from tests.unit.deadlines.walks import walks


def test_every_kind_has_a_row_whose_steps_its_lifecycle_knows() -> None:
    assert set(CLOCKS) == set(Kind)
    for kind, rules in CLOCKS.items():
        for rule in rules:
            assert (rule.met_by | rule.void_by) & LIFECYCLES[kind].steps
            if rule.clock is not ClockKind.ACKNOWLEDGE:
                assert rule.met_by - {Step.DECLINE} <= LIFECYCLES[kind].steps, kind


def can_be_met(view: CaseView, clocks: ClockView, clock: ClockKind) -> bool:
    """Whether the other side, with the information that it asked for, can end a running clock."""
    waiting = deque([(view, clocks)])
    seen = set()
    while waiting:
        case, running = waiting.popleft()
        if all(one.end for one in running.rounds if one.clock is clock):
            return True
        if case.state in seen:
            continue
        seen.add(case.state)
        for office, steps in ((LA, legal_steps(case, LA, PAIR)), (VN, _supplying(case))):
            for step in steps:
                if step in ATTACHED:
                    continue
                summary = Summary(1, case.kind, step, case.urgency, case.version)
                fact = SubmittedStep(
                    case.case, LINK, office, summary, case.position + 1, case.log_time
                )
                after, _ = evolve(case, fact, PAIR)
                assert after is not None
                waiting.append((after, fold_clocks(running, fact)))
    return False


def _supplying(case: CaseView) -> tuple[Step, ...]:
    wanted = {Step.SUPPLY_INFORMATION}
    return tuple(step for step in legal_steps(case, VN, PAIR) if step in wanted)


@settings(max_examples=80, deadline=None)
@given(walks())
def test_no_clock_runs_that_nobody_can_stop(case: Case) -> None:
    assert case.view is not None
    for one in case.now.rounds:
        if one.end is None:
            assert can_be_met(case.view, case.now, one.clock), (case.view.state, one)


def test_the_document_shows_the_table(project_root: Path) -> None:
    text = (project_root / "docs" / "deadlines.md").read_text(encoding="utf-8")
    for kind, rules in CLOCKS.items():
        by_clock = {rule.clock: rule for rule in rules}
        further = [rule for rule in rules if rule.clock is not ClockKind.ACKNOWLEDGE]
        met_by = [step for rule in further for step in sorted(rule.met_by - {Step.DECLINE})]
        cells = [
            kind.word.replace("_", " "),
            "yes" if ClockKind.ACKNOWLEDGE in by_clock else "–",
            further[0].clock if further else "–",
            ", ".join(f"`{step.word}`" for step in met_by),
        ]
        assert f"| {' | '.join(cells)} |".replace("|  |", "| |") in text, kind
