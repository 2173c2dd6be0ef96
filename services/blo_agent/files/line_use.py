"""What sending and fetching files have in common: both take turns with all else on the line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from blo_agent.files.options import FileOptions
from blo_agent.outbound.line_switch import LineSwitch
from blo_log.errors import LogError
from blo_runtime.kafka_line import KafkaLine

_LOOK_EVERY_S: Final = 5.0
_LONGEST_REST_S: Final = 60.0


class LineUse:
    """Does work on the line in small steps, and leaves the line alone between them.

    A step that took a second of the line is followed by so many seconds of rest that steps take at
    most their share. So a poor line is shared without anybody measuring it.

    Args:
        what: The work, for the log file.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        options: What share of the line may be used.
    """

    def __init__(self, what: str, line: LineSwitch, kafka: KafkaLine, options: FileOptions) -> None:
        self._what = what
        self._line = line
        self._kafka = kafka
        self._options = options
        self._woken = asyncio.Event()
        self._woken.set()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    async def run(
        self, step: Callable[[], Awaitable[float | None]], let_go: Callable[[], Awaitable[None]]
    ) -> None:
        """Work until cancelled.

        Args:
            step: Does the next piece of work; returns for how many seconds it used the line, or
                ``None`` when there is nothing to do.
            let_go: Gives the connections back; called when the line fails, or there is no work.
        """
        try:
            while True:
                await self._line.wait_up()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await self._woken.wait()
                self._woken.clear()
                await self._work(step, let_go)
        finally:
            await let_go()

    async def _work(
        self, step: Callable[[], Awaitable[float | None]], let_go: Callable[[], Awaitable[None]]
    ) -> None:
        try:
            while self._line.is_up:
                busy_s = await step()
                self._kafka.works(self._what)
                if busy_s is None:
                    break
                await asyncio.sleep(min(self._options.rest_s(busy_s), _LONGEST_REST_S))
        except LogError as error:
            await let_go()
            await asyncio.sleep(self._kafka.pause_after(self._what, error))
            self._woken.set()
            return
        await let_go()
