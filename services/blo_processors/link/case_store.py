"""The cases of a link: open ones in memory, most closed ones in the link's state file.

A closed case can be reopened, so its record is kept. The cases that were closed last stay in
memory, because feedback and corrections come soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from blo_processors.snapshot.state_file import StateFile
from blo_schemas.clocks import ClockView
from blo_schemas.ids import CaseId
from blo_schemas.outputs import CASE_RECORD, CaseRecord
from blo_schemas.processor_state import StateRowKind
from blo_schemas.views import CaseView

MOST_IN_MEMORY: Final = 1000
"""The number of closed cases that stay in memory."""


def _nothing(case: CaseId) -> None:
    del case


class CaseStore:
    """The fold's ``ViewStore``; it keeps each case's clocks beside the view.

    Args:
        most_in_memory: The number of closed cases that stay in memory, at least 1. A quarter more
            may gather, so that cases move to the file in groups. ``None``: all stay.
        file: Where closed cases go; ``None``: to a temporary file, made when it is needed.

    Attributes:
        on_evicted: Called with the id of each case that leaves the memory.
    """

    def __init__(
        self, most_in_memory: int | None = MOST_IN_MEMORY, file: StateFile | None = None
    ) -> None:
        self.on_evicted: Callable[[CaseId], None] = _nothing
        self._most = most_in_memory
        self._at_once = max(1, (most_in_memory or 0) // 4)
        self._views: dict[bytes, CaseView] = {}
        self._clocks: dict[bytes, ClockView] = {}
        self._closed: dict[CaseId, None] = {}
        self._changed: dict[CaseId, None] = {}
        self._file = file
        self._count = 0

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening.

        Raises:
            TempTableFailed: The temporary file cannot be read.
            StateError: The state file cannot be read.
        """
        view = self._views.get(case)
        if view is None and self._file is not None:
            self._load(case)
            view = self._views.get(case)
        return view

    def put(self, view: CaseView) -> None:
        """Replace the case's view, or add the first one of a case that ``get`` does not know."""
        self._count += view.version == 1
        self._views[view.case] = view
        self.touch(CaseId(view.case))

    def clocks(self, case: CaseId) -> ClockView | None:
        """The case's clocks, once ``get`` was asked for it; ``None`` before its opening."""
        return self._clocks.get(case)

    def put_clocks(self, case: CaseId, clocks: ClockView) -> None:
        """Replace the case's clocks."""
        self._clocks[case] = clocks
        self.touch(case)

    def touch(self, case: CaseId) -> None:
        """Note that something about a case in memory has changed since it was written."""
        if self._most is not None:
            self._changed[case] = None

    def close_case(self, case: CaseId) -> None:
        """Note that a case is closed; it may leave the memory.

        Raises:
            TempTableFailed: The temporary file cannot be written.
            StateError: The state file cannot be written.
        """
        if self._most is None:
            return
        self._closed.pop(case, None)
        self._closed[case] = None
        if len(self._closed) > self._most + self._at_once:
            self._evict()

    def reopen_case(self, case: CaseId) -> None:
        """Note that a case is open."""
        self._closed.pop(case, None)

    def is_closed(self, case: CaseId) -> bool:
        """Whether a case in memory is closed."""
        return case in self._closed

    def record(self, case: CaseId) -> CaseRecord | None:
        """The case's record, from memory or from the file; the case is not moved."""
        view = self._views.get(case)
        if view is not None:
            return CaseRecord(view, self._clocks[case])
        value = None if self._file is None else self._file.closed(case)
        return None if value is None else CASE_RECORD.decode_known(value)

    def __iter__(self) -> Iterator[CaseRecord]:
        for case, view in self._views.items():
            yield CaseRecord(view, self._clocks[case])
        for key, value in () if self._file is None else self._file.closed_cases():
            # A case that was loaded again has left its old record in the file.
            if key not in self._views:
                yield CASE_RECORD.decode_known(value)

    def __len__(self) -> int:
        return self._count

    @property
    def in_memory(self) -> int:
        """The number of cases in memory."""
        return len(self._views)

    def load(self, count: int, records: Iterable[CaseRecord]) -> None:
        """Go on from a stored state.

        Args:
            count: The number of cases.
            records: The open ones; all others are in the file.
        """
        self._count = count
        for record in records:
            self._views[record.view.case] = record.view
            self._clocks[record.view.case] = record.clocks

    def take_changed(self) -> list[CaseId]:
        """The open cases that have changed since the last call; the closed ones are written.

        Raises:
            StateError: The state file cannot be written.
        """
        changed, self._changed = list(self._changed), {}
        self._write(case for case in changed if case in self._closed)
        return [case for case in changed if case not in self._closed]

    def _evict(self) -> None:
        oldest = [case for case, _ in zip(self._closed, range(self._at_once), strict=False)]
        self._write(case for case in oldest if case in self._changed)
        for case in oldest:
            del self._views[case], self._clocks[case], self._closed[case]
            self._changed.pop(case, None)
            self.on_evicted(case)

    def _write(self, cases: Iterable[CaseId]) -> None:
        if self._file is None:
            self._file = StateFile.temporary()
        for case in cases:
            record = CaseRecord(self._views[case], self._clocks[case])
            self._file.put_closed(case, CASE_RECORD.encode(record))
            self._file.drop_open(StateRowKind.CASE, case)

    def _load(self, case: CaseId) -> None:
        assert self._file is not None
        value = self._file.closed(case)
        if value is None:
            return
        record = CASE_RECORD.decode_known(value)
        self._views[case] = record.view
        self._clocks[case] = record.clocks
        self.close_case(case)
