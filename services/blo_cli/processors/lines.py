"""What ``blo processors as-of`` and ``what-if`` print, as JSON has it and as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blo_cli.instant_text import InstantText
from blo_cli.processors.json_forms import (
    AlertAt,
    CaseAt,
    ChangedClock,
    LinkAt,
    MissedClock,
    PolicyComparison,
    PolicyRow,
    ResponseRow,
)
from blo_domain.deadlines.evaluate import clock_states
from blo_domain.deadlines.responses import Responses
from blo_processors.query.as_of import LinkAsOf, WhatIf
from blo_schemas.clocks import ClockStatus
from blo_schemas.outputs import CaseRecord

_HOUR_MS = 3_600_000
_SHOWN = 16
"""So many digits of a case's id are shown to people."""


def link_at(link: LinkAsOf, at: int) -> LinkAt:
    """A link's cases and alerts at an instant."""
    return LinkAt(
        link=link.place.link,
        records=link.size,
        waiting=link.state.parked_count(),
        cases=[_case_at(record, link, at) for record in link.cases()],
        alerts=[
            AlertAt(
                case=None if alert.case is None else alert.case.hex(),
                clock=alert.clock,
                rung=alert.rung,
                since=alert.since,
            )
            for alert in link.standing(at)
        ],
    )


def _case_at(record: CaseRecord, link: LinkAsOf, at: int) -> CaseAt:
    view = record.view
    return CaseAt(
        case=view.case.hex(),
        kind=view.kind.word,
        state=view.state,
        urgency=view.urgency.word,
        version=view.version,
        missed=[
            MissedClock(state.clock, state.due)
            for state in clock_states(record.clocks, link.terms, at)
            if state.standing is ClockStatus.MISSED and state.met_at is None and state.due
        ],
    )


def as_of_lines(links: Iterable[LinkAt], times: InstantText) -> Iterator[str]:
    """The cases of each link, and which of their clocks are missed."""
    for link in links:
        yield f"{link.link}: {link.records} records, {len(link.cases)} cases"
        if link.waiting:
            yield f"  {link.waiting} records wait for a summary key"
        for case in link.cases:
            missed = [f"{late.clock} missed since {times.of(late.due)}" for late in case.missed]
            words = "; ".join([f"{case.urgency} {case.state}", *missed])
            yield f"  {case.case[:_SHOWN]} {case.kind} version {case.version}: {words}"
        for alert in link.alerts:
            about = (alert.case or "")[:_SHOWN]
            yield f"  alert {alert.rung} {alert.clock} {about} since {times.of(alert.since)}"


def comparison_of(result: WhatIf) -> PolicyComparison:
    """Met and missed clocks as agreed and under the other policy, and what would change."""
    other = {(row.link, row.office, row.clock): row for row in result.other}
    agreed = {(row.link, row.office, row.clock): row for row in result.agreed}
    rows = [
        PolicyRow(*key, agreed=_row(agreed.get(key)), other=_row(other.get(key)))
        for key in sorted(agreed.keys() | other.keys())
    ]
    changes = [
        ChangedClock(
            link=change.link,
            case=change.case.hex(),
            clock=change.before.clock,
            agreed=change.before.standing,
            other=change.after.standing,
        )
        for change in result.changes
    ]
    return PolicyComparison(rows, changes)


def what_if_lines(comparison: PolicyComparison) -> Iterator[str]:
    """The comparison, an office and clock a line, then a changed clock a line."""
    for row in comparison.rows:
        before, after = _words(row.agreed), _words(row.other)
        place = f"{row.link} {row.office} {row.clock}"
        yield f"{place}: {before} as agreed; {after} under the other policy"
    for change in comparison.changes:
        yield (
            f"{change.link} {change.case[:_SHOWN]} {change.clock}: "
            f"{change.agreed} as agreed, {change.other} under the other policy"
        )


def _row(row: Responses | None) -> ResponseRow | None:
    if row is None:
        return None
    return ResponseRow(row.met, row.missed, row.open, median_ms=row.median, p90_ms=row.p90)


def _words(row: ResponseRow | None) -> str:
    if row is None:
        return "nothing due"
    middle = "" if row.median_ms is None else f", median {row.median_ms / _HOUR_MS:.1f} h"
    return f"{row.met} met, {row.missed} missed{middle}"
