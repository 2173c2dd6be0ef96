"""The cases of a link in memory: what runs as it is, what rests packed small.

A case at rest can be reopened, so it is needed again; packed it takes a few hundred bytes, which is
of the order of what every reader keeps of its records' hashes anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

from blo_schemas.clocks import ClockView
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId
from blo_schemas.outputs import CASE_RECORD, CaseRecord
from blo_schemas.views import CaseView


class Shelf:
    """A ``ViewStore`` of the fold that keeps each case's clocks beside its view."""

    def __init__(self) -> None:
        self._views: dict[CaseId, CaseView] = {}
        self._clocks: dict[CaseId, ClockView] = {}
        self._packed: dict[CaseId, bytes] = {}

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening."""
        if case in self._packed:
            self._unpack(case)
        return self._views.get(case)

    def put(self, view: CaseView) -> None:
        """Replace the case's view."""
        self._views[CaseId(view.case)] = view

    def clocks(self, case: CaseId) -> ClockView | None:
        """The case's clocks; ``None`` before its opening."""
        if case in self._packed:
            self._unpack(case)
        return self._clocks.get(case)

    def put_clocks(self, case: CaseId, clocks: ClockView) -> None:
        """Replace the case's clocks."""
        self._clocks[case] = clocks

    def rest(self, case: CaseId) -> None:
        """Pack a case of which nothing is expected."""
        record = CaseRecord(self._views.pop(case), self._clocks.pop(case))
        self._packed[case] = encode(record)

    def record(self, case: CaseId) -> CaseRecord | None:
        """The case's record; it stays packed if it is."""
        packed = self._packed.get(case)
        if packed is not None:
            return CASE_RECORD.decode(packed)
        view = self._views.get(case)
        return None if view is None else CaseRecord(view, self._clocks[case])

    def __iter__(self) -> Iterator[CaseRecord]:
        for case in [*self._views, *self._packed]:
            record = self.record(case)
            assert record is not None
            yield record

    def __len__(self) -> int:
        return len(self._views) + len(self._packed)

    @property
    def running_count(self) -> int:
        """How many cases lie in memory as they are."""
        return len(self._views)

    def _unpack(self, case: CaseId) -> None:
        record = CASE_RECORD.decode(self._packed.pop(case))
        self._views[case] = record.view
        self._clocks[case] = record.clocks


__all__ = ["Shelf"]
