"""The sources of an audit: the log itself, or a bundle.

A source is not trusted. Documents are judged under the auditor's pins, heads and records by their
signatures and hashes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Final, Protocol

import msgspec

from blo_domain.trust import TrustedDirectory
from blo_log import topics
from blo_log.port import ConsumedRecord, Log, TopicPartition, read_to_end
from blo_schemas.errors import WireError
from blo_schemas.event import LogRecord
from blo_schemas.ids import CorridorId, LinkId
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument

BATCH: Final = 2000
"""So many records are read at a time; an adapter may give other portions."""


class SourcePartition(msgspec.Struct, frozen=True):
    """The place of a link's records.

    Attributes:
        link: The link.
        corridor: Its corridor, which names the topics.
        partition: Its partition in them.
    """

    link: LinkId
    corridor: CorridorId
    partition: int


class RecordSource(Protocol):
    """The port through which an audit reads.

    ``documents`` is asked first; then, link by link, ``heads`` and ``grants``, and only after
    those ``records``, so that a log that is being written to holds at least what the heads cover.
    """

    @property
    def name(self) -> str:
        """The source in words, for the statement: ``Kafka at …``, ``bundle …``."""
        ...

    @property
    def has_all_documents(self) -> bool:
        """Whether it must have every trust document that was ever published."""
        ...

    async def documents(self) -> Sequence[SignedDocument]:
        """All trust documents, in any order; bytes that are none are left out.

        Raises:
            LogError: They could not be read (so for all methods, from Kafka).
        """
        ...

    async def heads(self, place: SourcePartition) -> Sequence[bytes]:
        """All values on the link's topic of heads, in order: heads and checkpoints.

        Values that newer ones replaced are among them where the source still has them: two heads
        that contradict each other are only found where both are there.
        """
        ...

    async def grants(self, place: SourcePartition) -> Sequence[ConsumedRecord]:
        """The records of the link's topic of grants; empty where the source has none."""
        ...

    async def end(self, place: SourcePartition) -> int | None:
        """The link's number of records, if it is known beforehand; for a progress bar only."""
        ...

    def begins(self, place: SourcePartition) -> int:
        """Position of the first record that the source is meant to have; a whole one has all."""
        ...

    def records(self, place: SourcePartition, first: int = 0) -> AsyncIterator[Sequence[LogRecord]]:
        """The link's records in order, in portions of any size.

        What the source has is given as it is: a hole shows as a position that does not follow.

        Args:
            place: The link.
            first: Position of the first record; not before ``begins``.

        Raises:
            LogTruncated: The first of these records are gone.
        """
        ...

    def outputs(
        self, place: SourcePartition, topic: str
    ) -> AsyncIterator[Sequence[ConsumedRecord]]:
        """The records of one of the processors' topics (``blo_log.topics``) for the link.

        Nothing, where the source has none.
        """
        ...

    async def close(self) -> None:
        """Close all that is open."""
        ...


class LogSource:
    """The log itself, over its port: Kafka, or memory.

    Args:
        log: The log; closed with the source.
        name: What it is, in words.
    """

    def __init__(self, log: Log, name: str = "the log") -> None:
        self._log = log
        self._name = name

    @property
    def name(self) -> str:
        """See ``RecordSource.name``."""
        return self._name

    @property
    def has_all_documents(self) -> bool:
        """See ``RecordSource.has_all_documents``."""
        return True

    async def documents(self) -> Sequence[SignedDocument]:
        """See ``RecordSource.documents``."""
        documents: list[SignedDocument] = []
        async for batch in self._read(topics.DIRECTORY_TOPIC, 0):
            for record in batch:
                try:
                    documents.append(SIGNED_DOCUMENT.decode(record.value or b""))
                except WireError:
                    continue
        return documents

    async def heads(self, place: SourcePartition) -> Sequence[bytes]:
        """See ``RecordSource.heads``."""
        topic = topics.heads_topic(place.corridor)
        records = [record async for batch in self._read(topic, place.partition) for record in batch]
        return [record.value for record in records if record.value is not None]

    async def heartbeats(self, corridor: CorridorId) -> Sequence[bytes]:
        """All values on a corridor's topic of heartbeats, in order."""
        topic = topics.liveness_topic(corridor)
        records = [record async for batch in self._read(topic, 0) for record in batch]
        return [record.value for record in records if record.value is not None]

    async def grants(self, place: SourcePartition) -> Sequence[ConsumedRecord]:
        """See ``RecordSource.grants``."""
        topic = topics.keys_topic(place.corridor)
        return [record async for batch in self._read(topic, place.partition) for record in batch]

    async def end(self, place: SourcePartition) -> int | None:
        """See ``RecordSource.end``."""
        part = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
        reader = await self._log.reader({part: 0})
        try:
            return (await reader.high_watermarks())[part]
        finally:
            await reader.close()

    def begins(self, place: SourcePartition) -> int:
        """See ``RecordSource.begins``."""
        del place
        return 0

    async def records(
        self, place: SourcePartition, first: int = 0
    ) -> AsyncIterator[Sequence[LogRecord]]:
        """See ``RecordSource.records``."""
        topic = topics.exchange_topic(place.corridor)
        async for batch in self._read(topic, place.partition, first):
            yield [
                LogRecord(record.offset, record.timestamp, record.value or b"") for record in batch
            ]

    async def outputs(
        self, place: SourcePartition, topic: str
    ) -> AsyncIterator[Sequence[ConsumedRecord]]:
        """See ``RecordSource.outputs``."""
        async for batch in self._read(topic, place.partition):
            yield batch

    async def close(self) -> None:
        """See ``RecordSource.close``."""
        await self._log.close()

    async def _read(
        self, topic: str, partition: int, first: int = 0
    ) -> AsyncIterator[Sequence[ConsumedRecord]]:
        part = TopicPartition(topic, partition)
        reader = await self._log.reader({part: first})
        try:
            async for batch in read_to_end(reader, max_records=BATCH):
                yield batch[part]
        finally:
            await reader.close()


async def read_span(
    source: RecordSource, place: SourcePartition, first: int, count: int
) -> list[LogRecord]:
    """At most so many of a link's records from a position on, as the source has them.

    Raises:
        LogError: They could not be read.
    """
    batches = source.records(place, first)
    records: list[LogRecord] = []
    try:
        async for batch in batches:
            records += batch
            if len(records) >= count:
                break
    finally:
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()
    return records[:count]


def places(
    directory: TrustedDirectory, corridor: CorridorId | None = None
) -> list[SourcePartition]:
    """The partitions of the links that the trust documents name.

    Args:
        directory: What the documents prove.
        corridor: Only the links of this one.
    """
    return [
        SourcePartition(agreement.link, agreement.corridor, agreement.partition)
        for name in directory.corridors()
        if corridor in (None, name)
        for agreement in directory.newest_agreements(name)
    ]
