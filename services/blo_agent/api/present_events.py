"""The API's answers about single events; runs in a reader's thread."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from blo_agent.api import response_types as api
from blo_agent.office.viewer import StoredLink, summary_of
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import events, outbox, receipts, records
from blo_domain.inbox.receipts import (
    CaseStep,
    ReceiptStage,
    acknowledged_by,
    answered_by,
)
from blo_domain.people.handling_codes import restrictions
from blo_domain.wording import explain
from blo_schemas.bodies import decode_body
from blo_schemas.content import CONTENT, WITHOUT_CONTENT
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.instants import local
from blo_schemas.summary import SUMMARY, Kind
from blo_schemas.views import CaseView


def receipts_of(
    snapshot: Snapshot,
    link: LinkId,
    kind: Kind,
    steps: list[CaseStep],
    event: CaseStep,
    offices: Collection[OfficeId],
) -> list[api.ReceiptAnswer]:
    """How far an event has come at other offices, and what proves it.

    Args:
        snapshot: The store.
        link: The link.
        kind: The case's kind.
        steps: The accepted events of the case.
        event: One of them.
        offices: The offices of the link at its log time.
    """
    sent = api.ReceiptAnswer(
        stage=ReceiptStage.SENT.value,
        office=event.office,
        at=local(event.log_time),
        position=event.position,
        event=event.event.hex(),
    )
    ladder = [sent]
    others = sorted(set(offices) - {event.office})
    for stage in (ReceiptStage.DELIVERED, ReceiptStage.OPENED):
        for office in others:
            head = receipts.first_receipt(snapshot, link, office, stage, event.position)
            if head is not None:
                ladder.append(
                    api.ReceiptAnswer(
                        stage=stage.value, office=office, at=local(head.at), head=head.id.hex()
                    )
                )
    for office in others:
        ladder.extend(
            _of_event(stage, proof)
            for stage, proof in (
                (ReceiptStage.ACKNOWLEDGED, acknowledged_by(steps, event, office)),
                (ReceiptStage.ANSWERED, answered_by(kind, steps, event, office)),
            )
            if proof is not None
        )
    return ladder


def _of_event(stage: ReceiptStage, proof: CaseStep) -> api.ReceiptAnswer:
    return api.ReceiptAnswer(
        stage=stage.value, office=proof.office, at=local(proof.at), event=proof.event.hex()
    )


def _content_word(stored: StoredLink, row: events.EventRow) -> str:
    if row.step in WITHOUT_CONTENT:
        return "none"
    if row.case in stored.shredded:
        return "shredded"
    if row.content is None:
        return "closed"
    return "withheld" if stored.withheld else "opened"


def event_answer(
    stored: StoredLink,
    row: events.EventRow,
    receipts: list[api.ReceiptAnswer],
    *,
    crossed: bool,
    superseded: bool,
) -> api.EventAnswer:
    """One accepted event; its content where that is shown."""
    word = _content_word(stored, row)
    shown = row.content if word == "opened" else None
    content = None if shown is None else CONTENT.decode(shown)
    fields: dict[str, Any] | None = None
    if content is not None:
        decoded = decode_body(row.kind, row.step, content.body_version, content.body)
        fields = msgspec.to_builtins(decoded)
    dispatch = None if content is None else content.dispatch
    return api.EventAnswer(
        event=row.event_id.hex(),
        step=row.step.word,
        office=row.office,
        version=row.version,
        position=row.position,
        at=local(row.at),
        log_time=local(row.log_time),
        crossed=crossed,
        superseded=superseded,
        on=None if content is None else content.on,
        reason=None if content is None else content.reason,
        dispatch=dispatch,
        fields=fields,
        content=word,
        receipts=receipts,
        handling=() if dispatch is None else restrictions([dispatch]),
    )


def under_way_answer(
    snapshot: Snapshot, link: LinkId, waiting: outbox.OutboxRecord
) -> Iterator[api.UnderWayAnswer]:
    """An event under way; nothing of one whose key is gone, because what it does can't be told."""
    if waiting.value is None or waiting.event_id is None:
        return
    opened = summary_of(snapshot, link, waiting.value)
    if opened is not None:
        header, summary = opened
        yield api.UnderWayAnswer(
            event=waiting.event_id.hex(),
            step=summary.step.word,
            at=local(header.at),
            state="appended" if waiting.state is outbox.OutboxState.APPENDED else "accepted",
            position=waiting.offset,
        )


def rejected_answer(
    office: OfficeId, row: records.RecordRow, view: CaseView | None
) -> api.RejectedAnswer:
    """One rejected event, with the reason in words."""
    reason = "" if row.reason is None else row.reason.value
    step = None
    words = f"the record is refused: {reason}"
    if row.summary is not None and row.verdict is not None and row.office is not None:
        summary = SUMMARY.decode(row.summary)
        step = summary.step.word
        words = explain(row.verdict, summary, row.office, view, office)
    return api.RejectedAnswer(
        event=(row.event_id or b"").hex(),
        office=row.office,
        position=row.position,
        step=step,
        reason=reason,
        words=words,
    )
