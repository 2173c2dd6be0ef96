"""The log as a port: what a program needs of it, whoever keeps it.

Two kinds of topics lie behind it (docs/wire-format.md §8). An *ordered log* (``blo.exchange.{corridor}``) has one
partition per link, and the record at offset n is the link's (n+1)th. A *keyed topic* is compacted:
its offsets grow but may have gaps, and a record without a value deletes its key.

Adapters: ``blo_log.memory`` and ``blo_log.kafka``. Both pass the suite in ``tests/contracts/``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from blo_log.errors import LogTruncated, LogUnavailable

MAX_RECORD_BYTES: Final = 1024 * 1024 - 1024
"""The most bytes of key and value together; four times what an envelope may have (docs/wire-format.md §3)."""

_SILENT_POLLS: Final = 10


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class ProducerRecord(msgspec.Struct, frozen=True, gc=False):
    """A record to append.

    Attributes:
        topic: Where to.
        partition: Which partition, always explicit: the agreement says it, never a hash.
        key: Its key; a compacted topic refuses a record without one.
        value: Its value; ``None`` is a tombstone, which needs a key.
        timestamp: Unix milliseconds, kept only by a topic with ``CreateTime``; a topic with
            ``LogAppendTime`` puts its own. ``None``: the writer's clock.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp: int | None = None


class ConsumedRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as read.

    Attributes:
        offset: Its position in the partition, from 0.
        timestamp: Unix milliseconds, by the log's clock or the writer's, as the topic says. Both
            may say anything; an adapter hands out the nearest instant (``instants.clamped``).
        key: Its key, if it has one.
        value: Its value; ``None`` is a tombstone.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class TopicSpec(msgspec.Struct, frozen=True):
    """A topic as planned or as found.

    Attributes:
        name: Its name.
        partitions: How many partitions it has.
        replication: How many copies of each.
        config: Kafka's topic settings by Kafka's names; as planned, only those that matter, as
            found, all of them.
    """

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


class Appender(Protocol):
    """Appends records in order; one writer's sequence, used by one task at a time or by several."""

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        """Append records and wait until all of them are safe (acknowledged by all in-sync copies).

        Within a partition they are appended in the given order, and none is attempted after one
        that failed. Concurrent calls are served one after the other.

        Args:
            messages: What to append, to any partitions; may be empty.

        Returns:
            The offset of each, in the order given.

        Raises:
            AppendFailed: Not all were acknowledged. Says which were, and why the others were not;
                those may or may not be in the log. The appender is fit for use again: resend the
                others, the same bytes in the same order.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections; what is under way and not acknowledged is given up."""
        ...


class LogReader(Protocol):
    """Reads partitions in order from chosen offsets; no group, no committed offsets."""

    async def poll(
        self, *, max_records: int = 1000, timeout_s: float = 1.0
    ) -> dict[TopicPartition, list[ConsumedRecord]]:
        """Return what comes next, as soon as there is anything.

        While the line is down it returns nothing, and goes on where it was when the line is back;
        ``high_watermarks`` tells the difference.

        Args:
            max_records: At most so many records in all.
            timeout_s: How many seconds to wait for the first.

        Returns:
            The next records of each partition that has any, in order; empty after the timeout.

        Raises:
            LogTruncated: The log no longer has, or never had, what comes next.
            TopicMissing: The topic is gone.
            NotAuthorised: The topic may not be read (any more).
        """
        ...

    def position(self, partition: TopicPartition) -> int:
        """Return the offset that is read next."""
        ...

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on reading this partition, one of the reader's, from another offset."""
        ...

    async def high_watermarks(self) -> dict[TopicPartition, int]:
        """Ask where each of the reader's partitions ends now.

        A partition has been read to that end when ``position`` has reached it. (Its last record's
        offset says less: a compacted topic has gaps.)

        Raises:
            BrokerUnreachable: The line is down.
            LogError: As for ``poll``.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


class Admin(Protocol):
    """Topics, seen and made. Nothing is ever changed or deleted."""

    async def topics(self) -> frozenset[str]:
        """Return the names of all topics that this client may see, internal ones left out.

        Raises:
            LogError: They could not be listed.
        """
        ...

    async def describe(self, names: Iterable[str]) -> dict[str, TopicSpec]:
        """Return these topics as they are, with all their settings; missing ones are left out.

        Raises:
            LogError: They could not be described.
        """
        ...

    async def create(self, spec: TopicSpec) -> None:
        """Make a topic, and return when it can be used.

        Raises:
            TopicExists: It is there already.
            TopicRefused: The log does not accept the plan, and says why.
            LogError: It could not be made.
        """
        ...

    async def add_partitions(self, name: str, total: int) -> None:
        """Let a topic have ``total`` partitions, which is more than it has.

        Raises:
            TopicMissing: There is no such topic.
            TopicRefused: The log does not accept that, and says why.
            LogError: They could not be added.
        """
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


class Log(Protocol):
    """A way to a log. What it opened is closed with it."""

    async def appender(self) -> Appender:
        """Open a writer.

        Raises:
            BrokerUnreachable: The line is down.
        """
        ...

    async def reader(self, start: Mapping[TopicPartition, int]) -> LogReader:
        """Open a reader.

        Args:
            start: The partitions to read, each with the offset of the first record wanted.

        Raises:
            BrokerUnreachable: The line is down.
            TopicMissing: There is no such topic or partition.
            NotAuthorised: The topic may not be read.
        """
        ...

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Ask where partitions end now, many at once.

        Args:
            partitions: Any partitions.

        Returns:
            The offset of the next record of each. A partition that can't be asked is left out; a
            reader of it says why.

        Raises:
            LogError: No partition can be asked: the line is down, for instance.
        """
        ...

    async def offset_at(self, partition: TopicPartition, log_time: int) -> int:
        """Ask from which offset on a partition has the records of a time and later ones.

        Args:
            partition: Any partition whose log times do not go back.
            log_time: The time, Unix milliseconds.

        Returns:
            The offset of the first record of that time or later; the partition's end if there is
            none.

        Raises:
            LogError: The partition can't be asked.
        """
        ...

    async def admin(self) -> Admin:
        """Open an administrator.

        Raises:
            BrokerUnreachable: The line is down.
        """
        ...

    async def close(self) -> None:
        """Close everything that was opened here."""
        ...


async def read_at(
    reader: LogReader, partition: TopicPartition, positions: Sequence[int]
) -> AsyncIterator[ConsumedRecord]:
    """Read the records at chosen offsets again.

    Args:
        reader: Of the partition; it stands anywhere afterwards.
        partition: The partition.
        positions: Offsets of records that were read before, ascending.

    Yields:
        The records, in order.

    Raises:
        LogUnavailable: They do not come, although the line is up.
        LogError: As for ``LogReader.poll`` and ``high_watermarks``.
    """
    silent = 0
    left = list(positions)
    while left:
        run = next((n for n in range(1, len(left)) if left[n] != left[n - 1] + 1), len(left))
        if reader.position(partition) != left[0]:
            reader.seek(partition, left[0])
        found = (await reader.poll(max_records=run)).get(partition, [])
        for stored in found:
            yield stored
        del left[: len(found)]
        silent = 0 if found else silent + 1
        if silent:
            await reader.high_watermarks()
        if silent >= _SILENT_POLLS:
            raise LogUnavailable(f"the record at {left[0]} was read before and does not come again")


async def read_to_end(
    reader: LogReader, *, max_records: int = 1000
) -> AsyncIterator[dict[TopicPartition, list[ConsumedRecord]]]:
    """Read on to where the reader's partitions end as of now, and stop there.

    Args:
        reader: Read on from where it stands.
        max_records: At most so many records at a time.

    Yields:
        As ``LogReader.poll``; the last records may lie beyond that end.

    Raises:
        BrokerUnreachable: The line is down at the start, or records stay away and it is down now.
        LogTruncated: Records stay away, and a partition ends before where it ended at the start.
        LogError: As for ``LogReader.poll``.
    """
    ends = await reader.high_watermarks()
    while any(reader.position(partition) < end for partition, end in ends.items()):
        records = await reader.poll(max_records=max_records, timeout_s=1.0)
        if records:
            yield records
        else:
            _refuse_shorter(reader, ends, await reader.high_watermarks())


def _refuse_shorter(
    reader: LogReader, before: Mapping[TopicPartition, int], now: Mapping[TopicPartition, int]
) -> None:
    """A log that was cut back to the very place of its reader gives no other sign than its end."""
    for partition, end in before.items():
        if now[partition] < end:
            raise LogTruncated(
                *partition,
                reader.position(partition),
                f"it ended before {end} and now ends before {now[partition]}",
            )
