"""The agent's metrics and log lines: counts and positions, never contents."""

from __future__ import annotations

from collections import Counter

from blo_agent.custody.certificates import covered_until
from blo_agent.office.batch import BatchResult, ReadRange
from blo_agent.office.state import Office
from blo_agent.store.tables.outbox import OutboxCount
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_schemas.ids import LinkId
from blo_schemas.verdicts import ACCEPTED, Outcome


class AgentMetrics:
    """Keeps the metrics in step with the office.

    Args:
        office: What is told about.
        metrics: Where it is told.
        clock: The office's clock, for ages.
    """

    def __init__(self, office: Office, metrics: Metrics, clock: Clock) -> None:
        self._office = office
        self._metrics = metrics
        self._clock = clock

    def count_batch(self, result: BatchResult) -> None:
        """Tell what a batch has brought."""
        metrics = self._metrics
        log = get_logger()
        verdicts = Counter((seen.link, seen.verdict.outcome) for seen in result.seen)
        for (link, outcome), number in verdicts.items():
            metrics.records.labels(link=link, verdict=outcome.value).inc(number)
        for seen in result.seen:
            if seen.verdict is not ACCEPTED:
                self._seen(seen)
        for link, purpose in result.grants:
            metrics.grants.labels(link=link, purpose=purpose.name.lower(), direction="taken").inc()
        for link in result.shredded:
            metrics.cases_shredded.labels(link=link).inc()
            log.info("contents of a case deleted, as its offices have agreed", link=link)
        self._folds(result)
        if result.ignored:
            log.warning(
                "bytes that do not belong on their topic were ignored", count=result.ignored
            )
        for link in result.refused:
            metrics.checkpoints_refused.labels(link=link).inc()
        for what, _ in result.contained:
            metrics.faults_contained.labels(place=what).inc()
        for words in result.alarms:
            log.error("alarm", reason=words)

    def _folds(self, result: BatchResult) -> None:
        log = get_logger()
        for link in result.refold:
            log.warning("log is read anew, because what is stored of it is of no use", link=link)
        for link in result.revising:
            log.warning("log is folded again, because trust documents reach back", link=link)
        for link in result.revised:
            log.info("log was folded again", link=link)

    def _seen(self, seen: ReadRange) -> None:
        """Tell of what is not simply accepted."""
        metrics = self._metrics
        verdict = seen.verdict
        if verdict.crossed:
            metrics.events_crossed.labels(link=seen.link).inc()
        if verdict.outcome is Outcome.REJECTED and verdict.reason is not None:
            reason = verdict.reason.value
            metrics.records_rejected.labels(link=seen.link, reason=reason).inc()
            if reason == "fork":
                metrics.forks.labels(link=seen.link).inc()
            get_logger().warning(
                "record rejected",
                link=seen.link,
                position=seen.position,
                office=seen.office,
                reason=reason,
            )

    def positions(self, high_watermarks: dict[LinkId, int]) -> None:
        """Tell how far the office, and every other office, has read."""
        metrics = self._metrics
        metrics.begin_links(self._office.links)
        for link, state in self._office.links.items():
            metrics.link_size.labels(link=link).set(state.size)
            end = max(high_watermarks.get(link, 0), state.size)
            metrics.link_high_watermark.labels(link=link).set(end)
            metrics.records_parked.labels(link=link).set(state.fold.parked_count())
            metrics.records_unopenable.labels(link=link).set(len(state.unopened))
            metrics.checkpoint_size.labels(link=link).set(state.trees.cosigned_size)
            metrics.readers_ungranted.labels(link=link).set(len(state.ungranted))
            metrics.link_halted.labels(link=link).set(state.status.halted is not None)
            metrics.shreddings_unconfirmed.labels(link=link).set(len(state.unconfirmed))
        directory = self._office.directory
        metrics.directory_documents.labels(state="counted").set(len(directory.documents))
        metrics.directory_documents.labels(state="refused").set(len(directory.refusals))
        for (link, office), head in self._office.heads.items():
            metrics.head_size.labels(link=link, office=office).set(head.size)
            corridor = self._office.links[link].corridor
            heartbeat = self._office.heartbeats.get((corridor, office))
            heard = max(head.at, 0 if heartbeat is None else heartbeat.at)
            age = max(0, self._clock.now_ms() - heard) / 1000
            metrics.head_age_seconds.labels(link=link, office=office).set(age)

    def outbox(self, counts: dict[LinkId, OutboxCount]) -> None:
        """Tell what waits to be sent."""
        oldest = None
        for link in self._office.links:
            waiting = counts.get(link)
            self._metrics.outbox_pending.labels(link=link).set(waiting.pending if waiting else 0)
            if waiting is not None and waiting.pending:
                at = waiting.oldest_accepted_at
                oldest = at if oldest is None else min(oldest, at)
        age = 0 if oldest is None else max(0, self._clock.now_ms() - oldest) / 1000
        self._metrics.outbox_oldest_seconds.set(age)

    def certificate(self, now: int) -> None:
        """Tell until when the office may write, with the certificates that it has."""
        ends = covered_until(self._office, now)
        if ends is not None:
            gauge = self._metrics.certificate_expiry_timestamp_seconds
            gauge.labels(office=self._office.id).set(ends / 1000)
