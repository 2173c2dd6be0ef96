"""The journal is a chain, and what is done to it shows."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Event

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_agent.store.connection import Snapshot, Transaction, open_connection
from blo_agent.store.errors import JobFailed, JobRefused
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal
from blo_agent.store.writer import Limits
from blo_schemas.codec import encode
from blo_schemas.ids import ZERO_HASH
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.journal import JOURNAL_ENTRY, JournalEntry, journal_hash
from tests.patience import PATIENCE_S
from tests.unit.store.conftest import KEY, OpenStore
from tests.unit.store.journal_chain import JournalTampered, verify_journal
from tests.unit.store.samples import LINK, case_id


def fill(tx: Transaction) -> None:
    for number in range(10):
        journal.append(
            tx,
            at=1_000 + number,
            actor="officer-7",
            action="approve",
            link=LINK if number % 2 else None,
            case=case_id(number % 3) if number % 2 else None,
            detail=b"detail %d" % number,
        )


@pytest.fixture
def filled(open_store: OpenStore, store_path: Path) -> Path:
    with open_store() as store:
        store.submit(fill).result(10)
    return store_path


def test_an_empty_journal_has_a_head_of_zeros(store: Store) -> None:
    assert store.submit_read(journal.head).result(10) == (0, ZERO_HASH)
    assert store.submit_read(verify_journal).result(10) == (0, ZERO_HASH)


def test_what_was_taken_back_is_no_part_of_the_chain(open_store: OpenStore) -> None:
    ready = Event()

    def refuse(tx: Transaction) -> None:
        fill(tx)
        raise JobRefused("after writing")

    def fail(tx: Transaction) -> None:
        fill(tx)
        raise ValueError("after writing")

    def contain(tx: Transaction) -> None:
        fill(tx)
        with suppress(ValueError), tx.part():
            fail(tx)
        fill(tx)

    with open_store(limits=Limits(group_seconds=PATIENCE_S)) as store:
        # All of these share one transaction with the job that waits for them.
        begun = store.submit(lambda _: ready.wait(PATIENCE_S))
        jobs = [
            store.submit(fill),
            store.submit(refuse, undoable=True),
            store.submit(fail),
            store.submit(contain),
        ]
        ready.set()
        assert begun.result(PATIENCE_S)
        ended = [type(job.exception(PATIENCE_S)) for job in jobs]
        assert ended == [type(None), JobRefused, JobFailed, type(None)]
        assert store.submit_read(verify_journal).result(PATIENCE_S)[0] == 30


def test_entries_chain_and_come_back_as_written(store: Store) -> None:
    store.submit(fill).result(10)
    entries = store.submit_read(lambda s: list(journal.entries(s))).result(10)
    assert [entry.seq for entry in entries] == list(range(10))
    assert entries[0].prev == ZERO_HASH
    for before, after in pairwise(entries):
        assert after.prev == journal_hash(before)
    head = store.submit_read(verify_journal).result(10)
    assert head == (10, journal_hash(entries[-1]))
    assert head == store.submit_read(journal.head).result(10)
    part = store.submit_read(lambda s: list(journal.entries(s, start=3, limit=2))).result(10)
    assert part == entries[3:5]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'someone'",
        "DELETE FROM journal WHERE seq = 9",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 4",
    ],
)
def test_the_table_itself_refuses_changes(filled: Path, statement: str) -> None:
    connection = open_connection(filled, KEY)
    with pytest.raises(apsw.ConstraintError, match="append-only"):
        connection.execute(statement)
    assert verify_journal(Snapshot(connection)).size == 10
    connection.close()


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE journal SET at = 7 WHERE seq = 4", 4),
        ("UPDATE journal SET actor = 'officer-8' WHERE seq = 4", 4),
        ("UPDATE journal SET action = 'draft' WHERE seq = 4", 4),
        ("UPDATE journal SET link = 'vn-x~la-y' WHERE seq = 4", 4),
        ("UPDATE journal SET case_id = zeroblob(32) WHERE seq = 4", 4),
        ("UPDATE journal SET case_id = zeroblob(31) WHERE seq = 4", 4),
        ("UPDATE journal SET detail = x'00' WHERE seq = 0", 0),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 9", 9),
        ("UPDATE journal SET prev_hash = zeroblob(32) WHERE seq = 4", 4),
        ("UPDATE journal SET seq = 100 WHERE seq = 9", 9),
        ("DELETE FROM journal WHERE seq = 0", 0),
        ("DELETE FROM journal WHERE seq = 5", 5),
    ],
)
def test_a_change_behind_the_tables_back_is_found(filled: Path, statement: str, seq: int) -> None:
    connection = open_connection(filled, KEY)
    connection.execute("DROP TRIGGER journal_is_not_changed; DROP TRIGGER journal_is_not_cut")
    connection.execute(statement)
    with pytest.raises(JournalTampered, match=f"journal entry {seq}") as caught:
        verify_journal(Snapshot(connection))
    assert caught.value.seq == seq
    connection.close()


def test_a_journal_that_was_cut_shows_against_its_signed_head(filled: Path) -> None:
    connection = open_connection(filled, KEY)
    signed = journal.head(Snapshot(connection))
    connection.execute("DROP TRIGGER journal_is_not_cut; DELETE FROM journal WHERE seq = 9")
    assert verify_journal(Snapshot(connection)) != signed
    connection.close()


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
entries = st.builds(
    JournalEntry,
    v=st.just(1),
    seq=st.integers(0, 2**53),
    at=st.integers(0, LAST_INSTANT),
    actor=words,
    action=words,
    link=st.none() | st.just(LINK),
    case=st.none() | st.binary(min_size=32, max_size=32),
    detail=st.binary(max_size=100),
    prev=st.binary(min_size=32, max_size=32),
)


@settings(deadline=None)
@given(entry=entries)
def test_an_entry_decodes_to_itself(entry: JournalEntry) -> None:
    assert JOURNAL_ENTRY.decode(encode(entry)) == entry
