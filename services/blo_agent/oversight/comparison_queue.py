"""Which cases of a link are to be compared with processors' outputs, and up to where they were.

A case is looked at when its records or its outputs move, when time changes what is expected of it,
and once a day whatever has happened. Up to where all was looked at is remembered in the store, so
that a start goes on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from blo_agent.office.link_state import LinkState
from blo_agent.oversight.apply_outputs import stored_offset
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import comparisons, records
from blo_agent.store.tables.comparisons import Compared
from blo_log.port import TopicPartition
from blo_log.topics import alerts_topic, cases_topic
from blo_schemas.ids import CaseId

PORTION: Final = 50
"""So many cases are looked at in one job of the store."""
SWEEP_EVERY_MS: Final = 24 * 3600 * 1000
"""All cases are looked at so often."""
_MOST_OPEN: Final = 4096
"""With more open cases the remembered position stays where it is."""


class ComparisonQueue:
    """The cases of one link that are to be looked at; lives in the store's thread.

    Args:
        state: The link.
        now: The office's clock, Unix milliseconds.
        snapshot: The store.

    Attributes:
        looked_at: The records below this position have put their cases into the queue.
    """

    def __init__(self, state: LinkState, now: int, snapshot: Snapshot) -> None:
        self._state = state
        self._stored = comparisons.load(snapshot, state.link)
        at = self._stored
        if at is None or at.size > state.size:
            at = Compared(state.size, *self._offsets(snapshot), (), now, b"")
        self.looked_at = at.size
        self._sweep_at, self._swept_to = at.sweep_at, at.swept_to
        shown = comparisons.cases_from(snapshot, state.link, at.case_offset, at.alert_offset)
        self._cases: dict[CaseId, None] = dict.fromkeys([*map(CaseId, at.open), *shown])
        self._is_more_due = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be looked at before something moves."""
        return not self._cases and not self._is_more_due and self._swept_to is None

    def add(self, cases: Iterable[CaseId]) -> None:
        """Have these cases looked at."""
        self._cases.update(dict.fromkeys(cases))

    def take(self, instant: int, now: int, tx: Transaction) -> list[CaseId]:
        """The next cases to look at; they are in the queue no more.

        Args:
            instant: What is expected by then, Unix milliseconds.
            now: The office's clock, Unix milliseconds.
            tx: The transaction that this belongs to.
        """
        link = self._state.link
        self.add(records.cases_from(tx, link, self.looked_at))
        self.looked_at = self._state.size
        due = comparisons.due(tx, link, instant, PORTION)
        self._is_more_due = len(due) == PORTION
        self.add(due)
        self._sweep(now, tx)
        taken = list(self._cases)[:PORTION]
        for case in taken:
            del self._cases[case]
        return taken

    def remember(self, again: Collection[CaseId], tx: Transaction) -> None:
        """Store up to where all was looked at, unless something is still in the queue.

        Args:
            again: The cases that are to be looked at again after a start.
            tx: The transaction in which all that was taken was looked at.
        """
        if self._cases or len(again) > _MOST_OPEN:
            return
        offsets = self._offsets(tx)
        place = (self.looked_at, *offsets, tuple(sorted(again)), self._sweep_at, self._swept_to)
        compared = Compared(*place)
        if compared != self._stored:
            comparisons.store(tx, self._state.link, compared)
            self._stored = compared

    def _sweep(self, now: int, tx: Transaction) -> None:
        """Add the next of all cases, once a day and where nothing is remembered."""
        if self._swept_to is None and now - self._sweep_at >= SWEEP_EVERY_MS:
            self._sweep_at, self._swept_to = now, b""
        room = PORTION - len(self._cases)
        if self._swept_to is not None and room > 0:
            cases = comparisons.cases_behind(tx, self._state.link, self._swept_to, room)
            self._swept_to = cases[-1] if cases else None
            self.add(cases)

    def _offsets(self, snapshot: Snapshot) -> tuple[int, int]:
        """Up to where the topics of cases and of alerts were taken in."""
        corridor, partition = self._state.corridor, self._state.partition
        cases, alerts = (
            stored_offset(snapshot, TopicPartition(topic, partition))
            for topic in (cases_topic(corridor), alerts_topic(corridor))
        )
        return cases, alerts
