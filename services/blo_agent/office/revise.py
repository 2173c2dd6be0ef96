"""Begins the second fold of a link's log, after trust documents that reach back (docs/architecture.md, "The agent")."""

from __future__ import annotations

from blo_agent.office import kept_states
from blo_agent.office.kept_states import ORIGIN, KeptState, newest_spared
from blo_agent.office.link_state import PROGRAM, LinkState
from blo_agent.office.revision import Revision, StoreReader
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import journal, links, revised
from blo_domain.trust import TrustReach


def take_reach(
    state: LinkState, reach: TrustReach, reader: StoreReader, now: int, tx: Transaction
) -> bool:
    """Take in what newer documents change on a link, whose fold has them already.

    Args:
        state: The link.
        reach: The records that they can have judged otherwise.
        reader: The store, and the office's keys.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.

    Returns:
        Whether the log must be folded again, from some place on.
    """
    traces, revision = state.fold.chain.traces, state.revision
    if traces.spared(reach, state.size, traces.latest) and (
        revision is None or revision.spared(reach)
    ):
        links.set_trust_digest(tx, state.link, state.trust_digest)
        if revision is not None:
            revision.trust_in(state.fold.trust)
        return False
    revise(state, reach, reader, now, tx)
    return True


def revise(
    state: LinkState, reach: TrustReach, reader: StoreReader, now: int, tx: Transaction
) -> None:
    """Fold a link's log a second time, from the newest state that documents change nothing before.

    The states behind the one from which a fold under way has begun are gone, so a reach behind it
    has the fold begin there again.
    """
    links.set_trust_digest(tx, state.link, state.trust_digest)
    start = newest_spared(state.kept, state.fold.chain.traces, reach)
    _begin(state, start, reader, tx)
    journal.append(tx, at=now, actor=PROGRAM, action="refold", link=state.link)


def revise_again(state: LinkState, reader: StoreReader, tx: Transaction) -> None:
    """Begin the second fold again at the place where it began, because what it had is gone."""
    size = state.status.revised_from
    start = next((kept for kept in state.kept if kept.size == size), ORIGIN)
    _begin(state, start, reader, tx)


def _begin(state: LinkState, start: KeptState, reader: StoreReader, tx: Transaction) -> None:
    revised.clear(tx, state.link)
    state.kept = [kept for kept in state.kept if kept.size <= start.size]
    kept_states.store(tx, state.link, state.kept)
    state.status.revise(tx, state.link, start.size)
    state.revision = Revision(state.link, start, state.fold.trust, reader)
    # Nothing is sent until it is known which own events count.
    state.status.own_chain_checked = False
