"""Polls all topics of the office and hands the batches to ``apply_batch``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from blo_agent.inbound.apply_batch import take
from blo_agent.inbound.keyed_records import sort_keyed
from blo_agent.inbound.own_chain_checks import OwnChains
from blo_agent.inbound.second_reader import SecondReader
from blo_agent.inbound.truncated_topics import (
    check_end,
    exchange_partition,
    halt_over_cut,
    read_on_after_cut,
)
from blo_agent.inbound.trust_documents import keys_partition, offset_key
from blo_agent.office.batch import Batch, BatchResult
from blo_agent.office.link_state import LinkState
from blo_agent.office.state import Office
from blo_agent.outbound.clock_check import NodeClockCheck
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.outbound.sender import Sender
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import meta
from blo_log.errors import LogError, LogTruncated, TopicMisfit, TopicMissing
from blo_log.port import ConsumedRecord, Log, LogReader, TopicPartition
from blo_log.topics import (
    DIRECTORY_TOPIC,
    check,
    heads_topic,
    liveness_topic,
    plan,
)
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.logs import get_logger
from blo_runtime.reminders import Reminders
from blo_schemas.codec import COUNT
from blo_schemas.event import LogRecord
from blo_schemas.ids import CorridorId, LinkId

_BATCH: Final = 400
_POLL_S: Final = 1.0
_ENDS_EVERY_S: Final = 1.0
"""So often, in seconds, is asked where the logs end; also shows whether Kafka answers."""
_TOPICS_EVERY_S: Final = 5.0
_MINE: Final = (DIRECTORY_TOPIC, "blo.exchange.", "blo.keys.", "blo.heads.", "blo.liveness.")
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
_TASK: Final = "reading"


class InboundReader:
    """Reads everything that concerns the office, whenever the line is up.

    Args:
        office: Who reads.
        store: Where it is kept.
        log: Where from.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        clock_check: Is shown what is read.
        clock: The office's clock.
        on_batch: Called after each batch, when it is on disk.
        sender: Is told which links may be sent.
        simulated_time: Whether log times are a scenario's; topics that say otherwise are refused.

    Attributes:
        high_watermarks: Where each link's log ended when that was last known.
        liveness_read: The corridors whose heartbeats were read to their end since the start.
        is_connected: Whether the log is being read.
        directory_trouble: What is wrong with the topic of the trust documents, in words.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        log: Log,
        line: LineSwitch,
        kafka: KafkaLine,
        clock_check: NodeClockCheck,
        clock: Clock,
        on_batch: Callable[[BatchResult], None],
        sender: Sender,
        *,
        simulated_time: bool,
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._line = line
        self._kafka = kafka
        self._clock_check = clock_check
        self._reminders = Reminders()
        self._clock = clock
        self._on_batch = on_batch
        self._simulated_time = simulated_time
        self._second = SecondReader(office, store, log, clock, on_batch)
        self._links: dict[TopicPartition, LinkId] = {}
        self._corridors: dict[TopicPartition, CorridorId] = {}
        self._own_chains = OwnChains(office, store, clock, sender, on_batch)
        self._pause_s = _FIRST_PAUSE_S
        self._ends_at = 0.0
        self._topics_at = 0.0
        self._anew = False
        self._has_directory = True
        self._refused: dict[str, tuple[float, str]] = {}
        self.directory_trouble = ""
        self.high_watermarks: dict[LinkId, int] = {}
        self.liveness_read: set[CorridorId] = set()
        self.is_connected = False

    def begin_anew(self) -> None:
        """Have the log read from other places soon: a link was resumed."""
        self._anew = True

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await self._line.wait_up()
            try:
                await self._read_while_up()
            except LogTruncated as cut:
                await self._note_cut(cut)
            except LogError as error:
                if self._leave_out(error):
                    continue
                await asyncio.sleep(self._kafka.pause_after(_TASK, error))

    async def _read_while_up(self) -> None:
        """One connection's life: the directory first, because it says what else to read."""
        await self._read_directory()
        states = await self._served_links()
        reader = await self._log.reader(await self._start(states))
        going_down = asyncio.create_task(self._line.wait_down())
        polling: asyncio.Task[dict[TopicPartition, list[ConsumedRecord]]] | None = None
        try:
            self._own_chains.begin()
            await self._look_at_ends(reader)
            self.is_connected = True
            self._kafka.works(_TASK)
            self._pause_s = _FIRST_PAUSE_S
            while self._line.is_up:
                # What is folded a second time need not wait until something new comes.
                timeout_s = 0.0 if self._second.is_due else _POLL_S
                polling = asyncio.create_task(reader.poll(max_records=_BATCH, timeout_s=timeout_s))
                await asyncio.wait({polling, going_down}, return_when=asyncio.FIRST_COMPLETED)
                if not polling.done() or not await self._handle(reader, polling.result()):
                    break
        finally:
            self.is_connected = False
            await _end(going_down, polling)
            await reader.close()
            await self._second.close()

    async def _read_directory(self) -> None:
        """Read the trust documents first; without them, those on disk go on to count.

        Raises:
            LogError: The directory can't be read, and no document is on disk.
            LogTruncated: It was cut.
        """
        partition = TopicPartition(DIRECTORY_TOPIC, 0)
        try:
            reader = await self._log.reader({partition: await self._offset(partition)})
        except LogError as error:
            if error.transient or not self._office.links:
                raise
            self._has_directory = False
            self.directory_trouble = f"trust documents are not read, those here count: {error}"
            if self._reminders.is_due(str(error)):
                get_logger().error("directory not read", error=str(error))
            return
        if not self._has_directory:
            self._has_directory, self.directory_trouble = True, ""
        try:
            end = (await reader.high_watermarks())[partition]
            check_end(reader, partition, end)
            while self._line.is_up and reader.position(partition) < end:
                fetched = await reader.poll(max_records=_BATCH, timeout_s=_POLL_S)
                if fetched:
                    await self._take(self._sorted(reader, fetched))
        finally:
            await reader.close()

    async def _served_links(self) -> list[LinkState]:
        """The links whose topics can serve them; one that can't does not hold up the others."""
        served = []
        now = _loop_time()
        refused = {topic: why for topic, (until, why) in self._refused.items() if until > now}
        admin = await self._log.admin()
        try:
            for state in self._office.links.values():
                links = {state.corridor: state.partition + 1}
                specs = plan(links, replication=1, min_isr=1, simulated_time=self._simulated_time)
                specs = [spec for spec in specs if spec.name.startswith(_MINE)]
                if not self._has_directory:
                    specs = [spec for spec in specs if spec.name != DIRECTORY_TOPIC]
                try:
                    await check(admin, specs)
                except (TopicMissing, TopicMisfit) as error:
                    state.status.unserved = str(error)
                    if self._reminders.is_due((state.link, str(error))):
                        get_logger().error("link not served", link=state.link, error=str(error))
                    continue
                left_out = [refused[spec.name] for spec in specs if spec.name in refused]
                state.status.unserved = left_out[0] if left_out else ""
                if not left_out:
                    served.append(state)
        finally:
            await admin.close()
        self._topics_at = _loop_time() + _TOPICS_EVERY_S
        return served

    async def _start(self, states: list[LinkState]) -> dict[TopicPartition, int]:
        self._links = {}
        keyed = [TopicPartition(DIRECTORY_TOPIC, 0)] if self._has_directory else []
        start = {}
        for state in states:
            if state.status.is_read_on:
                self._links[exchange_partition(state)] = state.link
                start[exchange_partition(state)] = state.size
            keyed.append(keys_partition(state))
            keyed.append(TopicPartition(heads_topic(state.corridor), state.partition))
        self._corridors = {
            TopicPartition(liveness_topic(state.corridor), 0): state.corridor for state in states
        }
        keyed.extend(self._corridors)
        for partition in keyed:
            start[partition] = await self._offset(partition)
        return start

    def _leave_out(self, error: LogError) -> bool:
        """Leave the links of one topic out for a while, so that the others are read."""
        topic = getattr(error, "topic", "")
        if error.transient or not topic or topic == DIRECTORY_TOPIC:
            return False
        if self._refused.get(topic, (0.0, ""))[0] > _loop_time():
            return False  # It was left out and fails all the same.
        if self._reminders.is_due(str(error)):
            get_logger().error("topic not read", topic=topic, error=str(error))
        self._refused[topic] = (_loop_time() + _TOPICS_EVERY_S, str(error))
        return True

    async def _note_cut(self, cut: LogTruncated) -> None:
        """A topic has lost records: halt its link, or read on from what is there.

        A link's exchange is the only truth, so the link is halted. The other topics are compacted
        or their documents are on disk: they are read from what they have now.
        """
        partition = TopicPartition(cut.topic, cut.partition)
        states = self._office.links.values()
        halted = next((state for state in states if exchange_partition(state) == partition), None)
        now = self._clock.now_ms()

        def job(tx: Transaction) -> BatchResult:
            result = BatchResult()
            if halted is not None:
                halt_over_cut(halted, cut, now, tx, result)
            else:
                read_on_after_cut(partition, cut, now, tx, result)
            return result

        self._on_batch(await self._store.write(job))
        if partition.topic == DIRECTORY_TOPIC:
            self.directory_trouble = f"trust documents were removed, those here count: {cut}"
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)

    async def _offset(self, partition: TopicPartition) -> int:
        def read(snapshot: Snapshot) -> int:
            stored = meta.get(snapshot, offset_key(partition))
            return 0 if stored is None else COUNT.decode(stored)

        return await self._store.read(read)

    async def _look_at_ends(self, reader: LogReader) -> None:
        """Ask where the logs end; for links in doubt, all that this agent sent lies before that.

        Raises:
            BrokerUnreachable: The line is down, which polling alone would not show.
            LogTruncated: A topic ends before the place where it is read.
        """
        self._own_chains.doubt(self._links.values())
        for partition, end in (await reader.high_watermarks()).items():
            check_end(reader, partition, end)
            corridor = self._corridors.get(partition)
            if corridor is not None and reader.position(partition) >= end:
                self.liveness_read.add(corridor)
            link = self._links.get(partition)
            if link is not None:
                self.high_watermarks[link] = end
                self._own_chains.note_end(link, end)
        self._ends_at = _loop_time() + _ENDS_EVERY_S

    async def _handle(
        self, reader: LogReader, fetched: Mapping[TopicPartition, list[ConsumedRecord]]
    ) -> bool:
        """Take what was read; False when the reader has to begin anew."""
        if fetched:
            result = await self._take(self._sorted(reader, fetched))
            if result.must_begin_anew:
                self._own_chains.forget_pace()
                return False
        if await self._second.step():
            return False
        if _loop_time() >= self._ends_at:
            await self._own_chains.look_for_stranded()
            await self._look_at_ends(reader)
        elif self._own_chains.need_an_end(self._links.values()):
            await self._look_at_ends(reader)
        await self._own_chains.settle()
        if self._anew:
            self._anew = False
            return False
        unserved = any(state.status.unserved for state in self._office.links.values())
        is_whole = not unserved and self._has_directory
        return is_whole or _loop_time() < self._topics_at

    def _sorted(
        self, reader: LogReader, fetched: Mapping[TopicPartition, list[ConsumedRecord]]
    ) -> Batch:
        batch = Batch()
        for partition, stored in fetched.items():
            self._clock_check.note_read(partition, stored)
            link = self._links.get(partition)
            if link is None:
                batch.offsets[partition] = reader.position(partition)
                sort_keyed(batch, partition, stored, self._office.id)
                continue
            batch.records[link] = [
                LogRecord(record.offset, record.timestamp, record.value or b"") for record in stored
            ]
            end = stored[-1].offset + 1
            self.high_watermarks[link] = max(self.high_watermarks.get(link, 0), end)
        return batch

    async def _take(self, batch: Batch) -> BatchResult:
        now = self._clock.now_ms()

        def job(tx: Transaction) -> BatchResult:
            return take(self._office, batch, now, tx)

        result = await self._store.write(job)
        self._on_batch(result)
        return result


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks and wait until they have ended."""
    living = [task for task in tasks if task is not None]
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
