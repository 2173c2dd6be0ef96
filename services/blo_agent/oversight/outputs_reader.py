"""Reads the processors' topics, apart from the log, so that nothing on them stops the log's reader.

It has a reader of its own, and a position of its own in the store. Topics that are missing, not to
be read, or shorter than before are said, and tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from blo_agent.office.state import Office
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.oversight.apply_outputs import (
    OutputBatch,
    OutputBatchResult,
    OutputTopic,
    begin_reading,
    go_back_for_keys,
    needs_new_start,
    read_from,
    stored_offset,
    take_outputs,
)
from blo_agent.oversight.compare import (
    CLOCK_MARGIN_MS,
    Comparison,
    ComparisonResult,
    ComparisonTime,
)
from blo_agent.oversight.difference_log import DifferenceLog
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_domain.processor_outputs import processors_ever
from blo_log.errors import LogError, LogTruncated
from blo_log.port import ConsumedRecord, Log, LogReader, TopicPartition
from blo_log.topics import alerts_topic, cases_topic
from blo_runtime.clock import Clock, ManualClock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.reminders import Reminders
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.outputs import OutputKind

_BATCH: Final = 100
_POLL_S: Final = 0.5
_ENDS_EVERY_S: Final = 2.0
_TOPICS_EVERY_S: Final = 10.0
_IDLE_S: Final = 1.0
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
_TASK: Final = "reading what processors write"


class OutputsReader:
    """Reads what processors write about the office's links, and has it compared.

    Args:
        office: Who reads.
        store: Where it is kept.
        log: Where from.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        clock: The office's clock.
        metrics: Where it counts.
        read_to_end: Whether a link's own log has been read to its end.
        after_s: How long a difference must last before it is told, in seconds.
        probe: For tests: called with the name of each step between two that can be interrupted.

    Attributes:
        troubles: What can't be read now, in words.
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
        read_to_end: Callable[[LinkId], bool],
        *,
        after_s: float,
        probe: Callable[[str], None] | None = None,
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._line = line
        self._kafka = kafka
        self._reminders = Reminders()
        self._clock = clock
        self._read_to_end = read_to_end
        self._probe = probe or (lambda _: None)
        self._comparison = Comparison(office, after_s)
        self._difference_log = DifferenceLog(office, metrics)
        self._sources: dict[TopicPartition, OutputTopic] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._ends_at = 0.0
        self._pause_s = _FIRST_PAUSE_S
        self.troubles: tuple[str, ...] = ()

    @property
    def standing(self) -> Mapping[tuple[LinkId, OfficeId, str], int]:
        """How many differences stand, by link, processor and what."""
        return self._comparison.standing

    def load(self, tx: Transaction) -> None:
        """Learn what stands, in the store's thread: before ``run``, and after a fault."""
        self._comparison.load(tx)
        self._difference_log.compared(ComparisonResult(), self._comparison.standing)
        self._difference_log.alerts(tx)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await self._line.wait_up()
            try:
                await self._read_while_up()
            except LogTruncated as truncated:
                await self._begin_again(truncated)
            except LogError as error:
                self.troubles = (str(error),)
                await asyncio.sleep(self._kafka.pause_after(_TASK, error))

    async def _read_while_up(self) -> None:
        """One connection's life; it ends when other topics are to be read."""
        wanted = self._wanted()
        if not wanted:
            self.troubles = ()
            await asyncio.sleep(_IDLE_S)
            return
        self._sources = await self._there(wanted)
        if not self._sources:
            await asyncio.sleep(_IDLE_S)
            return
        reader = await self._log.reader(await self._start())
        until = _loop_time() + _TOPICS_EVERY_S if len(self._sources) < len(wanted) else None
        try:
            self._ends_at = 0.0
            self._pause_s = _FIRST_PAUSE_S
            self._kafka.works(_TASK)
            while self._line.is_up and self._wanted() == wanted:
                if until is not None and _loop_time() >= until:
                    break
                if _loop_time() >= self._ends_at:
                    self._ends = await reader.high_watermarks()
                    self._ends_at = _loop_time() + _ENDS_EVERY_S
                if not await self._turn(reader):
                    break
        finally:
            await reader.close()

    def _wanted(self) -> dict[TopicPartition, OutputTopic]:
        """Where processors write about the office's links, as far as agreements name any."""
        topics = {}
        for link, state in self._office.links.items():
            if not processors_ever(self._office.directory, link):
                continue
            for topic, kind in (
                (cases_topic(state.corridor), OutputKind.CASE),
                (alerts_topic(state.corridor), OutputKind.ALERT),
            ):
                partition = TopicPartition(topic, state.partition)
                topics[partition] = OutputTopic(partition, link, kind)
        return topics

    async def _there(
        self, wanted: Mapping[TopicPartition, OutputTopic]
    ) -> dict[TopicPartition, OutputTopic]:
        admin = await self._log.admin()
        try:
            specs = await admin.describe(sorted({place.topic for place in wanted}))
        finally:
            await admin.close()
        sizes = {name: spec.partitions for name, spec in specs.items()}
        there = {
            place: source
            for place, source in wanted.items()
            if place.partition < sizes.get(place.topic, 0)
        }
        missing = sorted(
            f"{place.topic}/{place.partition}" for place in wanted.keys() - there.keys()
        )
        if missing and self.troubles != (trouble := (f"not there: {', '.join(missing)}",)):
            self.troubles = trouble
            get_logger().warning("outputs are missing", topic=", ".join(missing))
        elif not missing:
            self.troubles = ()
        return there

    async def _start(self) -> dict[TopicPartition, int]:
        now = self._clock.now_ms()
        sources = list(self._sources.values())

        def job(tx: Transaction) -> dict[TopicPartition, int]:
            if needs_new_start(self._office, sources, now, tx):
                begin_reading(self._office, sources, now, tx)
                for source in sources:
                    self._comparison.forget(source.link, tx)
            go_back_for_keys(self._office, sources, tx)
            return {place: stored_offset(tx, place) for place in self._sources}

        return await self._store.write(job)

    async def _turn(self, reader: LogReader) -> bool:
        """Poll, take in, compare; False when the reader has to begin anew."""
        polled = await reader.poll(max_records=_BATCH, timeout_s=_POLL_S)
        batch = self._sort(reader, polled)
        now = self._clock.now_ms()
        sources = list(self._sources.values())

        def take(tx: Transaction) -> tuple[OutputBatchResult, dict[OutputTopic, int], bool]:
            taken = take_outputs(self._office, batch, now, tx)
            self._comparison.note(taken.cases)
            if taken.taken:
                self._difference_log.alerts(tx)
            back = go_back_for_keys(self._office, sources, tx)
            return taken, back, needs_new_start(self._office, sources, now, tx)

        taken, back, anew = await self._store.write(take)
        if polled:
            self._probe("outputs taken")
        self._difference_log.taken(taken)
        for source, offset in back.items():
            reader.seek(source.partition, offset)
        if anew:
            return False
        await self._compare(reader)
        return True

    def _sort(
        self, reader: LogReader, fetched: Mapping[TopicPartition, list[ConsumedRecord]]
    ) -> OutputBatch:
        offsets = {partition: reader.position(partition) for partition in fetched}
        return OutputBatch(
            {self._sources[place]: values for place, values in fetched.items()}, offsets
        )

    async def _compare(self, reader: LogReader) -> None:
        more = True
        while more and self._line.is_up:
            moment = self._moment(reader)
            links = {source.link for source in self._sources.values()}
            processors = {link: self._named(link, moment.now) for link in sorted(links)}

            def job(
                tx: Transaction,
                moment: ComparisonTime = moment,
                processors: Mapping[LinkId, frozenset[OfficeId]] = processors,
            ) -> ComparisonResult:
                return self._comparison.step(moment, processors, tx)

            compared = await self._store.write(job)
            self._difference_log.compared(compared, self._comparison.standing)
            more = compared.more

    def _moment(self, reader: LogReader) -> ComparisonTime:
        now = self._clock.now_ms()
        read = set()
        for link in {source.link for source in self._sources.values()}:
            places = [place for place, source in self._sources.items() if source.link == link]
            if len(places) == 2 and all(
                reader.position(place) >= self._ends.get(place, 0) for place in places
            ):
                read.add(link)
        settled = {
            link: now - CLOCK_MARGIN_MS
            for link in read
            if not isinstance(self._clock, ManualClock) and self._read_to_end(link)
        }
        return ComparisonTime(now, _loop_time(), settled, frozenset(read))

    def _named(self, link: LinkId, now: int) -> frozenset[OfficeId]:
        agreement = self._office.directory.agreement(link, now)
        return frozenset(() if agreement is None else agreement.processors)

    async def _begin_again(self, truncated: LogTruncated) -> None:
        """A topic was made anew, or cut: what is there now is read from its beginning."""
        get_logger().error("outputs were cut", topic=truncated.topic, error=str(truncated))
        source = self._sources[TopicPartition(truncated.topic, truncated.partition)]

        def job(tx: Transaction) -> None:
            read_from(tx, source, truncated.begin or 0)
            self._comparison.forget(source.link, tx)

        await self._store.write(job)
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
