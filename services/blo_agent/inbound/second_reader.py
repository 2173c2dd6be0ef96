"""Reads a link's log again for its second fold, beside the reader of what is new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from blo_agent.inbound.second_fold import take_again
from blo_agent.inbound.truncated_topics import exchange_partition
from blo_agent.office.batch import BatchResult
from blo_agent.office.link_state import LinkState
from blo_agent.office.revision import Revision
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_log.port import Log, LogReader
from blo_runtime.clock import Clock
from blo_schemas.event import LogRecord

_PORTION: Final = 100
"""So many records are folded in one job, so that commands wait for some 20 ms at most."""
_POLL_S: Final = 1.0


class SecondReader:
    """Reads again what trust documents reach back to, one link after the other.

    Args:
        office: Who reads.
        store: Where it is kept.
        log: Where from.
        clock: The office's clock.
        on_batch: Called after each portion, when it is on disk.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        log: Log,
        clock: Clock,
        on_batch: Callable[[BatchResult], None],
    ) -> None:
        self._office = office
        self._store = store
        self._log = log
        self._clock = clock
        self._on_batch = on_batch
        self._reader: LogReader | None = None
        self._revision: Revision | None = None

    @property
    def is_due(self) -> bool:
        """Whether the log of a link that can be read is to be folded again."""
        return self._next() is not None

    async def step(self) -> bool:
        """Fold one portion of one link, if one is due.

        Returns:
            Whether the reader of what is new must begin anew.

        Raises:
            LogError: The log can't be read; what was folded stays.
        """
        state = self._next()
        if state is None or state.revision is None:
            await self.close()
            return False
        if state.revision is not self._revision:
            await self._begin(state, state.revision)
            return False
        return await self._take(state, state.revision)

    async def close(self) -> None:
        """Close the connection; a fold that is not whole goes on from where it is."""
        reader, self._reader, self._revision = self._reader, None, None
        if reader is not None:
            await reader.close()

    def _next(self) -> LinkState | None:
        for state in self._office.links.values():
            readable = state.status.is_read_on and not state.status.unserved
            if state.revision is not None and readable:
                return state
        return None

    async def _begin(self, state: LinkState, revision: Revision) -> None:
        await self.close()
        self._reader = await self._log.reader({exchange_partition(state): revision.size})
        self._revision = revision

    async def _take(self, state: LinkState, revision: Revision) -> bool:
        assert self._reader is not None
        fetched = await self._reader.poll(max_records=_PORTION, timeout_s=_POLL_S)
        found = fetched.get(exchange_partition(state), [])
        log_records = [LogRecord(one.offset, one.timestamp, one.value or b"") for one in found]
        now = self._clock.now_ms()

        def job(tx: Transaction) -> BatchResult:
            return take_again(self._office, state, revision, log_records, now, tx)

        result = await self._store.write(job)
        self._on_batch(result)
        return result.must_begin_anew
