"""Records, heads and heartbeats of the log, for the audit of a report or a journal."""

from __future__ import annotations

from collections.abc import Iterable

from blo_audit.replay.sources import LogSource, places
from blo_audit.reports.verify import Records
from blo_domain.trust import TrustedDirectory
from blo_log.port import Log
from blo_schemas.errors import WireError
from blo_schemas.heads import SIGNED_HEAD, Head, SignedHead
from blo_schemas.heartbeats import (
    HEARTBEAT,
    SIGNED_HEARTBEAT,
    Heartbeat,
    SignedHeartbeat,
    heartbeat_record_key,
)
from blo_schemas.ids import LinkId
from blo_sealing.errors import SealingError
from blo_sealing.heads import accept_head
from blo_sealing.heartbeats import accept_heartbeat


async def read_records(log: Log, directory: TrustedDirectory, links: Iterable[LinkId]) -> Records:
    """All record values of links, as far as the trust documents say where they lie.

    Raises:
        LogError: They could not be read.
    """
    source, wanted = LogSource(log), set(links)
    return {
        place.link: [record.value async for batch in source.records(place) for record in batch]
        for place in places(directory)
        if place.link in wanted
    }


async def read_heads(log: Log, directory: TrustedDirectory) -> list[SignedHead]:
    """All heads on the log now, of all links; a topic of heads keeps each office's newest.

    Raises:
        LogError: They could not be read.
    """
    source = LogSource(log)
    heads = []
    for place in places(directory):
        for value in await source.heads(place):
            try:
                heads.append(SIGNED_HEAD.decode(value))
            except WireError:
                # Anybody may write to the topic.
                continue
    return heads


async def read_heartbeats(log: Log, directory: TrustedDirectory) -> list[SignedHeartbeat]:
    """All heartbeats on the log now; a topic of them keeps each office's newest.

    Raises:
        LogError: They could not be read.
    """
    source = LogSource(log)
    heartbeats = []
    for corridor in directory.corridors():
        for value in await source.heartbeats(corridor):
            try:
                heartbeats.append(SIGNED_HEARTBEAT.decode(value))
            except WireError:
                # Anybody may write to the topic.
                continue
    return heartbeats


def accepted_heartbeats(
    heartbeats: Iterable[SignedHeartbeat], directory: TrustedDirectory
) -> list[Heartbeat]:
    """The heartbeats that count in the corridor that each names.

    Where they were read does not matter here: an office vouches for what it has signed.
    """
    accepted = []
    for signed in heartbeats:
        try:
            claimed = HEARTBEAT.decode(signed.heartbeat)
            key, value = heartbeat_record_key(claimed.office), SIGNED_HEARTBEAT.encode(signed)
            accepted.append(accept_heartbeat(key, value, directory, claimed.corridor))
        except (WireError, SealingError):
            continue
    return accepted


def accepted_heads(
    heads: Iterable[SignedHead], directory: TrustedDirectory, link: LinkId | None = None
) -> list[Head]:
    """The heads that count (``blo_sealing.heads.accept_head``).

    Args:
        heads: The heads.
        directory: What the trust documents prove.
        link: The link that they are read for; ``None``: whichever each names.
    """
    accepted = []
    for signed in heads:
        try:
            accepted.append(accept_head(signed, directory, link=link).head)
        except (WireError, SealingError):
            continue
    return accepted
