"""Writes to the store what a link's fold has moved: views, and how far it is."""

from __future__ import annotations

from blo_agent.containment import attempt
from blo_agent.office.batch import BatchResult
from blo_agent.office.link_state import LinkState
from blo_agent.office.open_cases import note_open_case
from blo_agent.office.state import Office
from blo_agent.office.verdict_counts import store_tally
from blo_agent.shredding.delete import note_view
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import links
from blo_schemas.ids import CaseId


def write_views(
    office: Office, state: LinkState, now: int, tx: Transaction, result: BatchResult
) -> None:
    """Store what has moved; last, because what is agreed to be shredded is deleted with it."""
    for view in state.views.write(tx):
        state.look_ahead(CaseId(view.case))
        attempt(
            "what is open in a case",
            tx,
            result,
            lambda _, view=view: note_open_case(office, state, view, tx),  # type: ignore[misc]
            mend=lambda: None,
            link=state.link,
        )
        if note_view(office, state, view, now, tx):
            result.shredded.append(state.link)


def store_progress(state: LinkState, tx: Transaction) -> None:
    """Store how far a link has been read, and its verdicts in numbers."""
    links.put(
        tx,
        links.LinkProgress(state.link, state.size, state.fold.chain.snapshot(), state.trust_digest),
    )
    state.stored_chain.write(tx, state.fold.chain.offices())
    store_tally(tx, state.link, state.tally)
