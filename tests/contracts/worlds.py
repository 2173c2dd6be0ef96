"""What the contract suite runs on: a log of each kind, with fresh topics for every test."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable
from typing import Protocol

from blo_log import Log, ProducerRecord, TopicExists, TopicPartition, TopicSpec
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.memory import MemoryCluster, MemoryLog
from tests.patience import PATIENCE_S


class World(Protocol):
    """A log, and ways to do to it what the port rightly does not offer."""

    def client(self) -> Log:
        """Another client; closed with the world."""
        ...

    async def topic(self, partitions: int = 1, **config: str) -> str:
        """A new topic; underscores in settings stand for dots."""
        ...

    async def delete_topic(self, name: str) -> None: ...

    async def truncate(self, partition: TopicPartition, begin: int) -> None: ...

    async def cut_back(self, name: str, end: int) -> None:
        """Make a topic of one partition end before ``end``, as if no more had ever been there."""
        ...

    async def close(self) -> None: ...


class _World:
    def __init__(self, connect: Callable[[], Log]) -> None:
        self._connect = connect
        self._clients: list[Log] = []
        self._names = itertools.count()
        self._prefix = uuid.uuid4().hex[:8]

    def client(self) -> Log:
        log = self._connect()
        self._clients.append(log)
        return log

    async def topic(self, partitions: int = 1, **config: str) -> str:
        name = f"contract.{self._prefix}.{next(self._names)}"
        settings = {key.replace("_", "."): value for key, value in config.items()}
        admin = await self.client().admin()
        await admin.create(TopicSpec(name, partitions, 1, settings))
        return name

    async def close(self) -> None:
        for log in self._clients:
            await log.close()


class MemoryWorld(_World):
    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        super().__init__(lambda: MemoryLog(self.cluster))

    async def delete_topic(self, name: str) -> None:
        self.cluster.delete_topic(name)

    async def truncate(self, partition: TopicPartition, begin: int) -> None:
        self.cluster.truncate(partition, begin)

    async def cut_back(self, name: str, end: int) -> None:
        self.cluster.cut_back(TopicPartition(name, 0), end)


class KafkaWorld(_World):
    def __init__(self, bootstrap: str, *, joins_readers: bool = False) -> None:
        self.connection = KafkaConnection(
            bootstrap=bootstrap, request_timeout_s=60, ack_timeout_s=PATIENCE_S
        )
        super().__init__(lambda: KafkaLog(self.connection, joins_readers=joins_readers))

    async def delete_topic(self, name: str) -> None:
        from aiokafka.admin import AIOKafkaAdminClient

        admin = AIOKafkaAdminClient(bootstrap_servers=self.connection.bootstrap)
        await admin.start()
        try:
            await admin.delete_topics([name])
        finally:
            await admin.close()

    async def truncate(self, partition: TopicPartition, begin: int) -> None:
        from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
        from aiokafka.structs import TopicPartition as KafkaPartition

        admin = AIOKafkaAdminClient(bootstrap_servers=self.connection.bootstrap)
        await admin.start()
        try:
            wanted = {KafkaPartition(*partition): RecordsToDelete(begin)}
            await admin.delete_records(wanted)
        finally:
            await admin.close()

    async def cut_back(self, name: str, end: int) -> None:
        # Kafka cuts only at the front; a topic made anew with fewer records ends before, too.
        await self.delete_topic(name)
        admin = await self.client().admin()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    await admin.create(TopicSpec(name, 1, 1, {}))
                    break
                except TopicExists:
                    await asyncio.sleep(0.1)
        appender = await self.client().appender()
        await appender.append([ProducerRecord(name, 0, b"k", b"%d" % n) for n in range(end)])


async def read(log: Log, topic: str, partition: int = 0, start: int = 0) -> list[bytes | None]:
    """The values of one partition, from an offset to its end as of now."""
    from blo_log import read_to_end

    wanted = TopicPartition(topic, partition)
    reader = await log.reader({wanted: start})
    try:
        return [
            record.value async for batch in read_to_end(reader) for record in batch.get(wanted, [])
        ]
    finally:
        await reader.close()
