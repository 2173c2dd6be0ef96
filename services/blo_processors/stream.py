"""Faust's part: the group, the assignment, and the records as they come.

Nothing that is correct rests on it (``docs/adr/0006``). Its topics are made beforehand, its web
server is off, and an output never goes through its producer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final

import faust
import mode
from faust.assignor import PartitionAssignor

from blo_log.port import Stored
from blo_processors.config import GroupSettings
from blo_processors.errors import StreamFailed
from blo_processors.runner import Delivered
from blo_schemas.ids import CorridorId

_POLL_S: Final = 0.2
_FIRST_ASSIGNMENT_S: Final = 60.0
_STOP_S: Final = 3.0
_METADATA_S: Final = 30.0

Deliver = Callable[[int, Delivered], None]
Assign = Callable[[Iterable[int]], None]


class _Event:
    """A record of Faust's, held back from being acknowledged until its outputs are."""

    __slots__ = ("_event",)

    def __init__(self, event: Any) -> None:
        # Faust acknowledges an event when the agent asks for the next one, but only once nobody
        # else refers to it.
        event.message.incref()
        self._event = event

    @property
    def stored(self) -> Stored:
        message = self._event.message
        at = round(message.timestamp * 1000)
        return Stored(message.offset, at, message.key, message.value)

    def done(self) -> None:
        self._event.ack()


class _Cluster:
    """What is known of a topic, or what was agreed while nothing is."""

    def __init__(self, cluster: Any, agreed: Callable[[], int]) -> None:
        self._cluster = cluster
        self._agreed = agreed

    def partitions_for_topic(self, topic: str) -> set[int]:
        known: set[int] | None = self._cluster.partitions_for_topic(topic)
        return known or set(range(self._agreed()))


class _Assignor(PartitionAssignor):
    """Shares out a topic even while its broker counts as away.

    A broker that has stood still names no leaders for a moment. Faust then takes the topic for
    missing and assigns nothing to anybody, until the metadata are read anew, which takes minutes.
    """

    def assign(self, cluster: Any, member_metadata: Any) -> Any:
        app: Any = self.app
        return super().assign(_Cluster(cluster, app.agreed), member_metadata)


class _App(faust.App):
    """Faust makes folders for tables; this one has none, and leaves nothing where it runs."""

    agreed: Callable[[], int]

    def _create_directories(self) -> None:
        return


class Stream:
    """One Faust app with one agent.

    Args:
        corridor: The corridor.
        topic: Its exchange topic.
        servers: Kafka's addresses.
        tls: TLS to Kafka; ``None`` for plain text.
        group: How workers share the links.
        partitions: How many partitions the topic has at least, by the agreements.
        deliver: Takes each record with its partition.
        assign: Told which partitions are this worker's, whenever that changes.
    """

    def __init__(
        self,
        corridor: CorridorId,
        topic: str,
        servers: Iterable[str],
        tls: ssl.SSLContext | None,
        group: GroupSettings,
        *,
        partitions: Callable[[], int],
        deliver: Deliver,
        assign: Assign,
    ) -> None:
        self._assign = assign
        self._topic = topic
        self._assigned = False
        self._stopping: asyncio.Task[Any] | None = None
        self._app: Any = _App(
            group_of(corridor),
            broker=[f"kafka://{server}" for server in servers],
            broker_credentials=None if tls is None else faust.SSLCredentials(context=tls),
            processing_guarantee="at_least_once",
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_replication_factor=1,
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=group.instance or None,
            broker_commit_interval=1.0,
            broker_heartbeat_interval=group.heartbeat_s,
            broker_session_timeout=group.session_s,
            consumer_metadata_max_age_ms=round(_METADATA_S * 1000),
            PartitionAssignor=_Assignor,
            key_serializer="raw",
            value_serializer="raw",
            store="memory://",
            web_enabled=False,
            autodiscover=False,
            stream_wait_empty=False,
            agent_supervisor=mode.CrashingSupervisor,
        )
        self._app.agreed = partitions
        source = self._app.topic(topic, key_type=bytes, value_type=bytes)

        async def take(stream: Any) -> None:
            async for event in stream.events():
                deliver(event.message.partition, _Event(event))

        self._app.agent(source, concurrency=1, name="take")(take)
        on_assigned: Any = self._on_assigned
        self._app.on_partitions_assigned.connect(on_assigned, weak=False)

    async def run(self) -> None:
        """Run until cancelled.

        Raises:
            StreamFailed: Faust has ended by itself, or assigned nothing in a minute.
        """
        loop = asyncio.get_running_loop()
        self._app.finalize()
        starting = loop.create_task(self._app.start(), name="faust")
        deadline = loop.time() + _FIRST_ASSIGNMENT_S
        try:
            while True:
                await asyncio.sleep(_POLL_S)
                if starting.done():
                    starting.result()
                if self._stopping is not None:
                    return
                if self._app.crashed or self._app.should_stop:
                    raise StreamFailed(repr(self._app.crash_reason))
                if not self._assigned and loop.time() > deadline:
                    raise StreamFailed("nothing was assigned in a minute")
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End it, with what was acknowledged committed; again is no harm."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._app.stop(), name="faust stops")
        # mode swallows cancellation, so its end is bounded from outside.
        await asyncio.wait({self._stopping}, timeout=_STOP_S)

    async def _on_assigned(self, _app: Any, assigned: Iterable[Any], **_: Any) -> None:
        self._assigned = True
        self._assign(part.partition for part in assigned if part.topic == self._topic)


def group_of(corridor: CorridorId) -> str:
    """The consumer group of a corridor's processors."""
    return f"blo-processors-{corridor}"


__all__ = ["Stream", "group_of"]
