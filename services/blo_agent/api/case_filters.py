"""From the parameters of a list of cases to a filter that lies within what the actor reaches."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from blo_agent.api.parse import listed_word
from blo_agent.api.request_errors import BadRequest
from blo_agent.people.access import Actor
from blo_agent.store.tables.case_lists import CaseFilter
from blo_schemas.bodies import KIND_WORDS
from blo_schemas.ids import LinkId, OfficeId, is_subject_id
from blo_schemas.instants import unix_ms
from blo_schemas.people import OfficeRole
from blo_schemas.views import State

OURS: Final = "us"
"""The word for this office in ``owed_by``."""

_STATES: Final = {state.value: state for state in State}


def asked_filter(
    office: OfficeId,
    *,
    case_kind: tuple[str, str] | None = None,
    state: str | None = None,
    owed_by: str | None = None,
    due_before: datetime | None = None,
) -> CaseFilter:
    """The filter that a request asks for.

    Args:
        office: The office that is asked.
        case_kind: The name of the parameter of the kind, and the kind.
        state: The state.
        owed_by: The office that has to act, or ``us``.
        due_before: An instant with its offset.

    Raises:
        BadRequest: A parameter does not fit.
    """
    if due_before is not None and due_before.tzinfo is None:
        raise BadRequest(
            "a time needs its offset from UTC",
            parameter="due_before",
            expected="a time with its offset from UTC (RFC 3339)",
            example="2025-03-14T17:00:00+07:00",
        )
    kinds = None
    if case_kind is not None:
        name, word = case_kind
        kinds = (listed_word(KIND_WORDS, word, name),)
    return CaseFilter(
        kinds=kinds,
        owed_by=None if owed_by is None else _office(office, owed_by),
        due_before=None if due_before is None else unix_ms(due_before),
        state=None if state is None else listed_word(_STATES, state, "state"),
    )


def case_filter(actor: Actor, links: tuple[LinkId, ...], wanted: CaseFilter) -> CaseFilter:
    """A filter narrowed to what an actor reaches.

    Args:
        actor: Who asks.
        links: The links that the actor reaches and asks for.
        wanted: What else is asked for.
    """
    kinds = wanted.kinds
    if actor.scope is not None and actor.scope.kinds:
        asked = actor.scope.kinds if kinds is None else kinds
        kinds = tuple(kind for kind in asked if kind in actor.scope.kinds)
    agencies = None
    if not actor.sees_all_agencies:
        is_member = OfficeRole.AGENCY_MEMBER in actor.roles
        agencies = tuple(sorted(actor.agencies)) if is_member else ()
    return wanted._replace(links=links, kinds=kinds, agencies=agencies)


def _office(office: OfficeId, word: str) -> OfficeId:
    if word == OURS:
        return office
    if not is_subject_id(word):
        raise BadRequest(
            f"{word[:80]!r} is no office",
            parameter="owed_by",
            expected=f"an office such as la-b, or {OURS} for this office",
            example=OURS,
        )
    return OfficeId(word)
