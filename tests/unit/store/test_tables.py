"""The other tables: what goes in comes out, per link, in order."""

from __future__ import annotations

from datetime import date, timedelta

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import JobFailed
from blo_agent.store.facade import Store
from blo_agent.store.schema import MIGRATIONS
from blo_agent.store.tables import (
    cases,
    documents,
    events,
    heads,
    identities,
    journal,
    keys,
    links,
    meta,
    outbox,
    parked,
    records,
    shredded,
)
from blo_agent.store.tables.documents import StoredDocument
from blo_agent.store.tables.heads import StoredHead
from blo_agent.store.tables.identities import StoredIdentity
from blo_agent.store.tables.keys import StoredKey
from blo_agent.store.tables.links import LinkProgress
from blo_agent.store.tables.parked import ParkedRow
from blo_agent.store.tables.records import RecordTally
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import DocumentId, KeyId
from blo_schemas.summary import Kind, Step
from blo_schemas.verdicts import ACCEPTED, CROSSED, Outcome, Reason, rejected
from blo_schemas.views import State
from tests.unit.store.journal_chain import verify_journal
from tests.unit.store.samples import (
    LINK,
    OFFICE,
    OTHER_LINK,
    case_id,
    case_view,
    digest,
    event_id,
    event_row,
    new_event,
    record_row,
)


def test_meta_keeps_the_last_value(tx: Transaction) -> None:
    assert meta.get(tx, "office") is None
    meta.put(tx, "office", b"vn-a")
    meta.put(tx, "office", b"vn-b")
    assert meta.get(tx, "office") == b"vn-b"
    meta.remove(tx, "office")
    meta.remove(tx, "office")
    assert meta.get(tx, "office") is None


def test_identities_come_back_whole_and_do_not_print_their_keys(tx: Transaction) -> None:
    first = StoredIdentity(b"p" * 32, b"s" * 129, 20)
    second = StoredIdentity(b"q" * 32, b"t" * 129, 10)
    identities.put(tx, first)
    identities.put(tx, second)
    identities.put(tx, first._replace(keys=b"other"))
    assert identities.all_of(tx) == [second, first]
    assert "ttt" not in repr(second)
    assert "ttt" not in str(second)


def test_links_keep_how_far_they_were_read(tx: Transaction) -> None:
    links.put(tx, LinkProgress(LINK, 3, b"counters", digest("trust")))
    links.put(tx, LinkProgress(LINK, 9, b"counters 2", digest("trust")))
    assert links.get(tx, LINK) == (LINK, 9, b"counters 2", digest("trust"))
    assert links.get(tx, OTHER_LINK) is None


def test_records_restore_the_chain_in_log_order(tx: Transaction) -> None:
    records.append_many(tx, [record_row(n) for n in (2, 0, 1)])
    records.append_many(tx, [record_row(0, link=OTHER_LINK)])
    chain = list(records.chain(tx, LINK))
    assert [row.position for row in chain] == [0, 1, 2]
    assert isinstance(chain[2].chained, bool)
    assert tuple(chain[2]) == (2, digest("log", LINK, 2), event_id(2), OFFICE, 2, True)
    assert [row.position for row in records.chain(tx, LINK, start=2)] == [2]
    assert list(records.leaves(tx, LINK)) == [digest("leaf", LINK, n) for n in range(3)]
    assert list(records.iterate(tx, LINK)) == [record_row(n) for n in range(3)]


def test_a_record_that_could_not_be_read_has_only_its_place(tx: Transaction) -> None:
    nothing = record_row(0)._replace(event_id=None, office=None, oseq=None, case=None)
    row = nothing._replace(
        outcome=Outcome.REJECTED, reason=Reason.TRUNCATED, opened=True, chained=False
    )
    records.append_many(tx, [row])
    found = records.get(tx, LINK, 0)
    assert found == row
    assert found is not None
    assert found.verdict == rejected(Reason.TRUNCATED)
    assert records.get(tx, LINK, 1) is None


def test_duplicates_of_an_event_follow_it(tx: Transaction) -> None:
    again = record_row(4)._replace(event_id=event_id(1), outcome=Outcome.DUPLICATE)
    records.append_many(tx, [record_row(1), again])
    assert [row.position for row in records.by_event(tx, event_id(1))] == [1, 4]
    assert [records.names_case(tx, LINK, case_id(number)) for number in (0, 9)] == [True, False]


def test_of_the_rejected_records_of_a_case_the_last_ones_are_shown_and_all_are_counted(
    tx: Transaction,
) -> None:
    rows = [
        record_row(n, case=1)._replace(outcome=Outcome.REJECTED, reason=Reason.CASE_FULL)
        for n in range(7)
    ]
    crossed = record_row(8, case=1)._replace(crossed=True)
    records.append_many(tx, [*rows, record_row(7, case=1), crossed, record_row(9, case=2)])
    total, shown = records.rejected_of_case(tx, LINK, case_id(1), 3)
    assert (total, shown) == (7, rows[4:])
    assert records.crossed_of_case(tx, LINK, case_id(1)) == {event_id(8)}


def test_a_spoiled_copy_before_an_event_does_not_stand_for_it(tx: Transaction) -> None:
    spoiled = record_row(1)._replace(
        event_id=event_id(4),
        outcome=Outcome.REJECTED,
        reason=Reason.BAD_SIGNATURE,
        chained=False,
    )
    records.append_many(tx, [spoiled, record_row(4)])
    assert [row.position for row in records.by_event(tx, event_id(4))] == [4, 1]


def test_a_parked_record_is_counted_as_unopened_until_it_is_settled(tx: Transaction) -> None:
    waiting = [record_row(n)._replace(outcome=None, opened=False) for n in range(5)]
    records.append_many(tx, [*waiting, record_row(5)])
    first = records.get(tx, LINK, 0)
    assert first is not None
    assert first.verdict is None
    assert list(records.unopened_positions(tx, LINK)) == [0, 1, 2, 3, 4]
    records.settle(tx, LINK, 0, CROSSED, opened=True)
    records.settle(tx, LINK, 1, rejected(Reason.NOT_LEGAL_NOW), opened=True)
    records.settle(tx, LINK, 2, CROSSED, opened=False)
    records.set_opened(tx, LINK, 2)
    assert list(records.unopened_positions(tx, LINK)) == [3, 4]
    settled = records.get(tx, LINK, 2)
    assert settled is not None
    assert settled.verdict == CROSSED
    assert records.tallies(tx, LINK) == [
        RecordTally(OFFICE, ACCEPTED, 1),
        RecordTally(OFFICE, CROSSED, 2),
        RecordTally(OFFICE, rejected(Reason.NOT_LEGAL_NOW), 1),
    ]


def test_a_position_is_read_once_only(store: Store) -> None:
    store.submit(lambda tx: records.append_many(tx, [record_row(0)])).result(10)
    with pytest.raises(JobFailed, match="ConstraintError"):
        store.submit(lambda tx: records.append_many(tx, [record_row(0)])).result(10)


def test_parked_records_are_found_by_the_key_they_wait_for(tx: Transaction) -> None:
    summary_key, content_key = KeyId(digest("s")), KeyId(digest("c"))
    for position in (3, 1, 2):
        parked.add(tx, ParkedRow(LINK, position, case_id(position % 2), summary_key, b"bytes", 9))
    parked.add(tx, ParkedRow(LINK, 2, case_id(0), content_key, b"bytes", 9))
    parked.add(tx, ParkedRow(OTHER_LINK, 7, case_id(1), summary_key, b"bytes", 9))
    assert parked.waiting_for(tx, LINK, summary_key) == [1, 3]
    assert parked.waiting_for(tx, LINK, content_key) == [2]
    parked.remove(tx, LINK, 1)
    assert parked.waiting_for(tx, LINK, summary_key) == [3]
    assert parked.value(tx, LINK, 3) == b"bytes"
    with pytest.raises(ValueError, match="no record is parked at 1"):
        parked.value(tx, LINK, 1)


def test_the_places_of_records_without_a_verdict_are_told_without_their_bytes(
    tx: Transaction,
) -> None:
    key = KeyId(digest("s"))
    unjudged = record_row(1)._replace(outcome=None)
    records.append_many(tx, [record_row(0), unjudged])
    for position in (0, 1):
        parked.add(tx, ParkedRow(LINK, position, case_id(1), key, b"bytes", 9))
    (place,) = parked.unjudged(tx, LINK)
    assert (place.position, place.log_time) == (1, unjudged.log_time)
    assert (place.event, place.office) == (unjudged.event_id, unjudged.office)
    assert (place.case, place.summary_key) == (case_id(1), key)


def test_a_case_keeps_its_latest_view(tx: Transaction) -> None:
    cases.put(tx, case_view(1))
    cases.put(tx, case_view(1, state=State.CLOSED))
    cases.put(tx, case_view(2))
    assert cases.get(tx, LINK, case_id(1)) == case_view(1, state=State.CLOSED)
    assert cases.get(tx, LINK, case_id(3)) is None
    assert sorted(view.position for view in cases.iterate(tx, LINK)) == [1, 2]


def test_a_case_id_that_is_used_on_two_links_is_two_cases(tx: Transaction) -> None:
    cases.put(tx, case_view(1))
    cases.put(tx, case_view(1, link=OTHER_LINK, state=State.CLOSED))
    assert cases.get(tx, LINK, case_id(1)) == case_view(1)
    (elsewhere,) = cases.iterate(tx, OTHER_LINK)
    assert elsewhere.state is State.CLOSED


def test_an_event_gets_its_content_later(tx: Transaction) -> None:
    day = date(2025, 3, 31)
    put_events(tx, [event_row(0, on=None)])
    put_events(tx, [event_row(1, on=day)])
    assert list(events.in_period(tx, LINK, day, day)) == [event_row(1, on=day)]
    assert events.set_content(tx, event_id(0), day, b"content")
    assert not events.set_content(tx, event_id(9), day, b"content")
    assert events.get(tx, event_id(0)) == event_row(0, on=day)
    assert events.by_case(tx, LINK, case_id(0)) == [event_row(n, on=day) for n in (0, 1)]
    assert events.ids(tx, LINK, case_id(0)) == [event_id(0), event_id(1)]
    assert events.count_contents(tx, LINK, case_id(0)) == 2
    assert events.forget_contents(tx, OTHER_LINK, case_id(0)) == 0
    assert events.forget_contents(tx, LINK, case_id(0)) == 2
    assert events.count_contents(tx, LINK, case_id(0)) == 0
    assert list(events.iterate(tx, LINK)) == [event_row(n, on=None) for n in (0, 1)]


def test_an_event_comes_back_with_its_types(tx: Transaction) -> None:
    put_events(tx, [event_row(0, on=date(2025, 3, 31))])
    event = events.get(tx, event_id(0))
    assert event is not None
    assert isinstance(event.kind, Kind)
    assert isinstance(event.step, Step)
    assert isinstance(event.on, date)


@settings(deadline=None)
@given(
    days=st.lists(st.integers(-40, 40), max_size=30),
    start=st.integers(-20, 20),
    length=st.integers(0, 20),
)
def test_a_period_has_the_events_from_its_first_to_its_last_day(
    days: list[int], start: int, length: int
) -> None:
    connection = apsw.Connection(":memory:")
    for script in MIGRATIONS:
        connection.execute(script)
    tx = Transaction(connection)
    origin = date(2024, 12, 31)
    rows = [event_row(n, on=origin + timedelta(day)) for n, day in enumerate(days)]
    put_events(tx, rows)
    first, last = origin + timedelta(start), origin + timedelta(start + length)
    found = list(events.in_period(tx, LINK, first, last))
    expected = [row for row in rows if row.on is not None and first <= row.on <= last]
    assert found == sorted(expected, key=lambda row: (row.on, row.position))
    connection.close()


def test_keys_are_kept_per_link(tx: Transaction) -> None:
    summary = StoredKey(
        LINK, KeyId(digest("s")), KeyPurpose.SUMMARY, b"s" * 32, OFFICE, "2025-03", None
    )
    content = StoredKey(
        LINK, KeyId(case_id(1)), KeyPurpose.CONTENT, b"c" * 32, OFFICE, None, case_id(1)
    )
    assert keys.put(tx, summary)
    assert keys.put(tx, content)
    assert not keys.put(tx, content._replace(key=b"other"))
    assert keys.put(tx, content._replace(link=OTHER_LINK))
    assert keys.get(tx, LINK, content.key_id) == content
    assert keys.get(tx, LINK, summary.key_id) == summary
    assert keys.summaries(tx) == [summary]
    assert sorted(keys.all_of(tx, LINK)) == sorted([summary, content])
    assert keys.all_of(tx, OTHER_LINK) == [content._replace(link=OTHER_LINK)]
    assert "ccc" not in repr(content)
    assert isinstance(keys.summaries(tx)[0].purpose, KeyPurpose)
    assert keys.remove(tx, LINK, content.key_id)
    assert not keys.remove(tx, LINK, content.key_id)
    assert keys.get(tx, LINK, content.key_id) is None
    assert keys.get(tx, OTHER_LINK, content.key_id) is not None


def test_a_smaller_head_does_not_replace_a_larger_one(tx: Transaction) -> None:
    assert heads.put(tx, StoredHead(LINK, OFFICE, 5, b"five"))
    assert not heads.put(tx, StoredHead(LINK, OFFICE, 4, b"four"))
    assert heads.put(tx, StoredHead(LINK, OFFICE, 5, b"five again"))
    assert heads.get(tx, LINK, OFFICE) == (LINK, OFFICE, 5, b"five again")
    assert heads.of_link(tx, LINK) == [StoredHead(LINK, OFFICE, 5, b"five again")]
    assert heads.get(tx, OTHER_LINK, OFFICE) is None


def test_a_document_can_be_completed_until_it_is_admitted(tx: Transaction) -> None:
    first, second = DocumentId(digest(1)), DocumentId(digest(2))
    assert documents.put(tx, StoredDocument(first, b"one signature", admitted=False))
    assert documents.put(tx, StoredDocument(second, b"other", admitted=True))
    assert documents.put(tx, StoredDocument(first, b"two signatures", admitted=True))
    assert not documents.put(tx, StoredDocument(first, b"forged", admitted=False))
    assert list(documents.iterate(tx)) == [
        StoredDocument(first, b"two signatures", admitted=True),
        StoredDocument(second, b"other", admitted=True),
    ]


def put_events(tx: Transaction, rows: list[events.EventRow]) -> None:
    """Events with their records."""
    records.append_many(tx, [record_row(row.position, link=row.link) for row in rows])
    events.put_many(tx, rows)


def derived_rows(snapshot: Snapshot) -> dict[str, int]:
    tables = ("records", "parked", "cases", "events", "links")
    return {t: snapshot.value(f"SELECT count(*) FROM {t}") for t in tables}


def test_a_reset_forgets_what_is_derived_from_one_link_and_nothing_else(tx: Transaction) -> None:
    for link in (LINK, OTHER_LINK):
        records.append_many(tx, [record_row(0, link=link)])
        parked.add(tx, ParkedRow(link, 0, case_id(0), KeyId(digest("s")), b"bytes", 9))
        cases.put(tx, case_view(0, link=link))
        events.put_many(tx, [event_row(0, link=link, on=None)])
        links.put(tx, LinkProgress(link, 1, b"", digest("trust")))
        outbox.add(tx, new_event(1, link=link))
        heads.put(tx, StoredHead(link, OFFICE, 1, b"head"))
    journal.append(tx, at=1, actor="officer", action="approve", link=LINK)
    links.reset(tx, LINK)
    assert set(derived_rows(tx).values()) == {1}
    assert links.get(tx, LINK) is None
    assert records.get(tx, OTHER_LINK, 0) is not None
    assert len(outbox.pending(tx, limit=9)) == 2
    assert heads.get(tx, LINK, OFFICE) is not None
    assert verify_journal(tx).size == 1


def test_what_was_shredded_stays_noted_when_the_link_is_read_again(tx: Transaction) -> None:
    shredded.put(tx, LINK, case_id(1), 20)
    shredded.put(tx, OTHER_LINK, case_id(2), 30)
    links.reset(tx, LINK)
    assert shredded.of_link(tx, LINK) == {case_id(1)}
    assert shredded.get(tx, LINK, case_id(2)) is None
    assert set(shredded.unscrubbed(tx)) == {(LINK, case_id(1)), (OTHER_LINK, case_id(2))}
    shredded.set_scrubbed(tx, LINK, case_id(1))
    assert shredded.unscrubbed(tx) == [(OTHER_LINK, case_id(2))]
    assert shredded.get(tx, LINK, case_id(1)) == shredded.Shredded(LINK, case_id(1), 20, True)


def test_of_a_shredded_case_nothing_is_to_be_opened_any_more(tx: Transaction) -> None:
    closed = [record_row(n, case=1)._replace(opened=False) for n in (2, 3)]
    refused = record_row(4, case=1)._replace(opened=False, outcome=Outcome.REJECTED)
    other = record_row(5, case=2)._replace(opened=False)
    records.append_many(tx, [*closed, refused, other])
    assert records.set_nothing_to_open(tx, LINK, case_id(1)) == [2, 3]
    assert records.set_nothing_to_open(tx, LINK, case_id(1)) == []
    assert list(records.unopened_positions(tx, LINK)) == [4, 5]


def test_the_links_for_which_a_key_is_held_can_be_asked(tx: Transaction) -> None:
    key = StoredKey(LINK, KeyId(b"k" * 32), KeyPurpose.CONTENT, b"s" * 32, OFFICE, None, case_id(1))
    keys.put(tx, key)
    keys.put(tx, key._replace(link=OTHER_LINK))
    assert keys.links_with(tx, key.key_id) == [LINK, OTHER_LINK]
    keys.remove(tx, LINK, key.key_id)
    assert keys.links_with(tx, key.key_id) == [OTHER_LINK]
    assert keys.links_with(tx, KeyId(b"x" * 32)) == []
