"""The clocks and alerts of a case, computed from the office's own log.

The rules are pure (``blo_domain.deadlines``), so an office needs no processor to know what is due,
and can tell whether a processor says what the log gives.
"""

from __future__ import annotations

from typing import Final

from blo_agent.office.link_state import LinkState
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import events, records
from blo_domain.cases import SubmittedStep, evolve
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.terms import Terms, terms_of
from blo_domain.inbox.receipts import CaseStep
from blo_domain.trust import TrustedDirectory
from blo_schemas import instants
from blo_schemas.clocks import ClockView
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.outputs import CaseRecord
from blo_schemas.summary import SUMMARY
from blo_schemas.texts import zone_from
from blo_schemas.views import CaseView

UTC_NAME: Final = "UTC"


def terms_of_link(directory: TrustedDirectory, link: LinkId) -> Terms:
    """What a link's offices have agreed on deadlines, and when it has the say."""
    return terms_of(
        (period.agreement, period.start, period.end) for period in directory.terms(link)
    )


def facts_of(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[SubmittedStep]:
    """The accepted steps of a case, in log order."""
    return [
        SubmittedStep(
            case, link, row.office, SUMMARY.decode(row.summary), row.position, row.log_time
        )
        for row in events.steps(snapshot, link, case)
    ]


def case_steps(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[CaseStep]:
    """The accepted events of a case, in log order, each with the version that its writer had read."""
    return [
        CaseStep(
            row.event_id,
            row.office,
            row.step,
            row.version,
            SUMMARY.decode(row.summary).expected_version,
            row.position,
            row.at,
            row.log_time,
        )
        for row in events.steps(snapshot, link, case)
    ]


def clocks_of(facts: list[SubmittedStep]) -> ClockView | None:
    """What a case's clocks need of its steps; ``None`` before its opening."""
    clocks: ClockView | None = None
    for fact in facts:
        clocks = fold_clocks(clocks, fact)
    return clocks


def record_at(state: LinkState, facts: list[SubmittedStep], position: int) -> CaseRecord | None:
    """The record that a processor has to show of a case, once it has read up to a position.

    Args:
        state: The link; its log has been read beyond the position.
        facts: All accepted steps of the case.
        position: A log position.

    Returns:
        The view and the clocks after the steps up to and with that position; ``None`` if the case
        was not open then.
    """
    until = [fact for fact in facts if fact.position <= position]
    clocks = clocks_of(until)
    if clocks is None:
        return None
    view: CaseView | None = state.views.get(CaseId(clocks.case))
    if view is None or view.position != until[-1].position:
        view = None
        for fact in until:
            view, _ = evolve(view, fact, state.fold.trust.parties(fact.log_time))
    return None if view is None else CaseRecord(view, clocks)


def last_log_time(snapshot: Snapshot, link: LinkId, size: int) -> int:
    """The log time of the last of the records that were read, Unix milliseconds; 0 before any."""
    last = records.get(snapshot, link, size - 1) if size else None
    return 0 if last is None else last.log_time


def zone_of(office: OfficeId, terms: Terms) -> str:
    """The time zone in which an office reads deadlines: its own, or that of a branch of it."""
    for term in reversed(terms):
        zones = {zone.office: zone.zone for zone in term.policy.zones}
        branches = [one.office for one in term.superiors if one.superior == office]
        for one in (office, *branches):
            if one in zones:
                return zones[one]
    return UTC_NAME


def local_text(at: int, zone: str) -> str:
    """An instant in Unix milliseconds as people of a zone write it: ``2025-03-14 17:00 +0700``.

    What a processor signs may lie anywhere; an instant that no calendar has is the last one.
    """
    return f"{instants.local(at, zone_from(zone)):%Y-%m-%d %H:%M %z}"
