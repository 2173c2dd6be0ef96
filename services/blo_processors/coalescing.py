"""One append for what several links want to write at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from blo_log.port import Appender, Message
from blo_processors.errors import WriterGone


class CoalescingAppender:
    """An ``Appender`` that joins waiting calls into one.

    When that one fails, all calls in it fail: whoever wrote must begin anew anyway.

    Args:
        inner: Does the work.
    """

    def __init__(self, inner: Appender) -> None:
        self._inner = inner
        self._waiting: list[tuple[Sequence[Message], asyncio.Future[list[int]]]] = []
        self._turn = asyncio.Lock()

    async def append(self, messages: Sequence[Message]) -> list[int]:
        """See ``blo_log.port.Appender.append``."""
        done: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((messages, done))
        async with self._turn:
            if not done.done():
                # A link that is given up in the middle must not take the others' records with it.
                await asyncio.shield(asyncio.ensure_future(self._append_all()))
        return await done

    async def close(self) -> None:
        """See ``blo_log.port.Appender.close``."""
        await self._inner.close()

    async def _append_all(self) -> None:
        calls, self._waiting = self._waiting, []
        try:
            offsets = await self._inner.append([one for messages, _ in calls for one in messages])
        except BaseException as error:
            failure = error if isinstance(error, Exception) else WriterGone()
            for _, done in calls:
                if not done.done():
                    done.set_exception(failure)
            if failure is not error:
                raise
            return
        start = 0
        for messages, done in calls:
            if not done.done():
                done.set_result(offsets[start : start + len(messages)])
            start += len(messages)


__all__ = ["CoalescingAppender"]
