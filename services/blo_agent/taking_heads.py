"""Heads of others: receipts for what was sent, and the proof that all read one log.

A head that names another hash than this office's for the same size means that somebody was shown
another log (DESIGN §5). That is never ignored: the link is halted and an operator called.
"""

from __future__ import annotations

from blo_agent.batches import Taken
from blo_agent.desk import LinkDesk
from blo_agent.office import PROGRAM, Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import heads, journal
from blo_domain.trust import Certified
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.heads import verify_head


def take_heads(office: Office, found: list[bytes], now: int, tx: Transaction, taken: Taken) -> None:
    """Check heads, compare every one with the own log, and keep the newest of every office."""
    for value in found:
        read = _read(office, value)
        if read is None:
            taken.ignored += 1
            continue
        signed, head, signer = read
        desk = office.desks.get(head.link)
        if desk is None or signer == office.id:
            continue
        words = _differing_log(desk, signer, head) or _two_heads(office, desk, signer, head)
        if words is not None:
            _halt(desk, words, signer, encode(signed), now, tx, taken)
        if heads.put(tx, heads.StoredHead(head.link, signer, head.size, encode(signed))):
            office.know_head(signer, head)


def compare_heads(office: Office, desk: LinkDesk, now: int, tx: Transaction, taken: Taken) -> None:
    """Compare, after more of the log was read, with the heads that were ahead of it."""
    for (link, signer), head in office.heads.items():
        words = _differing_log(desk, signer, head) if link == desk.link else None
        if words is not None:
            _halt(desk, words, signer, encode(head), now, tx, taken)


def delivery(
    office: Office, link: LinkId, position: int, readers: tuple[OfficeId, ...]
) -> tuple[tuple[OfficeId, ...], tuple[OfficeId, ...]]:
    """Who has received a record, and who has opened it, by their signed heads.

    Returns:
        The offices whose head covers the position, and those of them that could open it.
    """
    delivered = []
    opened = []
    for reader in readers:
        head = office.heads.get((link, reader))
        if head is None or head.size <= position:
            continue
        delivered.append(reader)
        named = len(head.first_unopened) == head.unopened
        if position not in head.first_unopened and (named or position < max(head.first_unopened)):
            opened.append(reader)
    return tuple(delivered), tuple(opened)


def _read(office: Office, value: bytes) -> tuple[SignedHead, Head, OfficeId] | None:
    try:
        signed = SIGNED_HEAD.decode(value)
        claimed = HEAD.decode(signed.head)
        tag = CertificateTag(claimed.kid)
        certified = office.directory.certified(claimed.link, tag)
        if certified is None or not _may_sign(office, certified, claimed):
            return None
        signer = certified.certificate.subject
        key = certified.certificate.signing_key
        head = verify_head(signed, link=claimed.link, office=signer, kid=tag, key=key)
    except (WireError, SealingError):
        return None
    if len(head.first_unopened) > head.unopened or (head.unopened and not head.first_unopened):
        return None
    return signed, head, signer


def _may_sign(office: Office, certified: Certified, head: Head) -> bool:
    """Whether it is somebody who reads this link, with a key that counted when it was signed.

    Any office of the two countries is certified, and none but the link's own may halt it.
    """
    if certified.certificate.subject not in office.readers_ever(head.link):
        return False
    cut_size, cut_time = certified.cut(head.link)
    return certified.covers(head.at) and head.size <= cut_size and head.at < cut_time


def _differing_log(desk: LinkDesk, signer: OfficeId, head: Head) -> str | None:
    if desk.fold.chain.matches(head.size, head.log_hash) is not False:
        return None
    return (
        f"{signer} has signed that the first {head.size} records of {desk.link} have another "
        "hash than here. The two offices were shown different logs. Nothing is sent on this "
        "link; call the counterpart by telephone, keep both stores, and have an auditor "
        "compare the two logs"
    )


def _two_heads(office: Office, desk: LinkDesk, signer: OfficeId, head: Head) -> str | None:
    """Two heads of one office over one size; the one that is stored would hide the other."""
    before = office.heads.get((head.link, signer))
    if before is None or before.size != head.size or before.log_hash == head.log_hash:
        return None
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


__all__ = ["compare_heads", "delivery", "take_heads"]
