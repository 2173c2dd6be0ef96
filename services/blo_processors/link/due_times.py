"""When a link's worker has something to do, so that a link at rest is not woken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blo_domain.trust import TrustedDirectory
from blo_log.port import TopicPartition
from blo_processors.context import WorkerContext
from blo_processors.link.link_parts import LinkParts

_MOST_UNREAD: Final = 20_000


class DueTimes:
    """The times at which one link's worker did what it does by the clock.

    Args:
        context: The worker's services.
        exchange: The link's partition of the exchange topic.
    """

    def __init__(self, context: WorkerContext, exchange: TopicPartition) -> None:
        self._context = context
        self._exchange = exchange
        self._directory: TrustedDirectory | None = None
        self._looked_at_size = -1
        self._checkpointed_at = self._audited_at = context.clock.monotonic()

    def begin(self) -> None:
        """Note that a fold begins."""
        self._directory = self._context.feed.directory
        self._looked_at_size = -1

    def end_fold(self) -> None:
        """Note that a fold has ended; it has made a checkpoint."""
        self._checkpointed_at = self._context.clock.monotonic()

    def see_directory(self) -> None:
        """Note that the present trust documents change nothing for the link."""
        self._directory = self._context.feed.directory

    def look(self, size: int) -> None:
        """Note that the clocks and the health of so many records were looked at."""
        self._looked_at_size = size

    def audit(self) -> None:
        """Note that an audit begins."""
        self._audited_at = self._context.clock.monotonic()

    def takes_checkpoint(self) -> bool:
        """Whether it is time for a checkpoint; if so, it counts as made."""
        if not self._checkpoint_is_due():
            return False
        self._checkpointed_at = self._context.clock.monotonic()
        return True

    def audit_is_due(self, parts: LinkParts) -> bool:
        """Whether it is time to compare the output topics with the fold."""
        age_s = self._context.clock.monotonic() - self._audited_at
        return age_s >= self._context.options.audit_s or parts.reconciler.unread >= _MOST_UNREAD

    def is_due(self, parts: LinkParts, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether a tick has something to do. It is asked often, and most links rest.

        Args:
            parts: The worker's parts.
            ends: Where the link's partitions end. A partition that is left out makes the link due:
                the worker's own request says what is wrong with it.
        """
        state = parts.state
        return (
            self._directory is not self._context.feed.directory
            or parts.side.is_behind(ends)
            or parts.reconciler.held_back > 0
            or state.size != self._looked_at_size
            or state.size != ends.get(self._exchange)
            or self._clock_has_come(parts)
            or (state.has_moved and self._checkpoint_is_due())
            or self._has_to_audit(parts, ends)
        )

    def _clock_has_come(self, parts: LinkParts) -> bool:
        """Whether the machine's clock raises alerts, or may."""
        options = self._context.options
        if not (options.by_clock and parts.state.size):
            return False
        at = self._context.clock.now_ms() - options.skew_ms
        changes = (parts.state.next_change, parts.health.next_change)
        if any(change is not None and change <= at for change in changes):
            return True
        return parts.health.has_heard()

    def _checkpoint_is_due(self) -> bool:
        age_s = self._context.clock.monotonic() - self._checkpointed_at
        return age_s >= self._context.options.checkpoint_s

    def _has_to_audit(self, parts: LinkParts, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether an audit is due and has something to compare; otherwise it counts as made."""
        if not self.audit_is_due(parts):
            return False
        if parts.reconciler.unread or parts.granted.has_overwritten:
            return True
        if parts.published.is_behind(ends):
            return True
        self.audit()
        return False
