"""The cases of a link: those of which something is expected in memory, the others in a drawer.

A case at rest can be reopened, so nothing of it is thrown away; but it must not fill the memory
for ever. The last ones to come to rest stay at hand, since feedback and corrections come soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from blo_processors.link.encrypted_table import EncryptedTempTable
from blo_schemas.clocks import ClockView
from blo_schemas.ids import CaseId
from blo_schemas.outputs import CASE_RECORD, CaseRecord
from blo_schemas.views import CaseView

AT_HAND: Final = 1000
"""So many cases at rest stay in memory."""


def _nothing(case: CaseId) -> None:
    del case


class CaseCache:
    """A ``ViewStore`` of the fold that keeps each case's clocks beside its view.

    Args:
        at_hand: How many cases at rest stay in memory, and up to a quarter more, so that they
            leave by many at once; at least 1; ``None``: all.

    Attributes:
        put_away: Told of each case that leaves the memory.
    """

    def __init__(self, at_hand: int | None = AT_HAND) -> None:
        self.put_away: Callable[[CaseId], None] = _nothing
        self._most = at_hand
        self._at_once = max(1, (at_hand or 0) // 4)
        self._views: dict[bytes, CaseView] = {}
        self._clocks: dict[bytes, ClockView] = {}
        self._resting: dict[CaseId, None] = {}
        self._drawer: EncryptedTempTable | None = None
        self._count = 0

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening.

        Raises:
            DrawerFailed: The disk does not give it.
        """
        view = self._views.get(case)
        if view is None and self._drawer is not None:
            self._take_out(case)
            view = self._views.get(case)
        return view

    def put(self, view: CaseView) -> None:
        """Replace the case's view, or add the first one of a case that ``get`` does not know."""
        self._count += view.version == 1
        self._views[view.case] = view

    def clocks(self, case: CaseId) -> ClockView | None:
        """The case's clocks, once ``get`` was asked for it; ``None`` before its opening."""
        return self._clocks.get(case)

    def put_clocks(self, case: CaseId, clocks: ClockView) -> None:
        """Replace the case's clocks."""
        self._clocks[case] = clocks

    def rest(self, case: CaseId) -> None:
        """Note that nothing is expected of a case; it may leave the memory.

        Raises:
            DrawerFailed: The disk takes nothing.
        """
        if self._most is None:
            return
        self._resting.pop(case, None)
        self._resting[case] = None
        if len(self._resting) > self._most + self._at_once:
            self._put_away()

    def wake(self, case: CaseId) -> None:
        """Note that something is expected of a case."""
        self._resting.pop(case, None)

    def record(self, case: CaseId) -> CaseRecord | None:
        """The case's record; it stays where it is."""
        view = self._views.get(case)
        if view is not None:
            return CaseRecord(view, self._clocks[case])
        value = None if self._drawer is None else self._drawer.get(case)
        return None if value is None else CASE_RECORD.decode(value)

    def __iter__(self) -> Iterator[CaseRecord]:
        for case, view in self._views.items():
            yield CaseRecord(view, self._clocks[case])
        for key, value in self._drawer or ():
            # What was taken out again has left its old record there.
            if key not in self._views:
                yield CASE_RECORD.decode(value)

    def __len__(self) -> int:
        return self._count

    @property
    def at_hand(self) -> int:
        """How many cases are in memory."""
        return len(self._views)

    def _put_away(self) -> None:
        oldest = [case for case, _ in zip(self._resting, range(self._at_once), strict=False)]
        if self._drawer is None:
            self._drawer = EncryptedTempTable()
        records = ((case, CaseRecord(self._views[case], self._clocks[case])) for case in oldest)
        self._drawer.put((case, CASE_RECORD.encode(record)) for case, record in records)
        for case in oldest:
            del self._views[case], self._clocks[case], self._resting[case]
            self.put_away(case)

    def _take_out(self, case: CaseId) -> None:
        assert self._drawer is not None
        value = self._drawer.get(case)
        if value is None:
            return
        record = CASE_RECORD.decode(value)
        self._views[case] = record.view
        self._clocks[case] = record.clocks
        self.rest(case)
