"""Which heartbeats count, and which of two: the rules that every reader of heartbeats goes by.

No key and no I/O: whoever holds the signature check brings it.
``blo_sealing.heartbeats.accept_heartbeat`` puts both together.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

from blo_domain.heads import head_signers
from blo_domain.trust.directory import TrustedDirectory
from blo_domain.trust.model import Certified
from blo_schemas.heartbeats import Heartbeat
from blo_schemas.ids import CorridorId, OfficeId
from blo_schemas.trust import Role


class HeartbeatReason(StrEnum):
    """Why a heartbeat does not count."""

    OTHER_CORRIDOR = "other_corridor"
    """It is about another corridor than the one in which it is read."""
    OTHER_KEY = "other_key"
    """Its record's key is not its office: compaction would keep it in another one's place."""
    UNKNOWN_CERTIFICATE = "unknown_certificate"
    """No trust document has a certificate of its office with the tag that it names."""
    NOT_A_READER = "not_a_reader"
    """Its signer is no party to a link of the corridor and no superior of one, or no office."""
    BAD_SIGNATURE = "bad_signature"
    NOT_VALID_THEN = "not_valid_then"
    """Its ``at`` lies outside the certificate's validity."""
    KEY_REVOKED = "key_revoked"
    """A revocation ends the certificate, on whatever link, at or before its ``at``."""


class HeartbeatOrder(StrEnum):
    """What a further heartbeat of an office does to the one that has counted so far."""

    REPLACES = "replaces"
    IS_OLDER = "is_older"
    """It was signed before, or is the same once more: it says nothing new."""
    CONTRADICTS = "contradicts"
    """Both have one number and differ: the office's key is used in two places."""


@lru_cache(maxsize=16)
def heartbeat_signers(directory: TrustedDirectory, corridor: CorridorId) -> frozenset[OfficeId]:
    """Every office that may sign a head of some link of a corridor.

    Each heartbeat asks this, and it takes a look at every agreement: so the answers of the last few
    directories, which never change, are kept.
    """
    return frozenset(
        office
        for agreement in directory.newest_agreements(corridor)
        for office in head_signers(directory, agreement.link)
    )


def refuse_heartbeat(
    heartbeat: Heartbeat,
    *,
    corridor: CorridorId,
    key: bytes,
    certified: Certified | None,
    signers: frozenset[OfficeId],
    is_signed_by: Callable[[bytes], bool],
) -> HeartbeatReason | None:
    """Why a heartbeat does not count in a corridor; ``None``: it counts.

    Args:
        heartbeat: What it says.
        corridor: The corridor in which it is read.
        key: The key of its record.
        certified: The certificate of its office that it names, if the trust documents have it.
        signers: Who may sign heartbeats of the corridor (``heartbeat_signers``).
        is_signed_by: Whether an Ed25519 public key has made its signature.
    """
    if heartbeat.corridor != corridor:
        return HeartbeatReason.OTHER_CORRIDOR
    if heartbeat.office.encode() != key:
        return HeartbeatReason.OTHER_KEY
    if certified is None:
        return HeartbeatReason.UNKNOWN_CERTIFICATE
    certificate = certified.certificate
    if certificate.role is not Role.OFFICE or heartbeat.office not in signers:
        return HeartbeatReason.NOT_A_READER
    if not is_signed_by(certificate.signing_key):
        return HeartbeatReason.BAD_SIGNATURE
    if not certified.covers(heartbeat.at):
        return HeartbeatReason.NOT_VALID_THEN
    if heartbeat.at >= certified.revoked_at:
        return HeartbeatReason.KEY_REVOKED
    return None


def order_heartbeats(before: Heartbeat | None, heartbeat: Heartbeat) -> HeartbeatOrder:
    """Which of two heartbeats of one office counts: the one with the larger number.

    Whoever may write to the topic can put an old one there again; it never takes the place of a
    newer one, and does not count as a sign of life.

    Args:
        before: The one that has counted so far.
        heartbeat: One that was read after it.
    """
    if before is None or heartbeat.count > before.count:
        return HeartbeatOrder.REPLACES
    if heartbeat.count == before.count and heartbeat != before:
        return HeartbeatOrder.CONTRADICTS
    return HeartbeatOrder.IS_OLDER
