"""Whether Kafka answers, as the parts of the program last heard: a state, never an end.

Whoever meets a failure that passes by itself waits here and tries again, for as long as it takes.
``/readyz`` shows who waits since when. The log has one line when the first begins to wait, one when
nobody waits any more, and reminders further and further apart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from blo_log.errors import AppendFailed, LogError
from blo_runtime.admin import Health
from blo_runtime.logs import get_logger

T = TypeVar("T")

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
_FIRST_REMINDER_S: Final = 60.0
_LONGEST_REMINDER_S: Final = 3600.0


class _Outage:
    """One who waits: since when, for what, and how long it pauses next."""

    def __init__(self, now: float, error: LogError) -> None:
        self.since = now
        self.error = error
        self.pause_s = FIRST_PAUSE_S


class KafkaLine:
    """The way to Kafka, shared by all that use it.

    Attributes:
        last_away: When somebody was last known to wait, by ``time.monotonic``; 0 for never.
    """

    def __init__(self) -> None:
        self.last_away = 0.0
        self._waiting: dict[str, _Outage] = {}
        self._remind_at = 0.0
        self._reminder_s = _FIRST_REMINDER_S

    async def keep_trying(self, who: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make an attempt until it succeeds; after each failure that passes, pause and try again.

        Args:
            who: Who waits, for the log and ``/readyz``: a link, or a part of the program.
            attempt: What to do; it is called again from its beginning.

        Raises:
            LogError: The attempt failed, and not for a reason that passes by itself.
        """
        while True:
            try:
                result = await attempt()
            except LogError as error:
                await self.failed(who, error)
            else:
                self.works(who)
                return result

    async def failed(self, who: str, error: LogError) -> None:
        """Note that somebody's attempt has failed, and pause before the next one.

        Raises:
            LogError: The one that was given, if it does not pass by itself.
        """
        await asyncio.sleep(self.note(who, error))

    def note(self, who: str, error: LogError) -> float:
        """Note that somebody's attempt has failed; for how many seconds it should pause.

        Raises:
            LogError: The one that was given, if it does not pass by itself.
        """
        if not is_transient(error):
            raise error
        now = time.monotonic()
        first = not self._waiting
        self.last_away = now
        waiting = self._waiting.setdefault(who, _Outage(now, error))
        waiting.error = error
        pause_s, waiting.pause_s = waiting.pause_s, min(2 * waiting.pause_s, LONGEST_PAUSE_S)
        if first:
            self._reminder_s = _FIRST_REMINDER_S
            get_logger().warning("Kafka is away", task=who, error=str(error))
        elif now >= self._remind_at:
            self._reminder_s = min(2 * self._reminder_s, _LONGEST_REMINDER_S)
            get_logger().warning("Kafka is still away", task=who, error=str(error))
        else:
            return pause_s
        self._remind_at = now + self._reminder_s
        return pause_s

    def works(self, who: str) -> None:
        """Note that somebody's attempt has succeeded."""
        if self._waiting.pop(who, None) is None:
            return
        self.last_away = time.monotonic()
        if not self._waiting:
            get_logger().info("Kafka answers again", task=who)

    def forget(self, who: str) -> None:
        """Note that somebody does not wait any more, because it does not work any more."""
        self._waiting.pop(who, None)

    @property
    def is_away(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def is_waiting(self, who: str) -> bool:
        """Whether somebody's last attempt has failed."""
        return who in self._waiting

    def check(self) -> Health:
        """What ``/readyz`` asks."""
        if not self._waiting:
            return Health(ok=True)
        who, longest = min(self._waiting.items(), key=lambda item: item[1].since)
        age_s = time.monotonic() - longest.since
        others = f" and {len(self._waiting) - 1} more" if len(self._waiting) > 1 else ""
        detail = f"{who}{others} waits for Kafka since {age_s:.0f} s: {longest.error}"
        return Health(ok=False, detail=detail)


def is_transient(error: LogError) -> bool:
    """Whether a failure can pass without anybody doing anything."""
    return (error.cause if isinstance(error, AppendFailed) else error).transient
