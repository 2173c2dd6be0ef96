"""The writer of one link's outputs and of the grants that they need."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from blo_domain.trust import TrustedDirectory
from blo_log import topics
from blo_log.errors import AppendFailed
from blo_log.port import ProducerRecord
from blo_processors.context import WorkerContext
from blo_processors.link.link_metrics import LinkMetrics
from blo_processors.outputs.encode import LinkPartition, OutputEncoder
from blo_processors.outputs.reconcile import OutputReconciler

SLICE: Final = 1_000
"""The number of outputs that are sealed and signed before they are written."""
_READERS_STAND_MS: Final = 3_600_000


class OutputWriter:
    """Writes one link's outputs.

    Args:
        place: The link.
        context: The worker's services.
        encoder: Makes the grants.
        reconciler: Counts the outputs that were repaired.
        log_time: Gives the log time for which readers are named, Unix milliseconds.
        on_progress: Called whenever outputs were acknowledged.
    """

    def __init__(
        self,
        place: LinkPartition,
        context: WorkerContext,
        encoder: OutputEncoder,
        reconciler: OutputReconciler,
        log_time: Callable[[], int],
        on_progress: Callable[[], None],
    ) -> None:
        self._place = place
        self._context = context
        self._encoder = encoder
        self._reconciler = reconciler
        self._log_time = log_time
        self._on_progress = on_progress
        self._metrics = LinkMetrics(context.metrics, place.link)
        self._granted_for: tuple[TrustedDirectory | None, int, int] = None, 0, 0

    async def write(self, messages: Iterator[ProducerRecord], *, are_few: bool = False) -> None:
        """Write outputs as they are made; returns when all are acknowledged.

        A thread seals and signs them, so the event loop goes on.

        Args:
            messages: The outputs.
            are_few: Whether they are so few that handing them to a thread costs more.

        Raises:
            AppendFailed: One can't be written, and not because Kafka is away.
        """

        def make() -> list[ProducerRecord]:
            return list(islice(messages, SLICE))

        while made := make() if are_few else await asyncio.to_thread(make):
            await self.append([*self._new_grants(), *made])
            if len(made) < SLICE:
                break
        healed = self._reconciler.healed
        for topic, count in healed.items():
            self._count_healed(topic, count)
        healed.clear()

    async def grant(self) -> None:
        """Grant the own keys to the readers that lack them now; raises as ``write``."""
        if missing := self._grants():
            await self.append(missing)

    async def restore_alerts(self, values: Mapping[bytes, bytes]) -> None:
        """Write again values of the topic of alerts, by their keys; raises as ``write``."""
        topic = topics.alerts_topic(self._place.corridor)
        await self.append(
            [
                ProducerRecord(topic, self._place.partition, key, value)
                for key, value in values.items()
            ]
        )
        self._count_healed(topic, len(values))

    async def append(self, messages: Sequence[ProducerRecord]) -> None:
        """Write the same bytes until they are acknowledged, however long Kafka is away.

        Records whose acknowledgement was lost are written twice; readers of outputs accept that.

        Raises:
            AppendFailed: One can't be written, and not because Kafka is away.
        """
        left = list(messages)

        async def attempt() -> None:
            nonlocal left
            try:
                await self._context.appender.append(left)
            except AppendFailed as failed:
                left = [left[index] for index in failed.unacknowledged]
                raise

        await self._context.line.keep_trying(self._place.link, attempt)
        self._on_progress()
        for topic, count in Counter(message.topic for message in messages).items():
            self._metrics.count_written(topic, count)

    def _new_grants(self) -> list[ProducerRecord]:
        """The grants that outputs need before they are written.

        Readers differ by documents and by time. Outputs come often and readers change seldom, so for
        time alone they are looked up once an hour of the log, and at each ``grant``.
        """
        documents, at, keys = self._granted_for
        directory = self._context.feed.directory
        is_same = documents is directory and keys == self._encoder.key_count
        if is_same and abs(self._log_time() - at) < _READERS_STAND_MS:
            return []
        return self._grants()

    def _grants(self) -> list[ProducerRecord]:
        self._granted_for = (
            self._context.feed.directory,
            self._log_time(),
            self._encoder.key_count,
        )
        grants = self._encoder.grants(self._context.feed.directory, self._log_time())
        ungranted = self._context.metrics.readers_ungranted
        ungranted.labels(link=self._place.link).set(len(self._encoder.ungranted))
        return grants

    def _count_healed(self, topic: str, count: int) -> None:
        self._context.metrics.outputs_healed.labels(link=self._place.link, topic=topic).inc(count)
