"""Taking in what the log brings: one job, one transaction per batch (DESIGN §9, log → agent).

The view and the next offset move together, so every record has its effect exactly once, whatever
happens in between.
"""

from __future__ import annotations

from typing import Final

import msgspec

from blo_agent.desk import LinkDesk
from blo_agent.office import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import (
    cases,
    documents,
    events,
    journal,
    keys,
    links,
    meta,
    outbox,
    parked,
    records,
)
from blo_agent.taking_heads import take_heads
from blo_log.fold import ContentState, Folded
from blo_log.port import TopicPartition
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, LogRecord
from blo_schemas.grants import GRANT, KeyPurpose
from blo_schemas.hashing import document_id
from blo_schemas.ids import CaseId, CertificateTag, KeyId, LinkId, OfficeId
from blo_schemas.trust import SIGNED_DOCUMENT
from blo_schemas.verdicts import Outcome, Verdict
from blo_sealing.errors import SealingError
from blo_sealing.grants import open_grant
from blo_sealing.keys import ContentKey, SummaryKey

PROGRAM: Final = "agent"


class Batch(msgspec.Struct):
    """What one poll of the log brought, sorted by what it is.

    Attributes:
        documents: Values of ``blo.directory``.
        grants: Values of ``blo.keys.*`` that are meant for this office.
        records: Records of ``blo.exchange.*`` by link, in order.
        heads: Values of ``blo.heads.*``.
        offsets: Where the keyed topics are to be read on.
    """

    documents: list[bytes] = msgspec.field(default_factory=list)
    grants: list[bytes] = msgspec.field(default_factory=list)
    records: dict[LinkId, list[LogRecord]] = msgspec.field(default_factory=dict)
    heads: list[bytes] = msgspec.field(default_factory=list)
    offsets: dict[TopicPartition, int] = msgspec.field(default_factory=dict)


class Seen(msgspec.Struct, frozen=True):
    """One record's verdict, for metrics and the log file."""

    link: LinkId
    position: int
    office: OfficeId | None
    verdict: Verdict
    content: ContentState


class Taken(msgspec.Struct):
    """What a batch has changed.

    Attributes:
        seen: Verdicts that were reached.
        refold: Links whose verdicts may change because of new trust documents: they were reset,
            and must be read again from their first record.
        new_links: Links that have a desk now and had none before.
        grants: How many grants were taken, by link and purpose.
        ignored: Bytes on keyed topics that are not what belongs there.
        alarms: What an operator has to look at, in words.
    """

    seen: list[Seen] = msgspec.field(default_factory=list)
    refold: list[LinkId] = msgspec.field(default_factory=list)
    new_links: list[LinkId] = msgspec.field(default_factory=list)
    grants: list[tuple[LinkId, KeyPurpose]] = msgspec.field(default_factory=list)
    ignored: int = 0
    alarms: list[str] = msgspec.field(default_factory=list)


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
    if batch.documents:
        _take_documents(office, batch.documents, now, tx, taken)
    touched = _take_grants(office, batch.grants, tx, taken)
    for link, found in batch.records.items():
        if link not in taken.refold and link in office.desks:
            touched.add(link)
            _take_records(office, office.desks[link], found, tx, taken)
    for link in touched:
        desk = office.desks[link]
        _write(office, desk, desk.fold.release(), tx, taken)
        _store_progress(desk, tx)
    if batch.heads:
        take_heads(office, batch.heads, tx, taken)
    for partition, offset in batch.offsets.items():
        meta.put(tx, offset_key(partition), encode(offset))
    return taken


def offset_key(partition: TopicPartition) -> str:
    """Under which name the store keeps how far a keyed topic was read."""
    return f"offset/{partition.topic}/{partition.partition}"


def _take_documents(
    office: Office, found: list[bytes], now: int, tx: Transaction, taken: Taken
) -> None:
    signed = []
    for value in found:
        try:
            document = SIGNED_DOCUMENT.decode(value)
        except WireError:
            taken.ignored += 1
            continue
        stored = documents.StoredDocument(document_id(document.payload), value, admitted=False)
        if documents.put(tx, stored):
            signed.append(document)
    if not signed:
        return
    for link in office.take_documents(signed):
        desk = office.desks[link]
        if desk.size > 0:
            links.reset(tx, link)
            office.restart(desk)
            desk.own_chain_checked = False
            taken.refold.append(link)
            journal.append(tx, at=now, actor=PROGRAM, action="refold", link=link)
    taken.new_links.extend(desk.link for desk in office.open_desks(tx, now))


def _take_grants(office: Office, found: list[bytes], tx: Transaction, taken: Taken) -> set[LinkId]:
    touched: set[LinkId] = set()
    for value in found:
        try:
            grant = GRANT.decode(value)
        except WireError:
            taken.ignored += 1
            continue
        desk = office.desks.get(grant.link)
        if grant.recipient != office.id or desk is None:
            continue
        if keys.get(tx, grant.link, KeyId(grant.key)) is not None:
            continue
        held = office.node_keys_of(CertificateTag(grant.recipient_kid))
        if held is None:
            taken.alarms.append(f"a grant on {grant.link} is sealed to a key that is not here")
            continue
        try:
            key = open_grant(
                grant, grant.link, office.id, CertificateTag(grant.recipient_kid), held.kem
            )
        except SealingError as error:
            taken.alarms.append(f"a grant on {grant.link} from {grant.sender}: {error}")
            continue
        _hold(office, desk, key, grant.sender, tx)
        taken.grants.append((grant.link, grant.purpose))
        touched.add(grant.link)
    return touched


def _hold(
    office: Office,
    desk: LinkDesk,
    key: ContentKey | SummaryKey,
    sender: OfficeId,
    tx: Transaction,
) -> None:
    if isinstance(key, ContentKey):
        office.keyring.add_content(key)
        stored = keys.StoredKey(
            desk.link, KeyId(key.id), key.purpose, key.secret, sender, None, key.id
        )
        keys.put(tx, stored)
        _open_waiting(desk, key.id, tx)
    else:
        office.keyring.add_summary(key)
        stored = keys.StoredKey(desk.link, key.id, key.purpose, key.secret, sender, None, None)
        keys.put(tx, stored)


def _open_waiting(desk: LinkDesk, case: CaseId, tx: Transaction) -> None:
    """Open the contents of accepted events that waited for their case's key."""
    for item in parked.waiting_for(tx, desk.link, KeyId(case)):
        row = records.get(tx, desk.link, item.position)
        if row is None or row.outcome is not Outcome.ACCEPTED or row.event_id is None:
            continue
        event = events.get(tx, row.event_id)
        if event is None:
            continue
        envelope = ENVELOPE.decode(item.value)
        header = HEADER.decode(envelope.header)
        content, state = desk.fold.read_content(header, envelope, event.kind, event.step)
        if content is not None and state is ContentState.OPENED:
            events.set_content(tx, row.event_id, content.on, encode(content))
            records.set_opened(tx, desk.link, item.position)
            desk.opened(item.position)
        parked.remove(tx, desk.link, item.position)


def _take_records(
    office: Office, desk: LinkDesk, found: list[LogRecord], tx: Transaction, taken: Taken
) -> None:
    folded = []
    rows = []
    for record in found:
        if record.position < desk.size:
            continue
        one = desk.fold.feed(record)
        folded.append(one)
        rows.append(_row(desk.link, one))
        if one.verdict is None or one.content_state is ContentState.WAITING:
            _park(desk, one, record.value, tx)
        if not rows[-1].opened:
            desk.unopened.append(record.position)
    records.append_many(tx, rows)
    for one in folded:
        if one.office == office.id:
            _settle_own(desk, one, tx, taken)
    _write_outcomes(office, desk, folded, tx, taken)


def _write(
    office: Office, desk: LinkDesk, released: list[Folded], tx: Transaction, taken: Taken
) -> None:
    """Write what was parked before and has its verdict now."""
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
                encode(one.envelope),
                one.log_time,
            )
            parked.add(tx, item)
        else:
            parked.remove(tx, desk.link, one.position)
    _write_outcomes(office, desk, released, tx, taken)
    for view in desk.views.take_changed():
        cases.put(tx, view)
        desk.look_ahead(CaseId(view.case))


def _write_outcomes(
    office: Office, desk: LinkDesk, folded: list[Folded], tx: Transaction, taken: Taken
) -> None:
    accepted = []
    for one in folded:
        if one.verdict is None:
            continue
        desk.tally.count(one.verdict, own=one.office == office.id)
        taken.seen.append(Seen(desk.link, one.position, one.office, one.verdict, one.content_state))
        if one.verdict.outcome is Outcome.ACCEPTED:
            accepted.append(_event_row(desk.link, one))
    events.put_many(tx, accepted)


def _settle_own(desk: LinkDesk, one: Folded, tx: Transaction, taken: Taken) -> None:
    """An own event has come back: it is done, doubtful, or not ours at all."""
    if one.event is None or (one.verdict and one.verdict.outcome is Outcome.DUPLICATE):
        return
    chained = one.admitted is not None and one.admitted.chained
    if one.event in desk.under_way:
        if chained:
            desk.arrived(one.event)
            outbox.confirm(tx, one.event)
        else:
            # Rejected before it became part of the chain: it and all that follow are sealed anew.
            desk.own_chain_checked = False
            reason = one.verdict.reason if one.verdict else None
            taken.alarms.append(
                f"an own event on {desk.link} was rejected: {reason}; it will be sealed anew"
            )
    elif desk.own_chain_checked:
        desk.halted = (
            f"record {one.position} of {desk.link} was written with this office's key, but not by "
            "this agent. Another copy of the agent or of its keys is in use. Nothing is sent on "
            "this link until that is cleared: stop the other copy, and if the key was stolen, "
            "have the certificate revoked; then restart this agent"
        )
        taken.alarms.append(desk.halted)


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
    return encode(one.summary)


def _is_opened(one: Folded) -> bool:
    if one.verdict is None:
        return False
    if one.verdict.reason is not None and one.verdict.reason.value.startswith("summary_"):
        return False
    return one.content_state in (ContentState.OPENED, ContentState.NOT_READ)


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
        encode(one.summary),
        None if content is None else encode(content),
    )


def _store_progress(desk: LinkDesk, tx: Transaction) -> None:
    links.put(
        tx,
        links.LinkProgress(desk.link, desk.size, desk.fold.chain.snapshot(), desk.trust_digest),
    )


__all__ = ["Batch", "Seen", "Taken", "offset_key", "take"]
