"""Fetches the chunks of files that somebody wants, and checks each before it counts.

A file's chunks lie behind its event in the log of files, between those of others. They are looked
for from the event's log time on. What is missing or wrong is a finding about that file; it stops
no other one, and no reader.
"""

from __future__ import annotations

import asyncio
from typing import Final

from blo_agent.files.line_use import LineUse
from blo_agent.files.options import FileOptions
from blo_agent.files.wanted import (
    WantedFile,
    digest_of,
    load_wanted,
    note_unfinished,
    open_chunks,
    store_chunks,
    verify,
    want_announced,
)
from blo_agent.office.state import Office
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables.files import FileFinding
from blo_log.errors import LogTruncated
from blo_log.port import ConsumedRecord, Log, LogReader, TopicPartition
from blo_log.topics import files_topic
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics

CLOCK_SLACK_MS: Final = 10 * 60 * 1000
"""By so much the clocks of brokers may differ."""

_RECORDS: Final = 4
_POLL_S: Final = 1.0


class FileFetcher:
    """Fetches files, of all links at once.

    Args:
        office: Who fetches.
        store: Where the files are kept.
        log: Where from; with connections of its own, and small requests.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        clock: The office's clock.
        metrics: Counts.
        options: How much of the line and of the store may be used.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        log: Log,
        line: LineSwitch,
        kafka: KafkaLine,
        clock: Clock,
        metrics: Metrics,
        options: FileOptions,
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._options = options
        self._reader: LogReader | None = None
        self._wanted: dict[int, WantedFile] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._may_be_wanted = True
        self._use = LineUse("fetching files", line, kafka, options)

    def wake(self) -> None:
        """A file may be wanted."""
        self._may_be_wanted = True
        self._use.wake()

    async def run(self) -> None:
        """Fetch until cancelled."""
        await self._use.run(self._step, self._let_go)

    async def _step(self) -> float | None:
        """Take the next records of the links with wanted files."""
        if self._may_be_wanted or not self._wanted:
            self._may_be_wanted = False
            await self._look_for_wanted()
        if not self._wanted:
            return None
        reader = await self._ready()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            batch = await reader.poll(max_records=_RECORDS, timeout_s=_POLL_S)
        except LogTruncated as cut:
            # What is gone can't be fetched; what is there is looked through.
            get_logger().warning("log of files is cut", topic=cut.topic, error=str(cut))
            self._positions[TopicPartition(cut.topic, cut.partition)] = cut.begin or 0
            await self._close_reader()
            return _POLL_S
        busy_s = loop.time() - began
        for partition, records in batch.items():
            await self._take(partition, records)
            self._positions[partition] = reader.position(partition)
        if not batch:
            await self._look_at_ends(reader)
        return busy_s if batch else 0.0

    async def _look_for_wanted(self) -> None:
        options, now = self._options, self._clock.now_ms()

        def choose(tx: Transaction) -> None:
            want_announced(options, now, tx)

        await self._store.write(choose)
        known = set(self._wanted)
        fresh = await self._store.read(lambda snapshot: load_wanted(snapshot, known))
        for file in fresh:
            partition = self._partition(file)
            if partition is None:
                continue
            start = await self._start(file, partition)
            self._wanted[file.row.seq] = file
            if start < self._positions.get(partition, start + 1):
                self._positions[partition] = start
                await self._close_reader()

    def _partition(self, file: WantedFile) -> TopicPartition | None:
        """Where a file's chunks are; ``None`` while the link is not served."""
        state = self._office.links.get(file.row.about.link)
        if state is None or state.status.unserved:
            return None
        return TopicPartition(files_topic(state.corridor), state.partition)

    async def _start(self, file: WantedFile, partition: TopicPartition) -> int:
        about = file.row.about
        if about.read_to is not None:
            return about.read_to
        return await self._log.offset_at(partition, max(0, (about.log_time or 0) - CLOCK_SLACK_MS))

    async def _ready(self) -> LogReader:
        if self._reader is None:
            partitions = {self._partition(file) for file in self._wanted.values()}
            start = {
                partition: offset
                for partition, offset in self._positions.items()
                if partition in partitions
            }
            self._positions = dict(start)
            self._reader = await self._log.reader(start)
        return self._reader

    async def _take(self, partition: TopicPartition, records: list[ConsumedRecord]) -> None:
        """Open what belongs to wanted files of a link, and store it."""
        wanted = [file for file in self._wanted.values() if self._partition(file) == partition]
        opened = open_chunks(wanted, records)
        if not opened:
            return
        now = self._clock.now_ms()
        complete = await self._store.write(lambda tx: store_chunks(opened, now, tx))
        for chunk in opened:
            link = chunk.file.row.about.link
            self._metrics.file_bytes.labels(link=link, direction="taken").inc(len(chunk.plain))
        for file in complete:
            await self._verify(file)

    async def _verify(self, file: WantedFile) -> None:
        """Compare the whole file with the hash that its event names."""

        def look(snapshot: Snapshot) -> bytes:
            return digest_of(file, snapshot)

        digest = await self._store.read(look)
        now = self._clock.now_ms()
        finding = await self._store.write(lambda tx: verify(file, digest, now, tx))
        self._done_with(file, finding)

    async def _look_at_ends(self, reader: LogReader) -> None:
        """Say what is wrong with files of links whose log of files was read to its end."""
        ends = await reader.high_watermarks()
        at_end = {part for part, end in ends.items() if reader.position(part) >= end}
        unfinished = [file for file in self._wanted.values() if self._partition(file) in at_end]
        now = self._clock.now_ms()
        findings = await self._store.write(lambda tx: note_unfinished(unfinished, now, tx))
        for file in unfinished:
            finding = findings.get(file.row.seq)
            if finding is not None:
                self._done_with(file, finding)
        await self._forget_unwanted()

    async def _forget_unwanted(self) -> None:
        """Stop looking for what was shredded, or let go, meanwhile."""
        wanted = await self._store.read(load_wanted)
        numbers = {file.row.seq for file in wanted}
        self._wanted = {seq: file for seq, file in self._wanted.items() if seq in numbers}

    def _done_with(self, file: WantedFile, finding: FileFinding | None) -> None:
        self._wanted.pop(file.row.seq, None)
        if finding is not None:
            link = file.row.about.link
            get_logger().warning("a file can't be had", link=link, reason=finding.value)
            self._metrics.file_findings.labels(link=link, reason=finding.value).inc()

    async def _close_reader(self) -> None:
        if self._reader is not None:
            reader, self._reader = self._reader, None
            await reader.close()

    async def _let_go(self) -> None:
        self._wanted = {}
        self._positions = {}
        self._may_be_wanted = True
        await self._close_reader()
