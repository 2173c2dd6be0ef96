"""What a link's chain says of each record, and that it goes on where it stopped.

The single defects are in ``tests/vectors``; here is what holds for whole logs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_domain.trust import LinkTrustRules as DomainTrust
from blo_projection.chain_snapshot import ChainRow
from blo_projection.errors import PositionError, SnapshotMismatch
from blo_projection.link_chain import AdmittedRecord, LinkChain
from blo_projection.office_chain import OfficeHead
from blo_projection.record_trust import RecordTrust
from blo_projection.verification import TrustHeads, TrustOwn, VerifyAll
from blo_schemas.errors import WireError
from blo_schemas.event import LogRecord
from blo_schemas.hashes import leaf_hash, log_hash, log_origin
from blo_schemas.ids import EventId
from blo_schemas.verdicts import DUPLICATE, Outcome, Reason, rejected
from blo_sealing.merkle import MerkleTree
from tests.vectors.material import (
    KYSON,
    LINK,
    NONGHET,
    NOON,
    OTHER_LINK,
    STRANGER,
    Log,
    TableTrust,
    fixed,
    flipped,
    opened,
    row,
    table,
    with_envelope,
    with_header,
)

OFFICES = [KYSON, NONGHET]
DEFECTS = {
    "too_large",
    "truncated",
    "trailing_bytes",
    "unknown_version",
    "wrong_type",
    "not_canonical",
}


def new_chain(*, verify: bool = True) -> LinkChain:
    return LinkChain(LINK, TableTrust(table()), VerifyAll() if verify else TrustHeads())


def fold(
    records: list[LogRecord], *, verify: bool = True
) -> tuple[LinkChain, list[AdmittedRecord]]:
    chain = new_chain(verify=verify)
    return chain, [chain.admit(record) for record in records]


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A log with faultless, crossing, replayed, forked, garbled and foreign records."""
    log = Log()
    waiting: list[bytes] = []
    for _ in range(draw(st.integers(0, 12))):
        office = draw(st.sampled_from(OFFICES))
        match draw(st.integers(0, 7)):
            case 0 if waiting:
                log.append(waiting.pop(0))
            case 1:
                waiting.append(log.seal(office).value)
            case 2 if log.records:
                log.append(draw(st.sampled_from(log.records)).value)
            case 3:
                log.append(flipped(log.seal(office).value, draw(st.integers(0, 300))))
            case 4:
                log.append(draw(st.binary(max_size=40)))
            case 5:
                log.append(
                    with_header(log.seal(office).value, office, seen_size=draw(st.integers(0, 20)))
                )
            case _:
                log.write(office)
    return log


def test_a_record_out_of_its_order_is_an_error_and_changes_nothing() -> None:
    log = Log()
    log.write(KYSON)
    before = log.chain.snapshot(), log.chain.log_hash
    for position in (0, 2):
        with pytest.raises(PositionError) as error:
            log.chain.admit(LogRecord(position, NOON, b""))
        assert (error.value.expected, error.value.got) == (1, position)
    assert (log.chain.snapshot(), log.chain.log_hash) == before


@given(logs())
def test_every_record_counts_in_the_log_whatever_its_verdict(log: Log) -> None:
    chain, admitted = fold(log.records)
    running = log_origin(LINK)
    hashes = [running]
    for record, found in zip(log.records, admitted, strict=True):
        running = log_hash(running, leaf_hash(record.value))
        hashes.append(running)
        assert (found.position, found.log_time) == (record.position, record.log_time)
        assert (found.leaf, found.log_hash) == (leaf_hash(record.value), running)
    assert chain.size == len(log.records)
    assert chain.log_hash == running
    assert (
        chain.tree_root() == MerkleTree([leaf_hash(record.value) for record in log.records]).root()
    )
    assert [chain.hash_at(size) for size in range(chain.size + 1)] == hashes
    with pytest.raises(ValueError, match="not"):
        chain.hash_at(chain.size + 1)


@given(logs())
def test_what_a_verdict_leaves_known_is_known(log: Log) -> None:
    for found in fold(log.records)[1]:
        reason = found.verdict.reason if found.verdict else None
        assert (found.envelope is None) <= (reason is not None and reason.value in DEFECTS)
        assert (found.header is None) == (reason is not None and reason.value in DEFECTS)
        assert found.chained <= (found.event is not None)
        if found.verdict is None:
            assert found.chained
            assert None not in (found.envelope, found.header, found.office, found.event)
        if found.verdict == DUPLICATE:
            assert not found.chained


@given(logs(), st.data())
def test_a_chain_that_was_stored_goes_on_as_if_it_never_stopped(
    log: Log, data: st.DataObject
) -> None:
    whole, admitted = fold(log.records)
    cut = data.draw(st.integers(0, len(log.records)))
    half, before = fold(log.records[:cut])
    again = new_chain()
    again.restore(half.snapshot(), [found.row() for found in before])
    assert again.offices() == half.offices()
    after = [again.admit(record) for record in log.records[cut:]]
    assert after == admitted[cut:]
    assert again.snapshot() == whole.snapshot()
    assert again.tree_root() == whole.tree_root()


@given(logs())
def test_without_signatures_faultless_logs_give_the_same_verdicts(log: Log) -> None:
    unproved = {Reason.BAD_SIGNATURE, Reason.PAYLOAD_MISMATCH, Reason.WRONG_LINK}
    full = fold(log.records)[1]
    if any(found.verdict and found.verdict.reason in unproved for found in full):
        return
    assert fold(log.records, verify=False)[1] == full


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_get_a_verdict(values: list[bytes]) -> None:
    chain = new_chain()
    for position, value in enumerate(values):
        verdict = chain.admit(LogRecord(position, NOON, value)).verdict
        assert verdict is not None
        assert verdict.outcome is Outcome.REJECTED
        assert verdict.reason is not None
        assert verdict.reason.value in DEFECTS


@settings(max_examples=300)
@given(st.data())
def test_any_changed_bit_is_found(data: st.DataObject) -> None:
    log = Log()
    log.write(KYSON)
    log.write(NONGHET)
    good = log.seal(KYSON).value
    bit = data.draw(st.integers(0, len(good) * 8 - 1))
    changed = bytearray(good)
    changed[bit // 8] ^= 1 << bit % 8
    found = log.chain.admit(LogRecord(2, NOON, bytes(changed)))
    assert found.verdict is not None
    assert found.verdict.outcome is Outcome.REJECTED
    assert not found.chained


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kid", bytes(8)),
        ("oseq", 2),
        ("oprev", fixed("other")),
        ("seen_size", 0),
        ("seen_hash", fixed("other")),
        ("case", fixed("other")),
        ("at", 1),
        ("summary_key", fixed("other")),
        ("salt", bytes(16)),
        ("payload_hash", bytes(32)),
    ],
)
def test_a_header_field_changed_by_another_than_the_writer_is_found(field: str, value: Any) -> None:
    log = Log()
    log.write(KYSON)
    good = log.seal(KYSON).value
    forged = with_header(good, STRANGER, **{field: value})
    found = log.chain.admit(LogRecord(1, NOON, forged))
    expected = {"kid": Reason.UNKNOWN_KEY, "payload_hash": Reason.PAYLOAD_MISMATCH}
    assert found.verdict == rejected(expected.get(field, Reason.BAD_SIGNATURE))


def test_a_second_writer_with_the_same_identity_is_shown_as_a_fork() -> None:
    log = Log()
    log.write(KYSON)
    one, other = log.seal(KYSON), log.seal(KYSON, random=os.urandom)
    assert log.append(one.value) == "accepted"
    assert log.append(other.value) == "fork"
    assert log.chain.offices()[KYSON] == OfficeHead(2, one.id, 1)


def test_a_gap_lasts_until_the_missing_event_comes() -> None:
    log = Log()
    missing = log.seal(KYSON)
    later = log.seal(KYSON, log.place(KYSON).after(missing.id))
    assert [log.append(later.value), log.append(missing.value)] == ["gap", "accepted"]
    assert log.append(later.value) == "accepted"


def test_the_order_of_the_checks_decides_between_two_faults() -> None:
    log = Log(table(row(KYSON, not_after=NOON + 1), row(NONGHET)))
    good = log.write(KYSON)
    tampered = with_envelope(good.value, body_ct=b"", signature=bytes(64))
    assert log.append(tampered, NOON) == "payload_mismatch"
    assert log.append(tampered, NOON + 1) == "key_expired"
    assert log.append(good.value[:-1], NOON + 1) == "truncated"
    forked = with_envelope(with_header(good.value, at=0), signature=bytes(64))
    assert log.append(forked, NOON) == "bad_signature"
    assert log.append(with_header(good.value, seen_size=99), NOON) == "fork"


def test_a_seen_fault_does_not_hold_its_office_to_what_it_claimed() -> None:
    log = Log()
    log.append(log.seal(KYSON, log.place(KYSON, seen_size=50)).value)
    assert log.chain.offices()[KYSON].seen_size == 0
    assert log.chain.offices()[KYSON].events == 1
    log.write(KYSON)
    assert log.chain.offices()[KYSON].seen_size == 1


def test_own_events_need_no_signature_check() -> None:
    log = Log()
    good = log.seal(KYSON)
    unsigned = LogRecord(0, NOON, with_envelope(good.value, signature=bytes(64)))
    own: set[EventId] = {good.id}
    trusting = LinkChain(LINK, TableTrust(table()), TrustOwn(own.__contains__))
    assert trusting.admit(unsigned).verdict is None
    distrusting = LinkChain(LINK, TableTrust(table()), TrustOwn(set[EventId]().__contains__))
    assert distrusting.admit(unsigned).verdict == rejected(Reason.BAD_SIGNATURE)


def test_another_log_of_the_same_size_does_not_match() -> None:
    log = Log()
    log.write(KYSON)
    chain = log.chain
    assert chain.matches(1, chain.log_hash) is True
    assert chain.matches(0, chain.hash_at(0)) is True
    assert chain.matches(1, chain.hash_at(0)) is False
    assert chain.matches(2, chain.log_hash) is None
    assert chain.matches(-1, chain.log_hash) is False


def _bad_stores() -> Iterator[tuple[str, list[ChainRow]]]:
    log = Log()
    rows = [log.chain.admit(LogRecord(0, NOON, log.seal(KYSON).value)).row()]
    rows.append(log.chain.admit(LogRecord(1, NOON, log.seal(NONGHET).value)).row())
    yield "a row is missing", rows[:1]
    yield "a row is too many", [*rows, ChainRow(rows[0].log_hash, None, None)]
    yield (
        "an event is missing",
        [rows[0], msgspec.structs.replace(rows[1], office=None, event=None)],
    )
    yield "an event is another's", [rows[0], msgspec.structs.replace(rows[1], office=KYSON)]


@pytest.mark.parametrize(("what", "rows"), list(_bad_stores()), ids=lambda value: str(value)[:30])
def test_a_store_that_does_not_fit_together_is_refused(what: str, rows: list[ChainRow]) -> None:
    log = Log()
    log.write(KYSON)
    log.write(NONGHET)
    with pytest.raises(SnapshotMismatch):
        new_chain().restore(log.chain.snapshot(), rows)


def test_a_snapshot_of_another_link_or_into_a_used_chain_is_refused() -> None:
    log = Log()
    log.write(KYSON)
    other = LinkChain(OTHER_LINK, TableTrust(table()))
    with pytest.raises(SnapshotMismatch, match=OTHER_LINK):
        new_chain().restore(other.snapshot(), [])
    with pytest.raises(SnapshotMismatch):
        log.chain.restore(new_chain().snapshot(), [])


@given(st.binary(max_size=100))
def test_any_bytes_as_a_snapshot_give_a_documented_error(snapshot: bytes) -> None:
    with pytest.raises((WireError, SnapshotMismatch)):
        new_chain().restore(snapshot, [])


def test_a_snapshot_stays_small() -> None:
    log = Log()
    for _ in range(64):
        log.write(KYSON)
    assert len(log.chain.snapshot()) < 200


def test_the_next_place_is_what_the_chain_accepts() -> None:
    log = Log()
    assert log.chain.next_place(KYSON).oseq == 0
    event = log.write(KYSON)
    place = log.chain.next_place(KYSON)
    assert (place.oseq, place.oprev) == (1, event.id)
    assert (place.seen_size, place.seen_hash) == (1, log.chain.log_hash)
    assert opened(event.value)[1].oseq == 0


def test_the_trust_rules_answer_as_a_chain_asks() -> None:
    # mypy checks the assignment; at run time the names must be there.
    trust: type[RecordTrust] = DomainTrust
    assert {"writer", "other_links"} <= set(dir(trust))
