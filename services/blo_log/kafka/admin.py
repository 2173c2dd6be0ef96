"""Topics on Kafka: listed and created, never changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import (
    ConfigResource,
    ConfigResourceType,
)
from aiokafka.errors import (
    InvalidReplicationFactorError,
    TopicAuthorizationFailedError,
    for_code,
)

from blo_log.errors import NotAuthorised, TopicMissing, TopicRefused
from blo_log.kafka.connection import KafkaConnection, know_a_broker, known_partitions
from blo_log.kafka.errors import FAILURES, translate
from blo_log.port import TopicSpec

_FENCED_S: Final = 10.0
"""For so many seconds a broker that was paused may be refused as the holder of a copy."""
_ASK_AGAIN_S: Final = 0.2


class KafkaAdmin:
    """``blo_log.port.Admin`` on Kafka.

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self.closed = False
        self._connection = connection
        self._client = AIOKafkaAdminClient(**connection.client_options())

    async def connect(self) -> None:
        """Make the connection.

        Raises:
            LogError: It could not be made.
        """
        try:
            await self._client.start()
            await know_a_broker(self._client._client)  # noqa: SLF001 - see reader
        except FAILURES as error:
            await self.close()
            raise translate(error, self._connection) from error

    async def topics(self) -> frozenset[str]:
        """See ``blo_log.port.Admin.topics``."""
        return frozenset(await self._seen())

    async def describe(self, names: Iterable[str]) -> dict[str, TopicSpec]:
        """See ``blo_log.port.Admin.describe``."""
        seen = await self._seen()
        wanted = [name for name in dict.fromkeys(names) if name in seen]
        if not wanted:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted]
        try:
            responses = await self._client.describe_configs(resources)
        except FAILURES as error:
            raise translate(error, self._connection) from error
        settings: dict[str, dict[str, str]] = {}
        for response in responses:
            for code, _, _, name, entries in response.resources:
                if code == TopicAuthorizationFailedError.errno:
                    raise NotAuthorised(name, "DESCRIBE_CONFIGS is missing")
                if code:
                    raise translate(for_code(code)(name), self._connection, name)
                settings[name] = {entry[0]: entry[1] or "" for entry in entries}
        return {
            name: TopicSpec(
                name, len(seen[name]), min(len(p["replicas"]) for p in seen[name]), settings[name]
            )
            for name in wanted
        }

    async def create(self, spec: TopicSpec) -> None:
        """See ``blo_log.port.Admin.create``."""
        topic = NewTopic(
            spec.name, spec.partitions, spec.replication, topic_configs=dict(spec.config)
        )

        async def make() -> None:
            response = await self._client.create_topics([topic])
            # The client does not raise the broker's error.
            for _, code, message in response.topic_errors:
                if code:
                    raise for_code(code)(message)

        await self._change(make, spec.name, spec.partitions)

    async def add_partitions(self, name: str, total: int) -> None:
        """See ``blo_log.port.Admin.add_partitions``."""
        if name not in await self._seen():
            raise TopicMissing(name)

        async def add() -> None:
            await self._client.create_partitions({name: NewPartitions(total)})

        await self._change(add, name, total)

    async def close(self) -> None:
        """See ``blo_log.port.Admin.close``."""
        if not self.closed:
            self.closed = True
            await self._client.close()

    async def _change(self, ask: Callable[[], Awaitable[None]], name: str, total: int) -> None:
        """Request a topic or more partitions, and wait until they exist."""
        client = self._client._client  # noqa: SLF001 - see reader
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _FENCED_S
        try:
            while True:
                try:
                    await ask()
                    break
                except InvalidReplicationFactorError:
                    if loop.time() > deadline:
                        raise
                await asyncio.sleep(_ASK_AGAIN_S)
            # The controller has created them; another broker may learn of them later.
            patience = self._connection.request_timeout_s
            await known_partitions(client, name, at_least=total, grace_s=patience)
        except FAILURES as error:
            translated = translate(error, self._connection, name)
            if isinstance(translated, TopicRefused) and error.args:
                translated = TopicRefused(name, str(error.args[0]))
            raise translated from error

    async def _seen(self) -> dict[str, list[dict[str, Any]]]:
        try:
            described = await self._client.describe_topics()
        except FAILURES as error:
            raise translate(error, self._connection) from error
        return {
            topic["topic"]: topic["partitions"]
            for topic in described
            if not topic["error_code"] and not topic["is_internal"]
        }
