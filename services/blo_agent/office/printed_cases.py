"""A case of the store as papers get it; runs in a reader's thread."""

from __future__ import annotations

import msgspec

from blo_agent.office.case_clocks import local_text, terms_of_link, zone_of
from blo_agent.office.viewer import StoredLink, Viewer, stored_link
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases, events
from blo_printout.model import PaperLanguage
from blo_printout.printed_case import CaseSetting, PrintedCase, PrintedEvent
from blo_schemas.bodies import decode_body
from blo_schemas.content import CONTENT
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.summary import SUMMARY


def printed_case(
    viewer: Viewer, snapshot: Snapshot, link: LinkId, case: CaseId
) -> PrintedCase | None:
    """A case with all its events that could be opened; ``None``: the office knows none such.

    Args:
        viewer: Whose office prints it; it stands first among the parties.
        snapshot: Its store.
        link: The link.
        case: The case.
    """
    view = cases.get(snapshot, link, case)
    if view is None:
        return None
    parties = sorted(
        viewer.directory.link_trust(link).parties(view.log_time),
        key=lambda office: (office != viewer.id, office),
    )
    stored = stored_link(snapshot, link)
    return PrintedCase(
        link=link,
        case=case.hex(),
        kind=view.kind.word,
        state=view.state.value,
        urgency=view.urgency.word,
        opener=view.opener,
        parties=tuple(parties),
        events=tuple(
            _printed_event(stored, row, superseded=row.version in view.superseded)
            for row in events.by_case(snapshot, link, case)
        ),
    )


def print_setting(
    viewer: Viewer, link: LinkId, languages: tuple[PaperLanguage, ...], now: int, by: str
) -> CaseSetting:
    """The circumstances of a paper: the office's own zone, and the names that it knows.

    Args:
        viewer: Whose office prints.
        link: The case's link, whose agreement names the zones.
        languages: The paper's languages.
        now: The office's clock, Unix milliseconds.
        by: Who prints.
    """
    zone = zone_of(viewer.id, terms_of_link(viewer.directory, link))
    return CaseSetting(
        languages=languages,
        times=lambda at: f"{local_text(at, zone)} ({zone})",
        directory=viewer.directory,
        now=now,
        by=by,
    )


def _printed_event(stored: StoredLink, row: events.EventRow, *, superseded: bool) -> PrintedEvent:
    is_open = row.content is not None and not stored.withheld and row.case not in stored.shredded
    content = CONTENT.decode(row.content) if is_open and row.content is not None else None
    body = None
    if content is not None:
        decoded = decode_body(row.kind, row.step, content.body_version, content.body)
        body = msgspec.to_builtins(decoded)
    dispatch = None if content is None else content.dispatch
    return PrintedEvent(
        event=row.event_id,
        step=row.step.word,
        office=row.office,
        version=row.version,
        position=row.position,
        at=row.at,
        log_time=row.log_time,
        on=None if content is None else content.on,
        reason=None if content is None else content.reason,
        dispatch=None if dispatch is None else msgspec.to_builtins(dispatch),
        fields=body,
        superseded=superseded,
        corrects=SUMMARY.decode(row.summary).supersedes,
    )
