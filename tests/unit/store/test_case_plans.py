"""What is asked about one case reads that case, however many records its link has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import events, records
from blo_schemas.ids import CaseId, LinkId

LINK, CASE = LinkId("vn-a~la-b"), CaseId(bytes(32))

QUESTIONS: dict[str, Callable[[Any], object]] = {
    "events": lambda at: events.by_case(at, LINK, CASE),
    "steps": lambda at: events.steps(at, LINK, CASE),
    "ids": lambda at: events.ids(at, LINK, CASE),
    "named": lambda at: records.names_case(at, LINK, CASE),
    "crossed": lambda at: records.crossed_of_case(at, LINK, CASE),
    "rejected": lambda at: records.rejected_of_case(at, LINK, CASE, 10),
    "nothing to open": lambda at: records.set_nothing_to_open(at, LINK, CASE),
    "contents": lambda at: events.count_contents(at, LINK, CASE),
    "forgotten": lambda at: events.forget_contents(at, LINK, CASE),
}


class Watched:
    """A transaction that notes the plan of each statement."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.plans: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked = getattr(self.tx, name)

        def call(sql: str, bindings: Any = ()) -> Any:
            rows = self.tx.rows(f"EXPLAIN QUERY PLAN {sql}", bindings)
            self.plans += [row[-1] for row in rows]
            return asked(sql, bindings)

        return call


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_about_a_case_is_planned_by_the_index_of_cases(
    tmp_path: Path, question: str
) -> None:
    def job(tx: Snapshot) -> list[str]:
        assert isinstance(tx, Transaction)
        watched = Watched(tx)
        QUESTIONS[question](watched)
        return watched.plans

    with Store(tmp_path / "store.db", bytes(32)) as store:
        plans = store.submit(job).result()
    of_records = [plan for plan in plans if "records" in plan]
    assert of_records
    assert all("records_case" in plan for plan in of_records), plans
