"""What the fold concludes of a record, as rows of the store."""

from __future__ import annotations

from blo_agent.store.tables import events, records
from blo_projection.fold import ContentState, FoldedRecord
from blo_schemas.content import CONTENT
from blo_schemas.ids import LinkId
from blo_schemas.summary import SUMMARY
from blo_schemas.verdicts import Outcome


def record_row(link: LinkId, outcome: FoldedRecord) -> records.RecordRow:
    """The row of a record with its verdict, or with none while it is parked."""
    verdict = outcome.verdict
    header = outcome.header
    return records.RecordRow(
        link,
        outcome.position,
        outcome.log_time,
        outcome.admitted.leaf,
        outcome.admitted.log_hash,
        outcome.event,
        outcome.office,
        None if header is None else header.oseq,
        None if header is None else header.case_id,
        None if verdict is None else verdict.outcome,
        None if verdict is None else verdict.reason,
        crossed=verdict is not None and verdict.crossed,
        opened=is_opened(outcome),
        chained=outcome.admitted.chained,
        summary=rejected_summary(outcome),
    )


def rejected_summary(outcome: FoldedRecord) -> bytes | None:
    """The summary of a rejected record, from which the API words the rejection."""
    if (
        outcome.summary is None
        or outcome.verdict is None
        or outcome.verdict.outcome is not Outcome.REJECTED
    ):
        return None
    return SUMMARY.encode(outcome.summary)


def is_opened(outcome: FoldedRecord) -> bool:
    """Whether everything of a record that this office should read could be opened."""
    if outcome.verdict is None:
        return False
    if outcome.verdict.reason is not None and outcome.verdict.reason.value.startswith("summary_"):
        return False
    return outcome.content_state not in (ContentState.WAITING, ContentState.UNOPENABLE)


def event_row(link: LinkId, outcome: FoldedRecord) -> events.EventRow:
    """The row of an accepted event.

    Raises:
        ValueError: The record is none.
    """
    if (
        outcome.event is None
        or outcome.header is None
        or outcome.office is None
        or outcome.summary is None
    ):
        raise ValueError(f"record {outcome.position} is accepted but not readable")
    content = outcome.content
    return events.EventRow(
        outcome.event,
        link,
        outcome.position,
        outcome.header.case_id,
        outcome.version,
        outcome.office,
        outcome.summary.kind,
        outcome.summary.step,
        None if content is None else content.on,
        outcome.header.at,
        outcome.log_time,
        SUMMARY.encode(outcome.summary),
        None if content is None else CONTENT.encode(content),
    )
