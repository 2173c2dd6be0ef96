"""What is open in a case, and what that is at an instant."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import open_cases
from blo_agent.store.tables.case_lists import CaseFilter, CasePlace
from blo_agent.store.tables.open_cases import OpenTaskRow
from blo_domain.inbox.entries import OF_TASKS, InboxKind, task_kind
from blo_domain.inbox.tasks import OpenTask
from blo_domain.inbox.turns import AWAITED
from blo_domain.lifecycle import LIFECYCLES, By
from blo_schemas.clocks import ClockKind
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.views import State

OWN, OTHER = OfficeId("vn-a"), OfficeId("la-b")
LINK = LinkId("vn-a~la-b")
INSTANTS = (None, 1_000, 2_000, 3_000)


def tasks() -> list[OpenTask]:
    """Every combination of what a task can say."""
    return [
        OpenTask(clock, owed_by, warned_at, due, paused_for)
        for clock in (None, ClockKind.ACKNOWLEDGE, ClockKind.ANSWER)
        for owed_by in ((OWN,), (OTHER,), (OTHER, OWN), ())
        for warned_at in INSTANTS
        for due in INSTANTS
        for paused_for in (None, PauseGround.COURT)
    ]


def rows() -> list[OpenTaskRow]:
    return [
        OpenTaskRow(
            LINK,
            CaseId(number.to_bytes(32, "big")),
            Kind.PATROL,
            Urgency.ROUTINE,
            task,
            500,
            number if number % 2 else None,
            500,
        )
        for number, task in enumerate(tasks())
    ]


@pytest.mark.parametrize("now", [0, 999, 1_000, 1_500, 2_000, 3_000, 4_000])
def test_the_store_finds_of_each_kind_what_the_rules_give(tmp_path: Path, now: int) -> None:
    stored = rows()

    def put(tx: Transaction) -> None:
        for row in stored:
            open_cases.put(tx, OWN, row)

    def ask(snapshot: Snapshot) -> dict[InboxKind, list[CaseId]]:
        anything = CaseFilter()
        answers = {}
        for kind in OF_TASKS:
            cases: list[CaseId] = []
            after: CasePlace | None = None
            while page := open_cases.of_kind(snapshot, kind, now, anything, after, 7):
                cases += [row.case for row in page]
                last = page[-1]
                after = CasePlace(last.place, last.link, last.case)
            answers[kind] = cases
        counts = open_cases.counts(snapshot, now, anything)
        assert counts == {kind: len(cases) for kind, cases in answers.items()}
        return answers

    with Store(tmp_path / "store.db", bytes(32)) as store:
        store.submit(put).result()
        answers = store.submit_read(ask).result()
    for kind in OF_TASKS:
        expected = [row for row in stored if task_kind(row.task, OWN, now) is kind]
        far = max(instant or 0 for instant in INSTANTS) + 1
        expected.sort(key=lambda row: (far if row.task.due is None else row.task.due, row.case))
        assert answers[kind] == [row.case for row in expected], kind


def test_every_state_that_a_case_may_leave_has_somebody_s_turn_or_may_rest() -> None:
    resting = {
        (kind.word, state.value)
        for (kind, state), steps in AWAITED.items()
        if not steps and state not in LIFECYCLES[kind].settled
    }
    assert resting == {
        ("agreement", "in_force"),
    }


def test_a_turn_is_never_a_step_that_leads_nowhere() -> None:
    for (kind, state), steps in AWAITED.items():
        for awaited in steps:
            rule = LIFECYCLES[kind].lookup[state, awaited.step]
            assert rule.target is not state
            assert awaited.step not in {Step.WITHDRAW, Step.DECLINE, Step.SHRED, Step.REOPEN}


def test_who_has_opened_closes_what_was_answered() -> None:
    (closing,) = AWAITED[Kind.VERIFICATION_REQUEST, State.ANSWERED]
    assert (closing.step, closing.by) == (Step.CLOSE, By.OPENER)
