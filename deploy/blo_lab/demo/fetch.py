"""What a Kafka holds whose files are somebody else's: fetched, record by record."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator

from blo_lab.demo.search import Place
from blo_lab.network.publish import planned_topics
from blo_lab.network.world import World
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import TopicPartition, read_to_end


def fetched(bootstrap: str, world: World) -> Iterator[Place]:
    """Keys and values of all records of the exchange's topics, one place a partition.

    Raises:
        LogError: They can't be read.
    """
    for partition, data in asyncio.run(_fetch(bootstrap, world)).items():
        yield Place(f"{partition.topic}-{partition.partition}", bytes(data))


async def _fetch(bootstrap: str, world: World) -> dict[TopicPartition, bytearray]:
    log = KafkaLog(KafkaConnection(bootstrap=bootstrap, client_id="blo-demo"))
    start = {
        TopicPartition(spec.name, number): 0
        for spec in planned_topics(world, simulated_time=True)
        for number in range(spec.partitions)
    }
    found: dict[TopicPartition, bytearray] = defaultdict(bytearray)
    try:
        reader = await log.reader(start)
        async for batch in read_to_end(reader):
            for partition, records in batch.items():
                for record in records:
                    found[partition] += (record.key or b"") + b"\n" + (record.value or b"") + b"\n"
    finally:
        await log.close()
    return found
