"""Files on their way, both ways, and how many there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from blo_agent.files.fetcher import FileFetcher
from blo_agent.files.options import FileOptions
from blo_agent.files.sender import FileSender
from blo_agent.files.wanted import want
from blo_agent.office.state import Office
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.outbound.sender import Sender
from blo_agent.store.connection import Snapshot
from blo_agent.store.facade import Store
from blo_agent.store.tables import files
from blo_agent.store.tables.files import FileRow, FileState
from blo_log.port import Log
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.metrics import Metrics
from blo_schemas.ids import LinkId

_COUNT_EVERY_S: Final = 5.0
_WAITING: Final = (("given", FileState.SENDING), ("taken", FileState.FETCHING))


class FileTransfers:
    """Sends and fetches the files of an office.

    Args:
        office: Whose files.
        store: Where they are.
        log: Where they go and come from; with connections of its own, so that nothing waits in a
            queue behind a file.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        sender: Sends everything else, and goes first.
        clock: The office's clock.
        metrics: Counts.
        options: How much room and how much of the line files may take.
        simulated_time: Whether records carry the clock's time.

    Attributes:
        options: As given.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        log: Log,
        line: LineSwitch,
        kafka: KafkaLine,
        sender: Sender,
        clock: Clock,
        metrics: Metrics,
        options: FileOptions,
        *,
        simulated_time: bool,
    ) -> None:
        self.options = options
        self._office = office
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._sender = FileSender(
            office,
            store,
            log,
            line,
            kafka,
            sender,
            clock,
            metrics,
            options,
            simulated_time=simulated_time,
        )
        self._fetcher = FileFetcher(office, store, log, line, kafka, clock, metrics, options)

    def works(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """The parts that run beside each other."""
        return {
            "files sent": self._sender.run,
            "files fetched": self._fetcher.run,
            "files counted": self._count,
        }

    def wake(self) -> None:
        """There may be files to send or to fetch."""
        self._sender.wake()
        self._fetcher.wake()

    async def fetch(self, file: bytes, actor: str) -> FileRow | None:
        """Want a file of which an event tells; ``None``: there is none.

        Raises:
            FileRefused: There is no room.
        """
        now = self._clock.now_ms()
        row = await self._store.write(lambda tx: want(file, actor, self.options, now, tx))
        self._fetcher.wake()
        return row

    async def _count(self) -> None:
        def count(snapshot: Snapshot) -> tuple[dict[tuple[LinkId, FileState], int], int]:
            return files.counts(snapshot), files.kept_bytes(snapshot)

        while True:
            counts, kept = await self._store.read(count)
            self._metrics.files_stored_bytes.set(kept)
            for link in self._office.links:
                for direction, state in _WAITING:
                    number = counts.get((link, state), 0)
                    self._metrics.files_waiting.labels(link=link, direction=direction).set(number)
            await asyncio.sleep(_COUNT_EVERY_S)
