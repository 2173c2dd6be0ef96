"""Heartbeats of other offices: ``accept_heartbeat`` decides for every reader which one counts."""

from __future__ import annotations

from blo_domain.heartbeats import heartbeat_signers, refuse_heartbeat
from blo_domain.trust import TrustedDirectory
from blo_schemas.heartbeats import HEARTBEAT, SIGNED_HEARTBEAT, Heartbeat
from blo_schemas.ids import CorridorId
from blo_sealing.errors import HeartbeatRefused
from blo_sealing.statements import HEARTBEAT_STATEMENT


def accept_heartbeat(
    key: bytes | None, value: bytes | None, directory: TrustedDirectory, corridor: CorridorId
) -> Heartbeat:
    """Decides whether a record of ``blo.liveness`` counts; agents, processors and audits ask here.

    The rules are ``blo_domain.heartbeats.refuse_heartbeat``: corridor, record key, certificate,
    role, signature, validity and revocation at the heartbeat's ``at``.

    Args:
        key: The record's key.
        value: Its value.
        directory: What the trust documents prove.
        corridor: The corridor whose topic was read.

    Returns:
        What the office has signed.

    Raises:
        WireError: The heartbeat does not decode.
        HeartbeatRefused: It does not count.
    """
    signed = SIGNED_HEARTBEAT.decode(value or b"")
    heartbeat = HEARTBEAT.decode(signed.heartbeat)
    named = (
        certified
        for certified in directory.certificates(heartbeat.office)
        if certified.tag == heartbeat.kid
    )
    certified = next(named, None)
    reason = refuse_heartbeat(
        heartbeat,
        corridor=corridor,
        key=key or b"",
        certified=certified,
        # Whoever has no certificate is told so without a look at every link of the corridor.
        signers=heartbeat_signers(directory, corridor) if certified else frozenset(),
        is_signed_by=lambda public: HEARTBEAT_STATEMENT.is_signed(
            signed.heartbeat, signed.signature, public
        ),
    )
    if reason is not None:
        who = f"heartbeat {heartbeat.count} of {heartbeat.corridor} that names {heartbeat.office}"
        raise HeartbeatRefused(who, reason)
    return heartbeat
