"""The office's own chain: checked against the log before the first write (DESIGN §9).

The log may know more of the office's events than its store does, after the store was restored from
a backup. And it may have refused some, when a certificate ran out between acceptance and sending.
In both cases events in the outbox no longer fit behind what the log has, and would be refused as a
gap or a fork. They are then *sealed anew*: the same content at its new place in the chain. That is
safe because it is done only when everything sent before has been read back, so their old bytes are
either in the log and refused, or nowhere.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from blo_agent.accepting import PROGRAM
from blo_agent.desk import LinkDesk, Submitted
from blo_agent.office import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import journal, outbox
from blo_schemas.event import ENVELOPE, HEADER
from blo_sealing.parts import open_content, open_summary
from blo_sealing.seal import Place, SealedEvent, seal_event


class OwnChain(msgspec.Struct, frozen=True):
    """What the check has found.

    Attributes:
        resealed: How many waiting events were sealed anew.
    """

    resealed: int


def settle_own_chain(office: Office, desk: LinkDesk, now: int, tx: Transaction) -> OwnChain:
    """Make what waits in the outbox fit behind what the log has; after that it may be sent.

    To be called when the link has been read to an end that lies behind everything this agent has
    ever sent.

    Raises:
        NoIdentity: Something has to be sealed anew, and there is no valid certificate for it.
    """
    waiting = outbox.unconfirmed_of_link(tx, desk.link)
    place = desk.fold.chain.next_place(office.id)
    if not waiting or _follows(waiting[0], place):
        desk.own_chain_checked = True
        return OwnChain(0)
    resealed = []
    for record in waiting:
        sealed, submitted = _seal_anew(office, desk, record, place, now)
        place = place.after(sealed.id)
        resealed.append((record, sealed, submitted))
    for record, sealed, submitted in resealed:
        outbox.replace_event(tx, record.seq, sealed.id, sealed.header.oseq, sealed.value)
        journal.append(
            tx,
            at=now,
            actor=PROGRAM,
            action="seal anew",
            link=desk.link,
            case=submitted.case,
            detail=(record.event_id or b"") + sealed.id,
        )
    desk.replace_under_way(OrderedDict((one.event, one) for _, _, one in resealed))
    desk.own_chain_checked = True
    return OwnChain(len(resealed))


def _follows(record: outbox.OutboxRecord, place: Place) -> bool:
    if record.value is None:
        return False
    header = HEADER.decode(ENVELOPE.decode(record.value).header)
    return header.oseq == place.oseq and header.oprev == place.oprev


def _seal_anew(
    office: Office, desk: LinkDesk, record: outbox.OutboxRecord, place: Place, now: int
) -> tuple[SealedEvent, Submitted]:
    if record.value is None:
        raise ValueError(f"outbox record {record.seq} is no event")
    envelope = ENVELOPE.decode(record.value)
    header = HEADER.decode(envelope.header)
    content_key = office.keyring.content_key(header.case_id)
    summary_key = office.keyring.summary_key(header.summary_key_id)
    if content_key is None or summary_key is None:
        raise ValueError(f"outbox record {record.seq} is sealed with a key that is missing")
    summary = open_summary(desk.link, header, envelope, summary_key)
    sealed = seal_event(
        office.author(desk.link, now),
        place,
        at=header.at,
        content_key=content_key,
        summary_key=summary_key,
        summary=summary,
        content=open_content(desk.link, header, envelope, content_key),
        random=office.random,
    )
    return sealed, Submitted(record.seq, sealed.id, header.case_id, summary, header.at)


__all__ = ["OwnChain", "settle_own_chain"]
