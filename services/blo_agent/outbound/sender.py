"""Appends the outbox to the log: at least once, in order, always the same bytes (docs/architecture.md, "What each hop promises")."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Final

from blo_agent.office.state import Office
from blo_agent.outbound.clock_check import NodeClockCheck
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import outbox
from blo_log.errors import AppendFailed, LogError, TimestampRefused
from blo_log.port import Appender, Log, ProducerRecord, TopicPartition
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.reminders import Reminders
from blo_schemas.ids import EventId, LinkId

_BATCH: Final = 1000
_TOPIC_PAUSE_S: Final = 5.0
_LOOK_EVERY_S: Final = 1.0
_LINGER_S: Final = 0.05
_UNKNOWN: Final = object()
_TASK: Final = "sending"
_KEYS: Final = "blo.keys."
_LIVENESS: Final = "blo.liveness."


class Sender:
    """Appends what the outbox holds, whenever the line is up.

    Args:
        office: Whose outbox; tells which links may be written.
        store: Where the outbox is.
        log: Where to.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        clock_check: How far the clock is from Kafka's; nothing goes out while it is far ahead.
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
        line: LineSwitch,
        kafka: KafkaLine,
        clock_check: NodeClockCheck,
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
        self._kafka = kafka
        self._clock_check = clock_check
        self._reminders = Reminders()
        self._clock = clock
        self._metrics = metrics
        self._simulated_time = simulated_time
        self._probe = probe or (lambda _: None)
        self._wake = asyncio.Event()
        self._appender: Appender | None = None
        self._extra: dict[tuple[str, int, bytes | None], ProducerRecord] = {}
        self._refused_until: dict[str, float] = {}
        self._refused_links: dict[LinkId, float] = {}
        self._choosing = False
        self._sending: set[LinkId] = set()
        # Acknowledged here, but possibly not yet so in what the store shows to readers.
        self._acknowledged: dict[int, EventId | None] = {}

    def clear(self, link: LinkId) -> None:
        """Let a link's events be sent: its own chain was settled, and that is on disk."""
        self._office.links[link].status.is_check_on_disk = True
        self._wake.set()

    def doubt(self, link: LinkId) -> None:
        """Send nothing more of a link until it is cleared again."""
        self._office.links[link].status.is_check_on_disk = False
        self._acknowledged.clear()

    def is_quiet(self, link: LinkId) -> bool:
        """Whether nothing of a link is on its way from the outbox to the log."""
        return not self._choosing and link not in self._sending

    async def has_work(self) -> bool:
        """Whether anything is on its way to the log, or waits and may be sent."""
        is_busy = self._choosing or bool(self._sending) or bool(self._extra)
        return is_busy or bool(await self._next())

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def publish(self, messages: list[ProducerRecord]) -> None:
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
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await self._wake.wait()
                self._wake.clear()
                await self._attempt()
        finally:
            await self._let_go()

    async def _attempt(self) -> None:
        try:
            while self._line.is_up and await self._send_batch():
                pass
        except LogError as error:
            await self._let_go()
            await asyncio.sleep(self._kafka.pause_after(_TASK, error))
            self._wake.set()
        else:
            self._kafka.works(_TASK)
        if not self._line.is_up:
            await self._let_go()

    async def _send_batch(self) -> bool:
        """Send the next records; False when there is nothing left that may be sent."""
        try:
            self._choosing = True
            waiting = [] if self._clock_check.holds else await self._next()
            self._sending = {record.link for record in waiting}
            self._choosing = False
            refused = self._refused_topics()
            extra = [
                message
                for message in self._extra.values()
                if message.topic not in refused
                and (not self._clock_check.holds or message.topic.startswith(_LIVENESS))
            ]
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
        self, appender: Appender, waiting: list[outbox.OutboxRecord], extra: list[ProducerRecord]
    ) -> None:
        messages = [self._message(record) for record in waiting] + extra
        self._probe("before_append")
        offsets: list[int | None] = [None] * len(messages)
        for indexes in _in_two_parts(waiting, extra):
            began = self._clock_check.now()
            part = [messages[index] for index in indexes]
            try:
                appended = dict(enumerate(await appender.append(part)))
                failure = None
            except AppendFailed as failed:
                appended, failure = failed.acknowledged, failed
            for number, offset in appended.items():
                offsets[indexes[number]] = offset
                place = TopicPartition(part[number].topic, part[number].partition)
                self._clock_check.note_append(place, offset, began)
            if failure is not None:
                await self._mark(waiting, extra, offsets)
                at_fault = None if failure.index is None else indexes[failure.index]
                self._hold_back(failure, at_fault, waiting, extra)
                return
        self._probe("after_append")
        if waiting:
            await self._linger()
        await self._mark(waiting, extra, offsets)

    async def _linger(self) -> None:
        """Wait for more work, up to ``_LINGER_S``.

        An event that the reader sees in the log is marked as sent there, without a flush of its own.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                await self._wake.wait()

    def _hold_back(
        self,
        failure: AppendFailed,
        index: int | None,
        waiting: list[outbox.OutboxRecord],
        extra: list[ProducerRecord],
    ) -> None:
        """Leave one link or one topic out for a while, so that the others go on.

        Args:
            failure: What has failed.
            index: The record at fault, among those that wait and the extra ones, if there is one.
            waiting: What waits in the outbox.
            extra: What needs no promise.

        Raises:
            AppendFailed: It is about neither, or it passes by itself.
        """
        topic = getattr(failure.cause, "topic", "")
        if failure.cause.transient:
            raise failure
        if isinstance(failure.cause, TimestampRefused):
            self._clock_check.note_refusal()
            return
        if index is not None and index < len(waiting):
            link = waiting[index].link
            if self._reminders.is_due((link, str(failure.cause))):
                get_logger().error(
                    "record refused", link=link, error=str(failure.cause), delay_s=_TOPIC_PAUSE_S
                )
            self._refused_links[link] = self._loop_time() + _TOPIC_PAUSE_S
        elif index is not None:
            message = extra[index - len(waiting)]
            if self._reminders.is_due((message.topic, str(failure.cause))):
                get_logger().error("record refused", topic=message.topic, error=str(failure.cause))
            self._extra.pop(_place(message), None)
        elif topic:
            if self._reminders.is_due(str(failure.cause)):
                error = str(failure.cause)
                get_logger().error("topic refused", error=error, delay_s=_TOPIC_PAUSE_S)
            self._refused_until[topic] = self._loop_time() + _TOPIC_PAUSE_S
        else:
            raise failure

    def _refused_topics(self) -> set[str]:
        now = self._loop_time()
        return {topic for topic, until in self._refused_until.items() if until > now}

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    async def _next(self) -> list[outbox.OutboxRecord]:
        # Asked once for all records: what changes meanwhile, in the store's thread or by the
        # passing of time, must not let the rest of a link's events go out without the first.
        links = self._sendable()
        refused = self._refused_topics()
        sendable: list[outbox.OutboxRecord] = []
        after = 0
        while not sendable and links:
            page = await self._store.read(
                lambda snapshot, after=after: outbox.pending(  # type: ignore[misc]
                    snapshot, limit=_BATCH, after_seq=after
                )
            )
            if not page:
                break
            if not after and len(page) < _BATCH:
                self._forget_all_but(page)
            sendable = [
                record
                for record in page
                if record.link in links
                and record.topic not in refused
                and not self._is_acknowledged(record)
            ]
            after = page[-1].seq
        return sendable

    def _is_acknowledged(self, record: outbox.OutboxRecord) -> bool:
        # With the event's id, because an event that is sealed anew keeps its number.
        known = self._acknowledged.get(record.seq, _UNKNOWN)
        return known is not _UNKNOWN and known == record.event_id

    def _forget_all_but(self, page: list[outbox.OutboxRecord]) -> None:
        pending = {record.seq for record in page}
        self._acknowledged = {
            seq: event for seq, event in self._acknowledged.items() if seq in pending
        }

    def _sendable(self) -> set[LinkId]:
        now = self._loop_time()
        return {
            link
            for link, state in self._office.links.items()
            if state.status.may_send and self._refused_links.get(link, 0.0) <= now
        }

    def _message(self, record: outbox.OutboxRecord) -> ProducerRecord:
        return ProducerRecord(
            record.topic,
            record.partition,
            record.key,
            record.value,
            self._clock.now_ms() if self._simulated_time else None,
        )

    async def _mark(
        self,
        waiting: list[outbox.OutboxRecord],
        extra: list[ProducerRecord],
        offsets: list[int | None],
    ) -> None:
        for message, offset in zip(extra, offsets[len(waiting) :], strict=True):
            if offset is not None and self._extra.get(_place(message)) is message:
                del self._extra[_place(message)]
        acknowledged = [
            (record, offset)
            for record, offset in zip(waiting, offsets, strict=False)
            if offset is not None
        ]
        if not acknowledged:
            return
        self._acknowledged.update((record.seq, record.event_id) for record, _ in acknowledged)
        pairs = [
            (record.seq, offset) for record, offset in acknowledged if self._is_waiting(record)
        ]

        def mark(tx: Transaction) -> None:
            outbox.mark_appended(tx, pairs)

        if pairs:
            await self._store.write(mark)
        self._probe("after_mark")
        links = Counter(record.link for record, _ in acknowledged if record.event_id is not None)
        for link, number in links.items():
            self._metrics.events_appended.labels(link=link).inc(number)

    def _is_waiting(self, record: outbox.OutboxRecord) -> bool:
        """Whether a record is still in the outbox: an event leaves it when it is read back."""
        state = self._office.links.get(record.link)
        return state is None or record.event_id is None or record.event_id in state.under_way

    async def _let_go(self) -> None:
        if self._appender is not None:
            appender, self._appender = self._appender, None
            await appender.close()


def _place(message: ProducerRecord) -> tuple[str, int, bytes | None]:
    return message.topic, message.partition, message.key


def _in_two_parts(
    waiting: list[outbox.OutboxRecord], extra: list[ProducerRecord]
) -> list[list[int]]:
    """Grants first: no event goes out without the grant that opens it."""
    grants = [index for index, record in enumerate(waiting) if record.topic.startswith(_KEYS)]
    first = set(grants)
    rest = [index for index in range(len(waiting) + len(extra)) if index not in first]
    return [part for part in (grants, rest) if part]
