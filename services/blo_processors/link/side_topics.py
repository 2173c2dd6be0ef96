"""What a link's worker needs besides the stream: grants, heads, and where the log ends."""

from __future__ import annotations

from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.port import Log, LogReader, TopicPartition, read_to_end
from blo_processors.link.health import LinkHealth
from blo_processors.outputs.encode import LinkPartition
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.heads import read_note_key


class SideTopics:
    """Reads the keyed topics of one link on to their end, whenever it is asked.

    Args:
        log: Where they lie.
        place: The link.
        granted: Takes the grants.
        feed: The trust documents.
        health: Takes the heads.

    Attributes:
        log_end: How many records the link had when that was last asked.
    """

    def __init__(
        self,
        log: Log,
        place: LinkPartition,
        granted: GrantedKeys,
        feed: DirectoryFeed,
        health: LinkHealth,
    ) -> None:
        self.log_end = 0
        self._log = log
        self._granted = granted
        self._feed = feed
        self._health = health
        self._heads = TopicPartition(topics.heads_topic(place.corridor), place.partition)
        self._keys = TopicPartition(topics.keys_topic(place.corridor), place.partition)
        self._exchange = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
        self._reader: LogReader | None = None

    async def refresh(self) -> bool:
        """Read what is new; whether it brought a summary key.

        Raises:
            LogError: The topics could not be read.
        """
        if self._reader is None:
            self._reader = await self._log.reader(
                {self._keys: 0, self._heads: 0, self._exchange: 0}
            )
        self.log_end = (await self._reader.high_watermarks())[self._exchange]
        # Only its end is wanted.
        self._reader.seek(self._exchange, self.log_end)
        brought = False
        async for batch in read_to_end(self._reader):
            for stored in batch.get(self._keys, ()):
                brought = self._granted.take(stored, self._feed.directory) or brought
            for stored in batch.get(self._heads, ()):
                # Checkpoints and cosignatures lie there too; they say nothing of an office's health.
                if read_note_key(stored.key) is None:
                    self._health.take_head(stored, self._feed.directory)
        return brought

    async def close(self) -> None:
        """Let go of the reader."""
        if self._reader is not None:
            await self._reader.close()
            self._reader = None
