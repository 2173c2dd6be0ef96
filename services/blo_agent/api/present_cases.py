"""The API's answers about links, cases and events; runs in a reader's thread."""

from __future__ import annotations

from collections.abc import Collection

from blo_agent.api import response_types as api
from blo_agent.api.pages import PageRequest
from blo_agent.api.present_alerts import (
    case_differences,
    case_timing,
    link_alerts,
    link_differences,
)
from blo_agent.api.present_events import (
    event_answer,
    receipts_of,
    rejected_answer,
    under_way_answer,
)
from blo_agent.inbound.heads import delivery
from blo_agent.inbound.heartbeats import stored_heartbeat
from blo_agent.inbound.own_chain import successor
from blo_agent.office.case_clocks import case_steps
from blo_agent.office.verdict_counts import tally_of
from blo_agent.office.viewer import (
    ViewedLink,
    Viewer,
    log_hash_of,
    stored_link,
)
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import (
    case_lists,
    cases,
    checkpoints,
    events,
    halts,
    heads,
    outbox,
    records,
    view_groups,
)
from blo_agent.store.tables.case_lists import CaseFilter, CaseOrder, CasePlace
from blo_domain.cases import legal_steps
from blo_domain.shredding import (
    ShreddingPlace,
    ShreddingSignature,
    ShreddingStatus,
    shredding_of,
    shredding_words,
)
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head
from blo_schemas.ids import CaseId, CorridorId, EventId, LinkId, OfficeId
from blo_schemas.instants import local
from blo_schemas.views import CaseView


def link_answer(
    viewer: Viewer,
    snapshot: Snapshot,
    role: ViewedLink,
    high_watermark: int,
    unsent_because: str = "",
) -> api.LinkAnswer:
    """A link as the office knows it."""
    link = role.link
    stored = stored_link(snapshot, link)
    tally = tally_of(snapshot, viewer.id, link)
    unopened, parked = records.count_unopened(snapshot, link)
    cosigned = checkpoints.get_cosigned(snapshot, link)
    return api.LinkAnswer(
        link=link,
        corridor=role.corridor,
        partition=role.partition,
        role="party" if role.is_party else "superior",
        size=stored.size,
        high_watermark=max(high_watermark, stored.size),
        log_hash=log_hash_of(snapshot, stored).hex(),
        view_digest=view_groups.views_digest(snapshot, link).hex(),
        pending=outbox.count_unconfirmed(snapshot, link),
        unopened=unopened,
        parked=parked,
        halted=role.halted,
        heads=[
            api.HeadAnswer(
                signer,
                head.size,
                head.unopened,
                local(head.at),
                local(max(head.at, _last_heartbeat(snapshot, role.corridor, signer))),
                head.log_hash.hex(),
                head.view_digest.hex(),
            )
            for signer, head in sorted(_newest_heads(snapshot, link).items())
        ],
        counts=api.CountsAnswer(
            tally.own, tally.accepted, tally.crossed, tally.duplicates, tally.rejected
        ),
        cosigned=0 if cosigned is None else cosigned.size,
        refused_checkpoints=[
            api.RefusedCheckpoint(
                row.signer,
                row.size,
                local(row.at),
                row.words,
                [note.decode() for note in (row.note, row.other) if note],
            )
            for row in checkpoints.refused_of(snapshot, link)
        ],
        alerts=link_alerts(viewer, snapshot, link),
        differences=link_differences(snapshot, link),
        unsent_because=unsent_because,
        halts=[
            api.HaltAnswer(
                local(row.at),
                row.reason,
                row.words,
                row.evidence,
                api.moment(row.resumed_at),
                row.resumed_by,
                row.resumed_for,
            )
            for row in halts.of_link(snapshot, link)
        ],
    )


def _last_heartbeat(snapshot: Snapshot, corridor: CorridorId, office: OfficeId) -> int:
    heartbeat = stored_heartbeat(snapshot, corridor, office)
    return 0 if heartbeat is None else heartbeat.at


def _newest_heads(snapshot: Snapshot, link: LinkId) -> dict[OfficeId, Head]:
    return {
        row.office: HEAD.decode(SIGNED_HEAD.decode(row.head).head)
        for row in heads.of_link(snapshot, link)
    }


def list_cases(
    viewer: Viewer,
    snapshot: Snapshot,
    wanted: CaseFilter,
    order: CaseOrder,
    page: PageRequest[CasePlace],
    now: int,
) -> api.CasesAnswer:
    """A page of the cases that a filter lets through.

    Args:
        viewer: Who asks.
        snapshot: Its store.
        wanted: Which cases, within what the actor reaches.
        order: How they are sorted.
        page: Which page.
        now: The office's clock, Unix milliseconds.
    """
    rows = case_lists.page(snapshot, wanted, order, page.after, page.limit + 1)
    return api.CasesAnswer(
        [_case_answer(viewer, snapshot, view, now) for _, view in rows[: page.limit]],
        page.next([place for place, _ in rows]),
    )


def case_history(
    viewer: Viewer, snapshot: Snapshot, link: LinkId, case: CaseId, now: int, *, is_read: bool
) -> api.CaseHistory | None:
    """A case of a link with its events; ``None``: no record of the link names it.

    Args:
        viewer: Who asks.
        snapshot: Its store.
        link: The link.
        case: The case.
        now: The office's clock, Unix milliseconds.
        is_read: Whether the link's log has been read to its end: then clocks stand as of now.
    """
    waiting = outbox.unconfirmed_of_case(snapshot, link, case)
    if not waiting and not records.names_case(snapshot, link, case):
        return None
    view = cases.get(snapshot, link, case)
    superseded = () if view is None else view.superseded
    crossed = records.crossed_of_case(snapshot, link, case)
    rejected_total, rejected = records.rejected_of_case(snapshot, link, case, api.MAX_REJECTED)
    stored = stored_link(snapshot, link)
    steps = case_steps(snapshot, link, case)
    timing = case_timing(viewer, snapshot, stored, case, now if is_read else 0)
    return api.CaseHistory(
        view=None if view is None else _case_answer(viewer, snapshot, view, now),
        events=[
            event_answer(
                stored,
                row,
                receipts_of(snapshot, link, row.kind, steps, step, _parties(viewer, row)),
                crossed=row.event_id in crossed,
                superseded=row.version in superseded,
            )
            for row, step in zip(events.by_case(snapshot, link, case), steps, strict=True)
        ],
        rejected=[rejected_answer(viewer.id, row, view) for row in rejected],
        rejected_total=rejected_total,
        under_way=[
            answer for record in waiting for answer in under_way_answer(snapshot, link, record)
        ],
        clocks=timing.clocks,
        alerts=timing.alerts,
        differences=case_differences(snapshot, link, case),
    )


def _parties(viewer: Viewer, row: events.EventRow) -> frozenset[OfficeId]:
    return viewer.directory.link_trust(row.link).parties(row.log_time)


def event_status(viewer: Viewer, snapshot: Snapshot, event: EventId) -> api.EventStatus | None:
    """How far an event has come; ``None``: it is not known here."""
    event = successor(snapshot, event) or event
    state = outbox.state_of(snapshot, event)
    if state is not None:
        word = "appended" if state is outbox.OutboxState.APPENDED else "accepted"
        return api.EventStatus(event.hex(), word, None, [], [])
    rows = records.by_event(snapshot, event)
    if not rows:
        return None
    row = rows[0]
    others = tuple(
        office_id
        for office_id in viewer.directory.link_trust(row.link).parties(row.log_time)
        if office_id != row.office
    )
    delivered, opened = delivery(_newest_heads(snapshot, row.link), row.position, others)
    state_word = "delivered" if delivered else "read"
    if others and len(opened) == len(others):
        state_word = "opened"
    return api.EventStatus(event.hex(), state_word, _verdict_word(row), [*delivered], [*opened])


def case_of_event(snapshot: Snapshot, event: EventId) -> tuple[LinkId, CaseId] | None:
    """The link and case of an event; ``None``: neither is known here."""
    event = successor(snapshot, event) or event
    place = outbox.case_of(snapshot, event)
    if place is not None:
        return place
    for row in records.by_event(snapshot, event):
        if row.case is not None:
            return row.link, row.case
    return None


def _verdict_word(row: records.RecordRow) -> str | None:
    if row.outcome is None:
        return None
    return row.outcome.value if row.reason is None else row.reason.value


def _case_answer(viewer: Viewer, snapshot: Snapshot, view: CaseView, now: int) -> api.CaseAnswer:
    parties = viewer.directory.link_trust(view.link).parties(now)
    return api.CaseAnswer(
        case=view.case.hex(),
        link=view.link,
        kind=view.kind.word,
        state=view.state.value,
        version=view.version,
        urgency=view.urgency.word,
        opener=view.opener,
        opened_at=local(view.opened_at),
        paused=view.paused,
        crossed=view.crossed,
        position=view.position,
        log_time=local(view.log_time),
        may_do=[step.word for step in legal_steps(view, viewer.id, parties)],
        shredding=_shredding_answer(snapshot, view, parties),
    )


def _shredding_answer(
    snapshot: Snapshot, view: CaseView, parties: Collection[OfficeId]
) -> api.ShreddingAnswer | None:
    if shredding_of(view).status is ShreddingStatus.NONE:
        return None
    places = {
        row.version: ShreddingPlace(row.position, row.event_id, row.log_time)
        for row in events.by_case(snapshot, view.link, CaseId(view.case))
    }
    shredding = shredding_of(view, places)
    return api.ShreddingAnswer(
        status=shredding.status.value,
        consents=[_signed_answer(signature) for signature in shredding.consents],
        confirmations=[_signed_answer(signature) for signature in shredding.confirmations],
        awaited=[*shredding.awaited(parties)],
        words=shredding_words(shredding, parties),
    )


def _signed_answer(signed: ShreddingSignature) -> api.SignedAnswer:
    if signed.place is None:
        return api.SignedAnswer(signed.office, None, None)
    return api.SignedAnswer(signed.office, signed.place.event.hex(), signed.place.position)
