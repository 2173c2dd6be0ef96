"""Sends the chunks of own files, one at a time, behind everything else that the office writes.

The chunks have a producer of their own, so no event ever waits in a queue behind one. At most one
chunk is under way, and none is begun while an event or a head waits to be sent.
"""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from blo_agent.files.line_use import LineUse
from blo_agent.files.options import FileOptions
from blo_agent.office.state import Office
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.outbound.sender import Sender
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import files, keys
from blo_agent.store.tables.files import FileRow, FileState, Withdrawal
from blo_log.port import Appender, Log, ProducerRecord
from blo_log.topics import files_topic
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.metrics import Metrics
from blo_schemas.files import chunk_count, chunk_record_key
from blo_schemas.ids import KeyId, LinkId
from blo_sealing.files import SealedFile, chunk_record, derive_file_key
from blo_sealing.keys import ContentKey

_YIELD_S: Final = 0.01
_AT_ONCE: Final = 100


class _Chunk(NamedTuple):
    """The next chunk to send."""

    row: FileRow
    number: int
    key: bytes
    value: bytes


class FileSender:
    """Sends what the store holds of own files whose events the log has accepted.

    Args:
        office: Whose files; tells which links may be written.
        store: Where the files are.
        log: Where to; with connections of its own.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        sender: Sends everything else, and goes first.
        clock: Gives the times of a simulated log.
        metrics: Counts.
        options: How much of the line may be used.
        simulated_time: Whether records carry the clock's time.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        log: Log,
        line: LineSwitch,
        kafka: KafkaLine,
        sender: Sender,
        clock: Clock,
        metrics: Metrics,
        options: FileOptions,
        *,
        simulated_time: bool,
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._sender = sender
        self._clock = clock
        self._metrics = metrics
        self._simulated_time = simulated_time
        self._appender: Appender | None = None
        self._use = LineUse("sending files", line, kafka, options)

    def wake(self) -> None:
        """There may be something to send."""
        self._use.wake()

    async def run(self) -> None:
        """Send until cancelled."""
        await self._use.run(self._step, self._let_go)

    async def _step(self) -> float | None:
        """Send the next chunk, or delete the chunks of a shredded case at the broker."""
        if await self._sender.has_work():
            return _YIELD_S
        links = {
            link: state
            for link, state in self._office.links.items()
            if state.status.may_send and not state.status.unserved
        }
        withdrawal, chunk = await self._store.read(lambda snapshot: _next(snapshot, set(links)))
        if withdrawal is not None:
            return await self._withdraw(withdrawal)
        if chunk is None:
            return None
        link = chunk.row.about.link
        busy_s = await self._append(link, [(chunk.key, chunk.value)])
        self._metrics.file_bytes.labels(link=link, direction="given").inc(len(chunk.value))
        await self._store.write(lambda tx: _note_sent(chunk, self._clock.now_ms(), tx))
        return busy_s

    async def _withdraw(self, withdrawal: Withdrawal) -> float:
        records = [
            (chunk_record_key(withdrawal.case, withdrawal.file, index), None)
            for index in range(withdrawal.chunks)
        ]
        busy_s = await self._append(withdrawal.link, records)

        def note(tx: Transaction) -> None:
            files.withdrawn(tx, withdrawal)

        await self._store.write(note)
        return busy_s

    async def _append(
        self, link: LinkId, records: list[tuple[bytes, bytes]] | list[tuple[bytes, None]]
    ) -> float:
        """Append records to the link's partition; for how many seconds that used the line."""
        state = self._office.links[link]
        topic, at = files_topic(state.corridor), None
        if self._simulated_time:
            at = self._clock.now_ms()
        if self._appender is None:
            self._appender = await self._log.appender()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._appender.append(
            [ProducerRecord(topic, state.partition, key, value, at) for key, value in records]
        )
        return loop.time() - began

    async def _let_go(self) -> None:
        if self._appender is not None:
            appender, self._appender = self._appender, None
            await appender.close()


def _next(snapshot: Snapshot, links: set[LinkId]) -> tuple[Withdrawal | None, _Chunk | None]:
    for withdrawal in files.withdrawals(snapshot, _AT_ONCE):
        if withdrawal.link in links:
            return withdrawal, None
    for row in files.in_states(snapshot, [FileState.SENDING]):
        if row.about.link in links:
            chunk = _sealed(snapshot, row)
            if chunk is not None:
                return None, chunk
    return None, None


def _sealed(snapshot: Snapshot, row: FileRow) -> _Chunk | None:
    """The next chunk of a file; ``None``: the key of its case is not here."""
    about = row.about
    plain = files.piece(snapshot, row.seq, about.done)
    if about.case is None or about.sha256 is None or plain is None:
        return None
    stored = keys.get(snapshot, about.link, KeyId(about.case))
    if stored is None:
        return None
    named = SealedFile(about.link, about.case, about.file, about.size, about.sha256)
    file_key = derive_file_key(named, ContentKey(stored.key))
    return _Chunk(row, about.done, *chunk_record(named, file_key, about.done, plain))


def _note_sent(chunk: _Chunk, now: int, tx: Transaction) -> None:
    """Note that a chunk is in the log; its file may have been shredded meanwhile."""
    row = files.get(tx, chunk.row.about.id)
    if row is None or row.about.state is not FileState.SENDING or row.about.done != chunk.number:
        return
    done = chunk.number + 1
    about = row.about._replace(done=done)
    if done == chunk_count(about.size):
        about = about._replace(state=FileState.SENT, at=now)
    files.put(tx, FileRow(row.seq, about))
