"""The current views of a link's cases, and the digest of all that offices sign in their heads."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from hashlib import sha256

from blo_schemas.codec import encode
from blo_schemas.hashes import view_group, view_group_digest, views_digest_of_groups
from blo_schemas.ids import CaseId, Digest
from blo_schemas.views import CaseView


class CaseViews:
    """A ``blo_projection.fold.ViewStore`` in memory."""

    def __init__(self) -> None:
        self._views: dict[CaseId, CaseView] = {}
        self._groups: dict[int, list[CaseId]] = {}
        self._digests: dict[int, Digest] = {}
        self._hashes: dict[CaseId, bytes] = {}

    def __len__(self) -> int:
        """How many cases there are."""
        return len(self._views)

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening."""
        return self._views.get(case)

    def put(self, view: CaseView) -> None:
        """Replace the case's view."""
        case = CaseId(view.case)
        group = view_group(case)
        if case not in self._views:
            insort(self._groups.setdefault(group, []), case)
        self._views[case] = view
        self._hashes.pop(case, None)
        self._digests.pop(group, None)

    def __iter__(self) -> Iterator[CaseView]:
        """All views, in the order in which their cases began."""
        return iter(self._views.values())

    def cases(self) -> list[CaseId]:
        """All cases, sorted."""
        return [case for group in sorted(self._groups) for case in self._groups[group]]

    def digest(self) -> Digest:
        """See ``blo_schemas.hashes.views_digest``; what has not changed is not hashed again."""
        return views_digest_of_groups(
            (group, self._digest(group)) for group in sorted(self._groups)
        )

    def _digest(self, group: int) -> Digest:
        digest = self._digests.get(group)
        if digest is None:
            cases = self._groups[group]
            digest = view_group_digest((case, self._hash(case)) for case in cases)
            self._digests[group] = digest
        return digest

    def _hash(self, case: CaseId) -> bytes:
        digest = self._hashes.get(case)
        if digest is None:
            digest = self._hashes[case] = sha256(encode(self._views[case])).digest()
        return digest
