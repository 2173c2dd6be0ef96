"""Which program feeds which metric; a program exposes what it feeds, and nothing else.

``tests/unit/runtime/test_metrics.py`` compares the table with what the programs' code uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class FeedingProgram(StrEnum):
    """The programs that serve metrics."""

    AGENT = "agent"
    PROCESSORS = "processors"
    WITNESS = "witness"


FED_BY: Final[Mapping[FeedingProgram, frozenset[str]]] = {
    FeedingProgram.AGENT: frozenset(
        {
            "alerts_standing",
            "backup_age_seconds",
            "backups_failed",
            "cases_shredded",
            "certificate_expiry_timestamp_seconds",
            "checkpoint_size",
            "checkpoints_refused",
            "clock_ahead_seconds",
            "commands_accepted",
            "commands_refused",
            "directory_documents",
            "events_appended",
            "events_crossed",
            "faults_contained",
            "file_bytes",
            "file_findings",
            "files_stored_bytes",
            "files_waiting",
            "forks",
            "grants",
            "head_age_seconds",
            "head_size",
            "line_up",
            "link_halted",
            "link_high_watermark",
            "link_size",
            "log_fields_dropped",
            "outbox_oldest_seconds",
            "outbox_pending",
            "outputs_ignored",
            "outputs_taken",
            "outputs_waiting",
            "processor_differences",
            "readers_ungranted",
            "records",
            "records_parked",
            "records_rejected",
            "records_unopenable",
            "shreddings_unconfirmed",
            "webhook_requests",
            "webhooks_paused",
        }
    ),
    FeedingProgram.PROCESSORS: frozenset(
        {
            "assigned_links",
            "commit_age_seconds",
            "dead_letters",
            "fold_seconds",
            "folds_from_zero",
            "gaps_filled",
            "line_up",
            "link_size",
            "log_fields_dropped",
            "outputs_healed",
            "outputs_refused",
            "outputs_written",
            "readers_ungranted",
            "records",
            "records_parked",
            "records_rejected",
            "state_size",
        }
    ),
    FeedingProgram.WITNESS: frozenset(
        {
            "checkpoint_size",
            "checkpoints_refused",
            "line_up",
            "link_size",
            "log_fields_dropped",
            "quorum_seconds",
            "quorum_size",
            "witness_stopped",
        }
    ),
}
"""The attributes of ``Metrics`` that each program feeds."""

CLOSED_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "direction": ("given", "taken"),
    "purpose": ("content", "summary"),
    "verdict": ("accepted", "duplicate", "rejected"),
}
"""The labels whose values are known beforehand: their counters exist at 0 for each link."""
