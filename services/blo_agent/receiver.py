"""From the log to the store: polls all topics of the office and hands batches to ``ingesting``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from blo_agent.ingesting import Batch, Taken, offset_key, take
from blo_agent.line import Line
from blo_agent.office import NoIdentity, Office
from blo_agent.own_chain import OwnChain, settle_own_chain
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import meta
from blo_log.errors import LogError, LogTruncated, WrongTimestampType
from blo_log.port import Log, Reader, Stored, TopicPartition
from blo_log.topics import (
    DIRECTORY_TOPIC,
    check,
    exchange_topic,
    heads_topic,
    keys_topic,
    plan,
)
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_schemas.event import LogRecord
from blo_schemas.ids import CorridorId, LinkId

_BATCH: Final = 400
_POLL_S: Final = 1.0
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 10.0


class Receiver:
    """Reads everything that concerns the office, whenever the line is up.

    Args:
        office: Who reads.
        store: Where it is kept.
        log: Where from.
        line: Whether the line may be used.
        clock: The office's clock.
        on_taken: Called after each batch, when it is on disk.
        simulated_time: Whether log times are a scenario's; topics that say otherwise are refused.

    Attributes:
        high_watermarks: Where each link's log ended when that was last known.
        is_connected: Whether the log is being read.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        log: Log,
        line: Line,
        clock: Clock,
        on_taken: Callable[[Taken], None],
        *,
        simulated_time: bool,
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._line = line
        self._clock = clock
        self._on_taken = on_taken
        self._simulated_time = simulated_time
        self._links: dict[TopicPartition, LinkId] = {}
        self._goals: dict[LinkId, int] = {}
        self._pause_s = _FIRST_PAUSE_S
        self.high_watermarks: dict[LinkId, int] = {}
        self.is_connected = False

    async def run(self) -> None:
        """Read until cancelled.

        Raises:
            LogTruncated: The log has lost records; somebody must look before anything goes on.
            WrongTimestampType: The topics keep another time than this agent was told.
        """
        while True:
            await self._line.wait_up()
            try:
                await self._read_while_up()
            except (LogTruncated, WrongTimestampType):
                raise
            except LogError as error:
                get_logger().warning("not read", error=str(error), delay_s=self._pause_s)
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)

    async def _read_while_up(self) -> None:
        """One connection's life: the directory first, because it says what else to read."""
        await self._read_directory()
        await self._check_topics()
        reader = await self._log.reader(await self._start())
        going_down = asyncio.create_task(self._line.wait_down())
        try:
            await self._set_goals(reader)
            self.is_connected = True
            self._pause_s = _FIRST_PAUSE_S
            while self._line.is_up:
                polling = asyncio.create_task(reader.poll(max_records=_BATCH, timeout_s=_POLL_S))
                await asyncio.wait({polling, going_down}, return_when=asyncio.FIRST_COMPLETED)
                if not polling.done():
                    polling.cancel()
                    break
                if not await self._handle(reader, polling.result()):
                    break
        finally:
            self.is_connected = False
            going_down.cancel()
            await reader.close()

    async def _read_directory(self) -> None:
        partition = TopicPartition(DIRECTORY_TOPIC, 0)
        start = await self._offset(partition)
        reader = await self._log.reader({partition: start})
        try:
            end = (await reader.high_watermarks())[partition]
            while reader.position(partition) < end:
                found = await reader.poll(max_records=_BATCH, timeout_s=_POLL_S)
                if found:
                    await self._take(self._sort(reader, found))
        finally:
            await reader.close()

    async def _check_topics(self) -> None:
        """Refuse topics that are missing, too small, or keep another kind of time."""
        needed: dict[CorridorId, int] = {}
        for desk in self._office.desks.values():
            needed[desk.corridor] = max(needed.get(desk.corridor, 0), desk.partition + 1)
        planned = plan(needed, replication=1, min_isr=1, simulated_time=self._simulated_time)
        mine = (DIRECTORY_TOPIC, "blo.exchange.", "blo.keys.", "blo.heads.")
        admin = await self._log.admin()
        try:
            await check(admin, [spec for spec in planned if spec.name.startswith(mine)])
        finally:
            await admin.close()

    async def _start(self) -> dict[TopicPartition, int]:
        self._links = {}
        keyed = [TopicPartition(DIRECTORY_TOPIC, 0)]
        start = {}
        for desk in self._office.desks.values():
            exchange = TopicPartition(exchange_topic(desk.corridor), desk.partition)
            self._links[exchange] = desk.link
            start[exchange] = desk.size
            keyed.append(TopicPartition(keys_topic(desk.corridor), desk.partition))
            keyed.append(TopicPartition(heads_topic(desk.corridor), desk.partition))
        for partition in keyed:
            start[partition] = await self._offset(partition)
        return start

    async def _offset(self, partition: TopicPartition) -> int:
        def read(snapshot: Snapshot) -> int:
            stored = meta.get(snapshot, offset_key(partition))
            return 0 if stored is None else msgspec.msgpack.decode(stored, type=int)

        return await self._store.read(read)

    async def _set_goals(self, reader: Reader) -> None:
        """Note the ends behind which everything lies that this agent has sent so far."""
        for partition, end in (await reader.high_watermarks()).items():
            link = self._links.get(partition)
            if link is not None:
                self.high_watermarks[link] = end
                if not self._office.desks[link].own_chain_checked:
                    self._goals[link] = end
        await self._settle_own_chains()

    async def _handle(self, reader: Reader, found: Mapping[TopicPartition, list[Stored]]) -> bool:
        """Take what was read; False when the reader has to begin anew."""
        if found:
            taken = await self._take(self._sort(reader, found))
            if taken.refold or taken.new_links:
                return False
        doubtful = {desk.link for desk in self._office.desks.values() if not desk.own_chain_checked}
        if doubtful - self._goals.keys():
            await self._set_goals(reader)
        elif doubtful:
            await self._settle_own_chains()
        return True

    def _sort(self, reader: Reader, found: Mapping[TopicPartition, list[Stored]]) -> Batch:
        batch = Batch()
        own = self._office.id.encode()
        for partition, stored in found.items():
            link = self._links.get(partition)
            if link is not None:
                batch.records[link] = [
                    LogRecord(one.offset, one.timestamp, one.value or b"") for one in stored
                ]
                end = stored[-1].offset + 1
                self.high_watermarks[link] = max(self.high_watermarks.get(link, 0), end)
                continue
            batch.offsets[partition] = reader.position(partition)
            for one in stored:
                if one.value is None or one.key is None:
                    continue
                if partition.topic == DIRECTORY_TOPIC:
                    batch.documents.append(one.value)
                elif partition.topic.startswith("blo.heads."):
                    batch.heads.append(one.value)
                elif one.key.endswith(own):
                    batch.grants.append(one.value)
        return batch

    async def _take(self, batch: Batch) -> Taken:
        now = self._clock.now_ms()

        def job(tx: Transaction) -> Taken:
            return take(self._office, batch, now, tx)

        taken = await self._store.write(job)
        self._on_taken(taken)
        return taken

    async def _settle_own_chains(self) -> None:
        now = self._clock.now_ms()
        for link, goal in list(self._goals.items()):
            desk = self._office.desks[link]
            if desk.size < goal:
                continue

            def job(tx: Transaction, desk=desk) -> OwnChain:  # type: ignore[no-untyped-def]
                return settle_own_chain(self._office, desk, now, tx)

            try:
                settled = await self._store.write(job)
            except NoIdentity as missing:
                get_logger().warning("own chain not settled", link=link, error=str(missing))
                continue
            del self._goals[link]
            if settled.resealed:
                get_logger().warning("sealed anew", link=link, count=settled.resealed)
            self._on_taken(Taken())


__all__ = ["Receiver"]
