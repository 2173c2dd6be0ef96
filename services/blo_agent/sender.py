"""From the outbox to the log: at least once, in order, always the same bytes (DESIGN §9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from blo_agent.line import Line
from blo_agent.office import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import outbox
from blo_log.errors import AppendFailed, LogError
from blo_log.port import Appender, Log, Message
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_schemas.ids import LinkId

_BATCH: Final = 1000
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 10.0


class Sender:
    """Appends what the outbox holds, whenever the line is up.

    Args:
        office: Whose outbox; tells which links may be written.
        store: Where the outbox is.
        log: Where to.
        line: Whether the line may be used.
        clock: Gives the times of a simulated log.
        metrics: Counts.
        simulated_time: Whether records carry the clock's time.
        probe: For tests: called with the name of each step between two that can be interrupted.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        log: Log,
        line: Line,
        clock: Clock,
        metrics: Metrics,
        *,
        simulated_time: bool,
        probe: Callable[[str], None] | None = None,
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._line = line
        self._clock = clock
        self._metrics = metrics
        self._simulated_time = simulated_time
        self._probe = probe or (lambda _: None)
        self._wake = asyncio.Event()
        self._appender: Appender | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._extra: list[Message] = []

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def publish(self, messages: list[Message]) -> None:
        """Append what needs no promise, such as heads: what is lost is soon said again."""
        self._extra.extend(messages)
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                await self._line.wait_up()
                await self._wake.wait()
                self._wake.clear()
                await self._attempt()
        finally:
            await self._let_go()

    async def _attempt(self) -> None:
        try:
            while self._line.is_up and await self._send_batch():
                self._pause_s = _FIRST_PAUSE_S
        except LogError as error:
            get_logger().warning("not sent", error=str(error), delay_s=self._pause_s)
            await self._let_go()
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
            self._wake.set()
        if not self._line.is_up:
            await self._let_go()

    async def _send_batch(self) -> bool:
        """Send the next records; False when there is nothing left that may be sent."""
        waiting = await self._next()
        extra, self._extra = self._extra, []
        if not waiting and not extra:
            return False
        if self._appender is None:
            self._appender = await self._log.appender()
        messages = [self._message(record) for record in waiting] + extra
        self._probe("before_append")
        try:
            offsets: list[int | None] = list(await self._appender.append(messages))
        except AppendFailed as failure:
            offsets = [failure.acknowledged.get(index) for index in range(len(messages))]
            await self._mark(waiting, offsets)
            raise
        self._probe("after_append")
        await self._mark(waiting, offsets)
        return True

    async def _next(self) -> list[outbox.OutboxRecord]:
        found: list[outbox.OutboxRecord] = []
        after = 0
        while not found:
            page = await self._store.read(
                lambda snapshot, after=after: outbox.pending(  # type: ignore[misc]
                    snapshot, limit=_BATCH, after_seq=after
                )
            )
            if not page:
                break
            found = [record for record in page if self._may_send(record.link)]
            after = page[-1].seq
        return found

    def _may_send(self, link: LinkId) -> bool:
        desk = self._office.desks.get(link)
        return desk is not None and desk.own_chain_checked and desk.halted is None

    def _message(self, record: outbox.OutboxRecord) -> Message:
        return Message(
            record.topic,
            record.partition,
            record.key,
            record.value,
            self._clock.now_ms() if self._simulated_time else None,
        )

    async def _mark(self, waiting: list[outbox.OutboxRecord], offsets: list[int | None]) -> None:
        pairs = [
            (record.seq, offset)
            for record, offset in zip(waiting, offsets, strict=False)
            if offset is not None
        ]
        if not pairs:
            return

        def mark(tx: Transaction) -> None:
            outbox.mark_appended(tx, pairs)

        await self._store.write(mark)
        self._probe("after_mark")
        for record, offset in zip(waiting, offsets, strict=False):
            if offset is not None and record.event_id is not None:
                self._metrics.events_appended.labels(link=record.link).inc()

    async def _let_go(self) -> None:
        if self._appender is not None:
            appender, self._appender = self._appender, None
            await appender.close()


__all__ = ["Sender"]
