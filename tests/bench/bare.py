"""The same without this project: aiokafka alone, used in the usual way."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from time import perf_counter

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


class BareKafka:
    """An idempotent producer with ``acks=all`` and a consumer, on a topic of their own."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._topic = f"bench.{uuid.uuid4().hex[:8]}"
        self._stack = AsyncExitStack()
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, enable_idempotence=True, acks="all"
        )
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="latest")

    async def append(self, values: Sequence[bytes]) -> float:
        """Send all, await all acknowledgements; seconds."""
        send, topic = self._producer.send, self._topic
        began = perf_counter()
        sent = [await send(topic, value=value, partition=0) for value in values]
        await asyncio.gather(*sent)
        return perf_counter() - began

    async def pass_on(self, value: bytes) -> float:
        """From ``send`` until the consumer has the record; seconds."""
        began = perf_counter()
        await self._producer.send(self._topic, value=value, partition=0)
        await self._consumer.getone()
        return perf_counter() - began

    async def consume(self) -> None:
        """Begin to consume at the end."""
        await self._consumer.start()
        self._stack.push_async_callback(self._consumer.stop)
        partition = TopicPartition(self._topic, 0)
        self._consumer.assign([partition])
        await self._consumer.seek_to_end(partition)
        await self._consumer.position(partition)

    async def __aenter__(self) -> BareKafka:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            settings = {"message.timestamp.type": "LogAppendTime"}
            await admin.create_topics([NewTopic(self._topic, 1, 1, topic_configs=settings)])
        finally:
            await admin.close()
        await self._producer.start()
        self._stack.push_async_callback(self._producer.stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


__all__ = ["BareKafka"]
