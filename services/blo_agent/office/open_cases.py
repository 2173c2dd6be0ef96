"""Keeps what is open in the cases, with each step that the log brings (docs/inbox.md)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from blo_agent.office.case_clocks import clocks_of, facts_of, terms_of_link
from blo_agent.office.link_state import AgreedTerms, LinkState
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import cases, meta, open_cases
from blo_domain.deadlines.terms import Terms
from blo_domain.inbox.tasks import open_task
from blo_schemas.codec import Codec
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.views import CaseView

PORTION: Final = 100
"""So many cases are looked at again in one job of the store, when trust documents have changed."""

_REVIEW_EVERY_S: Final = 1.0
_REVIEWED: Final = Codec(bytes)


def note_open_case(office: Office, state: LinkState, view: CaseView, tx: Transaction) -> None:
    """Store what is open in a case that has moved.

    Args:
        office: Who reads.
        state: The link.
        view: The case, as it is stored with this transaction.
        tx: The transaction.
    """
    case = CaseId(view.case)
    facts = facts_of(tx, state.link, case)
    parties = state.fold.trust.parties(view.log_time)
    task = open_task(view, clocks_of(facts), _terms(office, state), parties)
    if task is None:
        open_cases.remove(tx, state.link, case)
        return
    own = [fact for fact in facts if fact.office == office.id]
    row = open_cases.OpenTaskRow(
        state.link,
        case,
        view.kind,
        view.urgency,
        task,
        view.log_time,
        own[-1].position if own else None,
        own[-1].log_time if own else 0,
    )
    open_cases.put(tx, office.id, row)


class OpenCaseReview:
    """Looks at all open cases of a link again when its trust documents have changed.

    Args:
        office: Whose cases.
        store: Its store.
    """

    def __init__(self, office: Office, store: Store) -> None:
        self._office = office
        self._store = store
        self._reviewed: dict[LinkId, bytes] = {}

    async def run(self) -> None:
        """Look once a second whether documents have changed, until it is cancelled."""
        while True:
            for link, state in tuple(self._office.links.items()):
                if self._reviewed.get(link) != state.trust_digest:
                    await self._review(state)
            await asyncio.sleep(_REVIEW_EVERY_S)

    async def _review(self, state: LinkState) -> None:
        digest = state.trust_digest
        stored = await self._store.read(lambda snapshot: meta.get(snapshot, _key(state.link)))
        after: CaseId | None = CaseId(b"")
        if stored is not None and _REVIEWED.decode(stored) == digest:
            after = None
        while after is not None:
            after = await self._store.write(
                partial(_review_portion, self._office, state, digest, after)
            )
        self._reviewed[state.link] = digest


def _review_portion(
    office: Office, state: LinkState, digest: bytes, after: CaseId, tx: Transaction
) -> CaseId | None:
    """Look at the next open cases; the last of them, or ``None`` if no more is to be done now."""
    if state.trust_digest != digest:
        return None
    following = open_cases.cases_behind(tx, state.link, after, PORTION)
    for case in following:
        view = cases.get(tx, state.link, case)
        if view is not None:
            note_open_case(office, state, view, tx)
    if len(following) == PORTION:
        return following[-1]
    meta.put(tx, _key(state.link), _REVIEWED.encode(digest))
    return None


def _terms(office: Office, state: LinkState) -> Terms:
    """The link's terms; what was planned under them is remembered until its documents change."""
    agreed = state.terms
    if agreed is None or agreed.trust_digest != state.trust_digest:
        terms = terms_of_link(office.directory, state.link)
        agreed = state.terms = AgreedTerms(state.trust_digest, terms)
    return agreed.terms


def _key(link: LinkId) -> str:
    return f"open cases/{link}"
