"""The clocks of a link's cases and the alerts that follow from them (DESIGN §8).

``blo_domain.deadlines`` says which alerts there are at an instant, and what it says for a later
instant contains what it said before. So nothing depends on when it is asked: here is only kept
which case has to be looked at when, and which alerts were told already.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection

from blo_domain.cases import StepFact
from blo_domain.deadlines import Terms, alerts, fold_clocks, next_change, standing
from blo_processors.shelf import Shelf
from blo_schemas.clocks import Alert
from blo_schemas.hashing import clearing_id
from blo_schemas.ids import CaseId

Suspended = Callable[[], Collection[CaseId]]


class Escalation:
    """Keeps the clocks of one link.

    Args:
        shelf: Where the cases' clocks are kept.
        terms: What was agreed when.
        suspended: The cases that wait for a key: their next step may stop a clock, so they are not
            looked at until it was read.
        tells: Whether alerts are told as they become known. Whoever asks for those of one instant
            in the end needs only the clocks, which is several times as fast.
    """

    def __init__(self, shelf: Shelf, terms: Terms, suspended: Suspended, *, tells: bool) -> None:
        self._shelf = shelf
        self._terms = terms
        self._suspended = suspended
        self._tells = tells
        self._due: list[tuple[int, CaseId]] = []
        self._next: dict[CaseId, int | None] = {}
        self._ringing: dict[CaseId, list[Alert]] = {}
        self._told: set[bytes] = set()
        self._waiting: set[CaseId] = set()

    def step(self, fact: StepFact) -> list[Alert]:
        """Take an accepted step; what it makes known."""
        case = CaseId(fact.case)
        clocks = fold_clocks(self._shelf.clocks(case), fact)
        self._shelf.put_clocks(case, clocks)
        before = self._next.get(case)
        late = before is not None and before <= clocks.log_time
        told = self._look(case, clocks.log_time) if late or case in self._ringing else []
        self._plan(case, clocks.log_time)
        return told

    def advance(self, now: int) -> list[Alert]:
        """What has become known by time alone, up to an instant in Unix milliseconds."""
        told: list[Alert] = []
        if not self._due or self._due[0][0] > now:
            return told
        suspended = self._suspended()
        while self._due and self._due[0][0] <= now:
            at, case = heapq.heappop(self._due)
            if self._next.get(case) != at:
                continue
            if case in suspended:
                self._waiting.add(case)
                continue
            told += self._look(case, now)
            self._plan(case, now)
        return told

    def resume(self, now: int) -> list[Alert]:
        """Look at the cases that do not wait for a key any more."""
        told: list[Alert] = []
        for case in sorted(self._waiting - set(self._suspended())):
            self._waiting.remove(case)
            told += self._look(case, now)
            self._plan(case, now)
        return told

    def knows(self, alert: Alert) -> bool:
        """Whether an alert about a case was told, or can't be judged because its case waits."""
        return alert.id in self._told or alert.case in self._suspended()

    def _look(self, case: CaseId, now: int) -> list[Alert]:
        clocks = self._shelf.clocks(case)
        assert clocks is not None
        found = alerts(clocks, self._terms, now)
        new = [alert for alert in found if alert.id not in self._told]
        # What the clock told too early, because it is ahead of the log's, has no cause.
        there = {alert.id for alert in found}
        new += [
            alert.cleared(clearing_id(alert.id), None, now, clocks.position)
            for alert in self._ringing.get(case, ())
            if alert.id not in there
        ]
        self._told.update(alert.id for alert in new)
        ringing = list(standing(found))
        if ringing:
            self._ringing[case] = ringing
        else:
            self._ringing.pop(case, None)
        return new

    def _plan(self, case: CaseId, now: int) -> None:
        clocks = self._shelf.clocks(case)
        assert clocks is not None
        if all(one.end is not None for one in clocks.rounds):
            self._next.pop(case, None)
            self._shelf.rest(case)
            return
        if not self._tells:
            return
        at = next_change(clocks, self._terms, now)
        self._next[case] = at
        if at is not None:
            heapq.heappush(self._due, (at, case))


__all__ = ["Escalation"]
