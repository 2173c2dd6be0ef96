"""The connection to Kafka, and the question which partitions a topic has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    KafkaConnectionError,
    LeaderNotAvailableError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from blo_log.errors import PlainTextRefused
from blo_schemas.addresses import is_loopback

_NEW_TOPIC_GRACE_S: Final = 2.0
_NO_BROKER_S: Final = 5.0
_RETRY_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaConnection:
    """How to reach Kafka.

    Attributes:
        bootstrap: ``host:port``, or several with commas.
        ssl_context: TLS with a client certificate; ``None`` for plain text, on loopback alone.
        client_id: What the broker calls this client in its logs and quotas.
        request_timeout_s: How many seconds one request may take.
        ack_timeout_s: How many seconds an append may wait for its acknowledgement before it fails.
            The idempotent producer itself would wait for ever.
        fetch_wait_s: How long the broker holds an idle read. New records end it at once; but a
            partition whose records were not taken within 0.1 s waits for the others' idle read.
        partition_fetch_bytes: A reader's request asks for at most so many bytes of a partition; a
            broker sends a whole batch in any case.

    Raises:
        PlainTextRefused: A broker on another machine would be spoken to without TLS.
    """

    bootstrap: str
    ssl_context: SSLContext | None = None
    client_id: str = "blo"
    request_timeout_s: float = 10.0
    ack_timeout_s: float = 30.0
    fetch_wait_s: float = 0.2
    partition_fetch_bytes: int = 1024 * 1024

    def __post_init__(self) -> None:
        for server in self.bootstrap.split(",") if self.ssl_context is None else ():
            if not is_loopback(server.strip().rpartition(":")[0]):
                raise PlainTextRefused(server.strip())

    def client_options(self) -> dict[str, Any]:
        """The options that all of aiokafka's clients share."""
        return {
            "bootstrap_servers": self.bootstrap,
            "client_id": self.client_id,
            "request_timeout_ms": int(self.request_timeout_s * 1000),
            "security_protocol": "PLAINTEXT" if self.ssl_context is None else "SSL",
            "ssl_context": self.ssl_context,
        }


async def know_a_broker(client: AIOKafkaClient) -> None:
    """Make sure that a client knows a broker.

    A client that starts while its only broker is paused knows no broker, and would not ask again for
    minutes.

    Raises:
        KafkaConnectionError: None is named for five seconds.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _NO_BROKER_S
    while client.get_random_node() is None:
        if loop.time() > deadline:
            raise KafkaConnectionError("no broker is known")
        await client.force_metadata_update()
        await asyncio.sleep(_RETRY_S)


async def known_partitions(
    client: AIOKafkaClient, topic: str, *, at_least: int = 1, grace_s: float = _NEW_TOPIC_GRACE_S
) -> frozenset[int]:
    """Ask which partitions a topic has, without making the topic.

    aiokafka's own look-ups may create topics, and repeat for the whole request timeout when a topic
    is missing. A new topic may not be known to every broker yet, so the question is repeated.

    Args:
        client: Asks any broker that it knows.
        topic: The topic.
        at_least: The number of partitions that the caller knows of.
        grace_s: For so many seconds the question is repeated.

    Raises:
        UnknownTopicOrPartitionError: There is no such topic, or not with so many partitions.
        KafkaError: Another error of the broker or the client.
    """
    await know_a_broker(client)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + grace_s
    while True:
        error, partitions = await _ask(client, topic)
        if error is None and len(partitions) >= at_least:
            return partitions
        error = error or UnknownTopicOrPartitionError(topic)
        fleeting = isinstance(error, UnknownTopicOrPartitionError | LeaderNotAvailableError)
        if not fleeting or loop.time() > deadline:
            raise error
        await asyncio.sleep(_RETRY_S)


async def _ask(client: AIOKafkaClient, topic: str) -> tuple[Exception | None, frozenset[int]]:
    node = client.get_random_node()
    if node is None:
        raise KafkaConnectionError("no broker is known")
    request = MetadataRequest([topic], allow_auto_topic_creation=False)
    response = await client.send(node, request)
    code, _, _, partitions = response.topics[0]
    if code:
        return for_code(code)(topic), frozenset()
    if any(leader < 0 for _, _, leader, *_ in partitions):
        return LeaderNotAvailableError(topic), frozenset()
    return None, frozenset(index for _, index, *_ in partitions)
