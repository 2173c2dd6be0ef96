"""Takes in other offices' heads: receipts for what was sent, and evidence that all read one log.

A head that names another hash than this office's for the same size means that somebody was shown
another log. That is never ignored: the link is halted, the signed head is kept, and an operator
called.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import halt
from blo_agent.office.link_state import LinkState
from blo_agent.office.link_status import HaltReason
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import heads, receipts
from blo_domain.heads import HeadOrder, order_heads
from blo_domain.inbox.receipts import PositionRange, ReceiptStage, newly_opened
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head
from blo_schemas.ids import OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.heads import AcceptedHead, accept_head, read_head


def take_heads(
    office: Office, values: list[bytes], now: int, tx: Transaction, result: BatchResult
) -> None:
    """Check heads, compare every one with the own log, and keep the newest of every office."""
    for value in values:
        accepted = _accepted(office, value)
        if accepted is None:
            result.ignored += 1
            continue
        head, signer = accepted.head, accepted.signer
        state = office.links.get(head.link)
        if state is None or signer == office.id:
            continue
        value = SIGNED_HEAD.encode(accepted.signed)
        if _differs_from_log(state, signer, head, value, now, tx, result):
            continue  # It is kept as evidence, and says nothing of what its office has received.
        _compare_with_same_size(state, signer, head, value, now, tx, result)
        stored = heads.StoredHead(head.link, signer, head.size, value)
        if head.size > state.size and not heads.waiting_of(tx, state.link, signer, head.size):
            # The next head must not take its place before the two were compared.
            heads.wait(tx, stored, head.log_hash)
        before = office.heads.get((head.link, signer))
        if order_heads(before, head) is HeadOrder.REPLACES:
            _note_receipt(before, head, signer, value, tx)
            heads.put(tx, stored)
            office.know_head(signer, head)


def compare_heads(
    office: Office, state: LinkState, now: int, tx: Transaction, result: BatchResult
) -> None:
    """Compare, after more of the log was read, with the heads that were ahead of it."""
    waiting = heads.waiting(tx, state.link, state.size)
    # A revocation may have come since they were kept; of the newest, ``review_heads`` takes care.
    counting = [one for one in waiting if _accepted(office, one.head) is not None]
    for stored in [*counting, *heads.of_link(tx, state.link)]:
        head = HEAD.decode(SIGNED_HEAD.decode(stored.head).head)
        if _differs_from_log(state, stored.office, head, stored.head, now, tx, result):
            receipts.remove(tx, receipt_id(stored.head))
    heads.waits_no_longer(tx, state.link, state.size)


def delivery(
    newest: Mapping[OfficeId, Head], position: int, readers: tuple[OfficeId, ...]
) -> tuple[tuple[OfficeId, ...], tuple[OfficeId, ...]]:
    """The offices that have received a record and those that have opened it, by their signed heads.

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
        below, unopened = opened_below(head)
        if position < below and position not in unopened:
            opened.append(reader)
    return tuple(delivered), tuple(opened)


def opened_below(head: Head) -> tuple[int, tuple[int, ...]]:
    """What an office says to have opened: all below a position, except these positions.

    A head names only the first records that its office could not open, so of what lies behind them
    nothing is known.
    """
    if len(head.first_unopened) == head.unopened:
        return head.size, head.first_unopened
    return max(head.first_unopened), head.first_unopened


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
            for receipt in receipts.of_office(tx, link, signer):
                if _accepted(office, receipt.head) is None:
                    receipts.remove(tx, receipt.id)


def receipt_id(value: bytes) -> bytes:
    """By what an encoded signed head is named as a receipt: SHA-256 of what was signed."""
    return sha256(SIGNED_HEAD.decode(value).head).digest()


def _note_receipt(
    before: Head | None, head: Head, signer: OfficeId, value: bytes, tx: Transaction
) -> None:
    """Keep a head as the receipt for what it is the first to cover, or to have opened."""
    ranges = [(ReceiptStage.OPENED, positions) for positions in newly_opened(before, head)]
    upto = receipts.delivered_upto(tx, head.link, signer)
    if upto < head.size:
        ranges.append((ReceiptStage.DELIVERED, PositionRange(upto, head.size)))
    kept = receipts.ReceiptHead(receipt_id(value), head.link, signer, head.size, head.at, value)
    receipts.add(tx, kept, ranges)


def _accepted(office: Office, value: bytes) -> AcceptedHead | None:
    try:
        signed, claimed = read_head(value)
        return accept_head(signed, office.directory, link=claimed.link)
    except (WireError, SealingError):
        return None


def _differs_from_log(
    state: LinkState,
    signer: OfficeId,
    head: Head,
    value: bytes,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> bool:
    """Halt the link if an office has signed another log than the one that was read here."""
    if state.fold.chain.matches(head.size, head.log_hash) is not False:
        return False
    words = (
        f"{signer} has signed that the first {head.size} records of {state.link} have another "
        "hash than here. The two offices were shown different logs. Nothing is sent on this "
        "link; call the counterpart by telephone, keep both stores, and have an auditor "
        "compare the two logs; when that is cleared, run: blo agent resume"
    )
    halt(state, HaltReason.OTHER_LOG, words, value, now, tx, result, over=signer)
    return True


def _compare_with_same_size(
    state: LinkState,
    signer: OfficeId,
    head: Head,
    value: bytes,
    now: int,
    tx: Transaction,
    result: BatchResult,
) -> None:
    """Halt the link if an office has signed two logs of one size."""
    others = heads.waiting_of(tx, state.link, signer, head.size)
    newest = heads.get(tx, state.link, signer)
    if newest is not None and newest.size == head.size:
        others.append(newest)
    for other in others:
        before = HEAD.decode(SIGNED_HEAD.decode(other.head).head)
        if order_heads(before, head) is not HeadOrder.CONTRADICTS:
            continue
        words = (
            f"{signer} has signed two different hashes of the first {head.size} records of "
            f"{state.link}. It was shown two logs, or it lies. Nothing is sent on this link; call "
            "the counterpart by telephone, and have an auditor compare the logs; when that is "
            "cleared, run: blo agent resume"
        )
        evidence = encode(sorted((other.head, value)))
        halt(state, HaltReason.TWO_HEADS, words, evidence, now, tx, result, over=signer)
