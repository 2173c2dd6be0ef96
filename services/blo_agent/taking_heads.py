"""Heads of others: receipts for what was sent, and the proof that all read one log.

A head that names another hash than this office's for the same size means that somebody was shown
another log (docs/wire-format.md §3). That is never ignored: the link is halted and an operator called.
"""

from __future__ import annotations

from collections.abc import Mapping

from blo_agent.batches import Taken
from blo_agent.desk import LinkDesk
from blo_agent.office import PROGRAM, Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import heads, journal
from blo_domain.heads import HeadOrder, order_heads
from blo_schemas.errors import WireError
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head
from blo_schemas.ids import OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.heads import AcceptedHead, accept_head, read_head


def take_heads(office: Office, found: list[bytes], now: int, tx: Transaction, taken: Taken) -> None:
    """Check heads, compare every one with the own log, and keep the newest of every office."""
    for value in found:
        accepted = _accepted(office, value)
        if accepted is None:
            taken.ignored += 1
            continue
        head, signer = accepted.head, accepted.signer
        desk = office.desks.get(head.link)
        if desk is None or signer == office.id:
            continue
        order = order_heads(office.heads.get((head.link, signer)), head)
        words = _differing_log(desk, signer, head)
        if words is None and order is HeadOrder.CONTRADICTS:
            words = _two_heads(desk, signer, head)
        if words is not None:
            _halt(desk, words, signer, SIGNED_HEAD.encode(accepted.signed), now, tx, taken)
        # A head that halts the link is kept in the other's place, so that it halts it again.
        if order is HeadOrder.REPLACES or (order is HeadOrder.CONTRADICTS and words is not None):
            stored = heads.StoredHead(
                head.link, signer, head.size, SIGNED_HEAD.encode(accepted.signed)
            )
            heads.put(tx, stored)
            office.know_head(signer, head)


def compare_heads(office: Office, desk: LinkDesk, now: int, tx: Transaction, taken: Taken) -> None:
    """Compare, after more of the log was read, with the heads that were ahead of it."""
    for (link, signer), head in office.heads.items():
        words = _differing_log(desk, signer, head) if link == desk.link else None
        if words is not None:
            _halt(desk, words, signer, HEAD.encode(head), now, tx, taken)


def delivery(
    newest: Mapping[OfficeId, Head], position: int, readers: tuple[OfficeId, ...]
) -> tuple[tuple[OfficeId, ...], tuple[OfficeId, ...]]:
    """Who has received a record of a link, and who has opened it, by their signed heads.

    Args:
        newest: The newest head of each reader of the link.
        position: The record's position.
        readers: Who should have received it.

    Returns:
        The offices whose head covers the position, and those of them that could open it.
    """
    delivered = []
    opened = []
    for reader in readers:
        head = newest.get(reader)
        if head is None or head.size <= position:
            continue
        delivered.append(reader)
        named = len(head.first_unopened) == head.unopened
        if position not in head.first_unopened and (named or position < max(head.first_unopened)):
            opened.append(reader)
    return tuple(delivered), tuple(opened)


def review_heads(office: Office, tx: Transaction) -> None:
    """Forget the stored heads that do not count under the trust documents as they are now.

    A revocation may have taken the ground from a head that was kept, and one that does not count
    any more must not stand before the honest ones that follow it.
    """
    for (link, signer), _ in tuple(office.heads.items()):
        stored = heads.get(tx, link, signer)
        if stored is None or _accepted(office, stored.head) is None:
            heads.remove(tx, link, signer)
            office.forget_head(link, signer)


def _accepted(office: Office, value: bytes) -> AcceptedHead | None:
    try:
        signed, claimed = read_head(value)
        return accept_head(signed, office.directory, link=claimed.link)
    except (WireError, SealingError):
        return None


def _differing_log(desk: LinkDesk, signer: OfficeId, head: Head) -> str | None:
    if desk.fold.chain.matches(head.size, head.log_hash) is not False:
        return None
    return (
        f"{signer} has signed that the first {head.size} records of {desk.link} have another "
        "hash than here. The two offices were shown different logs. Nothing is sent on this "
        "link; call the counterpart by telephone, keep both stores, and have an auditor "
        "compare the two logs"
    )


def _two_heads(desk: LinkDesk, signer: OfficeId, head: Head) -> str:
    """Two heads of one office over one size; the one that is stored would hide the other."""
    return (
        f"{signer} has signed two different hashes of the first {head.size} records of "
        f"{desk.link}. It was shown two logs, or it lies. Nothing is sent on this link; call "
        "the counterpart by telephone, and have an auditor compare the logs"
    )


def _halt(
    desk: LinkDesk,
    words: str,
    signer: OfficeId,
    evidence: bytes,
    now: int,
    tx: Transaction,
    taken: Taken,
) -> None:
    if desk.halted is not None:
        return
    desk.halted = words
    taken.alarms.append(words)
    journal.append(
        tx, at=now, actor=PROGRAM, action=f"halt over {signer}", link=desk.link, detail=evidence
    )


__all__ = ["compare_heads", "delivery", "review_heads", "take_heads"]
