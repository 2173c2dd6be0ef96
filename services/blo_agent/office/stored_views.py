"""The current views of a link's cases in the store; lately used ones in memory."""

from __future__ import annotations

from typing import Final

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import cases, view_groups
from blo_schemas.hashes import view_group, views_digest_of_groups
from blo_schemas.ids import CaseId, Digest, LinkId
from blo_schemas.views import CaseView

_REMEMBERED: Final = 4096
"""So many views are in memory at most, some 2 KiB each, besides those that are not stored yet."""
_SAVED_AT: Final = 256
"""The digests of groups are stored when so many are new."""


class StoredViews:
    """A ``blo_projection.fold.ViewStore`` over the store; lives in the store's thread.

    Args:
        store: A lasting handle on the store.
        link: The link.
    """

    def __init__(self, store: Snapshot, link: LinkId) -> None:
        self._store = store
        self._link = link
        self._remembered: dict[CaseId, CaseView] = {}
        self._changed: dict[CaseId, CaseView] = {}
        self._groups = view_groups.load(store, link)
        self._unsaved: set[int] = set()

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening."""
        view = self._changed.get(case) or self._remembered.get(case)
        if view is None:
            view = cases.get(self._store, self._link, case)
            if view is not None:
                self._remember(case, view)
        return view

    def put(self, view: CaseView) -> None:
        """Replace the case's view, until ``write`` in memory alone."""
        self._changed[CaseId(view.case)] = view

    def write(self, tx: Transaction) -> list[CaseView]:
        """Store the views that were put since the last call; returns them."""
        changed, self._changed = self._changed, {}
        if len(self._unsaved) >= _SAVED_AT:
            view_groups.put(
                tx, self._link, [(group, self._groups[group]) for group in sorted(self._unsaved)]
            )
            self._unsaved.clear()
        stale = []
        for case, view in changed.items():
            cases.put(tx, view)
            self._remember(case, view)
            group = view_group(case)
            if self._groups.get(group) is not None or group not in self._groups:
                self._groups[group] = None
                if group not in self._unsaved:
                    stale.append(group)
                self._unsaved.discard(group)
        view_groups.put(tx, self._link, [(group, None) for group in stale])
        return list(changed.values())

    def remove(self, case: CaseId, tx: Transaction) -> None:
        """Forget a case that is stored, because its opening does not count after all."""
        self._changed.pop(case, None)
        self._remembered.pop(case, None)
        cases.remove(tx, self._link, case)
        group = view_group(case)
        self._unsaved.discard(group)
        if view_groups.is_empty(tx, self._link, group):
            self._groups.pop(group, None)
            view_groups.remove(tx, self._link, group)
        else:
            self._groups[group] = None
            view_groups.put(tx, self._link, [(group, None)])

    def being_shredded(self) -> list[CaseView]:
        """The cases whose contents all offices have agreed to delete, while not all have done it."""
        return cases.being_shredded(self._store, self._link)

    def digest(self) -> Digest:
        """See ``blo_schemas.hashes.views_digest``; only groups with new views are hashed anew.

        Raises:
            ValueError: A view was put and not stored.
        """
        if self._changed:
            raise ValueError(f"views of {self._link} are not stored yet")
        digests = []
        for group, known in sorted(self._groups.items()):
            digest = known or view_groups.compute(self._store, self._link, group)
            if known is None:
                self._groups[group] = digest
                self._unsaved.add(group)
            digests.append((group, digest))
        return views_digest_of_groups(digests)

    def _remember(self, case: CaseId, view: CaseView) -> None:
        remembered = self._remembered
        remembered.pop(case, None)
        if len(remembered) >= _REMEMBERED:
            for oldest in list(remembered)[: _REMEMBERED // 4]:
                del remembered[oldest]
        remembered[case] = view
