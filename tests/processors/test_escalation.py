"""What is kept of cases and told of their clocks, against the pure functions themselves."""

from __future__ import annotations

import tempfile
from itertools import accumulate
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.cases import SubmittedStep, evolve
from blo_domain.deadlines.evaluate import alerts
from blo_domain.deadlines.terms import Terms
from blo_processors.errors import TempTableFailed
from blo_processors.link.case_store import CaseStore
from blo_processors.link.escalation import Escalation
from blo_processors.snapshot.state_file import StateFile
from blo_schemas.clocks import Alert
from blo_schemas.ids import CaseId
from blo_schemas.summary import Step
from tests.unit.deadlines.histories import LA, PAIR, STOCK, VN, Case, assigned
from tests.unit.deadlines.walks import POLICIES, walks


def _never(case: CaseId) -> bool:
    del case
    return False


def take(store: CaseStore, escalation: Escalation, fact: SubmittedStep) -> list[Alert]:
    view, _ = evolve(store.get(CaseId(fact.case)), fact, PAIR)
    assert view is not None
    store.put(view)
    return escalation.step(fact)


def named(case: Case, number: int) -> Case:
    """The same history under another id."""
    case.id = number.to_bytes(32, "big")
    case.facts = [fact._replace(case=case.id) for fact in case.facts]
    case.clocks = msgspec.structs.replace(case.now, case=case.id)
    return case


def in_order(cases: list[Case]) -> list[tuple[int, SubmittedStep]]:
    """All steps as one log may have them, each with the latest log time of its case so far."""
    steps = [
        (at, fact)
        for case in cases
        for at, fact in zip(
            accumulate((fact.log_time for fact in case.facts), max), case.facts, strict=True
        )
    ]
    return sorted(steps, key=lambda step: step[0])


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(
    st.lists(walks(), min_size=1, max_size=8), POLICIES, st.sampled_from([1, 2, None]), st.data()
)
def test_alerts_told_bit_by_bit_are_those_of_the_end_wherever_cases_lie(
    cases: list[Case], terms: Terms, most_in_memory: int | None, data: st.DataObject
) -> None:
    store = CaseStore(most_in_memory)
    escalation = Escalation(store, terms, _never, tells=True)
    told: list[Alert] = []
    now = 0
    for number, case in enumerate(cases):
        named(case, number)
    for now, fact in in_order(cases):
        if data.draw(st.booleans()):
            told += escalation.advance(now - 1)
        told += take(store, escalation, fact)
    told += escalation.advance(now)
    expected = {one.id: one for case in cases for one in alerts(case.now, terms, now)}
    assert {alert.id: alert for alert in told} == expected
    assert len(told) == len(expected)
    assert {record.view.case: record.clocks for record in store} == {
        case.id: case.now for case in cases
    }
    assert len(store) == len(cases)
    assert all(escalation.knows(alert) for alert in told if alert.clears is None)


def test_the_cases_that_are_due_are_counted_without_looking_at_them() -> None:
    escalation = Escalation(CaseStore(None), STOCK, _never, tells=True)
    for number in range(40):
        case = named(assigned(f"2025-06-{1 + number % 28:02} 09:00"), number)
        for fact in case.facts:
            take(escalation._cases, escalation, fact)
    instants = sorted(at for at, _ in escalation._due)
    assert len(set(instants)) > 2
    for now in {0, instants[0] - 1, *instants}:
        due = sum(at <= now for at in instants)
        assert [escalation.changes_up_to(now, most) for most in (0, 3, 99)] == [
            0,
            min(due, 3),
            due,
        ]


def ended() -> Case:
    """A late answer, so that there are alerts; nothing is owed after it."""
    case = assigned("2025-06-02 09:00")
    return case.goes(LA, Step.ANSWER, "2025-07-20 09:00").goes(VN, Step.CLOSE, "2025-07-21 09:00")


def test_cases_at_rest_leave_the_memory_and_come_back_as_they_were() -> None:
    store = CaseStore(most_in_memory=8)
    escalation = Escalation(store, STOCK, _never, tells=True)
    cases = [named(ended(), number) for number in range(100)]
    told = [
        alert for case in cases for fact in case.facts for alert in take_at(store, escalation, fact)
    ]
    assert len(store) == len(list(store)) == 100
    assert store.in_memory <= 10
    first = cases[0]
    record = store.record(CaseId(first.id))
    assert record is not None
    assert store.in_memory <= 10
    assert store.get(CaseId(first.id)) == record.view
    assert store.clocks(CaseId(first.id)) == record.clocks == first.now
    reopened = first.goes(VN, Step.REOPEN, "2025-07-22 09:00")
    again = take(store, escalation, reopened.facts[-1])
    assert not {one.id for one in told} & {one.id for one in again}
    assert store.get(CaseId(bytes(31) + b"\xff")) is None
    assert len(list(store)) == 100


def take_at(store: CaseStore, escalation: Escalation, fact: SubmittedStep) -> list[Alert]:
    return [*take(store, escalation, fact), *escalation.advance(fact.log_time)]


def test_a_temporary_file_leaves_no_name_and_writes_nothing_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "unlink", lambda self: None)
    made = StateFile.temporary()
    for number in range(5_000):
        made.put_closed(number.to_bytes(32, "big"), b"plain words " * 40)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size > 100_000
    assert b"plain words" not in path.read_bytes()
    assert made.closed(bytes(32)) == b"plain words " * 40
    monkeypatch.undo()
    path.unlink()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    again = StateFile.temporary()
    again.put_closed(b"key", b"value")
    assert list(tmp_path.iterdir()) == []
    assert list(again.closed_cases()) == [(b"key", b"value")]


def test_a_disk_that_takes_nothing_says_what_to_do() -> None:
    made = StateFile.temporary()
    made._connection.pragma("max_page_count", 8)

    def fill() -> None:
        for number in range(500):
            made.put_closed(number.to_bytes(32, "big"), bytes(500))

    with pytest.raises(TempTableFailed, match="TMPDIR"):
        fill()
    assert StateFile.temporary().closed(b"key") is None
