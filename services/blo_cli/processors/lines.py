"""The lines that ``blo processors as-of`` and ``what-if`` print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blo_domain.deadlines.evaluate import clock_states
from blo_domain.deadlines.responses import Responses
from blo_processors.query.as_of import LinkAsOf, WhatIf
from blo_schemas.clocks import ClockStatus
from blo_schemas.instants import local

_HOUR_MS = 3_600_000


def as_of_lines(links: Iterable[LinkAsOf], at: int) -> Iterator[str]:
    """The cases of each link at an instant, and which of their clocks are missed."""
    for link in links:
        cases = link.cases()
        yield f"{link.place.link}: {link.size} records, {len(cases)} cases"
        if waiting := link.state.parked_count():
            yield f"  {waiting} records wait for a summary key"
        for record in cases:
            view = record.view
            missed = [
                f"{state.clock} missed since {_time(state.due)}"
                for state in clock_states(record.clocks, link.terms, at)
                if state.standing is ClockStatus.MISSED and state.met_at is None and state.due
            ]
            words = "; ".join([f"{view.urgency.word} {view.state}", *missed])
            yield f"  {view.case.hex()[:16]} {view.kind.word} version {view.version}: {words}"
        for alert in link.standing(at):
            case = "" if alert.case is None else alert.case.hex()[:16]
            yield f"  alert {alert.rung} {alert.clock} {case} since {_time(alert.since)}"


def what_if_lines(comparison: WhatIf) -> Iterator[str]:
    """Met and missed clocks as agreed and under the other policy, and what would change."""
    other = {(row.link, row.office, row.clock): row for row in comparison.other}
    agreed = {(row.link, row.office, row.clock): row for row in comparison.agreed}
    for key in sorted(agreed.keys() | other.keys()):
        link, office, clock = key
        before, after = _row(agreed.get(key)), _row(other.get(key))
        yield f"{link} {office} {clock}: {before} as agreed; {after} under the other policy"
    for change in comparison.changes:
        yield (
            f"{change.link} {change.case.hex()[:16]} {change.before.clock}: "
            f"{change.before.standing} as agreed, {change.after.standing} under the other policy"
        )


def _row(row: Responses | None) -> str:
    if row is None:
        return "nothing due"
    middle = "" if row.median is None else f", median {row.median / _HOUR_MS:.1f} h"
    return f"{row.met} met, {row.missed} missed{middle}"


def _time(at: int | None) -> str:
    return "" if at is None else local(at).isoformat()
