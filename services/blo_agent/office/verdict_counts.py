"""A link's verdicts in numbers, stored in the same transaction as its records."""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

from blo_agent.office.link_state import VerdictCounts
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import meta, records
from blo_schemas.codec import Codec
from blo_schemas.ids import LinkId, OfficeId


class StoredVerdictCounts(msgspec.Struct, array_like=True, frozen=True):
    """A link's verdicts in numbers, as ``VerdictCounts`` has them."""

    accepted: int = 0
    crossed: int = 0
    duplicates: int = 0
    own: int = 0
    rejected: dict[str, int] = msgspec.field(default_factory=dict)


_TALLY: Final = Codec(StoredVerdictCounts)


def store_tally(tx: Transaction, link: LinkId, tally: VerdictCounts) -> None:
    """Store a link's verdicts in numbers."""
    meta.put(tx, _tally_key(link), _TALLY.encode(_stored(tally)))


def forget_tally(tx: Transaction, link: LinkId) -> None:
    """Store none, because the link's records are being read again."""
    meta.remove(tx, _tally_key(link))


def load_tally(snapshot: Snapshot, office: OfficeId, link: LinkId) -> VerdictCounts:
    """The same as ``tally_of``, to be counted on."""
    stored = tally_of(snapshot, office, link)
    rejected = Counter(stored.rejected)
    return VerdictCounts(stored.accepted, stored.crossed, stored.duplicates, stored.own, rejected)


def tally_of(snapshot: Snapshot, office: OfficeId, link: LinkId) -> StoredVerdictCounts:
    """A link's verdicts in numbers; counted anew where an older program has stored none."""
    stored = meta.get(snapshot, _tally_key(link))
    if stored is not None:
        return _TALLY.decode(stored)
    tally = VerdictCounts()
    for row in records.tallies(snapshot, link):
        tally.count(row.verdict, own=row.office == office, times=row.count)
    return _stored(tally)


def _stored(tally: VerdictCounts) -> StoredVerdictCounts:
    return StoredVerdictCounts(
        tally.accepted, tally.crossed, tally.duplicates, tally.own, dict(tally.rejected)
    )


def _tally_key(link: LinkId) -> str:
    return f"tally/{link}"
