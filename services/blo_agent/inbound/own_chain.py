"""Compares the office's own chain with the log before the first write (docs/architecture.md, "What each hop promises").

The log may know more of the office's events than its store does, after the store was restored from
a backup. If the store was not restored, another program wrote them, and the link halts. The log may
also have refused some, when a certificate ran out between acceptance and sending. In both cases
events in the outbox no longer fit behind what the log has, and would be refused as a gap or a fork.
They are then *sealed anew*: the same content at its new place in the chain. That is safe because it
is done only when everything sent before has been read back, so their old bytes are either in the
log and refused, or nowhere.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from blo_agent.containment import attempt
from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import halt
from blo_agent.office.link_state import PROGRAM, LinkState, PendingEvent
from blo_agent.office.link_status import HaltReason
from blo_agent.office.state import NoIdentity, Office
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal, meta, outbox
from blo_projection.fold import FoldedRecord
from blo_schemas.content import WITHOUT_CONTENT
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.hashes import event_id, leaf_hash
from blo_schemas.ids import EventId
from blo_schemas.verdicts import Outcome, Reason
from blo_sealing.event_parts import open_content, open_summary
from blo_sealing.seal_event import (
    Author,
    ChainPlace,
    SealedEvent,
    seal_event,
    seal_event_without_content,
)


class OwnChainCheck(msgspec.Struct, frozen=True):
    """The outcome of a check of the own chain.

    Attributes:
        resealed: How many waiting events were sealed anew.
        blocked: Why what waits can't be sealed anew now; ``None`` if all may be sent.
    """

    resealed: int = 0
    blocked: str | None = None


def settle_own_record(
    office: Office,
    state: LinkState,
    outcome: FoldedRecord,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> PendingEvent | None:
    """A record that may be this office's has been read: it is done, doubtful, or not ours.

    Whether it is ours is asked of the outbox and not of the verdict: a record whose certificate
    had run out names no office.

    Returns:
        The event that is done, and so is to leave the outbox in the same transaction.
    """
    event = outcome.event
    if event is None and outcome.header is not None and outcome.envelope is not None:
        event = event_id(state.link, outcome.envelope.header)
    if event is None or (outcome.verdict and outcome.verdict.outcome is Outcome.DUPLICATE):
        return None
    submitted = state.under_way.get(event)
    if submitted is None:
        if outcome.office == office.id and _must_be_known(office, state, outcome):
            _question_foreign(state, outcome, event, now, tx, result)
        return None
    if outcome.admitted.chained and not outcome.was_parked:
        state.arrived(event)
        if outcome.verdict is not None and outcome.verdict.outcome is Outcome.REJECTED:
            state.look_ahead(submitted.case)
        return submitted
    _note_refused(state, outcome, submitted, tx, result)
    return None


def _must_be_known(office: Office, state: LinkState, record: FoldedRecord) -> bool:
    """Whether this store would know an event of the office's own at this place of the log.

    A store knows the events that it has read before and those that it has sent. A restored store
    may know neither until the log is read to its end. An event under keys that this store does not
    have was written by an earlier node of the office.
    """
    status = state.status
    if status.own_chain_checked:
        return True
    if status.is_withheld or record.position < status.rereads_to or record.header is None:
        return False
    return office.node_keys_of(record.header.certificate_tag) is not None


def doubt_stranded(office: Office, tx: Transaction) -> BatchResult:
    """Doubt links where the log has acknowledged an event at a place that was read without it.

    The broker has lost the event after all, or put something else in its place.

    Returns:
        What an operator has to look at.
    """
    result = BatchResult()
    for state in office.links.values():
        if state.status.own_chain_checked and state.under_way:
            attempt(
                "the outbox",
                tx,
                result,
                lambda own, state=state: _doubt_if_stranded(state, tx, own),  # type: ignore[misc]
                mend=lambda: None,
                link=state.link,
            )
    return result


def _doubt_if_stranded(state: LinkState, tx: Transaction, result: BatchResult) -> None:
    for record in outbox.unconfirmed_of_link(tx, state.link):
        if record.offset is not None and record.offset < state.size:
            state.status.own_chain_checked = False
            result.alarms.append(
                f"own event that was acknowledged at {record.offset} of {state.link} is not "
                "there; it and what follows it will be sealed anew. Ask the operator of the "
                "broker what was done to the log"
            )
            return


def _note_refused(
    state: LinkState,
    outcome: FoldedRecord,
    submitted: PendingEvent,
    tx: Transaction,
    result: BatchResult,
) -> None:
    if state.arriving == submitted.leaf:
        # Its very bytes lie in the log and do not count, so they never will.
        outbox.mark_appended(tx, [(submitted.outbox, outcome.position)])
    if state.status.own_chain_checked:
        state.status.own_chain_checked = False
        reason = outcome.verdict.reason if outcome.verdict else None
        result.alarms.append(
            f"own event at {outcome.position} of {state.link} was rejected ({reason}); if that is all "
            "there is of it, it will be sealed anew, as soon as this office may write"
        )


def _question_foreign(
    state: LinkState,
    outcome: FoldedRecord,
    event: EventId,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """Signed with this office's key, but not in its outbox."""
    chained = outcome.admitted.chained and not outcome.was_parked
    reason = outcome.verdict.reason if outcome.verdict else None
    if not chained and reason not in (Reason.GAP, Reason.FORK):
        return  # The signature is not this office's, whatever the record claims.
    if successor(tx, event) is not None or outcome.envelope is None:
        return  # Old bytes of an event that was sealed anew.
    words = (
        f"record {outcome.position} of {state.link} was written with this office's key, but not by "
        "this agent. Another copy of the agent or of its keys is in use. Nothing is sent on "
        "this link until that is cleared: stop the other copy, and if the key was stolen, "
        "have the certificate revoked; then run: blo agent resume"
    )
    halt(
        state,
        HaltReason.FOREIGN_EVENT,
        words,
        ENVELOPE.encode(outcome.envelope),
        now,
        tx,
        result,
        over="a foreign event",
    )


def settle_own_chain(office: Office, state: LinkState, now: int, tx: Transaction) -> OwnChainCheck:
    """Make what waits in the outbox fit behind what the log has; after that it may be sent.

    To be called when the link has been read to an end that lies behind everything this agent has
    ever sent, and while nothing is being sent.
    """
    waiting = outbox.unconfirmed_of_link(tx, state.link)
    place = state.fold.chain.next_place(office.id)
    if _fit(waiting, place, state.size):
        # Acknowledged, but beyond the end: the log has lost them, and gets the same bytes again.
        outbox.mark_pending(tx, state.link)
        state.status.own_chain_checked = True
        return OwnChainCheck()
    try:
        author = office.author(state.link, now)
    except NoIdentity as missing:
        return OwnChainCheck(blocked=str(missing))
    standing = office.directory.writer(state.link, author.kid, state.size, now)
    if isinstance(standing, Reason):
        return OwnChainCheck(blocked=f"the office may not write on {state.link} now: {standing}")
    try:
        sealed = _sealed_anew(office, state, author, waiting)
    except _CannotSeal as cannot:
        return OwnChainCheck(blocked=str(cannot))
    _put_anew(state, waiting, sealed, now, tx)
    state.status.own_chain_checked = True
    return OwnChainCheck(resealed=len(waiting))


def successor(snapshot: Snapshot, event: EventId) -> EventId | None:
    """The event in whose place this one was sealed anew last, if it was."""
    newest = None
    following = meta.get(snapshot, _successor_key(event))
    while following is not None:
        newest = EventId(following)
        following = meta.get(snapshot, _successor_key(newest))
    return newest


def _fit(waiting: list[outbox.OutboxRecord], place: ChainPlace, size: int) -> bool:
    """Whether all that waits continues the chain, and none of it was read and refused."""
    oseq, oprev = place.oseq, place.oprev
    for record in waiting:
        if record.value is None or record.event_id is None:
            return False
        if record.offset is not None and record.offset < size:
            return False
        header = HEADER.decode(ENVELOPE.decode(record.value).header)
        if (header.oseq, header.oprev) != (oseq, oprev):
            return False
        oseq, oprev = oseq + 1, record.event_id
    return True


class _CannotSeal(Exception):
    """A waiting event can't be sealed anew; nothing was changed."""


def _sealed_anew(
    office: Office, state: LinkState, author: Author, waiting: list[outbox.OutboxRecord]
) -> list[tuple[SealedEvent, PendingEvent]]:
    place = state.fold.chain.next_place(office.id)
    sealed = []
    for record in waiting:
        sealed.append(_seal_anew(office, state, author, record, place))
        place = place.after(sealed[-1][0].id)
    return sealed


def _put_anew(
    state: LinkState,
    waiting: list[outbox.OutboxRecord],
    sealed: list[tuple[SealedEvent, PendingEvent]],
    now: int,
    tx: Transaction,
) -> None:
    replacing: OrderedDict[EventId, PendingEvent] = OrderedDict()
    for record, (event, submitted) in zip(waiting, sealed, strict=True):
        replacing[event.id] = submitted
        outbox.replace_event(tx, record.seq, event.id, event.header.oseq, event.value)
        old = record.event_id or EventId(b"")
        meta.put(tx, _successor_key(old), event.id)
        journal.append(
            tx,
            at=now,
            actor=PROGRAM,
            action="seal anew",
            link=state.link,
            case=submitted.case,
            detail=old + event.id,
        )
    state.replace_under_way(replacing)


def _seal_anew(
    office: Office, state: LinkState, author: Author, record: outbox.OutboxRecord, place: ChainPlace
) -> tuple[SealedEvent, PendingEvent]:
    if record.value is None:
        raise _CannotSeal(f"outbox record {record.seq} is no event")
    envelope = ENVELOPE.decode(record.value)
    header = HEADER.decode(envelope.header)
    case = header.case_id
    known_keys = office.keyring.of(state.link)
    summary_key = known_keys.summary_key(header.summary_key_id)
    if summary_key is None:
        raise _CannotSeal(_missing(record))
    summary = open_summary(state.link, header, envelope, summary_key)
    content_key = known_keys.content_key(case)
    if summary.step in WITHOUT_CONTENT or case in state.shredded:
        # Of a step that has content, every reader will say that the case no longer allows it.
        sealed = seal_event_without_content(
            author,
            place,
            at=header.at,
            case=case,
            summary_key=summary_key,
            summary=summary,
            random=office.random,
        )
    elif content_key is None:
        raise _CannotSeal(_missing(record))
    else:
        sealed = seal_event(
            author,
            place,
            at=header.at,
            content_key=content_key,
            summary_key=summary_key,
            summary=summary,
            content=open_content(state.link, header, envelope, content_key),
            random=office.random,
        )
    submitted = PendingEvent(
        record.seq, sealed.id, case, summary, header.at, leaf_hash(sealed.value)
    )
    return sealed, submitted


def _missing(record: outbox.OutboxRecord) -> str:
    return (
        f"event {record.seq} of the outbox is sealed with a key that is missing; ask the office "
        "that opened its case for a new grant, or restore a backup that has the key"
    )


def _successor_key(event: EventId) -> str:
    return f"successor/{event.hex()}"
