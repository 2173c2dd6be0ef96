"""The metrics of one link."""

from __future__ import annotations

from prometheus_client import Counter

from blo_processors.link.fold_state import Effects
from blo_runtime.metrics import Metrics
from blo_schemas.ids import LinkId
from blo_schemas.verdicts import Outcome


class LinkMetrics:
    """Counts what a link's worker has written.

    Args:
        metrics: The program's metrics.
        link: The link.
    """

    def __init__(self, metrics: Metrics, link: LinkId) -> None:
        self._metrics = metrics
        self._link = link
        self._size = metrics.link_size.labels(link=link)
        self._parked = metrics.records_parked.labels(link=link)
        self._dead = metrics.dead_letters.labels(link=link)
        self._refused = metrics.outputs_refused.labels(link=link)
        self._gaps = metrics.gaps_filled.labels(link=link)
        # Looking a counter up by its labels costs more than counting.
        self._written: dict[str, Counter] = {}
        self._verdicts = {
            outcome: metrics.records.labels(link=link, verdict=outcome.value) for outcome in Outcome
        }

    def count(self, effects: Effects, size: int, parked: int) -> None:
        """Count effects whose outputs were acknowledged.

        Args:
            effects: The effects.
            size: The number of records that have all their outputs on Kafka.
            parked: The number of records that wait for a key.
        """
        for entry in effects.trail.values():
            verdict = entry.verdict
            if verdict is None:
                continue
            self._verdicts[verdict.outcome].inc()
            if verdict.outcome is Outcome.REJECTED and verdict.reason is not None:
                reason = verdict.reason.value
                self._metrics.records_rejected.labels(link=self._link, reason=reason).inc()
        if effects.dead:
            self._dead.inc(len(effects.dead))
        self._size.set(size)
        self._parked.set(parked)

    def count_written(self, topic: str, outputs: int) -> None:
        """Count outputs that a topic has acknowledged."""
        written = self._written.get(topic)
        if written is None:
            written = self._metrics.outputs_written.labels(link=self._link, topic=topic)
            self._written[topic] = written
        written.inc(outputs)

    def count_refused(self, outputs: int) -> None:
        """Count values on the output topics that are not valid."""
        self._refused.inc(outputs)

    def count_gap(self, records: int) -> None:
        """Count records that the stream has left out."""
        self._gaps.inc(records)
