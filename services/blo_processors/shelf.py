"""The views of a link's cases in memory: what is open as it is, what is closed packed small.

A closed case can be reopened, so its view is needed again; packed it takes some 200 bytes more
than its share of the log's running hashes, which every reader keeps anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from blo_schemas.codec import encode
from blo_schemas.ids import CaseId
from blo_schemas.views import CASE_VIEW, CaseView, State

_AT_REST: Final = frozenset(
    {
        State.CLOSED,
        State.WITHDRAWN,
        State.DECLINED,
        State.SUPERSEDED,
        State.DONE,
        State.FROZEN,
    }
)


class Shelf:
    """A ``ViewStore`` that remembers every view put into it until that is taken out."""

    def __init__(self) -> None:
        self._open: dict[CaseId, CaseView] = {}
        self._packed: dict[CaseId, bytes] = {}
        self._put: list[CaseView] = []

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening."""
        view = self._open.get(case)
        if view is None and case in self._packed:
            return CASE_VIEW.decode(self._packed[case])
        return view

    def put(self, view: CaseView) -> None:
        """Replace the case's view."""
        case = CaseId(view.case)
        if view.state in _AT_REST:
            self._open.pop(case, None)
            self._packed[case] = encode(view)
        else:
            self._packed.pop(case, None)
            self._open[case] = view
        self._put.append(view)

    def take_put(self) -> list[CaseView]:
        """The views that were put since this was asked last, in order."""
        put, self._put = self._put, []
        return put

    def __iter__(self) -> Iterator[CaseView]:
        yield from list(self._open.values())
        for packed in list(self._packed.values()):
            yield CASE_VIEW.decode(packed)

    def __len__(self) -> int:
        return len(self._open) + len(self._packed)

    @property
    def open_count(self) -> int:
        """How many views lie in memory as they are."""
        return len(self._open)


__all__ = ["Shelf"]
