"""What a report or a journal is compared with, read from the log itself: records, heads."""

from __future__ import annotations

from collections.abc import Iterable

from blo_audit.reports.verify import Records
from blo_domain.trust import TrustedDirectory
from blo_log import topics
from blo_log.port import Log, TopicPartition, read_to_end
from blo_schemas.errors import WireError
from blo_schemas.heads import SIGNED_HEAD, Head, SignedHead
from blo_schemas.ids import LinkId
from blo_schemas.trust import Agreement
from blo_sealing.errors import SealingError
from blo_sealing.heads import accept_head


async def read_records(log: Log, directory: TrustedDirectory, links: Iterable[LinkId]) -> Records:
    """All record values of links, as far as the trust documents say where they lie.

    Raises:
        LogError: They could not be read.
    """
    found: dict[LinkId, list[bytes]] = {}
    for agreement in _places(directory):
        if agreement.link in set(links):
            topic = topics.exchange_topic(agreement.corridor)
            values = await _values(log, TopicPartition(topic, agreement.partition))
            found[agreement.link] = values
    return found


async def read_heads(log: Log, directory: TrustedDirectory) -> list[SignedHead]:
    """All heads that are there now, of all links; a topic of heads keeps each office's newest.

    Raises:
        LogError: They could not be read.
    """
    found = []
    for agreement in _places(directory):
        topic = topics.heads_topic(agreement.corridor)
        for value in await _values(log, TopicPartition(topic, agreement.partition)):
            try:
                found.append(SIGNED_HEAD.decode(value))
            except WireError:
                # Anybody may write there; what is no head says nothing.
                continue
    return found


def signed_heads(heads: Iterable[SignedHead], directory: TrustedDirectory) -> list[Head]:
    """What those say that count (``blo_sealing.heads.accept_head``)."""
    found = []
    for signed in heads:
        try:
            found.append(accept_head(signed, directory).head)
        except (WireError, SealingError):
            continue
    return found


def _places(directory: TrustedDirectory) -> list[Agreement]:
    corridors = sorted(directory.corridors())
    return [one for corridor in corridors for one in directory.newest_agreements(corridor)]


async def _values(log: Log, partition: TopicPartition) -> list[bytes]:
    reader = await log.reader({partition: 0})
    try:
        return [
            stored.value or b""
            async for batch in read_to_end(reader)
            for stored in batch[partition]
        ]
    finally:
        await reader.close()
