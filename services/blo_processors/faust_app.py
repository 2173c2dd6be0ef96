"""The Faust app: the consumer group, the assignment of links, and the stream of records.

No correctness depends on it (``docs/adr/0006``). Its topics exist before it starts, its web server
is off, and no output goes through its producer.

Faust crashes when Kafka goes away during a commit, for instance. The program goes on: the links'
workers read the log themselves, and a new app is started until one works.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

import faust
import mode
from faust.assignor import PartitionAssignor

from blo_log.port import ConsumedRecord
from blo_processors.config import GroupSettings
from blo_processors.errors import StreamFailed
from blo_processors.link.runner import Delivered
from blo_runtime.admin import Health
from blo_runtime.logs import describe, get_logger
from blo_schemas.ids import CorridorId
from blo_schemas.instants import clamped

_POLL_S: Final = 0.2
_FIRST_ASSIGNMENT_S: Final = 60.0
_STOP_S: Final = 3.0
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 15.0
"""The pause before a new app grows from the first to this one, in seconds."""
_METADATA_S: Final = 30.0

Deliver = Callable[[int, Delivered], None]
Assign = Callable[[Iterable[int]], None]


class _Event:
    """A record from Faust that is not acknowledged before its outputs are."""

    __slots__ = ("_event",)

    def __init__(self, event: Any) -> None:
        # Faust acknowledges an event when the agent asks for the next one, but only once nobody
        # else refers to it.
        event.message.incref()
        self._event = event

    @property
    def stored(self) -> ConsumedRecord:
        message = self._event.message
        # As the log's own readers have it: the instant is whatever the broker or the writer says.
        at = clamped(round(message.timestamp * 1000))
        return ConsumedRecord(message.offset, at, message.key, message.value)

    def done(self) -> None:
        self._event.ack()


class _Cluster:
    """The partitions of a topic: as the broker says, or by the agreements if it says nothing."""

    def __init__(self, cluster: Any, agreed: Callable[[], int]) -> None:
        self._cluster = cluster
        self._agreed = agreed

    def partitions_for_topic(self, topic: str) -> set[int]:
        known: set[int] | None = self._cluster.partitions_for_topic(topic)
        return known or set(range(self._agreed()))


class _Assignor(PartitionAssignor):
    """Shares out a topic also while its broker names no leaders.

    A broker that was paused names no leaders for a moment. Faust would treat the topic as missing
    and assign nothing until it reads the metadata again, which takes minutes.
    """

    def assign(self, cluster: Any, member_metadata: Any) -> Any:
        app: Any = self.app
        return super().assign(_Cluster(cluster, app.agreed), member_metadata)


class _App(faust.App):
    """A Faust app that makes no folders for tables, because it has none."""

    agreed: Callable[[], int]

    def _create_directories(self) -> None:
        return


class FaustStream:
    """Keeps one Faust app with one agent running.

    Args:
        corridor: The corridor.
        topic: Its exchange topic.
        servers: Kafka's addresses.
        tls: TLS to Kafka; ``None`` for plain text.
        group: How workers share the links.
        partitions: Gives the number of partitions that the agreements name.
        deliver: Takes each record with its partition.
        assign: Called with this worker's partitions whenever they change.

    Attributes:
        failure: The error for which Faust was started again; empty while it works.
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
        self.failure = ""
        self._corridor = corridor
        self._topic = topic
        self._servers = tuple(servers)
        self._tls = tls
        self._group = group
        self._partitions = partitions
        self._deliver = deliver
        self._assign = assign
        self._assigned = False
        self._stopping = False
        self._app: Any = None

    async def run(self) -> None:
        """Run until ``stop`` or a cancellation; after a failure a new app is started."""
        pause_s = _FIRST_PAUSE_S
        while not self._stopping:
            try:
                await self._run_once()
            except StreamFailed as failed:
                if not self.failure:
                    get_logger().warning("the stream is started again", error=str(failed))
                self.failure = str(failed)
            finally:
                await self._end()
            if self._assigned:
                pause_s = _FIRST_PAUSE_S
            if not self._stopping:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def stop(self) -> None:
        """Commit what was acknowledged, and end; a second call does nothing."""
        self._stopping = True
        await self._end()

    def check(self) -> Health:
        """The state for ``/readyz``."""
        return Health(ok=not self.failure, detail=self.failure)

    async def _run_once(self) -> None:
        """Run one app until ``stop``.

        Raises:
            StreamFailed: Faust has ended by itself, or assigned nothing in a minute.
        """
        loop = asyncio.get_running_loop()
        self._assigned = False
        self._app = app = self.make_app()
        app.finalize()
        starting = loop.create_task(app.start(), name="faust")
        deadline = loop.time() + _FIRST_ASSIGNMENT_S
        while True:
            await asyncio.sleep(_POLL_S)
            if self._stopping:
                return
            if starting.done() and (error := _error_of(starting)) is not None:
                raise StreamFailed(describe(error)) from error
            if app.crashed or app.should_stop:
                raise StreamFailed(repr(app.crash_reason))
            if self._assigned:
                self._works()
            elif loop.time() > deadline:
                raise StreamFailed("nothing was assigned in a minute")

    def _works(self) -> None:
        if self.failure:
            get_logger().info("the stream works again")
            self.failure = ""

    async def _end(self) -> None:
        app, self._app = self._app, None
        if app is None:
            return
        stopping = asyncio.create_task(app.stop(), name="faust stops")
        # mode swallows cancellation, so its end is bounded from outside.
        await asyncio.wait({stopping}, timeout=_STOP_S)
        if not stopping.done():
            _cut_off(app)

    def make_app(self) -> Any:
        """A Faust app that hands on its assignment and its records while it is the present app."""
        app: Any = _App(
            group_of(self._corridor),
            broker=[f"kafka://{server}" for server in self._servers],
            broker_credentials=None
            if self._tls is None
            else faust.SSLCredentials(context=self._tls),
            processing_guarantee="at_least_once",
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_replication_factor=1,
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=self._group.instance or None,
            broker_commit_interval=1.0,
            broker_heartbeat_interval=self._group.heartbeat_s,
            broker_session_timeout=self._group.session_s,
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
        app.agreed = self._partitions
        source = app.topic(self._topic, key_type=bytes, value_type=bytes)

        async def take(stream: Any) -> None:
            async for event in stream.events():
                if self._app is app:
                    self._deliver(event.message.partition, _Event(event))

        async def on_assigned(_app: Any, assigned: Iterable[Any], **_: Any) -> None:
            if self._app is app:
                self._assigned = True
                self._assign(part.partition for part in assigned if part.topic == self._topic)

        app.agent(source, concurrency=1, name="take")(take)
        handler: Any = on_assigned
        app.on_partitions_assigned.connect(handler, weak=False)
        return app


def _error_of(task: asyncio.Task[Any]) -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def _cut_off(app: Any) -> None:
    """End the consumer's thread of an app that does not stop, so that it leaves its group.

    Otherwise it would stay a member that has partitions and works on none of them.
    """
    thread = getattr(app.consumer, "_thread", None)
    loop = getattr(thread, "thread_loop", None)
    if loop is None or loop.is_closed():
        return

    def end() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()

    with suppress(RuntimeError):  # The loop was closed in the meantime.
        loop.call_soon_threadsafe(end)


def group_of(corridor: CorridorId) -> str:
    """The consumer group of a corridor's processors."""
    return f"blo-processors-{corridor}"
