"""Takes in heartbeats: when each office of a corridor was last at work."""

from __future__ import annotations

from blo_agent.office.batch import BatchResult
from blo_agent.office.state import Office
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import meta
from blo_domain.heartbeats import HeartbeatOrder, heartbeat_signers, order_heartbeats
from blo_schemas.errors import WireError
from blo_schemas.heartbeats import (
    HEARTBEAT,
    SIGNED_HEARTBEAT,
    Heartbeat,
    LivenessRecord,
    heartbeat_record_key,
)
from blo_schemas.ids import CorridorId, OfficeId
from blo_sealing.errors import SealingError
from blo_sealing.heartbeats import accept_heartbeat


def take_heartbeats(
    office: Office, records: list[LivenessRecord], tx: Transaction, result: BatchResult
) -> None:
    """Keep the newest heartbeat of every office; an old one that is there again is counted.

    The office's own are among them: after a restore the store may know an older one than the log.
    """
    for record in records:
        try:
            heartbeat = accept_heartbeat(
                record.key, record.value, office.directory, record.corridor
            )
        except (WireError, SealingError):
            result.ignored += 1
            continue
        before = stored_heartbeat(tx, record.corridor, heartbeat.office)
        order = order_heartbeats(before, heartbeat)
        if order is HeartbeatOrder.REPLACES:
            keep_heartbeat(office, heartbeat, record.value, tx)
        elif order is HeartbeatOrder.CONTRADICTS:
            result.alarms.append(
                f"{heartbeat.office} has signed two different heartbeats of {record.corridor} with "
                f"the number {heartbeat.count}: its key is used in two places, or one of its "
                "stores was copied. Call it by telephone; its country may have to revoke the key"
            )
        elif heartbeat != before:
            result.ignored += 1


def keep_heartbeat(office: Office, heartbeat: Heartbeat, value: bytes, tx: Transaction) -> None:
    """Keep an office's newest heartbeat, on the disk and in memory."""
    meta.put(tx, _name(heartbeat.corridor, heartbeat.office), value)
    office.know_heartbeat(heartbeat)


def stored_heartbeat(
    snapshot: Snapshot, corridor: CorridorId, office: OfficeId
) -> Heartbeat | None:
    """The newest heartbeat of an office that was kept."""
    value = meta.get(snapshot, _name(corridor, office))
    return None if value is None else HEARTBEAT.decode(SIGNED_HEARTBEAT.decode(value).heartbeat)


def load_heartbeats(office: Office, snapshot: Snapshot) -> None:
    """Have in memory the kept heartbeats that count under the trust documents as they are now.

    A revocation may have taken the ground from one that was kept, and the number that a thief of
    the key has put into it must not stand before the honest ones that follow.
    """
    office.heartbeats = {}
    for corridor in {state.corridor for state in office.links.values()}:
        for signer in heartbeat_signers(office.directory, corridor):
            value = meta.get(snapshot, _name(corridor, signer))
            if value is None:
                continue
            try:
                key = heartbeat_record_key(signer)
                office.know_heartbeat(accept_heartbeat(key, value, office.directory, corridor))
            except (WireError, SealingError):
                continue


def review_heartbeats(office: Office, tx: Transaction) -> None:
    """Forget the kept heartbeats that do not count under the trust documents as they are now."""
    before = office.heartbeats
    load_heartbeats(office, tx)
    for corridor, signer in before.keys() - office.heartbeats.keys():
        meta.remove(tx, _name(corridor, signer))


def _name(corridor: CorridorId, office: OfficeId) -> str:
    return f"heartbeat/{corridor}/{office}"
