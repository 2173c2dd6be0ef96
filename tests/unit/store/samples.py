"""Made-up rows for the store's tests."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from blo_agent.store.tables.events import EventRow
from blo_agent.store.tables.outbox import NewRecord
from blo_agent.store.tables.records import RecordRow
from blo_schemas.ids import CaseId, Digest, EventId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Urgency
from blo_schemas.verdicts import Outcome
from blo_schemas.views import VIEW_VERSION, CaseView, State

LINK = LinkId("vn-a~la-b")
OTHER_LINK = LinkId("vn-c~la-d")
OFFICE = OfficeId("vn-a")
TOPIC = "blo.exchange.la-vn"


def digest(*parts: object) -> Digest:
    return Digest(sha256(repr(parts).encode()).digest())


def event_id(number: int, link: LinkId = LINK) -> EventId:
    return EventId(digest("event", link, number))


def case_id(number: int) -> CaseId:
    return CaseId(digest("case", number))


def new_event(number: int, *, link: LinkId = LINK, case: int = 0) -> NewRecord:
    return NewRecord(
        topic=TOPIC,
        partition=3,
        key=link.encode(),
        value=b"envelope %d" % number,
        link=link,
        event_id=event_id(number, link),
        oseq=number,
        case=case_id(case),
        accepted_at=1_000 + number,
    )


def new_grant(number: int, *, link: LinkId = LINK) -> NewRecord:
    return NewRecord(
        "blo.keys.la-vn", 3, b"key %d" % number, b"grant", link, None, None, None, 1_000 + number
    )


def record_row(position: int, *, link: LinkId = LINK, case: int = 0) -> RecordRow:
    return RecordRow(
        link=link,
        position=position,
        log_time=5_000 + position,
        leaf=digest("leaf", link, position),
        log_hash=digest("log", link, position),
        event_id=event_id(position, link),
        office=OFFICE,
        oseq=position,
        case=case_id(case),
        outcome=Outcome.ACCEPTED,
        reason=None,
        crossed=False,
        opened=True,
        chained=True,
    )


def event_row(position: int, *, link: LinkId = LINK, case: int = 0, on: date | None) -> EventRow:
    return EventRow(
        event_id=event_id(position, link),
        link=link,
        position=position,
        case=case_id(case),
        version=position + 1,
        office=OFFICE,
        kind=Kind.PATROL,
        step=Step.OPEN,
        on=on,
        at=4_000 + position,
        log_time=5_000 + position,
        summary=b"summary",
        content=None if on is None else b"content",
    )


def case_view(number: int, *, link: LinkId = LINK, state: State = State.SENT) -> CaseView:
    return CaseView(
        v=VIEW_VERSION,
        case=case_id(number),
        link=link,
        kind=Kind.PATROL,
        state=state,
        version=1,
        urgency=Urgency.ROUTINE,
        opener=OFFICE,
        opened_at=5_000,
        done_by=(),
        joint_step=None,
        offices=(OFFICE,),
        step_codes=bytes((Step.OPEN,)),
        author_codes=b"\0",
        superseded=(),
        paused=False,
        crossed=0,
        position=number,
        log_time=5_000,
    )
