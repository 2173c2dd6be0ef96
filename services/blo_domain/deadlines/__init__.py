"""Deadlines and escalation: pure, in words in docs/deadlines.md (docs/domain.md §3).

``kinds`` says which clocks a kind has, ``fold`` what they need of a case's steps, ``calendars`` how
an office counts days, ``terms`` what was agreed when, ``plan`` when a clock is due, ``evaluate``
where it stands and which alerts there are; ``health`` does the same for links, ``responses``
compares offices.
"""

from __future__ import annotations

from blo_domain.deadlines.evaluate import alerts, as_of, coming, due, next_change, standing
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.health import (
    Bounds,
    LogFacts,
    Mark,
    Peer,
    expected_since,
    health,
    next_health_change,
    repaired,
    with_head,
    with_record,
)
from blo_domain.deadlines.kinds import CLOCKS, ClockRule
from blo_domain.deadlines.responses import Changed, Responses, Window, changed, responses
from blo_domain.deadlines.terms import Term, Terms, in_force, terms_of, under

__all__ = [
    "CLOCKS",
    "Bounds",
    "Changed",
    "ClockRule",
    "LogFacts",
    "Mark",
    "Peer",
    "Responses",
    "Term",
    "Terms",
    "Window",
    "alerts",
    "as_of",
    "changed",
    "coming",
    "due",
    "expected_since",
    "fold_clocks",
    "health",
    "in_force",
    "next_change",
    "next_health_change",
    "repaired",
    "responses",
    "standing",
    "terms_of",
    "under",
    "with_head",
    "with_record",
]
