"""Whether a case has room for one more step, so that no office can fill it for the others (ADR 10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from blo_domain.lifecycle import MAX_CASE_STEPS, StepRule, most_turns
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Step
from blo_schemas.views import MAX_CASE_OFFICES, MAX_CASE_VERSION, CaseView

Parties = Collection[OfficeId]
"""The offices of a link, as its agreement names them."""

NEVER_FULL: Final = MAX_CASE_STEPS // 2
"""Below this version no case is full for anybody, however its steps are shared out."""


def is_full(view: CaseView, rule: StepRule, step: Step, office: OfficeId, parties: Parties) -> bool:
    """Whether a case has no room for a step of an office.

    A step that leads to the case's end always has, and so has each office's first wish to keep the
    contents. Any other step needs room that the other offices' shares don't need.
    """
    newcomer = office not in view.offices
    if view.version >= MAX_CASE_VERSION or (newcomer and len(view.offices) >= MAX_CASE_OFFICES):
        return True
    if rule.forward or (step is Step.KEEP and not view.has_taken(step, office)):
        return False
    if view.version >= MAX_CASE_STEPS:
        return True
    if rule.turns:
        own = Counter(author for past, author in view.history() if past is step)
        if _is_share_used(own, own.total(), most_turns(len(parties)), office, parties):
            return True
    counts = {party: view.count_by(party) for party in (*parties, office)}
    return _is_share_used(counts, view.version, MAX_CASE_STEPS, office, parties)


def _is_share_used(
    counts: Mapping[OfficeId, int], total: int, most: int, office: OfficeId, parties: Parties
) -> bool:
    """Whether what an office has not as its share is taken, or kept for the shares of others."""
    share = most // 2 // len(parties)
    if counts.get(office, 0) < share:
        return False
    kept = sum(max(0, share - counts.get(party, 0)) for party in parties)
    return total + kept >= most
