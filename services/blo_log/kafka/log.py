"""The log on Kafka: opens appenders, readers and admins, and closes them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from blo_log.kafka.admin import KafkaAdmin
from blo_log.kafka.appender import KafkaAppender
from blo_log.kafka.connection import KafkaConnection
from blo_log.kafka.errors import FAILURES, translate
from blo_log.kafka.fetcher import KafkaFetcher
from blo_log.kafka.joined_appender import JoinedAppender
from blo_log.kafka.joined_reader import JoinedReader
from blo_log.kafka.reader import KafkaReader
from blo_log.port import Admin, Appender, LogReader, TopicPartition


class KafkaLog:
    """``blo_log.port.Log`` on Kafka.

    Args:
        connection: How to reach it.
        joins_readers: Whether all readers share one connection to each broker. A reader then costs
            nothing while it isn't asked, and fetches only when it is: right for many readers of
            which most rest. A reader with a consumer of its own fetches ahead.
    """

    def __init__(self, connection: KafkaConnection, *, joins_readers: bool = False) -> None:
        self._connection = connection
        self._joins_readers = joins_readers
        self._opened: list[JoinedAppender | KafkaReader | KafkaAdmin | KafkaFetcher] = []
        self._fetcher: KafkaFetcher | None = None
        self._fetcher_turn = asyncio.Lock()

    async def appender(self) -> Appender:
        """See ``blo_log.port.Log.appender``."""
        appender = KafkaAppender(self._connection)
        await appender.connect()
        joined = JoinedAppender(appender)
        self._remember(joined)
        return joined

    async def reader(self, start: Mapping[TopicPartition, int]) -> LogReader:
        """See ``blo_log.port.Log.reader``."""
        if self._joins_readers:
            joined = JoinedReader(await self._shared_fetcher(), self._connection, start)
            await joined.connect()
            return joined
        reader = KafkaReader(self._connection, start)
        await reader.connect()
        self._remember(reader)
        return reader

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """See ``blo_log.port.Log.ends``."""
        wanted = list(partitions)
        fetcher = await self._shared_fetcher()
        failures: dict[str, Exception] = {}
        for topic in {partition.topic for partition in wanted}:
            if not fetcher.knows(topic):
                try:
                    await fetcher.partitions(topic)
                except FAILURES as error:
                    failures[topic] = error
        known = [partition for partition in wanted if partition.topic not in failures]
        ends: dict[TopicPartition, int] = {}
        for partition, end in (await fetcher.offsets(known)).items():
            if isinstance(end, int):
                ends[partition] = end
            else:
                failures[partition.topic] = end
        if wanted and not ends:
            topic, failure = next(iter(failures.items()))
            raise translate(failure, self._connection, topic) from failure
        return ends

    async def offset_at(self, partition: TopicPartition, log_time: int) -> int:
        """See ``blo_log.port.Log.offset_at``."""
        fetcher = await self._shared_fetcher()
        try:
            if not fetcher.knows(partition.topic):
                await fetcher.partitions(partition.topic)
        except FAILURES as error:
            raise translate(error, self._connection, partition.topic) from error
        offset = (await fetcher.offsets([partition], log_time))[partition]
        if isinstance(offset, int) and offset < 0:
            offset = (await fetcher.offsets([partition]))[partition]
        if isinstance(offset, int):
            return offset
        raise translate(offset, self._connection, partition.topic) from offset

    async def admin(self) -> Admin:
        """See ``blo_log.port.Log.admin``."""
        admin = KafkaAdmin(self._connection)
        await admin.connect()
        self._remember(admin)
        return admin

    async def close(self) -> None:
        """See ``blo_log.port.Log.close``."""
        while self._opened:
            await self._opened.pop().close()

    async def _shared_fetcher(self) -> KafkaFetcher:
        async with self._fetcher_turn:
            if self._fetcher is None:
                fetcher = KafkaFetcher(self._connection)
                await fetcher.connect()
                self._fetcher = fetcher
                self._remember(fetcher)
            return self._fetcher

    def _remember(self, part: JoinedAppender | KafkaReader | KafkaAdmin | KafkaFetcher) -> None:
        self._opened = [other for other in self._opened if not other.closed]
        self._opened.append(part)
