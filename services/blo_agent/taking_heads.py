"""Heads of others: receipts for what was sent, and the proof that all read one log.

A head that names another hash than this office's for the same size means that somebody was shown
another log (DESIGN §5). That is never ignored: the link is halted and an operator called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blo_agent.desk import LinkDesk
from blo_agent.office import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import heads
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import CertificateTag, LinkId, OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.heads import verify_head

if TYPE_CHECKING:
    from blo_agent.ingesting import Taken


def take_heads(office: Office, found: list[bytes], tx: Transaction, taken: Taken) -> None:
    """Check heads, keep the newest of every office, and compare them with the own log."""
    for value in found:
        read = _read(office, value)
        if read is None:
            taken.ignored += 1
            continue
        signed, head, signer = read
        if signer == office.id:
            continue
        stored = heads.StoredHead(head.link, signer, head.size, encode(signed))
        if heads.put(tx, stored):
            office.heads[(head.link, signer)] = head
    for (link, signer), head in office.heads.items():
        desk = office.desks.get(link)
        if desk is not None and desk.halted is None:
            _compare(desk, signer, head, taken)


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
        if certified is None:
            return None
        signer = certified.certificate.subject
        key = certified.certificate.signing_key
        head = verify_head(signed, link=claimed.link, office=signer, kid=tag, key=key)
    except (WireError, SealingError):
        return None
    return signed, head, signer


def _compare(desk: LinkDesk, signer: OfficeId, head: Head, taken: Taken) -> None:
    if desk.fold.chain.matches(head.size, head.log_hash) is False:
        desk.halted = (
            f"{signer} has signed that the first {head.size} records of {desk.link} have another "
            "hash than here. The two offices were shown different logs. Nothing is sent on this "
            "link; call the counterpart by telephone, keep both stores, and have an auditor "
            "compare the two logs"
        )
        taken.alarms.append(desk.halted)


__all__ = ["delivery", "take_heads"]
