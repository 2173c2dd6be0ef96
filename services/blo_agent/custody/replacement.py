"""A lost node without a backup: what its country must revoke, and where its links end."""

from __future__ import annotations

from typing import NamedTuple

from blo_agent.office.membership import memberships
from blo_domain.trust import Certified, Pins
from blo_log.directory import DirectoryFeed
from blo_log.port import Log, TopicPartition
from blo_log.topics import exchange_topic
from blo_schemas.ids import LinkId, OfficeId


class LostNode(NamedTuple):
    """What is published of a node that is lost.

    Attributes:
        certificates: Its certificates that are still valid, or will be.
        sizes: For each of its links, how many records the log has: from there on its old keys must
            not count.
    """

    certificates: tuple[Certified, ...]
    sizes: dict[LinkId, int]


async def lost_node(log: Log, pins: Pins, office: OfficeId, now: int) -> LostNode:
    """Look up what is published of a lost node.

    Args:
        log: The log.
        pins: The pinned roots.
        office: The office.
        now: Unix milliseconds.

    Raises:
        LogError: The log can't be read.
    """
    feed = DirectoryFeed(log, pins)
    await feed.refresh()
    directory = feed.directory
    places = {
        TopicPartition(exchange_topic(row.corridor), row.partition): row.link
        for row in memberships(directory, office)
    }
    ends: dict[TopicPartition, int] = {}
    if places:
        reader = await log.reader(dict.fromkeys(places, 0))
        try:
            ends = await reader.high_watermarks()
        finally:
            await reader.close()
    return LostNode(
        tuple(row for row in directory.certificates(office) if row.ends > now),
        {link: ends[place] for place, link in places.items()},
    )
