"""The metrics and log lines about processors: counts, never contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from blo_agent.office.state import Office
from blo_agent.oversight.apply_outputs import OutputBatchResult
from blo_agent.oversight.compare import ComparisonResult
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import alerts
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_schemas.clocks import Alert
from blo_schemas.ids import LinkId, OfficeId


class DifferenceLog:
    """Keeps the metrics in step with what processors say.

    Args:
        office: Who is told.
        metrics: Where it is told.
    """

    def __init__(self, office: Office, metrics: Metrics) -> None:
        self._office = office
        self._metrics = metrics
        self._alerts: dict[tuple[LinkId, str], int] = {}
        self._differences: dict[tuple[LinkId, OfficeId, str], int] = {}

    def taken(self, taken: OutputBatchResult) -> None:
        """Tell what a batch has brought."""
        metrics = self._metrics
        for (link, topic), count in taken.taken.items():
            metrics.outputs_taken.labels(link=link, topic=topic).inc(count)
        for link, count in taken.waiting.items():
            metrics.outputs_waiting.labels(link=link).inc(count)
        for (link, topic, reason), count in taken.ignored.items():
            metrics.outputs_ignored.labels(link=link, topic=topic, reason=reason).inc(count)
            get_logger().warning(
                "outputs ignored", link=link, topic=topic, reason=reason, count=count
            )

    def compared(
        self, compared: ComparisonResult, standing: Mapping[tuple[LinkId, OfficeId, str], int]
    ) -> None:
        """Tell which differences are new, which have gone, and how many stand."""
        for difference, count in Counter(compared.loud).items():
            get_logger().error(
                "processor differs from this office's log; the API says in what",
                link=difference.link,
                office=difference.processor,
                reason=difference.what,
                count=count,
            )
        for difference, count in Counter(compared.healed).items():
            get_logger().warning(
                "processor no longer differs",
                link=difference.link,
                office=difference.processor,
                reason=difference.what,
                count=count,
            )
        self._differences = {**dict.fromkeys(self._differences, 0), **standing}
        for (link, processor, what), count in self._differences.items():
            self._metrics.processor_differences.labels(
                link=link, office=processor, reason=what
            ).set(count)

    def alerts(self, snapshot: Snapshot) -> None:
        """Count the alerts that concern the office."""
        counts = dict.fromkeys(self._alerts, 0)
        for link in self._office.links:
            for row in alerts.standing(snapshot, link):
                alert = row.decoded
                if concerns(alert, self._office.id):
                    key = (link, cause(alert))
                    counts[key] = counts.get(key, 0) + 1
        self._alerts = counts
        for (link, reason), count in counts.items():
            self._metrics.alerts_standing.labels(link=link, reason=reason).set(count)


def concerns(alert: Alert, office: OfficeId) -> bool:
    """Whether an office has to act on an alert, or is told of it."""
    return office in alert.must_act or office in alert.notified


def cause(alert: Alert) -> str:
    """The rung that an alert has reached, or what is wrong with the link."""
    level = alert.rung or alert.signal
    return "" if level is None else level.value
