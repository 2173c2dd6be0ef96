"""Whether Kafka answers, as the tasks of the program last saw; an outage never ends the program.

A task whose request failed for a reason that passes by itself waits here and retries, without
limit. ``/readyz`` shows which task waits, and since when. The program logs one line when the first
task begins to wait, one when none waits any more, and reminders at growing intervals.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from blo_log.errors import AppendFailed, LogError
from blo_processors.errors import KafkaAway
from blo_runtime.admin import Health
from blo_runtime.logs import get_logger

T = TypeVar("T")

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
_FIRST_REMINDER_S: Final = 60.0
_LONGEST_REMINDER_S: Final = 3600.0


class _Outage:
    """A waiting task: since when, for which error, and its next pause."""

    def __init__(self, now: float, error: LogError) -> None:
        self.since = now
        self.error = error
        self.pause_s = FIRST_PAUSE_S


class KafkaLine:
    """The line to Kafka, shared by all tasks of the program.

    Args:
        patience_s: After so many seconds without an answer a task gives up; ``None``: never, as
            it is right for a program that goes on.

    Attributes:
        last_away: The last time at which a task waited, by ``time.monotonic``; 0 for never.
    """

    def __init__(self, patience_s: float | None = None) -> None:
        self.last_away = 0.0
        self._patience_s = patience_s
        self._waiting: dict[str, _Outage] = {}
        self._remind_at = 0.0
        self._reminder_s = _FIRST_REMINDER_S

    async def keep_trying(self, task: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat an attempt until it succeeds, with a pause after each transient failure.

        Args:
            task: The waiting task's name for the log and ``/readyz``: a link, or a part of the
                program.
            attempt: Makes one attempt.

        Raises:
            LogError: The attempt failed for a reason that is not transient.
        """
        while True:
            try:
                result = await attempt()
            except LogError as error:
                await self.failed(task, error)
            else:
                self.works(task)
                return result

    async def failed(self, task: str, error: LogError) -> None:
        """Note that a task's attempt has failed, and pause before the next one.

        Raises:
            LogError: ``error``, if it is not transient.
        """
        await asyncio.sleep(self.note(task, error))

    def note(self, task: str, error: LogError) -> float:
        """Note that a task's attempt has failed; returns the seconds to pause.

        Raises:
            LogError: ``error``, if it is not transient.
            KafkaAway: The patience is over.
        """
        if not is_transient(error):
            raise error
        now = time.monotonic()
        first = not self._waiting
        self.last_away = now
        waiting = self._waiting.setdefault(task, _Outage(now, error))
        if self._patience_s is not None and now - waiting.since >= self._patience_s:
            raise KafkaAway(self._patience_s, error) from error
        waiting.error = error
        pause_s, waiting.pause_s = waiting.pause_s, min(2 * waiting.pause_s, LONGEST_PAUSE_S)
        if first:
            self._reminder_s = _FIRST_REMINDER_S
            get_logger().warning("Kafka is away", task=task, error=str(error))
        elif now >= self._remind_at:
            self._reminder_s = min(2 * self._reminder_s, _LONGEST_REMINDER_S)
            get_logger().warning("Kafka is still away", task=task, error=str(error))
        else:
            return pause_s
        self._remind_at = now + self._reminder_s
        return pause_s

    def works(self, task: str) -> None:
        """Note that a task's attempt has succeeded."""
        if self._waiting.pop(task, None) is None:
            return
        self.last_away = time.monotonic()
        if not self._waiting:
            get_logger().info("Kafka answers again", task=task)

    def forget(self, task: str) -> None:
        """Note that a task has ended, so it does not wait any more."""
        self._waiting.pop(task, None)

    @property
    def is_away(self) -> bool:
        """Whether a task waits."""
        return bool(self._waiting)

    def is_waiting(self, task: str) -> bool:
        """Whether the task's last attempt has failed."""
        return task in self._waiting

    def check(self) -> Health:
        """The state for ``/readyz``."""
        if not self._waiting:
            return Health(ok=True)
        task, longest = min(self._waiting.items(), key=lambda item: item[1].since)
        age_s = time.monotonic() - longest.since
        others = f" and {len(self._waiting) - 1} more" if len(self._waiting) > 1 else ""
        detail = f"{task}{others} waits for Kafka since {age_s:.0f} s: {longest.error}"
        return Health(ok=False, detail=detail)


def is_transient(error: LogError) -> bool:
    """Whether a failure passes by itself."""
    return (error.cause if isinstance(error, AppendFailed) else error).transient
