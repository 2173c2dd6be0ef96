"""The step layer of an audit: the case views that the log gives, against those that were signed.

Needs summary keys, which an observer of the agreement is granted. All grants are read before the
first record, so a key that is missing then is missing for good.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from blo_audit.claims import Claim
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId, Digest
from blo_schemas.views import CaseView

_VIEWS: Final = b"blo/views/v1\0"
MAX_PARKED: Final = 5_000
"""So many records may wait for keys; with more, the views are given up, so that memory is bounded."""
COMPARED: Final = 32
"""So many heads of each office have their view digests compared, the newest and some before."""


class Views:
    """The cases' views, with their digest as ``docs/wire-format.md`` §2 defines it."""

    def __init__(self) -> None:
        self._views: dict[CaseId, CaseView] = {}
        self._hashes: dict[CaseId, bytes] = {}
        self._order: list[CaseId] = []

    def __len__(self) -> int:
        return len(self._views)

    def get(self, case: CaseId) -> CaseView | None:
        """The case's view, or ``None`` before its opening."""
        return self._views.get(case)

    def put(self, view: CaseView) -> None:
        """Replace the case's view."""
        case = CaseId(view.case)
        if case not in self._views:
            insort(self._order, case)
        self._views[case] = view
        self._hashes.pop(case, None)

    def digest(self) -> Digest:
        """SHA-256 over all cases in order of their ids, each with its view's SHA-256."""
        whole = sha256(_VIEWS)
        for case in self._order:
            digest = self._hashes.get(case)
            if digest is None:
                digest = self._hashes[case] = sha256(encode(self._views[case])).digest()
            whole.update(case)
            whole.update(digest)
        return Digest(whole.digest())


def to_compare(claims: Sequence[Claim]) -> frozenset[tuple[str, int]]:
    """The signers and sizes whose view digests are compared.

    A digest goes over all cases, so not every head of a busy office can be compared: its newest
    ones are, and for the rest some at equal distances.
    """
    chosen: set[tuple[str, int]] = set()
    by_signer: dict[str, list[int]] = {}
    for claim in claims:
        if claim.view_digest is not None:
            by_signer.setdefault(claim.signers[0], []).append(claim.size)
    for signer, all_sizes in by_signer.items():
        sizes = sorted(set(all_sizes))
        half = COMPARED // 2
        newest, older = sizes[-half:], sizes[:-half]
        step = max(1, -(-len(older) // half))
        chosen.update((signer, size) for size in [*older[::step], *newest])
    return frozenset(chosen)


__all__ = ["COMPARED", "MAX_PARKED", "Views", "to_compare"]
