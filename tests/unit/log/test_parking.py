"""Records that wait for a key: what is kept of them, and that late keys change nothing."""

from __future__ import annotations

import os
import tracemalloc
from datetime import date
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.cases import legal_steps
from blo_projection.errors import RecordChanged
from blo_projection.fold import FoldedRecord
from blo_projection.parked_records import CACHE_KIB, ParkedRecord, ParkedRecords
from blo_schemas.content import Content
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, EventId, KeyId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import Author, ChainPlace, seal_event
from tests.unit.log.test_fold import (
    KEYS,
    LINK,
    NOON,
    TAGS,
    A,
    B,
    Offices,
    Reading,
    reader,
    released,
)

KIB: Final = 1024
STEPS: Final = frozenset({Step.ACKNOWLEDGE, Step.ACCEPT, Step.URGE, Step.WITHDRAW})


def test_a_thousand_waiting_records_of_200_kib_take_less_than_a_mebibyte_and_a_half() -> None:
    """The table of their places has 1 MiB in memory at most, the rest is one hash a record."""
    late = reader(read_content=False)
    key, content_key = SummaryKey(os.urandom(32)), ContentKey(os.urandom(32))
    content = Content(date(2025, 1, 1), None, None, b"x" * 200 * KIB, 1)
    opening = Summary(SUMMARY_VERSION, Kind.DOCUMENT, Step.OPEN, Urgency.ROUTINE, 0)
    last = EventId(bytes(32))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for position in range(1000):
            event = seal_event(
                Author(LINK, TAGS[A], KEYS[A]),
                ChainPlace(position, last, 0, late.fold.chain.hash_at(0)),
                at=NOON,
                content_key=content_key,
                summary_key=key,
                summary=opening,
                content=content,
                random=os.urandom,
            )
            last = event.id
            assert late.fold.feed(LogRecord(position, NOON, event.value)).verdict is None
        del event
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert late.fold.parked_count() == 1000
    assert after - before < 512 * KIB
    assert CACHE_KIB <= KIB


def test_bytes_that_are_not_those_that_were_read_before_are_refused_and_change_nothing() -> None:
    offices = Offices()
    offices.do(A, Step.OPEN)
    offices.do(A, Step.OPEN)
    late = reader()
    for record in offices.records:
        late.fold.feed(record)
    late.grant(offices)
    with pytest.raises(RecordChanged, match="at 0"):
        late.fold.release(0, offices.records[1].value)
    assert late.fold.openable(9) == [0, 1]
    assert [one.position for one in late.release(offices)] == [0, 1]
    assert late.views == offices.reader.views


def test_only_what_can_be_judged_next_is_released() -> None:
    offices = Offices()
    case = offices.do(B, Step.OPEN)
    offices.do(A, Step.URGE, case)
    late = reader()
    for record in offices.records:
        late.fold.feed(record)
    late.grant(offices, A)
    for position in (0, 1, 7):
        with pytest.raises(ValueError, match="can be released"):
            late.fold.release(position, offices.records[min(position, 1)].value)
    assert late.fold.parked_count() == 2


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_keys_that_come_late_in_any_order_give_what_all_keys_from_the_start_give(
    data: st.DataObject,
) -> None:
    offices, late, at_once = Offices(), reader(), reader()
    keys = {office: [SummaryKey(os.urandom(32)) for _ in range(3)] for office in (A, B)}
    for key in [*keys[A], *keys[B]]:
        offices.reader.keys.summaries[key.id] = at_once.keys.summaries[key.id] = key
    kept_back = list(data.draw(st.permutations([*keys[A], *keys[B]])))
    seen: dict[int, FoldedRecord] = {}
    for _ in range(data.draw(st.integers(1, 25))):
        office = data.draw(st.sampled_from((A, B)))
        offices.summaries[office] = data.draw(st.sampled_from(keys[office]))
        if not _act(data, offices, office):
            continue
        at_once.keys.contents.update(offices.contents)
        late.keys.contents.update(offices.contents)
        folded = late.fold.feed(offices.records[-1])
        seen[folded.position] = folded
        if data.draw(st.booleans()) and kept_back:
            _grant(late, kept_back.pop(), offices, seen, data.draw(st.integers(1, 4)))
    while kept_back:
        _grant(late, kept_back.pop(), offices, seen, data.draw(st.integers(1, 4)))
    assert late.fold.parked_count() == 0
    for record in offices.records:
        one, theirs = at_once.fold.feed(record), seen[record.position]
        assert (one.verdict, one.version, one.summary) == (
            theirs.verdict,
            theirs.version,
            theirs.summary,
        )
        assert (one.content, one.content_state) == (theirs.content, theirs.content_state)
        assert (one.event, one.office, one.step) == (theirs.event, theirs.office, theirs.step)
    assert late.views == at_once.views


def _act(data: st.DataObject, offices: Offices, office: OfficeId) -> bool:
    """Has an office take a step; whether there was one to take."""
    cases = list(offices.reader.views)
    case = data.draw(st.sampled_from([None, *cases]))
    if case is None:
        offices.do(office, Step.OPEN)
        return True
    legal = [
        step for step in legal_steps(offices.reader.views[case], office, (A, B)) if step in STEPS
    ]
    if legal:
        offices.do(office, data.draw(st.sampled_from(legal)), case)
    return bool(legal)


def _grant(
    late: Reading, key: SummaryKey, offices: Offices, seen: dict[int, FoldedRecord], limit: int
) -> None:
    late.keys.summaries[key.id] = key
    found = released(late.fold, offices, limit)
    assert all(seen[one.position].verdict is None for one in found)
    seen.update((one.position, one) for one in found)


def test_the_table_tells_the_first_waiting_record_of_each_case_and_office() -> None:
    table = ParkedRecords()
    assert (len(table), list(table), table.openable([_key(1)], 9)) == (0, [], [])
    items = [_item(0, A, 1, 1), _item(1, B, 1, 2), _item(2, B, 2, 2), _item(4, A, 2, 1)]
    for item in items:
        table.add(item)
    assert list(table) == items
    assert list(table.cases()) == [_case(1), _case(2)]
    assert table.offices() == sorted([A, B])
    assert [one.position for one in table.of_office(B)] == [1, 2]
    assert table.openable([_key(2)], 9) == [2]
    assert table.openable([_key(1), _key(2)], 9) == [0, 1, 2, 4]
    assert table.openable([_key(1), _key(2)], 3) == [0, 1, 2]
    table.remove(items[0])
    assert table.openable([_key(2)], 9) == [1, 2]
    assert not table.holds(_case(3))
    table.remove(items[1])
    assert not table.holds(_case(1))


def _item(position: int, office: OfficeId, case: int, key: int) -> ParkedRecord:
    event = EventId(position.to_bytes(32, "big"))
    return ParkedRecord(position, NOON + position, event, office, _case(case), _key(key))


def _case(number: int) -> CaseId:
    return CaseId(number.to_bytes(32, "big"))


def _key(number: int) -> KeyId:
    return KeyId(number.to_bytes(32, "little"))
