"""The report of a period, from the views of the office that makes it (``blo_domain.report``)."""

from __future__ import annotations

from datetime import date
from typing import Any

from blo_agent.shredding import is_withheld
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases, events
from blo_agent.stored_link import Viewer
from blo_domain.counting import CountedEvent, Family
from blo_domain.report import Period, annual_report
from blo_schemas.bodies import decode_body
from blo_schemas.content import CONTENT
from blo_schemas.ids import CaseRef, OfficeId
from blo_schemas.instants import local
from blo_schemas.summary import SUMMARY
from blo_schemas.views import CaseView


def period_report(
    viewer: Viewer, snapshot: Snapshot, start: date, end: date, now: int
) -> dict[str, Any]:
    """The figures of an office and those below it, for business dates from start to end.

    Args:
        viewer: Whose report it is; it reads its branches' links as their superior.
        snapshot: Its store.
        start: First business date.
        end: Last business date, included.
        now: The office's clock, Unix milliseconds; says which agreements name its branches.
    """
    counted: list[CountedEvent] = []
    views: dict[CaseRef, CaseView] = {}
    for link in viewer.links:
        for view in cases.iterate(snapshot, link):
            views[view.ref] = view
        withheld = is_withheld(snapshot, link)
        counted.extend(_counted(row, withheld) for row in events.iterate(snapshot, link))
    report = annual_report(counted, views, family_of(viewer, now), Period(start, end))
    return {**report.as_json(), "summary": report.summary()}


def family_of(viewer: Viewer, now: int) -> Family:
    """The office and those whose superior it is by any agreement in force."""
    branches: set[OfficeId] = set()
    for link in viewer.links:
        agreement = viewer.directory.agreement(link, now)
        if agreement is not None:
            branches.update(
                superior.office
                for superior in agreement.superiors
                if superior.superior == viewer.id
            )
    return Family(viewer.id, frozenset(branches))


def _counted(row: events.EventRow, withheld: bool) -> CountedEvent:
    shown = None if withheld else row.content
    content = None if shown is None else CONTENT.decode(shown)
    unread = local(row.log_time).date()
    return CountedEvent(
        event_id=row.event_id,
        case=row.case,
        link=row.link,
        office=row.office,
        kind=row.kind,
        step=row.step,
        version=row.version,
        on=row.on or unread,
        log_time=row.log_time,
        position=row.position,
        body=None
        if content is None
        else decode_body(row.kind, row.step, content.body_version, content.body),
        supersedes=SUMMARY.decode(row.summary).supersedes,
    )


__all__ = ["family_of", "period_report"]
