"""The outbox keeps order and bytes until a record has been read back."""

from __future__ import annotations

from itertools import product

import apsw
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.schema import MIGRATIONS
from blo_agent.store.tables import outbox
from blo_agent.store.tables.outbox import (
    NewRecord,
    OutboxCount,
    OutboxRecord,
    OutboxState,
)
from blo_schemas.ids import KeyId, LinkId
from tests.unit.store.samples import (
    LINK,
    OTHER_LINK,
    case_id,
    event_id,
    new_event,
    new_grant,
)


def test_a_record_comes_back_with_the_same_bytes(store: Store) -> None:
    seq = store.submit(lambda tx: outbox.add(tx, new_event(5))).result(10)
    (record,) = store.submit_read(lambda s: outbox.pending(s, limit=10)).result(10)
    assert isinstance(record.state, OutboxState)
    assert tuple(record) == (seq, OutboxState.PENDING, None, *new_event(5))


def test_a_tombstone_has_no_value(store: Store) -> None:
    store.submit(lambda tx: outbox.add(tx, new_grant(1)._replace(value=None))).result(10)
    (record,) = store.submit_read(lambda s: outbox.pending(s, limit=10)).result(10)
    assert record.value is None


def test_a_number_that_has_another_event_now_is_not_confirmed(store: Store) -> None:
    def job(tx: Transaction) -> None:
        seq = outbox.add(tx, new_event(1))
        outbox.replace_event(tx, seq, event_id(9), 9, b"anew")
        outbox.confirm(tx, [(seq, event_id(1)), (seq + 1, event_id(9))])

    store.submit(job).result(10)
    assert store.submit_read(lambda s: outbox.count_unconfirmed(s, LINK)).result(10) == 1


def test_an_event_goes_from_pending_to_appended_to_gone(store: Store) -> None:
    def job(tx: Transaction) -> list[OutboxState | None]:
        states = []
        seq = outbox.add(tx, new_event(1))
        states.append(outbox.state_of(tx, event_id(1)))
        outbox.mark_appended(tx, [(seq, 70)])
        states.append(outbox.state_of(tx, event_id(1)))
        outbox.confirm(tx, [(seq, event_id(1))])
        states.append(outbox.state_of(tx, event_id(1)))
        return states

    assert store.submit(job).result(10) == [OutboxState.PENDING, OutboxState.APPENDED, None]


def test_an_event_may_be_read_back_before_the_broker_has_answered(store: Store) -> None:
    def job(tx: Transaction) -> None:
        seq = outbox.add(tx, new_event(1))
        outbox.confirm(tx, [(seq, event_id(1))])
        outbox.mark_appended(tx, [(seq, 70)])

    store.submit(job).result(10)
    assert store.submit_read(outbox.counts).result(10) == {}


def test_a_number_is_never_used_twice(store: Store) -> None:
    def job(tx: Transaction) -> tuple[int, int]:
        first = outbox.add(tx, new_event(1))
        tx.execute("DELETE FROM outbox WHERE seq = ?", (first,))
        return first, outbox.add(tx, new_event(2))

    first, second = store.submit(job).result(10)
    assert second > first


def test_an_event_that_is_sealed_anew_keeps_its_place_and_is_sent_again(store: Store) -> None:
    def job(tx: Transaction) -> list[OutboxRecord]:
        first, second = (outbox.add(tx, new_event(number)) for number in (1, 2))
        outbox.mark_appended(tx, [(first, 70), (second, 71)])
        outbox.replace_event(tx, first, event_id(9), 9, b"anew")
        return outbox.pending(tx, limit=9)

    (record,) = store.submit(job).result(10)
    expected = new_event(1)._replace(event_id=event_id(9), oseq=9, value=b"anew")
    assert tuple(record) == (1, OutboxState.PENDING, None, *expected)


def test_the_events_of_a_link_that_were_not_read_back_are_in_order(store: Store) -> None:
    def job(tx: Transaction) -> None:
        for number in (4, 5, 6):
            outbox.add(tx, new_event(number))
        outbox.add(tx, new_grant(9))
        outbox.add(tx, new_event(2, link=OTHER_LINK))

    store.submit(job).result(10)
    of_link = store.submit_read(lambda s: outbox.unconfirmed_of_link(s, LINK)).result(10)
    assert [record.oseq for record in of_link] == [4, 5, 6]


def test_pending_is_found_by_its_index(store: Store) -> None:
    plan = store.submit_read(
        lambda s: s.rows(
            "EXPLAIN QUERY PLAN SELECT seq FROM outbox INDEXED BY outbox_pending"
            " WHERE state = 0 AND seq > 5 ORDER BY seq LIMIT 9"
        )
    ).result(10)
    assert "outbox_pending" in plan[0][-1]
    assert len(plan) == 1, "sorted without an extra step"


class OutboxAgainstModel(RuleBasedStateMachine):
    """Any sequence of operations leaves what a list of records would."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = apsw.Connection(":memory:")
        self.connection.execute(MIGRATIONS[0])
        self.tx = Transaction(self.connection)
        self.model: dict[int, tuple[NewRecord, int | None]] = {}
        self.count = 0

    def teardown(self) -> None:
        self.connection.close()

    @rule(link=st.sampled_from([LINK, OTHER_LINK]), case=st.integers(0, 2), grant=st.booleans())
    def add(self, link: LinkId, case: int, grant: bool) -> None:
        self.count += 1
        event = new_event(self.count, link=link, case=case)
        record = new_grant(self.count, link=link) if grant else event
        seq = outbox.add(self.tx, record)
        assert seq not in self.model
        self.model[seq] = (record, None)

    @rule(limit=st.integers(1, 5))
    def send(self, limit: int) -> None:
        sent = outbox.pending(self.tx, limit=limit)
        outbox.mark_appended(self.tx, [(record.seq, record.seq * 10) for record in sent])
        for record in sent:
            if record.event_id is None:
                del self.model[record.seq]
            else:
                self.model[record.seq] = (self.model[record.seq][0], record.seq * 10)

    @rule(number=st.integers(1, 12))
    def read_back(self, number: int) -> None:
        for link in (LINK, OTHER_LINK):
            there = [s for s, (r, _) in self.model.items() if r.event_id == event_id(number, link)]
            outbox.confirm(self.tx, [(seq, event_id(number, link)) for seq in there])
            for seq in there:
                del self.model[seq]

    @rule()
    def send_all_again(self) -> None:
        outbox.mark_pending(self.tx, LINK)
        for seq, (record, _) in self.model.items():
            if record.link == LINK:
                self.model[seq] = (record, None)

    @invariant()
    def equals_the_model(self) -> None:
        snapshot: Snapshot = self.tx
        waiting = [(s, r) for s, (r, offset) in sorted(self.model.items()) if offset is None]
        found = outbox.pending(snapshot, limit=10**6)
        assert [(r.seq, NewRecord(*r[3:])) for r in found] == waiting
        for link, case in product((LINK, OTHER_LINK), range(3)):
            of_case = outbox.unconfirmed_of_case(snapshot, link, case_id(case))
            asked = link, case_id(case)
            expected = [s for s, (r, _) in sorted(self.model.items()) if (r.link, r.case) == asked]
            assert [record.seq for record in of_case] == expected
        assert outbox.counts(snapshot) == self.expected_counts()

    def expected_counts(self) -> dict[LinkId, OutboxCount]:
        counts = {}
        for link in (LINK, OTHER_LINK):
            of_link = [(r, offset) for r, offset in self.model.values() if r.link == link]
            if of_link:
                pending = sum(offset is None for _, offset in of_link)
                oldest = min(record.accepted_at for record, _ in of_link)
                counts[link] = OutboxCount(pending, len(of_link) - pending, oldest)
        return counts


OutboxAgainstModel.TestCase.settings = settings(
    deadline=None, max_examples=40, stateful_step_count=25
)
TestOutboxEqualsAListOfRecords = OutboxAgainstModel.TestCase


def test_whether_a_grant_of_a_key_or_its_withdrawal_waits_can_be_asked(store: Store) -> None:
    key, other = KeyId(b"k" * 32), KeyId(b"x" * 32)

    def job(tx: Transaction) -> tuple[bool, ...]:
        before = outbox.is_key_waiting(tx, LINK, key)
        number = outbox.add(tx, new_grant(1)._replace(key=key + b"la-b", value=None))
        waits = outbox.is_key_waiting(tx, LINK, key)
        others = outbox.is_key_waiting(tx, LINK, other), outbox.is_key_waiting(tx, OTHER_LINK, key)
        outbox.mark_appended(tx, [(number, 7)])
        return before, waits, *others, outbox.is_key_waiting(tx, LINK, key)

    assert store.submit(job).result(10) == (False, True, False, False, False)
