"""The API's answers about clocks, alerts and processors; runs in a reader's thread.

Clocks are worked out of the office's own log; alerts are what processors have signed, each with
whether the log gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from blo_agent.api import alert_types as api
from blo_agent.api.response_types import moment
from blo_agent.office.case_clocks import (
    clocks_of,
    facts_of,
    last_log_time,
    local_text,
    terms_of_link,
    zone_of,
)
from blo_agent.office.viewer import StoredLink, Viewer, stored_link
from blo_agent.oversight.difference_log import cause, concerns
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import alerts, cases, differences, records
from blo_domain.alert_wording import alert_words, clock_words, pause_words
from blo_domain.deadlines.evaluate import alerts as alerts_of
from blo_domain.deadlines.evaluate import clock_states
from blo_domain.deadlines.terms import Terms
from blo_schemas.clocks import Alert, ClockStatus, ClockView
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.instants import LAST_INSTANT, local
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import Kind
from blo_schemas.views import CaseView

_HEIGHT: Final = {rung: height for height, rung in enumerate(EscalationLevel)}


class Timing(msgspec.Struct):
    """The clocks and alerts of a case."""

    clocks: list[api.ClockAnswer] = msgspec.field(default_factory=list)
    alerts: list[api.AlertAnswer] = msgspec.field(default_factory=list)


class _LinkTerms(msgspec.Struct, frozen=True):
    """How an office reads what is said about one link."""

    office: OfficeId
    terms: Terms
    zone: str

    def local(self, at: int | None) -> str | None:
        return None if at is None else local_text(at, self.zone)


def case_timing(
    viewer: Viewer, snapshot: Snapshot, stored: StoredLink, case: CaseId, now: int
) -> Timing:
    """The clocks and alerts of a case.

    Args:
        viewer: The office.
        snapshot: Its store.
        stored: The link.
        case: The case.
        now: Up to when the log is known to be read, Unix milliseconds; 0: to its last record.
    """
    link = stored.link
    at = _link_terms(viewer, link)
    clocks = clocks_of(facts_of(snapshot, link, case))
    instant = max(now, last_log_time(snapshot, link, stored.size))
    timing = Timing()
    if clocks is not None and at.terms:
        instant = max(instant, clocks.log_time)
        timing.clocks = _clocks(at, clocks, instant)
    rows = alerts.of_case(snapshot, link, case)
    unjudged = records.unjudged_cases(snapshot, link)
    known = _by_the_rules(at, stored, unjudged, clocks, rows, instant)
    kind = None if clocks is None else clocks.kind
    timing.alerts = _alerts(at, rows, kind, known)
    return timing


def link_alerts(viewer: Viewer, snapshot: Snapshot, link: LinkId) -> list[api.AlertAnswer]:
    """The alerts about a link itself, cleared or not."""
    return _alerts(_link_terms(viewer, link), alerts.of_link_itself(snapshot, link), None, {})


def open_alerts(
    viewer: Viewer, snapshot: Snapshot, links: Iterable[LinkId]
) -> list[api.OpenAlertAnswer]:
    """What stands open for the office on these links, the earliest deadline first."""
    answers: list[api.OpenAlertAnswer] = []
    for link in links:
        at = _link_terms(viewer, link)
        stored = stored_link(snapshot, link)
        unjudged = records.unjudged_cases(snapshot, link)
        highest: dict[object, tuple[alerts.StoredAlert, Alert, CaseView | None, str]] = {}
        for row in alerts.standing(snapshot, link):
            alert = row.decoded
            view = None if row.case is None else cases.get(snapshot, link, row.case)
            role = _role(viewer.id, alert, view)
            place = (row.case, alert.clock, alert.round) if row.case else row.alert_id
            known = highest.get(place)
            if role and (known is None or _height(known[1]) < _height(alert)):
                highest[place] = row, alert, view, role
        for row, alert, view, role in highest.values():
            kind = None if view is None else view.kind
            rules = None
            if row.case is not None:
                clocks = clocks_of(facts_of(snapshot, link, row.case))
                judged = _by_the_rules(at, stored, unjudged, clocks, [row], 0)
                rules = judged.get(row.alert_id)
            answer = _alert(at, row, alert, kind, None, rules, is_standing=True)
            case = None if row.case is None else row.case.hex()
            word = None if kind is None else kind.word
            answers.append(api.OpenAlertAnswer(link, case, word, role, answer))
    return sorted(answers, key=_order)


def link_differences(snapshot: Snapshot, link: LinkId) -> list[api.DifferenceAnswer]:
    """Where processors say something else of a link than this office's log."""
    return _differences(differences.of_link(snapshot, link))


def case_differences(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[api.DifferenceAnswer]:
    """The same of one case."""
    return _differences(differences.of_case(snapshot, link, case))


def _differences(rows: Iterable[differences.OutputDifference]) -> list[api.DifferenceAnswer]:
    return [
        api.DifferenceAnswer(row.processor, row.what, row.case.hex(), local(row.since), row.words)
        for row in rows
    ]


def _link_terms(viewer: Viewer, link: LinkId) -> _LinkTerms:
    terms = terms_of_link(viewer.directory, link)
    return _LinkTerms(viewer.id, terms, zone_of(viewer.id, terms))


def _clocks(at: _LinkTerms, clocks: ClockView, instant: int) -> list[api.ClockAnswer]:
    reader = at.office
    grounds = [pause_words(pause.ground) for pause in clocks.pauses if pause.end is None]
    return [
        api.ClockAnswer(
            clock=state.clock.value,
            round=state.round,
            standing=state.standing.value,
            owed_by=list(state.owed_by),
            due=moment(state.due),
            due_local=at.local(state.due),
            zone=at.zone,
            late_ms=state.late,
            paused_because=grounds if state.standing is ClockStatus.PAUSED else [],
            words=clock_words(state, clocks.kind, reader, at.local(state.due)),
        )
        for state in clock_states(clocks, at.terms, instant)
    ]


def _by_the_rules(
    at: _LinkTerms,
    stored: StoredLink,
    unjudged: frozenset[CaseId],
    clocks: ClockView | None,
    rows: Iterable[alerts.StoredAlert],
    instant: int,
) -> dict[bytes, bool]:
    """Of each alert or clearing that can be judged, whether this office's log gives it."""
    known: dict[bytes, bool] = {}
    if stored.is_rereading:
        return known
    for row in rows:
        alert = row.decoded
        if row.case in unjudged or alert.position >= stored.size:
            continue
        until = max(instant, alert.since, alert.cleared_at or 0)
        given = alerts_of(clocks, at.terms, until) if clocks is not None and at.terms else ()
        known[row.alert_id] = alert in given
    return known


def _alerts(
    at: _LinkTerms,
    rows: Iterable[alerts.StoredAlert],
    kind: Kind | None,
    known: dict[bytes, bool],
) -> list[api.AlertAnswer]:
    decoded = [(row, row.decoded) for row in rows]
    clearings = {alert.clears: alert for row, alert in decoded if alert.clears and row.counts}
    answers = []
    for row, alert in decoded:
        if alert.clears is None:
            cleared = clearings.get(alert.id)
            rules = known.get(alert.id)
            standing = row.counts and cleared is None
            answers.append(_alert(at, row, alert, kind, cleared, rules, is_standing=standing))
    return answers


def _alert(
    at: _LinkTerms,
    row: alerts.StoredAlert,
    alert: Alert,
    kind: Kind | None,
    cleared: Alert | None,
    rules: bool | None,
    *,
    is_standing: bool,
) -> api.AlertAnswer:
    by = None if cleared is None else cleared.cleared_by
    doubt = " This office's log does not give this alert." if rules is False else ""
    return api.AlertAnswer(
        alert=alert.id.hex(),
        processor=row.processor,
        clock=None if alert.clock is None else alert.clock.value,
        round=alert.round,
        cause=cause(alert),
        since=local(alert.since),
        due=moment(alert.due),
        due_local=at.local(alert.due),
        zone=at.zone,
        must_act=list(alert.must_act),
        notified=list(alert.notified),
        holidays=alert.holidays,
        is_standing=is_standing,
        counts=row.counts,
        by_the_rules=rules,
        cleared_at=None if cleared is None else moment(cleared.cleared_at),
        cleared_by=None if by is None else by.word,
        words=alert_words(alert, kind, at.office, at.local(alert.due)) + doubt,
    )


def _role(office: OfficeId, alert: Alert, view: CaseView | None) -> str:
    if office in alert.must_act:
        return "must_act"
    if concerns(alert, office):
        return "notified"
    return "waits" if view is not None and view.opener == office else ""


def _height(alert: Alert) -> int:
    return -1 if alert.rung is None else _HEIGHT[alert.rung]


def _order(answer: api.OpenAlertAnswer) -> tuple[datetime, str, str, str]:
    at = local(LAST_INSTANT) if answer.alert.due is None else answer.alert.due
    return at, answer.link, answer.case or "", answer.alert.alert
