"""The topics beside the exchange topic: grants and heads of a link, and where its log ends."""

from __future__ import annotations

from collections.abc import Mapping

from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.port import Log, LogReader, TopicPartition, read_to_end
from blo_processors.link.health import LinkHealth
from blo_processors.link.topic_places import TopicPlaces
from blo_processors.outputs.encode import LinkPartition
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.heads import read_note_key


class SideTopics:
    """Reads the keyed topics of one link to their end, at each ``refresh``.

    Args:
        log: The log.
        place: The link.
        granted: Takes the grants.
        feed: The trust documents.
        health: Takes the heads.
        places: How far the topics were read before.

    Attributes:
        places: How far the topics were read.
        log_end: The number of records of the link at the last ``refresh``.
        partitions: The partitions that ``is_behind`` asks about.
    """

    def __init__(
        self,
        log: Log,
        place: LinkPartition,
        granted: GrantedKeys,
        feed: DirectoryFeed,
        health: LinkHealth,
        places: TopicPlaces | None = None,
    ) -> None:
        self.log_end = 0
        self.places = places or TopicPlaces()
        self._log = log
        self._granted = granted
        self._feed = feed
        self._health = health
        self._heads = TopicPartition(topics.heads_topic(place.corridor), place.partition)
        self._keys = TopicPartition(topics.keys_topic(place.corridor), place.partition)
        self._exchange = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
        self._reader: LogReader | None = None
        self.partitions = (self._exchange, self._keys, self._heads)

    def is_behind(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether grants or heads have come since the last ``refresh``, by where topics end."""
        reader = self._reader
        return reader is None or any(
            ends.get(partition) != reader.position(partition)
            for partition in (self._keys, self._heads)
        )

    async def refresh(self) -> bool:
        """Read the new records; returns whether they brought a summary key.

        Raises:
            LogError: The topics could not be read.
        """
        if self._reader is None:
            begun = {part: self.places.next(part) for part in (self._keys, self._heads)}
            self._reader = await self._log.reader({**begun, self._exchange: 0})
        self.log_end = (await self._reader.high_watermarks())[self._exchange]
        # Its records are not read here.
        self._reader.seek(self._exchange, self.log_end)
        has_new_key = False
        reader = self._reader
        async for batch in read_to_end(reader):
            for stored in batch.get(self._keys, ()):
                if self._granted.take(stored, self._feed.directory):
                    has_new_key = True
            for stored in batch.get(self._heads, ()):
                # Checkpoints and cosignatures say nothing of an office's health.
                if read_note_key(stored.key) is None:
                    self._health.take_head(stored, self._feed.directory)
            for partition in (self._keys, self._heads):
                if records := batch.get(partition):
                    self.places.read(partition, records[-1])
        for partition in (self._keys, self._heads):
            self.places.reached(partition, reader.position(partition))
        return has_new_key

    async def close(self) -> None:
        """Close the reader."""
        if self._reader is not None:
            await self._reader.close()
            self._reader = None
