"""Whether Kafka answers, as the tasks of the program last saw; an outage never ends the program.

A task whose request failed for a reason that passes by itself waits and retries, without limit. A
request that is not answered within ``SILENT_S`` counts as a failure before it fails. ``/readyz``
shows which task waits, and since when. The program logs one line when the first task begins to
wait, one when none waits any more, and reminders at growing intervals.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from blo_runtime.admin import Health
from blo_runtime.errors import KafkaAway
from blo_runtime.logs import get_logger
from blo_runtime.reminders import Reminders

T = TypeVar("T")

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 3.0
"""The pause between two attempts grows from the first to this one, in seconds."""
SILENT_S: Final = 3.0
"""A question that has had no answer for so many seconds makes ``/readyz`` say so."""

_AWAY: Final = "Kafka is away"


class _Outage:
    """A waiting task: since when, for which error, and its next pause."""

    def __init__(self, now: float, error: Exception) -> None:
        self.since = now
        self.error = error
        self.pause_s = FIRST_PAUSE_S


class _OpenRequest:
    """A request under way: what it asks, since when, and whether it has waited for long."""

    def __init__(self, what: str, now: float) -> None:
        self.what = what
        self.since = now
        self.is_silent = False


class KafkaLine:
    """The line to Kafka, shared by all tasks of the program.

    An error passes by itself if it has an attribute ``transient`` that is true.

    Args:
        patience_s: After so many seconds without an answer a task gives up; ``None``: never, as
            it is right for a program that goes on.
        tell: Called with 1 when Kafka answers and with 0 when it does not, whenever that changes.

    Attributes:
        last_away: The last time at which a task waited, by ``time.monotonic``; 0 for never.
    """

    def __init__(
        self, patience_s: float | None = None, *, tell: Callable[[float], object] | None = None
    ) -> None:
        self.last_away = 0.0
        self._patience_s = patience_s
        self._tell = tell or (lambda _: None)
        self._waiting: dict[str, _Outage] = {}
        self._questions: set[_OpenRequest] = set()
        self._silent: dict[_OpenRequest, None] = {}
        self._reminders = Reminders()
        self._said = False
        self._tell(1)

    async def keep_trying(self, task: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat an attempt until it succeeds, with a pause after each transient failure.

        Args:
            task: The waiting task's name for the log and ``/readyz``: a link, or a part of the
                program.
            attempt: Makes one attempt.

        Raises:
            Exception: The attempt failed for a reason that is not transient.
        """
        while True:
            try:
                result = await attempt()
            except Exception as error:
                if not is_transient(error):
                    raise
                await self.failed(task, error)
            else:
                self.works(task)
                return result

    async def failed(self, task: str, error: Exception) -> None:
        """Note that a task's attempt has failed, and pause before the next one.

        Raises:
            Exception: ``error``, if it is not transient.
        """
        await asyncio.sleep(self.note(task, error))

    def note(self, task: str, error: Exception) -> float:
        """Note that a task's attempt has failed; returns the seconds to pause.

        Raises:
            Exception: ``error``, if it is not transient.
            KafkaAway: The patience is over.
        """
        if not is_transient(error):
            raise error
        return self.pause_after(task, error)

    def pause_after(self, task: str, error: Exception) -> float:
        """Note that a task's attempt has failed, whether or not that passes by itself.

        Returns:
            The seconds to pause.

        Raises:
            KafkaAway: The patience is over.
        """
        now = time.monotonic()
        self.last_away = now
        waiting = self._waiting.setdefault(task, _Outage(now, error))
        if self._patience_s is not None and now - waiting.since >= self._patience_s:
            raise KafkaAway(self._patience_s, error) from error
        waiting.error = error
        pause_s, waiting.pause_s = waiting.pause_s, min(2 * waiting.pause_s, LONGEST_PAUSE_S)
        if is_transient(error):
            self._say_away(task, str(error))
        else:
            self._say_refused(task, str(error))
        return pause_s

    def works(self, task: str) -> None:
        """Note that a task's attempt has succeeded."""
        if self._waiting.pop(task, None) is not None:
            self.last_away = time.monotonic()
            self._say_back(task)

    def forget(self, task: str) -> None:
        """Note that a task has ended, so it does not wait any more."""
        self._waiting.pop(task, None)

    @contextmanager
    def question(self, what: str) -> Iterator[None]:
        """Watch a request, so that a Kafka that does not answer is told before the request fails.

        Args:
            what: What is asked, for the log and ``/readyz``.
        """
        question = _OpenRequest(what, time.monotonic())
        self._questions.add(question)
        timer = asyncio.get_running_loop().call_later(SILENT_S, self._fell_silent, question)
        is_answered = False
        try:
            yield
            is_answered = True
        finally:
            timer.cancel()
            self._questions.discard(question)
            if self._silent.pop(question, 0) is None:
                self.last_away = time.monotonic()
            if is_answered:
                self._say_back(what)

    def _fell_silent(self, question: _OpenRequest) -> None:
        if question in self._questions:
            self._silent[question] = None
            self.last_away = time.monotonic()
            self._say_away(question.what, f"no answer for {SILENT_S:g} s")

    @property
    def is_away(self) -> bool:
        """Whether a task waits, or a question has no answer for long."""
        return bool(self._waiting or self._silent)

    def is_waiting(self, task: str) -> bool:
        """Whether the task's last attempt has failed."""
        return task in self._waiting

    def check(self) -> Health:
        """The state for ``/readyz``."""
        now = time.monotonic()
        if self._waiting:
            task, longest = min(self._waiting.items(), key=lambda item: item[1].since)
            others = f" and {len(self._waiting) - 1} more" if len(self._waiting) > 1 else ""
            age_s = now - longest.since
            does = "waits for Kafka" if is_transient(longest.error) else "is refused by Kafka"
            detail = f"{task}{others} {does} since {age_s:.0f} s: {longest.error}"
            return Health(ok=False, detail=detail)
        if self._silent:
            oldest = next(iter(self._silent))
            age_s = now - oldest.since
            detail = f"Kafka does not answer since {age_s:.0f} s ({oldest.what})"
            return Health(ok=False, detail=detail)
        return Health(ok=True)

    def _say_away(self, task: str, error: str) -> None:
        if not self._said:
            self._said = True
            self._tell(0)
        kept_back = self._reminders.take(_AWAY)
        if kept_back is None:
            return
        if kept_back:
            get_logger().warning("Kafka is still away", task=task, error=error, count=kept_back)
        else:
            get_logger().warning("Kafka is away", task=task, error=error)

    def _say_refused(self, task: str, error: str) -> None:
        if self._reminders.is_due((task, error)):
            get_logger().error("a task is refused by Kafka", task=task, error=error)

    def _say_back(self, task: str) -> None:
        if self._said and not self.is_away:
            self._said = False
            self._tell(1)
            if self._reminders.forget(_AWAY):
                get_logger().info("Kafka answers again", task=task)


def is_transient(error: BaseException) -> bool:
    """Whether a failure passes by itself."""
    return bool(getattr(error, "transient", False))
