"""The log on Kafka: opens appenders, readers and admins, and closes them."""

from __future__ import annotations

from collections.abc import Mapping

from blo_log.kafka.admin import KafkaAdmin
from blo_log.kafka.appender import KafkaAppender
from blo_log.kafka.connection import KafkaConnection
from blo_log.kafka.joined_appender import JoinedAppender
from blo_log.kafka.reader import KafkaReader
from blo_log.port import Admin, Appender, LogReader, TopicPartition


class KafkaLog:
    """``blo_log.port.Log`` on Kafka.

    Args:
        connection: How to reach it.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._opened: list[JoinedAppender | KafkaReader | KafkaAdmin] = []

    async def appender(self) -> Appender:
        """See ``blo_log.port.Log.appender``."""
        appender = KafkaAppender(self._connection)
        await appender.connect()
        joined = JoinedAppender(appender)
        self._remember(joined)
        return joined

    async def reader(self, start: Mapping[TopicPartition, int]) -> LogReader:
        """See ``blo_log.port.Log.reader``."""
        reader = KafkaReader(self._connection, start)
        await reader.connect()
        self._remember(reader)
        return reader

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

    def _remember(self, part: JoinedAppender | KafkaReader | KafkaAdmin) -> None:
        self._opened = [other for other in self._opened if not other.closed]
        self._opened.append(part)
