"""Taking in what the log brings: one job, one transaction per batch (docs/architecture.md, "What each hop promises", log → agent).

The view and the next offset move together, so every record has its effect exactly once, whatever
happens in between.
"""

from __future__ import annotations

from typing import Final

from blo_agent.batches import Batch, Seen, Taken
from blo_agent.cosigning import take_notes, take_waiting
from blo_agent.desk import LinkDesk
from blo_agent.office import Office
from blo_agent.own_chain import settle_own_record
from blo_agent.shredding import note_view, without_shredded
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import cases, events, links, meta, parked, records
from blo_agent.taking_documents import offset_key, take_documents
from blo_agent.taking_grants import take_grants
from blo_agent.taking_heads import compare_heads, take_heads
from blo_agent.tallies import store_tally
from blo_log.fold import ContentState, Folded
from blo_schemas.codec import COUNT
from blo_schemas.content import CONTENT
from blo_schemas.event import ENVELOPE, LogRecord
from blo_schemas.hashing import leaf_hash
from blo_schemas.ids import CaseId, KeyId, LinkId
from blo_schemas.summary import SUMMARY
from blo_schemas.verdicts import Outcome, Reason

_RELEASED_AT_ONCE: Final = 16
"""So many parked records are in memory at once, of 256 KiB at most each."""


def take(office: Office, batch: Batch, now: int, tx: Transaction) -> Taken:
    """Take in a batch.

    Trust documents come first, then keys, then records, then heads, because each needs the ones
    before. Bytes that are wrong get a verdict or are counted; they never stop the reader.

    Args:
        office: Who reads.
        batch: What was read.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
    """
    taken = Taken()
    for partition, offset in batch.offsets.items():
        meta.put(tx, offset_key(partition), COUNT.encode(offset))
    if batch.documents:
        # After the offsets, because it may ask for keys to be read again.
        take_documents(office, batch.documents, now, tx, taken)
    touched = take_grants(office, batch.grants, tx, taken)
    for link, found in batch.records.items():
        if link not in taken.refold and link in office.desks:
            touched.add(link)
            _take_records(office, office.desks[link], found, tx, taken)
    for link in touched:
        desk = office.desks[link]
        _release(office, desk, tx, taken)
        _write_views(office, desk, now, tx, taken)
        _store_progress(desk, tx)
        compare_heads(office, desk, now, tx, taken)
        take_waiting(office, desk, now, tx, taken)
    if batch.notes:
        take_notes(office, batch.notes, now, tx, taken)
    if batch.heads:
        take_heads(office, batch.heads, now, tx, taken)
    return taken


def _take_records(
    office: Office, desk: LinkDesk, found: list[LogRecord], tx: Transaction, taken: Taken
) -> None:
    folded = []
    rows = []
    for record in found:
        if record.position < desk.size:
            continue
        desk.arriving = leaf_hash(record.value)
        one = without_shredded(desk, desk.fold.feed(record))
        settle_own_record(office, desk, one, tx, taken)
        folded.append(one)
        rows.append(_row(desk.link, one))
        if one.verdict is None or one.content_state is ContentState.WAITING:
            _park(desk, one, record.value, tx)
        if not rows[-1].opened:
            desk.unopened.append(record.position)
    records.append_many(tx, rows)
    _write_outcomes(office, desk, folded, tx, taken)


def _release(office: Office, desk: LinkDesk, tx: Transaction, taken: Taken) -> None:
    """Judge what was parked and can be opened now, a few records in memory at a time."""
    while positions := desk.fold.openable(_RELEASED_AT_ONCE):
        released = [
            desk.fold.release(position, parked.value(tx, desk.link, position))
            for position in positions
        ]
        _write_released(office, desk, released, tx, taken)


def _write_released(
    office: Office, desk: LinkDesk, released: list[Folded], tx: Transaction, taken: Taken
) -> None:
    """Write what was parked before and has its verdict now."""
    released = [without_shredded(desk, one) for one in released]
    for one in released:
        if one.verdict is None:
            continue
        opened = _is_opened(one)
        records.settle(
            tx,
            desk.link,
            one.position,
            one.verdict,
            opened=opened,
            summary=_rejected_summary(one),
        )
        if opened:
            desk.opened(one.position)
        if one.content_state is ContentState.WAITING and one.envelope and one.header:
            item = parked.ParkedRecord(
                desk.link,
                one.position,
                one.header.case_id,
                KeyId(one.header.case),
                ENVELOPE.encode(one.envelope),
                one.log_time,
            )
            parked.add(tx, item)
        else:
            parked.remove(tx, desk.link, one.position)
        if one.verdict.outcome is Outcome.REJECTED and one.header is not None:
            desk.look_ahead(one.header.case_id)
    _write_outcomes(office, desk, released, tx, taken)


def _write_views(office: Office, desk: LinkDesk, now: int, tx: Transaction, taken: Taken) -> None:
    """Store what has moved; last, because what is agreed to be shredded is deleted with it."""
    for view in desk.views.take_changed():
        cases.put(tx, view)
        desk.look_ahead(CaseId(view.case))
        if note_view(office, desk, view, now, tx):
            taken.shredded.append(desk.link)


def _write_outcomes(
    office: Office, desk: LinkDesk, folded: list[Folded], tx: Transaction, taken: Taken
) -> None:
    accepted = []
    for one in folded:
        if one.verdict is None:
            continue
        desk.tally.count(one.verdict, own=one.office == office.id)
        taken.seen.append(Seen(desk.link, one.position, one.office, one.verdict, one.content_state))
        if one.content_fault is not None:
            taken.alarm_unopenable(desk.link, one.position, one.office, one.content_fault)
        if one.verdict.reason is Reason.SEEN_HASH_MISMATCH:
            taken.alarms.append(
                f"{one.office} has signed, at {one.position} of {desk.link}, that it had read "
                "another log than this office; compare both offices' heads"
            )
        if one.verdict.outcome is Outcome.ACCEPTED:
            accepted.append(_event_row(desk.link, one))
    events.put_many(tx, accepted)


def _park(desk: LinkDesk, one: Folded, value: bytes, tx: Transaction) -> None:
    if one.header is None:
        return
    needs = one.header.summary_key_id if one.verdict is None else KeyId(one.header.case)
    parked.add(
        tx,
        parked.ParkedRecord(
            desk.link, one.position, one.header.case_id, needs, value, one.log_time
        ),
    )


def _row(link: LinkId, one: Folded) -> records.RecordRow:
    if one.admitted is None:
        raise ValueError(f"record {one.position} was folded before")
    verdict = one.verdict
    header = one.header
    return records.RecordRow(
        link,
        one.position,
        one.log_time,
        one.admitted.leaf,
        one.admitted.log_hash,
        one.event,
        one.office,
        None if header is None else header.oseq,
        None if header is None else header.case_id,
        None if verdict is None else verdict.outcome,
        None if verdict is None else verdict.reason,
        crossed=verdict is not None and verdict.crossed,
        opened=_is_opened(one),
        chained=one.admitted.chained,
        summary=_rejected_summary(one),
    )


def _rejected_summary(one: Folded) -> bytes | None:
    """Kept so that the desk can say in words what was rejected."""
    if one.summary is None or one.verdict is None or one.verdict.outcome is not Outcome.REJECTED:
        return None
    return SUMMARY.encode(one.summary)


def _is_opened(one: Folded) -> bool:
    if one.verdict is None:
        return False
    if one.verdict.reason is not None and one.verdict.reason.value.startswith("summary_"):
        return False
    return one.content_state not in (ContentState.WAITING, ContentState.UNOPENABLE)


def _event_row(link: LinkId, one: Folded) -> events.EventRow:
    if one.event is None or one.header is None or one.office is None or one.summary is None:
        raise ValueError(f"record {one.position} is accepted but not readable")
    content = one.content
    return events.EventRow(
        one.event,
        link,
        one.position,
        one.header.case_id,
        one.version,
        one.office,
        one.summary.kind,
        one.summary.step,
        None if content is None else content.on,
        one.header.at,
        one.log_time,
        SUMMARY.encode(one.summary),
        None if content is None else CONTENT.encode(content),
    )


def _store_progress(desk: LinkDesk, tx: Transaction) -> None:
    links.put(
        tx,
        links.LinkProgress(desk.link, desk.size, desk.fold.chain.snapshot(), desk.trust_digest),
    )
    store_tally(tx, desk.link, desk.tally)


__all__ = ["Batch", "Taken", "take"]
