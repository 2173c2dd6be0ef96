"""One append for what several links want to write at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from blo_log.errors import AppendFailed
from blo_log.port import Appender, ProducerRecord
from blo_processors.errors import WriterGone

_Call = tuple[Sequence[ProducerRecord], "asyncio.Future[list[int]]"]


class SharedAppender:
    """An ``Appender`` that joins waiting calls into one.

    When that one fails, each call learns which of its own records were acknowledged. When a record
    is refused for good, each call is tried by itself.

    Args:
        inner: Does the work.
    """

    def __init__(self, inner: Appender) -> None:
        self._inner = inner
        self._waiting: list[_Call] = []
        self._turn = asyncio.Lock()

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
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
        except AppendFailed as failed:
            if len(calls) > 1 and not failed.cause.transient:
                # A record that is refused must not keep the others' from being written.
                for call in calls:
                    await self._append_alone(call)
            else:
                _fail_each(calls, failed)
        except BaseException as error:
            failure = error if isinstance(error, Exception) else WriterGone()
            for _, done in calls:
                if not done.done():
                    done.set_exception(failure)
            if failure is not error:
                raise
        else:
            _answer_each(calls, offsets)

    async def _append_alone(self, call: _Call) -> None:
        messages, done = call
        try:
            offsets = await self._inner.append(messages)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            if not done.done():
                done.set_exception(error)
        else:
            if not done.done():
                done.set_result(offsets)


def _answer_each(calls: Sequence[_Call], offsets: Sequence[int]) -> None:
    start = 0
    for messages, done in calls:
        if not done.done():
            done.set_result(list(offsets[start : start + len(messages)]))
        start += len(messages)


def _fail_each(calls: Sequence[_Call], failed: AppendFailed) -> None:
    """Tell each call which of its own records were acknowledged."""
    start = 0
    for messages, done in calls:
        end = start + len(messages)
        known = {
            index - start: offset
            for index, offset in failed.acknowledged.items()
            if start <= index < end
        }
        start = end
        if done.done():
            continue
        if len(known) == len(messages):
            done.set_result([known[index] for index in range(len(messages))])
        else:
            at = failed.index if len(calls) == 1 else None
            done.set_exception(
                AppendFailed(failed.cause, acknowledged=known, total=len(messages), index=at)
            )
