"""Earlier states of a link's fold, from which its log is folded again when documents reach back.

A state is the chain's snapshot, some hundred bytes; views of that moment follow from the accepted
events before it. States lie the farther apart the older they are, so that their number grows with
the logarithm of the log, and a fold that begins at the newest state before a record reads at most
about twice what lies behind that record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import meta
from blo_domain.trust import RecordTraces, TrustReach
from blo_projection.link_chain import LinkChain
from blo_schemas.codec import Codec
from blo_schemas.ids import LinkId

EVERY: Final = 256
"""A state is kept when at least so many records were read since the one before."""


class KeptState(msgspec.Struct, array_like=True, frozen=True):
    """The state of a link's fold after some of its records.

    Attributes:
        size: How many records.
        latest: The latest log time of one of them, Unix milliseconds.
        chain: The chain's snapshot; empty before the first record.
    """

    size: int
    latest: int
    chain: bytes


ORIGIN: Final = KeptState(0, 0, b"")
"""The state before the first record, which need not be kept."""

_STATES: Final = Codec(tuple[KeptState, ...], limit=1 << 20)


def note(states: list[KeptState], chain: LinkChain, *, since: int = 0) -> bool:
    """Add the state of a chain, if it has gone far enough since the last one; whether it has.

    Args:
        states: States of one fold, ascending.
        chain: The fold's chain, between two records.
        since: The size at which the fold began, if there is no state yet.
    """
    if chain.size - (states[-1].size if states else since) < EVERY:
        return False
    states.append(KeptState(chain.size, chain.traces.latest, chain.snapshot()))
    return True


def store(tx: Transaction, link: LinkId, states: list[KeptState]) -> None:
    """Store the states of a link, as far as they are worth keeping."""
    states[:] = thinned(states)
    meta.put(tx, _key(link), _STATES.encode(tuple(states)))


def load(snapshot: Snapshot, link: LinkId) -> list[KeptState]:
    """The kept states of a link, ascending."""
    stored = meta.get(snapshot, _key(link))
    return [] if stored is None else list(_STATES.decode(stored))


def forget(tx: Transaction, link: LinkId) -> None:
    """Keep no state of a link, because its log is read again from its first record."""
    meta.remove(tx, _key(link))


def thinned(states: Sequence[KeptState]) -> list[KeptState]:
    """The states to keep: one is dropped where the one before it lies at most twice as far back.

    Args:
        states: All, ascending; distances are counted from the last.
    """
    if not states:
        return []
    size = states[-1].size
    kept = [states[-1]]
    for place in reversed(range(len(states) - 1)):
        older = states[place - 1] if place else ORIGIN
        is_next = kept[-1].size == size
        if is_next or size - older.size > 2 * (size - kept[-1].size):
            kept.append(states[place])
    return kept[::-1]


def newest_spared(
    states: Sequence[KeptState], traces: RecordTraces, reach: TrustReach
) -> KeptState:
    """The newest state before which newer documents change nothing.

    Args:
        states: The kept states, ascending.
        traces: What the fold remembers of all its records.
        reach: What the documents change.
    """
    spared = (state for state in reversed(states) if traces.spared(reach, state.size, state.latest))
    return next(spared, ORIGIN)


def _key(link: LinkId) -> str:
    return f"states/{link}"
