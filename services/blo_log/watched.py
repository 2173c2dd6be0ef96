"""A log whose requests are watched, so that a broker that does not answer is noticed early.

A broker that was frozen, or a network that drops packets, gives no error until the request's time
limit. Whoever watches sees how long each request has been waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from blo_log.port import (
    Admin,
    Appender,
    ConsumedRecord,
    Log,
    LogReader,
    ProducerRecord,
    TopicPartition,
    TopicSpec,
)

Watch = Callable[[str], AbstractContextManager[None]]
"""Opens the watch over one request, named in words; its end is the answer or the error."""


class WatchedLog:
    """``blo_log.port.Log`` over another one, whose requests are watched.

    A poll is not watched, because its answer may be that there is nothing.

    Args:
        inner: The log.
        watch: Watches each request.
    """

    def __init__(self, inner: Log, watch: Watch) -> None:
        self.inner = inner
        self._watch = watch

    async def appender(self) -> Appender:
        """See ``blo_log.port.Log.appender``."""
        with self._watch("connecting to append"):
            return _WatchedAppender(await self.inner.appender(), self._watch)

    async def reader(self, start: Mapping[TopicPartition, int]) -> LogReader:
        """See ``blo_log.port.Log.reader``."""
        with self._watch("connecting to read"):
            return _WatchedReader(await self.inner.reader(start), self._watch)

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """See ``blo_log.port.Log.ends``."""
        with self._watch("where topics end"):
            return await self.inner.ends(partitions)

    async def offset_at(self, partition: TopicPartition, log_time: int) -> int:
        """See ``blo_log.port.Log.offset_at``."""
        with self._watch("where a time begins"):
            return await self.inner.offset_at(partition, log_time)

    async def admin(self) -> Admin:
        """See ``blo_log.port.Log.admin``."""
        with self._watch("connecting to ask for topics"):
            return _WatchedAdmin(await self.inner.admin(), self._watch)

    async def close(self) -> None:
        """See ``blo_log.port.Log.close``."""
        await self.inner.close()


class _WatchedAppender:
    def __init__(self, inner: Appender, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        with self._watch("an append"):
            return await self._inner.append(messages)

    async def close(self) -> None:
        await self._inner.close()


class _WatchedReader:
    def __init__(self, inner: LogReader, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    async def poll(
        self, *, max_records: int = 1000, timeout_s: float = 1.0
    ) -> dict[TopicPartition, list[ConsumedRecord]]:
        return await self._inner.poll(max_records=max_records, timeout_s=timeout_s)

    def position(self, partition: TopicPartition) -> int:
        return self._inner.position(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._inner.seek(partition, offset)

    async def high_watermarks(self) -> dict[TopicPartition, int]:
        with self._watch("where topics end"):
            return await self._inner.high_watermarks()

    async def close(self) -> None:
        await self._inner.close()


class _WatchedAdmin:
    def __init__(self, inner: Admin, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    async def topics(self) -> frozenset[str]:
        with self._watch("which topics there are"):
            return await self._inner.topics()

    async def describe(self, names: Iterable[str]) -> dict[str, TopicSpec]:
        with self._watch("how topics are"):
            return await self._inner.describe(names)

    async def create(self, spec: TopicSpec) -> None:
        with self._watch("making a topic"):
            await self._inner.create(spec)

    async def add_partitions(self, name: str, total: int) -> None:
        with self._watch("adding partitions"):
            await self._inner.add_partitions(name, total)

    async def close(self) -> None:
        await self._inner.close()
