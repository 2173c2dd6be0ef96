"""One request to Kafka for what several tasks append at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from blo_log.errors import AppendFailed, LogFault
from blo_log.port import Appender, ProducerRecord


class _Call(NamedTuple):
    """One call of ``append``, and the future that its caller awaits."""

    messages: Sequence[ProducerRecord]
    offsets: asyncio.Future[list[int]]


class JoinedAppender:
    """An ``Appender`` that joins calls which wait for each other into one call of another appender.

    Each caller learns which of its own records were acknowledged. When a record is refused for
    good, the joined calls are repeated one by one, so that only its own caller fails. A caller that
    is cancelled does not take the records of the others with it.

    Args:
        inner: The appender that writes.

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(self, inner: Appender) -> None:
        self.closed = False
        self._inner = inner
        self._waiting: list[_Call] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        """See ``blo_log.port.Appender.append``."""
        call = _Call(messages, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await call.offsets

    async def close(self) -> None:
        """See ``blo_log.port.Appender.close``."""
        self.closed = True
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait({self._writer})
        # A writer that was cancelled before its first step has taken no call.
        _fail_closed(self._waiting)
        await self._inner.close()

    async def _write(self) -> None:
        while calls := [call for call in self._waiting if not call.offsets.done()]:
            self._waiting = []
            try:
                await self._append(calls)
            except asyncio.CancelledError:
                _fail_closed(calls)
                raise
            except Exception as error:  # noqa: BLE001 - handed to the callers
                for call in calls:
                    _fail(call, error)

    async def _append(self, calls: Sequence[_Call]) -> None:
        messages = [message for call in calls for message in call.messages]
        try:
            offsets = await self._inner.append(messages)
        except AppendFailed as failed:
            if len(calls) == 1:
                _fail(calls[0], failed)
            elif failed.cause.transient:
                _divide(calls, failed.acknowledged, failed)
            else:
                for call in calls:
                    await self._append([call])
        else:
            _divide(calls, dict(enumerate(offsets)), None)


def _divide(
    calls: Sequence[_Call], acknowledged: dict[int, int], failed: AppendFailed | None
) -> None:
    """Give each caller the offsets of its own records, or its own failure."""
    start = 0
    for messages, future in calls:
        end = start + len(messages)
        own = {
            index - start: acknowledged[index]
            for index in range(start, end)
            if index in acknowledged
        }
        start = end
        if failed is not None and len(own) < len(messages):
            error = AppendFailed(failed.cause, acknowledged=own, total=len(messages))
            _fail(_Call(messages, future), error)
        elif not future.done():
            future.set_result([own[index] for index in range(len(messages))])


def _fail_closed(calls: Sequence[_Call]) -> None:
    closed = LogFault("this appender was closed")
    for call in calls:
        _fail(call, AppendFailed(closed, acknowledged={}, total=len(call.messages)))


def _fail(call: _Call, error: Exception) -> None:
    if not call.offsets.done():
        call.offsets.set_exception(error)
