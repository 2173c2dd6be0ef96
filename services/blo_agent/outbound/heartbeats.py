"""Makes the office's own heartbeats: it is at work, and its journal ends here (docs/wire-format.md §6)."""

from __future__ import annotations

from blo_agent.inbound.heartbeats import keep_heartbeat, stored_heartbeat
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import journal, meta
from blo_domain.deadlines.health import speaks_every
from blo_domain.trust import TrustedDirectory
from blo_log.port import ProducerRecord
from blo_log.topics import liveness_topic
from blo_schemas.codec import COUNT
from blo_schemas.heartbeats import (
    HEARTBEAT_VERSION,
    SIGNED_HEARTBEAT,
    Heartbeat,
    heartbeat_record_key,
)
from blo_schemas.ids import CorridorId, LinkId
from blo_sealing.statements import sign_heartbeat


def heartbeat_message(
    office: Office, corridor: CorridorId, link: LinkId, now: int, tx: Transaction
) -> ProducerRecord:
    """The next heartbeat, kept as the last one and ready to be appended to ``blo.liveness``.

    Its number is used up even if it is never sent: two heartbeats with one number would contradict
    each other.

    Args:
        office: Whose.
        corridor: The corridor.
        link: Any of the office's links there.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that keeps it.

    Raises:
        NoIdentity: There is no valid certificate to sign with.
    """
    author = office.author(link, now)
    count = _next_count(office, corridor, tx)
    anchored = journal.head(tx)
    heartbeat = Heartbeat(
        v=HEARTBEAT_VERSION,
        corridor=corridor,
        office=office.id,
        kid=author.kid,
        count=count,
        journal_size=anchored.size,
        journal_hash=anchored.hash,
        at=now,
    )
    value = SIGNED_HEARTBEAT.encode(sign_heartbeat(heartbeat, author.signing))
    keep_heartbeat(office, heartbeat, value, tx)
    return ProducerRecord(liveness_topic(corridor), 0, heartbeat_record_key(office.id), value)


def _next_count(office: Office, corridor: CorridorId, tx: Transaction) -> int:
    """One more than in any own heartbeat that was made here, or that the log has and that counts.

    What was made here is kept apart: if a thief of the key has signed a large number, readers
    forget it with the key's revocation, and the office goes on where it was itself.
    """
    stored = meta.get(tx, f"heartbeats-made/{corridor}")
    made = -1 if stored is None else COUNT.decode(stored)
    known = stored_heartbeat(tx, corridor, office.id)
    count = max(made, -1 if known is None else known.count) + 1
    meta.put(tx, f"heartbeats-made/{corridor}", COUNT.encode(count))
    return count


def agreed_interval_s(directory: TrustedDirectory, links: list[LinkId], now: int) -> float | None:
    """How often the agreements of links that hold or will hold want a statement, in seconds."""
    every = speaks_every(
        term.agreement.policy.silent_after
        for link in links
        for term in directory.terms(link)
        if term.end > now
    )
    return None if every is None else every / 1000
