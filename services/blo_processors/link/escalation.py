"""The clocks of a link's cases and the alerts that follow from them (docs/deadlines.md).

``blo_domain.deadlines`` says which alerts there are at an instant, and what it says for a later
instant contains what it said before. So nothing depends on when it is asked: here is only kept
which case has to be looked at when, and which alerts were told already.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Final

from blo_domain.cases import SubmittedStep
from blo_domain.deadlines.evaluate import alerts, uncleared_alerts, upcoming_changes
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.terms import Terms
from blo_processors.link.case_store import CaseStore
from blo_schemas.clocks import Alert, ClockView
from blo_schemas.hashes import clearing_id
from blo_schemas.ids import CaseId

Suspended = Callable[[CaseId], bool]
Ids = frozenset[bytes]

_NONE: Final[Ids] = frozenset()


class Escalation:
    """Keeps the clocks of one link.

    Args:
        cases: Where the cases' clocks are kept.
        terms: What was agreed when.
        suspended: Whether a case waits for a key: its next step may stop a clock, so it is not
            looked at until that was read.
        tells: Whether alerts are told as they become known. Whoever asks for those of one instant
            in the end needs only the clocks, which is several times as fast.
    """

    def __init__(
        self, cases: CaseStore, terms: Terms, suspended: Suspended, *, tells: bool
    ) -> None:
        self._cases = cases
        self._terms = terms
        self._suspended = suspended
        self._tells = tells
        self._due: list[tuple[int, CaseId]] = []
        self._coming: dict[CaseId, tuple[int, ...]] = {}
        self._next: dict[CaseId, int] = {}
        self._ringing: dict[CaseId, list[Alert]] = {}
        self._told: dict[CaseId, Ids] = {}
        self._waiting: set[CaseId] = set()
        cases.on_evicted = self._forget

    def step(self, fact: SubmittedStep) -> list[Alert]:
        """Take an accepted step; what it makes known."""
        case: Any = fact.case
        before = self._cases.clocks(case)
        clocks = fold_clocks(before, fact)
        self._cases.put_clocks(case, clocks)
        if not self._tells:
            return []
        if case not in self._told:
            self._told[case] = _NONE if before is None else self._ever_told(before)
        now = clocks.log_time
        due = self._next.get(case)
        ringing = self._ringing.get(case, ())
        look = due is not None and due <= now
        if before is None or _moved(before, clocks):
            self._coming[case] = upcoming_changes(clocks, self._terms)
            # What a standstill has held back can become true in the very instant that ends it.
            look = look or before is not None
        elif ringing:
            look = look or any(alert.since > now for alert in ringing)
        told = self._look(case, now) if look else []
        self._plan(case, now)
        return told

    def advance(self, now: int) -> list[Alert]:
        """What has become known by time alone, up to an instant in Unix milliseconds."""
        told: list[Alert] = []
        if not self._due or self._due[0][0] > now:
            return told
        while self._due and self._due[0][0] <= now:
            at, case = heapq.heappop(self._due)
            if self._next.get(case) != at:
                continue
            if self._suspended(case):
                # Looked at, and put into the queue again, when its key has come.
                del self._next[case]
                self._waiting.add(case)
                continue
            told += self._look(case, now)
            self._plan(case, now)
        return told

    def resume(self, now: int) -> list[Alert]:
        """Look at the cases that do not wait for a key any more."""
        told: list[Alert] = []
        for case in sorted(case for case in self._waiting if not self._suspended(case)):
            self._waiting.remove(case)
            told += self._look(case, now)
            self._plan(case, now)
        return told

    def knows(self, alert: Alert) -> bool:
        """Whether an alert about a case was told, or can't be judged because its case waits."""
        case = CaseId(alert.case or b"")
        told = self._told.get(case)
        if told is None:
            record = self._cases.record(case)
            told = _NONE if record is None else self._ever_told(record.clocks)
        return alert.id in told or self._suspended(case)

    def _ever_told(self, clocks: ClockView) -> Ids:
        """What was told of a case at rest, found anew."""
        return frozenset(alert.id for alert in alerts(clocks, self._terms, clocks.log_time))

    def _forget(self, case: CaseId) -> None:
        for table in (self._told, self._coming, self._ringing):
            table.pop(case, None)
        self._waiting.discard(case)

    def _look(self, case: CaseId, now: int) -> list[Alert]:
        # A case that waits for its key may have left the memory.
        self._cases.get(case)
        clocks = self._cases.clocks(case)
        assert clocks is not None
        found = alerts(clocks, self._terms, now)
        known = self._told.get(case, _NONE)
        new = [alert for alert in found if alert.id not in known]
        there = {alert.id for alert in found} | self._still_coming(case, clocks, now)
        # What the clock told too early, because it is ahead of the log's, has lost its cause.
        new += [
            alert.cleared(clearing_id(alert.id), None, now, clocks.position)
            for alert in self._ringing.get(case, ())
            if alert.id not in there
        ]
        self._told[case] = known.union(alert.id for alert in new)
        early = [alert for alert in self._ringing.get(case, ()) if alert.since > now]
        ringing = [*uncleared_alerts(found), *(alert for alert in early if alert.id in there)]
        if ringing:
            self._ringing[case] = ringing
        else:
            self._ringing.pop(case, None)
        return new

    def _still_coming(self, case: CaseId, clocks: ClockView, now: int) -> Ids:
        """What was told too early and becomes true by time alone: it is not taken back.

        An alert is told once, so one that was taken back would never be told again.
        """
        told = [alert.since for alert in self._ringing.get(case, ()) if alert.since > now]
        if not told:
            return _NONE
        later = alerts(clocks, self._terms, max(told))
        return frozenset(alert.id for alert in uncleared_alerts(later))

    def _plan(self, case: CaseId, now: int) -> None:
        clocks = self._cases.clocks(case)
        assert clocks is not None
        if all(one.end is not None for one in clocks.rounds):
            self._next.pop(case, None)
            self._cases.close_case(case)
            return
        self._cases.reopen_case(case)
        at = next((at for at in self._coming.get(case, ()) if at > now), None)
        if at is None:
            self._next.pop(case, None)
        elif self._next.get(case) != at:
            self._next[case] = at
            heapq.heappush(self._due, (at, case))


def _moved(before: ClockView, after: ClockView) -> bool:
    """Whether a step changed anything on which instants and alerts rest."""
    return before.rounds is not after.rounds or before.pauses is not after.pauses
