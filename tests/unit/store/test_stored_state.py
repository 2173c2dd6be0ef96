"""What an agent keeps of a link without keeping all of it in memory: views, keys, hashes and ids."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_agent.office import keyring, stored_chain, stored_views
from blo_agent.office.keyring import Keyring, ReaderKeys
from blo_agent.office.stored_chain import NotInStore, StoredChain
from blo_agent.office.stored_views import StoredViews
from blo_agent.store.connection import Transaction
from blo_agent.store.schema import MIGRATIONS
from blo_agent.store.tables import cases, keys, records, view_groups
from blo_domain.trust import RecordTraces
from blo_projection.case_views import CaseViews
from blo_projection.chain_snapshot import encode_chain
from blo_projection.link_chain import HASHES, IDS
from blo_projection.office_chain import OfficeHead
from blo_schemas.grants import KeyPurpose
from blo_schemas.hashes import log_origin
from blo_schemas.ids import HASH_SIZE, CaseId, KeyId
from blo_schemas.views import State
from blo_sealing.keys import ContentKey, SummaryKey
from tests.unit.store.samples import (
    LINK,
    OFFICE,
    OTHER_LINK,
    case_id,
    case_view,
    digest,
    record_row,
)

Puts = list[list[tuple[int, int]]]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=5), max_size=8),
    st.sets(st.integers(0, 8)),
    st.sets(st.integers(0, 8)),
)
def test_stored_views_are_those_in_memory_whenever_they_are_digested_or_loaded(
    batches: Puts, digested: set[int], loaded: set[int]
) -> None:
    tx = transaction()
    plain, views = CaseViews(), StoredViews(tx.lasting(), LINK)
    with patch.object(stored_views, "_REMEMBERED", 3), patch.object(stored_views, "_SAVED_AT", 2):
        for number, batch in enumerate(batches):
            for case, version in batch:
                view = msgspec.structs.replace(case_view(case), crossed=version)
                plain.put(view)
                views.put(view)
                assert views.get(CaseId(view.case)) == view
            views.write(tx)
            if number in loaded:
                views = StoredViews(tx.lasting(), LINK)
            if number in digested:
                assert views.digest() == plain.digest()
            assert view_groups.views_digest(tx, LINK) == plain.digest()
            for case in range(10):
                assert views.get(case_id(case)) == plain.get(case_id(case))
    assert views.digest() == plain.digest()
    assert StoredViews(tx.lasting(), OTHER_LINK).digest() == CaseViews().digest()


def test_views_that_are_not_stored_are_not_digested(tx: Transaction) -> None:
    views = StoredViews(tx.lasting(), LINK)
    views.put(case_view(1))
    with pytest.raises(ValueError, match="not stored"):
        views.digest()


def test_only_the_cases_that_are_being_shredded_are_looked_at_at_a_start(tx: Transaction) -> None:
    cases.put(tx, case_view(1))
    cases.put(tx, case_view(2, state=State.SHREDDING))
    cases.put(tx, case_view(3, state=State.SHREDDED))
    cases.put(tx, case_view(4, state=State.SHREDDING, link=OTHER_LINK))
    assert StoredViews(tx.lasting(), LINK).being_shredded() == [case_view(2, state=State.SHREDDING)]


def test_a_content_key_is_found_in_the_store_on_its_own_link_until_it_is_removed(
    tx: Transaction,
) -> None:
    content = [ContentKey(bytes([number]) * 32) for number in range(9)]
    summary = SummaryKey(b"s" * 32)
    for key in content:
        put_key(tx, key)
    put_key(tx, summary)
    known, reader = Keyring(), ReaderKeys(LINK)
    with patch.object(keyring, "_REMEMBERED", 4):
        known.load(tx)
        reader.snapshot = tx
        for source in (known.of(LINK), reader):
            assert [source.content_key(key.id) for key in content] == content
            assert source.content_key(CaseId(summary.id)) is None
            assert source.summary_key(KeyId(content[0].id)) is None
            assert source.summary_key(summary.id) == summary
            assert list(source.summary_key_ids()) == [summary.id]
        assert known.of(OTHER_LINK).content_key(content[0].id) is None
        keys.remove(tx, LINK, KeyId(content[0].id))
        known.of(LINK).drop_content(content[0].id)
        assert known.of(LINK).content_key(content[0].id) is None
        assert reader.content_key(content[0].id) is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=6), st.sets(st.integers(0, 5)), st.data())
def test_a_chain_looks_back_at_the_same_bytes_in_the_store_as_in_memory(
    batches: list[int], loaded: set[int], data: st.DataObject
) -> None:
    tx = transaction()
    stored = StoredChain(tx.lasting(), LINK, None)
    hashes, ids = stored.buffer(HASHES), stored.buffer(f"{IDS}{OFFICE}")
    plain_hashes, plain_ids = bytearray(log_origin(LINK)), bytearray()
    hashes += log_origin(LINK)
    size = 0
    with patch.object(stored_chain, "_KEPT", 2):
        for number, count in enumerate(batches):
            rows = [record_row(position) for position in range(size, size + count)]
            for row in rows:
                assert row.event_id is not None
                hashes += row.log_hash
                plain_hashes += row.log_hash
                ids += row.event_id
                plain_ids += row.event_id
            records.append_many(tx, rows)
            size += count
            last = plain_ids[-HASH_SIZE:] if size else bytes(HASH_SIZE)
            stored.write(tx, {OFFICE: OfficeHead(size, bytes(last), 0)})  # type: ignore[arg-type]
            if number in loaded:
                offices = ((OFFICE, size, 0),) if size else ()
                snapshot = encode_chain(LINK, size, b"", offices, RecordTraces())
                stored = StoredChain(tx.lasting(), LINK, snapshot)
                hashes, ids = stored.buffer(HASHES), stored.buffer(f"{IDS}{OFFICE}")
                if not len(hashes):
                    hashes += log_origin(LINK)
            for column, plain in ((hashes, plain_hashes), (ids, plain_ids)):
                assert len(column) == len(plain)
                assert column[-HASH_SIZE:] == plain[-HASH_SIZE:]
                at = data.draw(st.integers(0, size)) * HASH_SIZE
                assert column[at : at + HASH_SIZE] == plain[at : at + HASH_SIZE]
                part = bytes(plain[at : at + HASH_SIZE])
                assert column.startswith(part, at) == plain.startswith(part, at)
                assert not column.startswith(b"x" * HASH_SIZE, at)


def test_what_the_store_has_lost_is_an_error_and_never_another_answer(tx: Transaction) -> None:
    records.append_many(tx, [record_row(position) for position in range(3)])
    snapshot = encode_chain(LINK, 3, b"", ((OFFICE, 3, 0),), RecordTraces())
    stored = StoredChain(tx.lasting(), LINK, snapshot)
    hashes, ids = stored.buffer(HASHES), stored.buffer(f"{IDS}{OFFICE}")
    assert ids[-HASH_SIZE:] == record_row(2).event_id
    tx.execute("DELETE FROM records WHERE position > 0")
    for column in (hashes, ids):
        with pytest.raises(NotInStore):
            column[-HASH_SIZE:]
    with pytest.raises(NotInStore):
        hashes.startswith(digest("h"), 3 * HASH_SIZE)
    assert not ids.startswith(record_row(2).event_id, 2 * HASH_SIZE)  # type: ignore[arg-type]


def test_memory_of_the_stores_thread_is_not_used_in_another(tx: Transaction) -> None:
    views = StoredViews(tx.lasting(), LINK)
    with ThreadPoolExecutor(1) as elsewhere, pytest.raises(RuntimeError, match="another"):
        elsewhere.submit(views.get, case_id(1)).result()


def test_only_the_handle_of_a_job_lasts_and_it_reads_only(tx: Transaction) -> None:
    lasting = tx.lasting()
    assert lasting.value("SELECT count(*) FROM cases") == 0
    with pytest.raises(RuntimeError):
        lasting.lasting()
    tx.end()
    with pytest.raises(RuntimeError):
        tx.lasting()
    assert lasting.value("SELECT count(*) FROM cases") == 0


def put_key(tx: Transaction, key: ContentKey | SummaryKey) -> None:
    case = key.id if isinstance(key, ContentKey) else None
    keys.put(
        tx,
        keys.StoredKey(LINK, KeyId(key.id), key.purpose, key.secret, OFFICE, None, case),
    )
    assert key.purpose is (KeyPurpose.SUMMARY if case is None else KeyPurpose.CONTENT)


def transaction() -> Transaction:
    connection = apsw.Connection(":memory:")
    for script in MIGRATIONS:
        connection.execute(script)
    return Transaction(connection)
