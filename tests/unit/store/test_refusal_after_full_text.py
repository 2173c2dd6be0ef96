"""What a full-text table keeps back until the next job is not the next job's writing."""

from __future__ import annotations

import threading

import pytest

from blo_agent.store.connection import Transaction
from blo_agent.store.errors import JobRefused
from blo_agent.store.facade import Store
from tests.patience import PATIENCE_S


class NotNow(JobRefused):
    """A refusal of these tests."""


def test_a_refusal_behind_a_job_that_wrote_full_text_is_a_refusal(store: Store) -> None:
    may_begin = threading.Event()

    def first(_: Transaction) -> None:
        may_begin.wait(PATIENCE_S)

    def writes(tx: Transaction) -> None:
        tx.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        tx.execute("INSERT INTO words (text) VALUES (?)", ("fictional",))

    def refuses(_: Transaction) -> None:
        raise NotNow("not now")

    begun = store.submit(first)
    written, refused = store.submit(writes), store.submit(refuses)
    may_begin.set()
    begun.result(PATIENCE_S)
    written.result(PATIENCE_S)
    with pytest.raises(NotNow):
        refused.result(PATIENCE_S)
