"""The clocks of a link's cases and the alerts that follow from them (docs/deadlines.md).

``blo_domain.deadlines`` computes the alerts at an instant. The alerts of a later instant contain
those of an earlier one, so the result does not depend on when a case is looked at. This module
keeps when each case must be looked at next, and which alerts were raised already.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
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
        cases: The cases and their clocks.
        terms: The policies and their periods.
        suspended: Whether a case waits for a key. Its next step may stop a clock, so the case is
            not looked at before that step was read.
        tells: Whether alerts are raised as they become known. ``False`` keeps the clocks alone,
            which is several times as fast.
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
        self._uncleared: dict[CaseId, list[Alert]] = {}
        self._raised: dict[CaseId, Ids] = {}
        self._waiting: set[CaseId] = set()
        cases.on_evicted = self._forget

    @property
    def next_change(self) -> int | None:
        """``advance`` does nothing before this instant, Unix milliseconds; ``None``: at no time."""
        return self._due[0][0] if self._due else None

    def changes_up_to(self, now: int, most: int) -> int:
        """The number of cases at which ``advance`` has to look, or a little more.

        Args:
            now: The instant up to which, Unix milliseconds.
            most: It is counted no further.
        """
        count, places = 0, [0]
        while places and count < most:
            place = places.pop()
            if place < len(self._due) and self._due[place][0] <= now:
                count += 1
                places += (2 * place + 1, 2 * place + 2)
        return count

    def agree(self, terms: Terms) -> None:
        """Go on under other terms; those that have begun by the last step are the same."""
        self._terms = terms

    def step(self, fact: SubmittedStep) -> list[Alert]:
        """Take an accepted step; returns the alerts that it raises or clears."""
        case: Any = fact.case
        before = self._cases.clocks(case)
        clocks = fold_clocks(before, fact)
        self._cases.put_clocks(case, clocks)
        if not self._tells:
            return []
        if case not in self._raised:
            self._raised[case] = _NONE if before is None else self._ever_raised(before)
        now = clocks.log_time
        due = self._next.get(case)
        uncleared = self._uncleared.get(case, ())
        look = due is not None and due <= now
        if before is None or _moved(before, clocks):
            self._coming[case] = upcoming_changes(clocks, self._terms)
            # An alert that a pause has delayed can become true in the instant that ends the pause.
            look = look or before is not None
        elif uncleared:
            look = look or any(alert.since > now for alert in uncleared)
        raised = self._look(case, now) if look else []
        self._plan(case, now)
        return raised

    def advance(self, now: int) -> list[Alert]:
        """The alerts that time alone raises up to an instant, Unix milliseconds."""
        raised: list[Alert] = []
        if not self._due or self._due[0][0] > now:
            return raised
        while self._due and self._due[0][0] <= now:
            at, case = heapq.heappop(self._due)
            if self._next.get(case) != at:
                continue
            if self._suspended(case):
                # ``resume`` looks at the case when its key has come.
                del self._next[case]
                self._waiting.add(case)
                continue
            raised += self._look(case, now)
            self._plan(case, now)
        return raised

    def resume(self, now: int) -> list[Alert]:
        """Look at the cases that do not wait for a key any more; returns their alerts."""
        raised: list[Alert] = []
        for case in sorted(case for case in self._waiting if not self._suspended(case)):
            self._waiting.remove(case)
            raised += self._look(case, now)
            self._plan(case, now)
        return raised

    def knows(self, alert: Alert) -> bool:
        """Whether an alert was raised, or can't be judged because its case waits for a key."""
        case = CaseId(alert.case or b"")
        raised = self._raised.get(case)
        if raised is None:
            record = self._cases.record(case)
            raised = _NONE if record is None else self._ever_raised(record.clocks)
        return alert.id in raised or self._suspended(case)

    def raised(self, case: CaseId) -> tuple[bytes, ...]:
        """The ids of the alerts and clearings that were raised of a case in memory, sorted."""
        return tuple(sorted(self._raised.get(case, _NONE)))

    def uncleared(self, case: CaseId) -> tuple[Alert, ...]:
        """The alerts of a case in memory that nothing has cleared."""
        return tuple(self._uncleared.get(case, ()))

    def load(
        self, case: CaseId, raised: Iterable[bytes], uncleared: Iterable[Alert], now: int
    ) -> None:
        """Go on with an open case of a stored state; the case and the waiting records are loaded.

        Args:
            case: The case.
            raised: As ``raised`` gave them.
            uncleared: As ``uncleared`` gave them.
            now: The instant up to which alerts were raised, or an earlier one, Unix milliseconds.
        """
        clocks = self._cases.clocks(case)
        assert clocks is not None
        self._raised[case] = frozenset(raised)
        if known := list(uncleared):
            self._uncleared[case] = known
        self._coming[case] = upcoming_changes(clocks, self._terms)
        if self._suspended(case):
            self._waiting.add(case)
        self._plan(case, now)

    def _ever_raised(self, clocks: ClockView) -> Ids:
        """The alerts that were raised of a closed case, computed again."""
        return frozenset(alert.id for alert in alerts(clocks, self._terms, clocks.log_time))

    def _forget(self, case: CaseId) -> None:
        for table in (self._raised, self._coming, self._uncleared):
            table.pop(case, None)
        self._waiting.discard(case)

    def _look(self, case: CaseId, now: int) -> list[Alert]:
        # A case that waits for its key may have left the memory.
        self._cases.get(case)
        clocks = self._cases.clocks(case)
        assert clocks is not None
        present = alerts(clocks, self._terms, now)
        known = self._raised.get(case, _NONE)
        new = [alert for alert in present if alert.id not in known]
        there = {alert.id for alert in present} | self._still_coming(case, clocks, now)
        # A clock ahead of the log's has raised these too early, and their cause is gone.
        self._cases.touch(case)
        new += [
            alert.cleared(clearing_id(alert.id), None, now, clocks.position)
            for alert in self._uncleared.get(case, ())
            if alert.id not in there
        ]
        self._raised[case] = known.union(alert.id for alert in new)
        early = [alert for alert in self._uncleared.get(case, ()) if alert.since > now]
        uncleared = [*uncleared_alerts(present), *(alert for alert in early if alert.id in there)]
        if uncleared:
            self._uncleared[case] = uncleared
        else:
            self._uncleared.pop(case, None)
        return new

    def _still_coming(self, case: CaseId, clocks: ClockView, now: int) -> Ids:
        """The alerts that were raised too early and become true by time alone.

        They are not cleared: an alert is raised once, so it could not be raised again.
        """
        raised = [alert.since for alert in self._uncleared.get(case, ()) if alert.since > now]
        if not raised:
            return _NONE
        later = alerts(clocks, self._terms, max(raised))
        return frozenset(alert.id for alert in uncleared_alerts(later))

    def _plan(self, case: CaseId, now: int) -> None:
        clocks = self._cases.clocks(case)
        assert clocks is not None
        if all(turn.end is not None for turn in clocks.rounds):
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
    """Whether a step changed anything that instants and alerts depend on."""
    return before.rounds is not after.rounds or before.pauses is not after.pauses
