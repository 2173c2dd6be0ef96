"""From the outbox to the log: at least once, in order, always the same bytes (DESIGN §9)."""

from __future__ import annotations

import asyncio
import contextlib
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
_TOPIC_PAUSE_S: Final = 5.0
_LOOK_EVERY_S: Final = 1.0


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
        self._extra: dict[tuple[str, int, bytes | None], Message] = {}
        self._refused_until: dict[str, float] = {}
        self._choosing = False
        self._sending: set[LinkId] = set()

    def is_quiet(self, link: LinkId) -> bool:
        """Whether nothing of a link is on its way from the outbox to the log."""
        return not self._choosing and link not in self._sending

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def publish(self, messages: list[Message]) -> None:
        """Append what needs no promise, such as heads: only the newest of each key is kept."""
        for message in messages:
            self._extra[_place(message)] = message
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                await self._line.wait_up()
                # Looks by itself too: whoever accepted something may have been cancelled since.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _LOOK_EVERY_S)
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
        try:
            self._choosing = True
            waiting = await self._next()
            self._sending = {record.link for record in waiting}
            self._choosing = False
            extra = [one for one in self._extra.values() if self._may_use(one.topic)]
            if not waiting and not extra:
                return False
            if self._appender is None:
                self._appender = await self._log.appender()
            await self._append(self._appender, waiting, extra)
            return True
        finally:
            self._choosing = False
            self._sending = set()

    async def _append(
        self, appender: Appender, waiting: list[outbox.OutboxRecord], extra: list[Message]
    ) -> None:
        messages = [self._message(record) for record in waiting] + extra
        self._probe("before_append")
        try:
            offsets: list[int | None] = list(await appender.append(messages))
        except AppendFailed as failure:
            offsets = [failure.acknowledged.get(index) for index in range(len(messages))]
            await self._mark(waiting, extra, offsets)
            self._hold_back(failure)
            return
        self._probe("after_append")
        await self._mark(waiting, extra, offsets)

    def _hold_back(self, failure: AppendFailed) -> None:
        """Leave one topic out for a while, so that the others go on; or give up for now.

        Raises:
            AppendFailed: It is not about one topic, or it passes by itself.
        """
        topic = getattr(failure.cause, "topic", "")
        if failure.cause.transient or not topic:
            raise failure
        get_logger().error("topic refused", error=str(failure.cause), delay_s=_TOPIC_PAUSE_S)
        self._refused_until[topic] = self._loop_time() + _TOPIC_PAUSE_S

    def _may_use(self, topic: str) -> bool:
        return self._refused_until.get(topic, 0.0) <= self._loop_time()

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

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
            found = [record for record in page if self._may_send(record)]
            after = page[-1].seq
        return found

    def _may_send(self, record: outbox.OutboxRecord) -> bool:
        desk = self._office.desks.get(record.link)
        if desk is None or not desk.own_chain_checked or desk.halted is not None:
            return False
        return self._may_use(record.topic)

    def _message(self, record: outbox.OutboxRecord) -> Message:
        return Message(
            record.topic,
            record.partition,
            record.key,
            record.value,
            self._clock.now_ms() if self._simulated_time else None,
        )

    async def _mark(
        self,
        waiting: list[outbox.OutboxRecord],
        extra: list[Message],
        offsets: list[int | None],
    ) -> None:
        for message, offset in zip(extra, offsets[len(waiting) :], strict=True):
            if offset is not None and self._extra.get(_place(message)) is message:
                del self._extra[_place(message)]
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


def _place(message: Message) -> tuple[str, int, bytes | None]:
    return message.topic, message.partition, message.key


__all__ = ["Sender"]
