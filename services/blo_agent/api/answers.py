"""What the office's API answers: views, histories, receipts. Runs in the store's thread."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from blo_agent.api import types as api
from blo_agent.api.alerting import (
    case_differences,
    case_timing,
    link_alerts,
    link_differences,
)
from blo_agent.desk import LinkDesk
from blo_agent.office import Office
from blo_agent.own_chain import successor
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases, events, outbox, records
from blo_agent.taking_heads import delivery
from blo_domain.cases import legal_steps
from blo_domain.shredding import (
    Place,
    ShreddingStatus,
    Signed,
    shredding_of,
    shredding_words,
)
from blo_domain.wording import explain
from blo_schemas.bodies import decode_body
from blo_schemas.content import CONTENT, WITHOUT_CONTENT
from blo_schemas.ids import CaseId, EventId, LinkId, OfficeId
from blo_schemas.summary import SUMMARY
from blo_schemas.verdicts import Outcome
from blo_schemas.views import CaseView


def link_answer(
    office: Office, snapshot: Snapshot, desk: LinkDesk, high_watermark: int
) -> api.LinkAnswer:
    """A link as the office knows it."""
    chain = desk.fold.chain
    tally = desk.tally
    return api.LinkAnswer(
        link=desk.link,
        corridor=desk.corridor,
        partition=desk.partition,
        role="party" if desk.is_party else "superior",
        size=desk.size,
        high_watermark=max(high_watermark, desk.size),
        log_hash=chain.log_hash.hex(),
        view_digest=desk.views.digest().hex(),
        pending=len(desk.under_way),
        unopened=len(desk.unopened),
        parked=desk.fold.parked_count(),
        halted=desk.halted,
        heads=[
            api.HeadAnswer(
                signer,
                head.size,
                head.unopened,
                head.at,
                head.log_hash.hex(),
                head.view_digest.hex(),
            )
            for (link, signer), head in sorted(office.heads.items())
            if link == desk.link
        ],
        counts=api.CountsAnswer(
            tally.own, tally.accepted, tally.crossed, tally.duplicates, dict(tally.rejected)
        ),
        cosigned=desk.trees.cosigned_size,
        refused_checkpoints=[
            api.RefusedCheckpoint(
                one.signer,
                one.size,
                one.at,
                one.words,
                [note.decode() for note in (one.note, one.other) if note],
            )
            for one in desk.trees.refused
        ],
        alerts=link_alerts(office, snapshot, desk),
        differences=link_differences(snapshot, desk.link),
    )


def list_cases(
    office: Office, snapshot: Snapshot, link: LinkId | None, now: int
) -> list[api.CaseAnswer]:
    """The cases of one link, or of all."""
    wanted = [link] if link is not None else sorted(office.desks)
    return [
        _case_answer(office, snapshot, view, now)
        for one in wanted
        for view in cases.iterate(snapshot, one)
    ]


def case_history(
    office: Office, snapshot: Snapshot, desk: LinkDesk, case: CaseId, now: int, *, is_read: bool
) -> api.CaseHistory | None:
    """A case of a link with its events; ``None``: no record of the link names it.

    Args:
        office: Who asks.
        snapshot: Its store.
        desk: The link.
        case: The case.
        now: The office's clock, Unix milliseconds.
        is_read: Whether the link's log has been read to its end: then clocks stand as of now.
    """
    link = desk.link
    rows = records.of_case(snapshot, link, case)
    waiting = [one for one in desk.under_way.values() if one.case == case]
    if not rows and not waiting:
        return None
    view = cases.get(snapshot, link, case)
    superseded = () if view is None else view.superseded
    crossed = {row.event_id for row in rows if row.crossed}
    timing = case_timing(office, snapshot, desk, case, now if is_read else 0)
    return api.CaseHistory(
        view=None if view is None else _case_answer(office, snapshot, view, now),
        events=[
            _event_answer(desk, row, row.event_id in crossed, row.version in superseded)
            for row in events.by_case(snapshot, link, case)
        ],
        rejected=[
            _rejected_answer(office, row, view) for row in rows if row.outcome is Outcome.REJECTED
        ],
        under_way=[
            api.UnderWayAnswer(one.event.hex(), one.summary.step.word, one.at) for one in waiting
        ],
        clocks=timing.clocks,
        alerts=timing.alerts,
        differences=case_differences(snapshot, link, case),
    )


def event_status(office: Office, snapshot: Snapshot, event: EventId) -> api.EventStatus | None:
    """How far an event has come; ``None``: it is not known here."""
    event = successor(snapshot, event) or event
    for desk in office.desks.values():
        submitted = desk.under_way.get(event)
        if submitted is not None:
            state = outbox.state_of(snapshot, event)
            word = "appended" if state is outbox.OutboxState.APPENDED else "accepted"
            return api.EventStatus(event.hex(), word, None, [], [])
    rows = records.by_event(snapshot, event)
    if not rows:
        return None
    row = rows[0]
    others = tuple(
        office_id
        for office_id in office.directory.link_trust(row.link).parties(row.log_time)
        if office_id != row.office
    )
    delivered, opened = delivery(office, row.link, row.position, others)
    state_word = "delivered" if delivered else "read"
    if others and len(opened) == len(others):
        state_word = "opened"
    return api.EventStatus(event.hex(), state_word, _verdict_word(row), [*delivered], [*opened])


def _verdict_word(row: records.RecordRow) -> str | None:
    if row.outcome is None:
        return None
    return row.outcome.value if row.reason is None else row.reason.value


def _case_answer(office: Office, snapshot: Snapshot, view: CaseView, now: int) -> api.CaseAnswer:
    parties = office.directory.link_trust(view.link).parties(now)
    return api.CaseAnswer(
        case=view.case.hex(),
        link=view.link,
        kind=view.kind.word,
        state=view.state.value,
        version=view.version,
        urgency=view.urgency.word,
        opener=view.opener,
        opened_at=view.opened_at,
        paused=view.paused,
        crossed=view.crossed,
        position=view.position,
        log_time=view.log_time,
        may_do=[step.word for step in legal_steps(view, office.id, parties)],
        shredding=_shredding_answer(snapshot, view, parties),
    )


def _shredding_answer(
    snapshot: Snapshot, view: CaseView, parties: Collection[OfficeId]
) -> api.ShreddingAnswer | None:
    if shredding_of(view).status is ShreddingStatus.NONE:
        return None
    places = {
        row.version: Place(row.position, row.event_id, row.log_time)
        for row in events.by_case(snapshot, view.link, CaseId(view.case))
    }
    found = shredding_of(view, places)
    return api.ShreddingAnswer(
        status=found.status.value,
        consents=[_signed_answer(one) for one in found.consents],
        confirmations=[_signed_answer(one) for one in found.confirmations],
        awaited=[*found.awaited(parties)],
        words=shredding_words(found, parties),
    )


def _signed_answer(signed: Signed) -> api.SignedAnswer:
    if signed.place is None:
        return api.SignedAnswer(signed.office, None, None)
    return api.SignedAnswer(signed.office, signed.place.event.hex(), signed.place.position)


def _content_word(desk: LinkDesk, row: events.EventRow) -> str:
    if row.step in WITHOUT_CONTENT:
        return "none"
    if row.case in desk.shredded:
        return "shredded"
    if row.content is None:
        return "closed"
    return "withheld" if desk.withheld else "opened"


def _event_answer(
    desk: LinkDesk, row: events.EventRow, crossed: bool, superseded: bool
) -> api.EventAnswer:
    word = _content_word(desk, row)
    shown = row.content if word == "opened" else None
    content = None if shown is None else CONTENT.decode(shown)
    body: dict[str, Any] | None = None
    if content is not None:
        decoded = decode_body(row.kind, row.step, content.body_version, content.body)
        body = msgspec.to_builtins(decoded)
    return api.EventAnswer(
        event=row.event_id.hex(),
        step=row.step.word,
        office=row.office,
        version=row.version,
        position=row.position,
        at=row.at,
        log_time=row.log_time,
        crossed=crossed,
        superseded=superseded,
        on=None if content is None else content.on,
        reason=None if content is None else content.reason,
        dispatch=None if content is None else content.dispatch,
        body=body,
        content=word,
    )


def _rejected_answer(
    office: Office, row: records.RecordRow, view: CaseView | None
) -> api.RejectedAnswer:
    reason = "" if row.reason is None else row.reason.value
    step = None
    words = f"the record is refused: {reason}"
    if row.summary is not None and row.verdict is not None and row.office is not None:
        summary = SUMMARY.decode(row.summary)
        step = summary.step.word
        words = explain(row.verdict, summary, row.office, view, office.id)
    return api.RejectedAnswer(
        event=(row.event_id or b"").hex(),
        office=row.office,
        position=row.position,
        step=step,
        reason=reason,
        words=words,
    )


__all__ = ["case_history", "event_status", "link_answer", "list_cases"]
