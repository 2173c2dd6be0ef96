"""How far this machine's clock is from Kafka's, by the office's own records.

Kafka puts its own time on records of the exchange and of heartbeats. An own record was put there
after it was sent and before it was read back, so it says how far the two clocks are apart, give or
take the time that it was under way. Between two such records the monotonic clock tells the time, so
a clock that is set is noticed at once, without a request.

Kafka refuses records of the other topics whose time lies an hour or more ahead: grants, without
which nobody opens the events, and heads. So a node whose clock is far ahead sends nothing until it
is right again. What was accepted waits in the outbox.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

from blo_log.port import ConsumedRecord, TopicPartition
from blo_runtime.admin import Health
from blo_runtime.clock import Clock, ManualClock
from blo_runtime.logs import get_logger
from blo_runtime.reminders import Reminders

TOLD_MS: Final = 30_000
"""A clock that is off by more is told."""
HELD_MS: Final = 30 * 60_000
"""Nothing is sent while the clock is ahead by more: half of the hour at which Kafka refuses."""
_REFUSED_S: Final = 60.0
"""After a refusal for its time nothing is sent for so long, or until a record shows the clock."""
_MEASURE_AGAIN_S: Final = 60.0
_MOST_PENDING: Final = 256
_LAST_OF_BATCH: Final = 16

K = TypeVar("K")
V = TypeVar("V")

_TIMED: Final = ("blo.exchange.", "blo.liveness.")


class _Measured(NamedTuple):
    """Bounds of Kafka's time less the monotonic clock, in milliseconds."""

    least: float
    most: float


class NodeClockCheck:
    """Compares the clock of an office's node with Kafka's.

    A clock that is set by hand, as in a simulation, is never off.

    Args:
        clock: The office's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._compares = not isinstance(clock, ManualClock)
        self._measured: _Measured | None = None
        self._sent: dict[tuple[TopicPartition, int], float] = {}
        self._read: dict[tuple[TopicPartition, int], tuple[int, float]] = {}
        self._refused_at: float | None = None
        self._asked_at = 0.0
        self._reminders = Reminders(clock.monotonic)

    def now(self) -> float:
        """The monotonic time in milliseconds, to be taken before an append."""
        return self._clock.monotonic() * 1000

    def note_append(self, place: TopicPartition, offset: int, sent: float) -> None:
        """Note an own record that was acknowledged.

        Args:
            place: Where it lies.
            offset: At which offset.
            sent: The time of ``now`` before it was sent.
        """
        if not self._compares or not place.topic.startswith(_TIMED):
            return
        read = self._read.get((place, offset))
        if read is None:
            _put(self._sent, (place, offset), sent)
        else:
            self._measure(sent, *read)

    def note_read(self, place: TopicPartition, records: list[ConsumedRecord]) -> None:
        """Note records that were just read."""
        if not self._compares or not place.topic.startswith(_TIMED):
            return
        now = self.now()
        for record in records[-_LAST_OF_BATCH:]:
            sent = self._sent.pop((place, record.offset), None)
            if sent is None:
                _put(self._read, (place, record.offset), (record.timestamp, now))
            else:
                self._measure(sent, record.timestamp, now)

    def note_refusal(self) -> None:
        """Note that Kafka has refused a record for its time."""
        self._refused_at = self._clock.monotonic()
        self._asked_at = 0.0

    def _measure(self, sent: float, log_time: int, read: float) -> None:
        self._measured = _Measured(log_time - read, log_time - sent)
        self._refused_at = None

    @property
    def ahead_ms(self) -> float:
        """By how much the clock is ahead of Kafka's at least; below 0: behind; 0: not shown."""
        if self._measured is None:
            return 0.0
        own = self._clock.now_ms() - self.now()
        least, most = own - self._measured.most, own - self._measured.least
        return least if least > 0 else min(most, 0.0)

    @property
    def holds(self) -> bool:
        """Whether nothing may be sent but what shows the clock."""
        if self.ahead_ms > HELD_MS:
            return True
        refused = self._refused_at
        return refused is not None and self._clock.monotonic() - refused < _REFUSED_S

    def must_measure(self) -> bool:
        """Whether an own record should be sent now to compare the clocks; then that is noted."""
        if not (self._is_off or self._refused_at is not None):
            return False
        now = self._clock.monotonic()
        if self._asked_at and now - self._asked_at < _MEASURE_AGAIN_S:
            return False
        self._asked_at = now
        return True

    @property
    def _is_off(self) -> bool:
        return abs(self.ahead_ms) > TOLD_MS

    def check(self) -> Health:
        """The state for ``/readyz``."""
        words = self.words()
        return Health(ok=not words, detail=words)

    def words(self) -> str:
        """What is wrong with the clock, and what to do; empty if nothing is."""
        ahead_s = self.ahead_ms / 1000
        todo = "set it: `timedatectl status`, `chronyc tracking`"
        held = " Nothing is sent until then; what was accepted waits." if self.holds else ""
        if self._is_off:
            where = "ahead of" if ahead_s > 0 else "behind"
            return f"this machine's clock is {abs(ahead_s):.0f} s {where} Kafka's; {todo}.{held}"
        if self.holds:
            return f"Kafka refuses the times of this machine's clock; {todo}.{held}"
        return ""

    def say(self) -> None:
        """Write a line when the clock is found to be off, at growing intervals, and at the end."""
        words = self.words()
        if words and self._reminders.is_due("clock"):
            get_logger().error("the clock is wrong", error=words)
        elif not words and self._reminders.forget("clock"):
            get_logger().info("the clock is right again")


def _put(table: dict[K, V], key: K, value: V) -> None:
    while len(table) >= _MOST_PENDING:
        del table[next(iter(table))]
    table[key] = value
